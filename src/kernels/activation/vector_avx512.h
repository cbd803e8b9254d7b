/*
 * The 16 virtual lanes of every reduction as one AVX-512 register. What vector_avx2.h does with two halves,
 * under the same names, so that the kernels of both levels are written once, in OP_vector.h.
 *
 * LEVEL(op) is the kernel's name. Of v_min and v_max the second operand is what remains when one is NaN.
 */
#ifndef KERNELS_ACTIVATION_VECTOR_AVX512_H
#define KERNELS_ACTIVATION_VECTOR_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define LEVEL(op) op##_avx512
#define LANES     16

typedef __m512 vec;
typedef __mmask16 vec_mask;

/* ---- memory: lanes i .. i + 15 of an array of n; those past its end read as 0 and are not written ---- */

static inline vec_mask v_first(int64_t count) {
    return count >= LANES ? (vec_mask)0xffff : (vec_mask)((1u << count) - 1);
}
static inline vec v_get(const float *x, int64_t i, int64_t n) {
    return n - i >= LANES ? _mm512_loadu_ps(x + i) : _mm512_maskz_loadu_ps(v_first(n - i), x + i);
}
static inline void v_put(float *out, int64_t i, int64_t n, vec v) {
    if (n - i >= LANES)
        _mm512_storeu_ps(out + i, v);
    else
        _mm512_mask_storeu_ps(out + i, v_first(n - i), v);
}
/* Elements i / 2 .. of an array of n / 2, each in two neighbouring lanes. */
static inline vec v_get_twice(const float *x, int64_t i, int64_t n) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return _mm512_permutexvar_ps(twice, v_get(x, i / 2, (i + LANES < n ? i + LANES : n) / 2));
}

/* ---- arithmetic ---- */

static inline vec v_all(float x) {
    return _mm512_set1_ps(x);
}
static inline vec v_add(vec a, vec b) {
    return _mm512_add_ps(a, b);
}
static inline vec v_sub(vec a, vec b) {
    return _mm512_sub_ps(a, b);
}
static inline vec v_mul(vec a, vec b) {
    return _mm512_mul_ps(a, b);
}
static inline vec v_div(vec a, vec b) {
    return _mm512_div_ps(a, b);
}
static inline vec v_fma(vec a, vec b, vec c) { /* a * b + c */
    return _mm512_fmadd_ps(a, b, c);
}
static inline vec v_fma_alternating(vec a, vec b, vec c) { /* a * b - c in even lanes, + c in odd */
    return _mm512_fmaddsub_ps(a, b, c);
}
static inline vec v_min(vec a, vec b) { /* a < b ? a : b */
    return _mm512_min_ps(a, b);
}
static inline vec v_max(vec a, vec b) { /* a > b ? a : b */
    return _mm512_max_ps(a, b);
}
static inline vec v_swap_pairs(vec a) {
    return _mm512_permute_ps(a, 0xb1);
}

/* ---- bits ---- */

static inline vec v_abs(vec a) {
    return _mm512_andnot_ps(v_all(-0.0f), a);
}
static inline vec v_negative(vec a) {
    return _mm512_xor_ps(v_all(-0.0f), a);
}
static inline vec v_with_sign_of(vec size, vec sign) { /* size is not negative */
    return _mm512_or_ps(size, _mm512_and_ps(v_all(-0.0f), sign));
}
/* The bits of a plus those of n shifted into the exponent: a * 2^n, where n's low bits are an integer. */
static inline vec v_add_exponent(vec a, vec n) {
    return _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_castps_si512(a), _mm512_slli_epi32(_mm512_castps_si512(n), 23)));
}

/* ---- masks ---- */

static inline vec_mask v_less(vec a, vec b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline vec_mask v_equal(vec a, vec b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
static inline vec_mask v_not_number(vec a) {
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}
static inline vec_mask v_both(vec_mask a, vec_mask b) {
    return (vec_mask)(a & b);
}
static inline vec_mask v_either(vec_mask a, vec_mask b) {
    return (vec_mask)(a | b);
}
static inline vec_mask v_between(int64_t first,
                                 int64_t last) { /* lanes first <= l < last; both may lie outside */
    return (vec_mask)(v_first(last < 0 ? 0 : last) & ~v_first(first < 0 ? 0 : first));
}
static inline vec v_select(vec_mask mask, vec yes, vec no) {
    return _mm512_mask_blend_ps(mask, no, yes);
}

/* ---- joining lanes: (l, l + 8), (l, l + 4), (l, l + 2), (l, l + 1) ---- */

static inline float v_sum(vec v) {
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
static inline float v_largest(vec v) {
    __m256 a = _mm256_max_ps(_mm512_extractf32x8_ps(v, 1), _mm512_castps512_ps256(v));
    __m128 b = _mm_max_ps(_mm256_extractf128_ps(a, 1), _mm256_castps256_ps128(a));
    b = _mm_max_ps(_mm_movehl_ps(b, b), b);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(b), b));
}

#endif
