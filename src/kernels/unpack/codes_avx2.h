/*
 * Block formats on AVX2 and up: any run of 32 numbers as 32 signed bytes and two scales.
 *
 *     x_j = scale[j / 16] * codes[j] (+ offset[j / 16])      the operations of tensor/blocks/, in their order
 *
 * Codes are put together and tables looked up while they are still bytes, 32 in a register, so all formats
 * but for these few lines are one loop. What a level does with a run (f32, pairs of bf16) is its own affair.
 */
#ifndef KERNELS_UNPACK_CODES_AVX2_H
#define KERNELS_UNPACK_CODES_AVX2_H

#include "tensor/blocks/formats.h"

#include <immintrin.h>

struct codes {
    __m256i codes;
    float scale[2], offset[2];
};

#define CODES_INLINE static inline __attribute__((always_inline))

/* The formats with a minimum. Adding +0 to the others would change a -0. */
CODES_INLINE bool codes_have_offset(enum dtype dtype) {
    return dtype == DTYPE_Q4_1 || dtype == DTYPE_Q5_1 || dtype == DTYPE_Q2_K || dtype == DTYPE_Q4_K ||
           dtype == DTYPE_Q5_K;
}

/* A block that arithmetic would flush: the scalar decoder takes it. */
CODES_INLINE bool codes_are_small(enum dtype dtype, const unsigned char *block) {
    return dtype == DTYPE_MXFP4 && block[0] < 2;
}

CODES_INLINE float codes_f16(const unsigned char *at) {
    return _cvtsh_ss((unsigned short)block_u16(at));
}

CODES_INLINE __m256i codes_bytes(const void *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

CODES_INLINE __m256i codes_each(int value) {
    return _mm256_set1_epi8((char)value);
}

/* Bits [shift, shift + 7] of each byte that `mask` keeps; shift below 8. */
CODES_INLINE __m256i codes_field(__m256i bytes, int shift, int mask) {
    return _mm256_and_si256(_mm256_srl_epi16(bytes, _mm_cvtsi32_si128(shift)), codes_each(mask));
}

/* 16 bytes of nibbles: the low ones, then the high ones. */
CODES_INLINE __m256i codes_nibbles(const unsigned char *at) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes), codes_each(15));
}

/* `value` where the byte has any of `bits`, 0 elsewhere. */
CODES_INLINE __m256i codes_where(__m256i bytes, int bits, int value) {
    __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, codes_each(bits)), _mm256_setzero_si256());
    return _mm256_andnot_si256(none, codes_each(value));
}

/* 16 in byte j where bit j of the four bytes is set. */
CODES_INLINE __m256i codes_fifth(const unsigned char *qh) {
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2,
                                            2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)block_u32(qh)), spread);
    __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    return _mm256_and_si256(set, codes_each(16));
}

CODES_INLINE struct codes codes_of(__m256i codes, float scale, float offset) {
    return (struct codes){ codes, { scale, scale }, { offset, offset } };
}

CODES_INLINE struct codes q8_0_codes(const unsigned char *at, int run) {
    const struct q8_0 *b = (const void *)at;
    (void)run;
    return codes_of(codes_bytes(b->q), codes_f16(b->d), 0);
}

CODES_INLINE struct codes q4_0_codes(const unsigned char *at, int run) {
    const struct q4_0 *b = (const void *)at;
    (void)run;
    return codes_of(_mm256_sub_epi8(codes_nibbles(b->q), codes_each(8)), codes_f16(b->d), 0);
}

CODES_INLINE struct codes q4_1_codes(const unsigned char *at, int run) {
    const struct q4_1 *b = (const void *)at;
    (void)run;
    return codes_of(codes_nibbles(b->q), codes_f16(b->d), codes_f16(b->m));
}

CODES_INLINE struct codes q5_0_codes(const unsigned char *at, int run) {
    const struct q5_0 *b = (const void *)at;
    __m256i codes = _mm256_or_si256(codes_nibbles(b->q), codes_fifth(b->qh));
    (void)run;
    return codes_of(_mm256_sub_epi8(codes, codes_each(16)), codes_f16(b->d), 0);
}

CODES_INLINE struct codes q5_1_codes(const unsigned char *at, int run) {
    const struct q5_1 *b = (const void *)at;
    __m256i codes = _mm256_or_si256(codes_nibbles(b->q), codes_fifth(b->qh));
    (void)run;
    return codes_of(codes, codes_f16(b->d), codes_f16(b->m));
}

