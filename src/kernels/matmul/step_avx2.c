/*
 * Steps with AVX2: 8 rows in a register, products of bytes through 16 bits as in step_avx512.c.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 4")
#define LANES  8
#ifndef LEVEL /* step_tiles.c takes these registers too */
#define LEVEL(name) name##_avx2
#endif

typedef __m256i vi;
typedef __m256 vf;

enum { BYTES_BIAS = 0 };

/* Eight rows by one register of outputs: 8 sums of integers. */
enum { TILE_ROWS = 8, TILE_VECTORS = 1, MANY_ROWS = 5, LINE_ROWS = 4, LINES_K_MOST = 8 };

INLINE __m128i load_16(const unsigned char *at) {
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* 16 bytes at `at`, and 4 rows further on. */
INLINE vi load_rows(const unsigned char *at, int64_t stride) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(at)), load_16(at + 4 * stride), 1);
}

INLINE vi spread(const int8_t *x) {
    return _mm256_broadcastsi128_si256(load_16((const unsigned char *)x));
}

INLINE vi sum_rows(const vi c[4]) {
    return _mm256_hadd_epi32(_mm256_hadd_epi32(c[0], c[1]), _mm256_hadd_epi32(c[2], c[3]));
}

/* Word i of row 4 l + e, in lane l of r[e], to word e of lane l of r[i]. */
INLINE void transpose_rows(vi r[4]) {
    vi a = _mm256_unpacklo_epi32(r[0], r[1]), b = _mm256_unpackhi_epi32(r[0], r[1]);
    vi c = _mm256_unpacklo_epi32(r[2], r[3]), d = _mm256_unpackhi_epi32(r[2], r[3]);
    r[0] = _mm256_unpacklo_epi64(a, c);
    r[1] = _mm256_unpackhi_epi64(a, c);
    r[2] = _mm256_unpacklo_epi64(b, d);
    r[3] = _mm256_unpackhi_epi64(b, d);
}

INLINE vi nibbles_low(vi q) {
    return _mm256_and_si256(q, _mm256_set1_epi8(15));
}

INLINE vi nibbles_high(vi q) {
    return _mm256_and_si256(_mm256_srli_epi16(q, 4), _mm256_set1_epi8(15));
}

/* A fifth bit for each: bit i of the two bytes of the row's head from `byte` on is that of number i. */
INLINE vi with_fifths(vi nibbles, vi heads, int byte) {
    const int first = byte * 0x01010101, second = first + 0x01010101;
    const vi each = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    vi bits = _mm256_shuffle_epi8(
        heads, _mm256_setr_epi32(first, first, second, second, first, first, second, second));
    bits = _mm256_cmpeq_epi8(_mm256_and_si256(bits, each), each);
    return _mm256_or_si256(nibbles, _mm256_and_si256(bits, _mm256_set1_epi8(16)));
}

INLINE vi pairs(vi sums) {
    return _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
}

INLINE vi dot_nibbles(vi low, vi first, vi high, vi second) {
    return pairs(_mm256_add_epi16(_mm256_maddubs_epi16(low, first), _mm256_maddubs_epi16(high, second)));
}

/* |w| times (x with the sign of w). */
INLINE vi sixteens(vi w, vi x) {
    return pairs(_mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)));
}

INLINE vi dot_bytes(vi low, vi first, vi high, vi second) {
    return _mm256_add_epi32(sixteens(low, first), sixteens(high, second));
}

/* Bytes from the first of 8 rows to each. */
struct offsets {
    __m256i low, high;
};

INLINE struct offsets offsets_of(int64_t stride) {
    return (struct offsets){ _mm256_setr_epi64x(0, stride, 2 * stride, 3 * stride),
                             _mm256_setr_epi64x(4 * stride, 5 * stride, 6 * stride, 7 * stride) };
}

/* The lower half of each word as f16. */
INLINE vf v_half(vi words) {
    __m256i halves = _mm256_and_si256(words, _mm256_set1_epi32(0xffff));
    return _mm256_cvtph_ps(
        _mm_packus_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
}

/* LANES of f16. */
INLINE vf v_halves(const unsigned char *at) {
    return _mm256_cvtph_ps(load_16(at));
}

/* The word at the beginning of each row's block. */
INLINE vi first_words(const unsigned char *at, struct offsets offsets) {
    const int *base = (const int *)(const void *)at;
    __m128i low = _mm256_i64gather_epi32(base, offsets.low, 1),
            high = _mm256_i64gather_epi32(base, offsets.high, 1);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

INLINE vf v_zero(void) {
    return _mm256_setzero_ps();
}
INLINE vf v_all(float value) {
    return _mm256_set1_ps(value);
}
INLINE vi v_int(int32_t value) {
    return _mm256_set1_epi32(value);
}
INLINE vf v_float(vi a) {
    return _mm256_cvtepi32_ps(a);
}
INLINE vf v_mul(vf a, vf b) {
    return _mm256_mul_ps(a, b);
}
INLINE vf v_plus(vf a, vf b) {
    return _mm256_add_ps(a, b);
}
INLINE vf v_minus(vf a, vf b) {
    return _mm256_sub_ps(a, b);
}
INLINE vf v_fma(vf a, vf b, vf c) {
    return _mm256_fmadd_ps(a, b, c);
}
INLINE vi v_add(vi a, vi b) {
    return _mm256_add_epi32(a, b);
}
INLINE vi v_sub(vi a, vi b) {
    return _mm256_sub_epi32(a, b);
}
INLINE vi v_times(vi a, vi b) {
    return _mm256_mullo_epi32(a, b);
}
INLINE vi v_sub_bytes(vi a, vi b) {
    return _mm256_sub_epi8(a, b);
}
INLINE vi v_and(vi a, vi b) {
    return _mm256_and_si256(a, b);
}
INLINE vi v_or(vi a, vi b) {
    return _mm256_or_si256(a, b);
}
INLINE vi v_shift(vi a, int bits) {
    return _mm256_srl_epi32(a, _mm_cvtsi32_si128(bits));
}
INLINE vi v_left(vi a, int bits) {
    return _mm256_sll_epi32(a, _mm_cvtsi32_si128(bits));
}
/* A byte of each word, with its sign. */
INLINE vi v_byte(vi a, int byte) {
    return _mm256_srai_epi32(v_left(a, 24 - 8 * byte), 24);
}
INLINE vi v_load(const void *at) {
    return _mm256_loadu_si256(at);
}
INLINE void v_keep(void *at, vi a) {
    _mm256_storeu_si256(at, a);
}
INLINE vf v_get(const float *at) {
    return _mm256_loadu_ps(at);
}
INLINE void v_put(float *at, vf a) {
    _mm256_storeu_ps(at, a);
}

INLINE vi products(vi w, vi x) {
    return _mm256_maddubs_epi16(w, x);
}

INLINE vi add_products(vi a, vi b) {
    return _mm256_add_epi16(a, b);
}

#include "kernels/matmul/step_sixteens.h"
#include "kernels/matmul/step_vector.h"
