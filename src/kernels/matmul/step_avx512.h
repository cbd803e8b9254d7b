/*
 * The registers of step_vector.h at AVX-512: 16 outputs. The including file defines LEVEL, BYTES_BIAS,
 * dot_nibbles, dot_bytes, biased and dot_word.
 */
#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 4")
#define LANES  16

/* Eight rows by all of a panel: 16 sums of integers, and two registers of weights. */
enum { TILE_ROWS = 8, TILE_VECTORS = 2, MANY_ROWS = 5, LINE_ROWS = 8, LINES_K_MOST = INT32_MAX };

typedef __m512i vi;
typedef __m512 vf;

INLINE __m128i load_16(const unsigned char *at) {
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* 16 bytes at `at`, and at 4, 8 and 12 rows further on. */
INLINE vi load_rows(const unsigned char *at, int64_t stride) {
    vi rows = _mm512_castsi128_si512(load_16(at));
    rows = _mm512_inserti32x4(rows, load_16(at + 4 * stride), 1);
    rows = _mm512_inserti32x4(rows, load_16(at + 8 * stride), 2);
    return _mm512_inserti32x4(rows, load_16(at + 12 * stride), 3);
}

INLINE vi spread(const int8_t *x) {
    return _mm512_broadcast_i32x4(load_16((const unsigned char *)x));
}

INLINE vi sum_rows(const vi c[4]) {
    vi first = _mm512_add_epi32(_mm512_unpacklo_epi32(c[0], c[1]), _mm512_unpackhi_epi32(c[0], c[1]));
    vi second = _mm512_add_epi32(_mm512_unpacklo_epi32(c[2], c[3]), _mm512_unpackhi_epi32(c[2], c[3]));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second));
}

/* Word i of row 4 l + e, in lane l of r[e], to word e of lane l of r[i]. */
INLINE void transpose_rows(vi r[4]) {
    vi a = _mm512_unpacklo_epi32(r[0], r[1]), b = _mm512_unpackhi_epi32(r[0], r[1]);
    vi c = _mm512_unpacklo_epi32(r[2], r[3]), d = _mm512_unpackhi_epi32(r[2], r[3]);
    r[0] = _mm512_unpacklo_epi64(a, c);
    r[1] = _mm512_unpackhi_epi64(a, c);
    r[2] = _mm512_unpacklo_epi64(b, d);
    r[3] = _mm512_unpackhi_epi64(b, d);
}

INLINE vi nibbles_low(vi q) {
    return _mm512_and_si512(q, _mm512_set1_epi8(15));
}

INLINE vi nibbles_high(vi q) {
    return _mm512_and_si512(_mm512_srli_epi16(q, 4), _mm512_set1_epi8(15));
}

/* A fifth bit for each: bit i of the two bytes of the row's head from `byte` on is that of number i. */
INLINE vi with_fifths(vi nibbles, vi heads, int byte) {
    const int first = byte * 0x01010101, second = first + 0x01010101;
    vi bits = _mm512_shuffle_epi8(heads, _mm512_set4_epi32(second, second, first, first));
    __mmask64 set = _mm512_test_epi8_mask(bits, _mm512_set1_epi64((int64_t)0x8040201008040201));
    return _mm512_mask_add_epi8(nibbles, set, nibbles, _mm512_set1_epi8(16));
}

/* Bytes from the first of 16 rows to each. */
struct offsets {
    __m512i low, high;
};

INLINE struct offsets offsets_of(int64_t stride) {
    vi all = _mm512_set1_epi64(stride), count = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    vi low = _mm512_mullo_epi64(all, count);
    return (struct offsets){ low, _mm512_add_epi64(low, _mm512_slli_epi64(all, 3)) };
}

/* The lower half of each word as f16. */
INLINE vf v_half(vi words) {
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words));
}

/* LANES of f16. */
INLINE vf v_halves(const unsigned char *at) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)at));
}

/* The word at the beginning of each row's block. */
INLINE vi first_words(const unsigned char *at, struct offsets offsets) {
    __m256i low = _mm512_i64gather_epi32(offsets.low, at, 1),
            high = _mm512_i64gather_epi32(offsets.high, at, 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

INLINE vf v_zero(void) {
    return _mm512_setzero_ps();
}
INLINE vf v_all(float value) {
    return _mm512_set1_ps(value);
}
INLINE vi v_int(int32_t value) {
    return _mm512_set1_epi32(value);
}
INLINE vf v_float(vi a) {
    return _mm512_cvtepi32_ps(a);
}
INLINE vf v_mul(vf a, vf b) {
    return _mm512_mul_ps(a, b);
}
INLINE vf v_plus(vf a, vf b) {
    return _mm512_add_ps(a, b);
}
INLINE vf v_minus(vf a, vf b) {
    return _mm512_sub_ps(a, b);
}
INLINE vf v_fma(vf a, vf b, vf c) {
    return _mm512_fmadd_ps(a, b, c);
}
INLINE vi v_add(vi a, vi b) {
    return _mm512_add_epi32(a, b);
}
INLINE vi v_sub(vi a, vi b) {
    return _mm512_sub_epi32(a, b);
}
INLINE vi v_times(vi a, vi b) {
    return _mm512_mullo_epi32(a, b);
}
INLINE vi v_sub_bytes(vi a, vi b) {
    return _mm512_sub_epi8(a, b);
}
INLINE vi v_and(vi a, vi b) {
    return _mm512_and_si512(a, b);
}
INLINE vi v_or(vi a, vi b) {
    return _mm512_or_si512(a, b);
}
INLINE vi v_shift(vi a, int bits) {
    return _mm512_srl_epi32(a, _mm_cvtsi32_si128(bits));
}
INLINE vi v_left(vi a, int bits) {
    return _mm512_sll_epi32(a, _mm_cvtsi32_si128(bits));
}
/* A byte of each word, with its sign. */
INLINE vi v_byte(vi a, int byte) {
    return _mm512_srai_epi32(v_left(a, 24 - 8 * byte), 24);
}
INLINE vi v_load(const void *at) {
    return _mm512_loadu_si512(at);
}
INLINE void v_keep(void *at, vi a) {
    _mm512_storeu_si512(at, a);
}
INLINE vf v_get(const float *at) {
    return _mm512_loadu_ps(at);
}
INLINE void v_put(float *at, vf a) {
    _mm512_storeu_ps(at, a);
}
