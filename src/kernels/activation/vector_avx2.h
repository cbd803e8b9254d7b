/*
 * The 16 virtual lanes of every reduction as two AVX2 registers: the names of vector_avx512.h, where they are
 * told.
 */
#ifndef KERNELS_ACTIVATION_VECTOR_AVX2_H
#define KERNELS_ACTIVATION_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define LEVEL(op) op##_avx2
#define LANES     16

typedef struct {
    __m256 a, b; /* lanes 0..7, 8..15 */
} vec;
typedef vec vec_mask; /* all bits of a lane, or none */

#define V_1(f, x)       ((vec){ f((x).a), f((x).b) })
#define V_2(f, x, y)    ((vec){ f((x).a, (y).a), f((x).b, (y).b) })
#define V_3(f, x, y, z) ((vec){ f((x).a, (y).a, (z).a), f((x).b, (y).b, (z).b) })

/* ---- memory ---- */

static inline __m256i v_first_half(int64_t count) { /* of 8 lanes, the first `count` */
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    int n = count < 0 ? 0 : count > 8 ? 8 : (int)count;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane);
}
static inline vec v_get(const float *x, int64_t i, int64_t n) {
    if (n - i >= LANES) return (vec){ _mm256_loadu_ps(x + i), _mm256_loadu_ps(x + i + 8) };
    return (vec){ _mm256_maskload_ps(x + i, v_first_half(n - i)),
                  _mm256_maskload_ps(x + i + 8, v_first_half(n - i - 8)) };
}
static inline void v_put(float *out, int64_t i, int64_t n, vec v) {
    if (n - i >= LANES) {
        _mm256_storeu_ps(out + i, v.a);
        _mm256_storeu_ps(out + i + 8, v.b);
    } else {
        _mm256_maskstore_ps(out + i, v_first_half(n - i), v.a);
        _mm256_maskstore_ps(out + i + 8, v_first_half(n - i - 8), v.b);
    }
}
static inline vec v_get_twice(const float *x, int64_t i, int64_t n) {
    const __m256i low = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3),
                  high = _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7);
    __m256 v = _mm256_maskload_ps(x + i / 2, v_first_half((n - i) / 2));
    return (vec){ _mm256_permutevar8x32_ps(v, low), _mm256_permutevar8x32_ps(v, high) };
}

/* ---- arithmetic ---- */

static inline vec v_all(float x) {
    return (vec){ _mm256_set1_ps(x), _mm256_set1_ps(x) };
}
static inline vec v_add(vec a, vec b) {
    return V_2(_mm256_add_ps, a, b);
}
static inline vec v_sub(vec a, vec b) {
    return V_2(_mm256_sub_ps, a, b);
}
static inline vec v_mul(vec a, vec b) {
    return V_2(_mm256_mul_ps, a, b);
}
static inline vec v_div(vec a, vec b) {
    return V_2(_mm256_div_ps, a, b);
}
static inline vec v_fma(vec a, vec b, vec c) {
    return V_3(_mm256_fmadd_ps, a, b, c);
}
static inline vec v_fma_alternating(vec a, vec b, vec c) {
    return V_3(_mm256_fmaddsub_ps, a, b, c);
}
static inline vec v_min(vec a, vec b) {
    return V_2(_mm256_min_ps, a, b);
}
static inline vec v_max(vec a, vec b) {
    return V_2(_mm256_max_ps, a, b);
}
static inline vec v_swap_pairs(vec a) {
    return (vec){ _mm256_permute_ps(a.a, 0xb1), _mm256_permute_ps(a.b, 0xb1) };
}

/* ---- bits ---- */

static inline vec v_abs(vec a) {
    return V_2(_mm256_andnot_ps, v_all(-0.0f), a);
}
static inline vec v_negative(vec a) {
    return V_2(_mm256_xor_ps, v_all(-0.0f), a);
}
static inline vec v_with_sign_of(vec size, vec sign) {
    vec bit = V_2(_mm256_and_ps, v_all(-0.0f), sign);
    return V_2(_mm256_or_ps, size, bit);
}
static inline __m256 v_add_exponent_half(__m256 a, __m256 n) {
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(a), _mm256_slli_epi32(_mm256_castps_si256(n), 23)));
}
static inline vec v_add_exponent(vec a, vec n) {
    return V_2(v_add_exponent_half, a, n);
}

/* ---- masks ---- */

static inline vec_mask v_less(vec a, vec b) {
    return (vec){ _mm256_cmp_ps(a.a, b.a, _CMP_LT_OQ), _mm256_cmp_ps(a.b, b.b, _CMP_LT_OQ) };
}
static inline vec_mask v_equal(vec a, vec b) {
    return (vec){ _mm256_cmp_ps(a.a, b.a, _CMP_EQ_OQ), _mm256_cmp_ps(a.b, b.b, _CMP_EQ_OQ) };
}
static inline vec_mask v_not_number(vec a) {
    return (vec){ _mm256_cmp_ps(a.a, a.a, _CMP_UNORD_Q), _mm256_cmp_ps(a.b, a.b, _CMP_UNORD_Q) };
}
static inline vec_mask v_both(vec_mask a, vec_mask b) {
    return V_2(_mm256_and_ps, a, b);
}
static inline vec_mask v_either(vec_mask a, vec_mask b) {
    return V_2(_mm256_or_ps, a, b);
}
static inline vec_mask v_first(int64_t count) {
    return (vec){ _mm256_castsi256_ps(v_first_half(count)), _mm256_castsi256_ps(v_first_half(count - 8)) };
}
static inline vec_mask v_between(int64_t first, int64_t last) {
    return V_2(_mm256_andnot_ps, v_first(first), v_first(last));
}
static inline vec v_select(vec_mask mask, vec yes, vec no) {
    return V_3(_mm256_blendv_ps, no, yes, mask);
}

/* ---- joining lanes ---- */

static inline float v_sum(vec v) {
    __m256 a = _mm256_add_ps(v.a, v.b);
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
static inline float v_largest(vec v) {
    __m256 a = _mm256_max_ps(v.b, v.a);
    __m128 b = _mm_max_ps(_mm256_extractf128_ps(a, 1), _mm256_castps256_ps128(a));
    b = _mm_max_ps(_mm_movehl_ps(b, b), b);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(b), b));
}

#endif