CODES_INLINE struct codes q2_k_codes(const unsigned char *at, int run) {
    const struct q2_k *b = (const void *)at;
    float d = codes_f16(b->d), dmin = codes_f16(b->dmin);
    int first = b->scales[2 * run], second = b->scales[2 * run + 1];
    return (struct codes){ codes_field(codes_bytes(b->q + 32 * (run / 4)), 2 * (run % 4), 3),
                           { d * (float)(first & 15), d * (float)(second & 15) },
                           { -(dmin * (float)(first >> 4)), -(dmin * (float)(second >> 4)) } };
}

CODES_INLINE struct codes q3_k_codes(const unsigned char *at, int run) {
    const struct q3_k *b = (const void *)at;
    float d = codes_f16(b->d);
    __m256i low = codes_field(codes_bytes(b->q + 32 * (run / 4)), 2 * (run % 4), 3);
    __m256i third = codes_where(codes_bytes(b->hmask), 1 << run, 4);
    return (struct codes){ _mm256_sub_epi8(_mm256_or_si256(low, third), codes_each(4)),
                           { d * (float)q3_k_scale(b, 2 * run), d * (float)q3_k_scale(b, 2 * run + 1) },
                           { 0, 0 } };
}

CODES_INLINE struct codes q4_k_codes(const unsigned char *at, int run) {
    const struct q4_k *b = (const void *)at;
    return codes_of(codes_field(codes_bytes(b->q + 32 * (run / 2)), 4 * (run % 2), 15),
                    codes_f16(b->d) * (float)q4_k_scale(b->scales, run),
                    -(codes_f16(b->dmin) * (float)q4_k_min(b->scales, run)));
}

CODES_INLINE struct codes q5_k_codes(const unsigned char *at, int run) {
    const struct q5_k *b = (const void *)at;
    __m256i low = codes_field(codes_bytes(b->q + 32 * (run / 2)), 4 * (run % 2), 15);
    return codes_of(_mm256_or_si256(low, codes_where(codes_bytes(b->qh), 1 << run, 16)),
                    codes_f16(b->d) * (float)q4_k_scale(b->scales, run),
                    -(codes_f16(b->dmin) * (float)q4_k_min(b->scales, run)));
}

CODES_INLINE struct codes q6_k_codes(const unsigned char *at, int run) {
    const struct q6_k *b = (const void *)at;
    int quarter = run % 4;
    float d = codes_f16(b->d);
    __m256i low =
        codes_field(codes_bytes(b->ql + 64 * (run / 4) + 32 * (quarter % 2)), 4 * (quarter / 2), 15);
    __m256i high = codes_field(codes_bytes(b->qh + 32 * (run / 4)), 2 * quarter, 3);
    return (struct codes){ _mm256_sub_epi8(_mm256_or_si256(low, _mm256_slli_epi16(high, 4)), codes_each(32)),
                           { d * (float)b->scales[2 * run], d * (float)b->scales[2 * run + 1] },
                           { 0, 0 } };
}

CODES_INLINE __m256i codes_iq4(const unsigned char *q) {
    const __m256i levels = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113));
    return _mm256_shuffle_epi8(levels, codes_nibbles(q));
}

CODES_INLINE struct codes iq4_nl_codes(const unsigned char *at, int run) {
    const struct iq4_nl *b = (const void *)at;
    (void)run;
    return codes_of(codes_iq4(b->q), codes_f16(b->d), 0);
}

CODES_INLINE struct codes iq4_xs_codes(const unsigned char *at, int run) {
    const struct iq4_xs *b = (const void *)at;
    return codes_of(codes_iq4(b->q + 16 * run), codes_f16(b->d) * (float)iq4_xs_scale(b, run), 0);
}

CODES_INLINE struct codes mxfp4_codes(const unsigned char *at, int run) {
    const struct mxfp4 *b = (const void *)at;
    const __m256i levels =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12));
    __m128 scale =
        _mm_castsi128_ps(_mm_cvtsi32_si128((int)((uint32_t)(b->e - 1) << 23))); /* e is 2 or more */
    (void)run;
    return codes_of(_mm256_shuffle_epi8(levels, codes_nibbles(b->q)), _mm_cvtss_f32(scale), 0);
}

#endif
