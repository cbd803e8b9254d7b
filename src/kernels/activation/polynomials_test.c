/*
 * exp, sigmoid, tanh and erf against the mathematics library in f64, over a sweep of all f32 bit patterns;
 * and every level against them.
 */
#include "kernels/activation/polynomials.h"
#include "kernels/run_test.h"

enum { STEP = 4999 }; /* a prime: meets all exponents, 850 000 numbers */

/* |got - want| in units of the last place of want, denormals counted as the smallest normal. */
static double error_ulp(float got, double want) {
    int exponent;
    frexp(want, &exponent);
    if (exponent < -125) exponent = -125;
    return fabs((double)got - want) / ldexp(1, exponent - 24);
}

TEST(exp_tanh_and_erf_are_near_float64_everywhere) {
    double worst_exp = 0, worst_tanh = 0, worst_erf = 0, worst_sigmoid = 0;
    unsigned fpu = fpu_flush_denormals();
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
        float x = f32_of_bits((uint32_t)bits);
        if (isnan(x)) {
            assert_true(isnan(exp_f32(x)) && isnan(tanh_f32(x)) && isnan(erf_f32(x)) &&
                        isnan(sigmoid_f32(x)));
            continue;
        }
        double d = fpclassify(x) == FP_SUBNORMAL ? 0 : x;
        if (x > EXP_HIGHEST)
            assert_true(isinf(exp_f32(x)));
        else if (x < EXP_LOWEST)
            assert_true(exp_f32(x) == 0);
        else
            worst_exp = fmax(worst_exp, error_ulp(exp_f32(x), exp(d)));
        worst_tanh = fmax(worst_tanh, error_ulp(tanh_f32(x), tanh(d)));
        worst_erf = fmax(worst_erf, error_ulp(erf_f32(x), erf(d)));
        if (x > -87) worst_sigmoid = fmax(worst_sigmoid, error_ulp(sigmoid_f32(x), 1 / (1 + exp(-d))));
    }
    fpu_restore(fpu);
    assert_true(worst_exp < 1);
    assert_true(worst_tanh < 2);
    assert_true(worst_erf < 2);
    assert_true(worst_sigmoid < 3);
}

TEST(exp_at_its_edges) {
    assert_true(exp_f32(0) == 1 && exp_f32(-0.0f) == 1);
    assert_true(exp_f32(-INFINITY) == 0 && exp_f32(INFINITY) == INFINITY);
    assert_true(isfinite(exp_f32(EXP_HIGHEST)) && exp_f32(EXP_LOWEST) > 0);
    assert_true(sigmoid_f32(-INFINITY) == 0 && sigmoid_f32(INFINITY) == 1);
    assert_true(tanh_f32(INFINITY) == 1 && tanh_f32(-INFINITY) == -1);
    assert_true(erf_f32(INFINITY) == 1 && erf_f32(-INFINITY) == -1);
}

TEST(activations_have_the_same_bits_at_every_level) {
    enum { COUNT = 4096 };
    static float x[COUNT], up[COUNT], want[COUNT], got[COUNT];
    unsigned fpu = fpu_flush_denormals();
    for (uint64_t first = 0; first <= UINT32_MAX; first += (uint64_t)COUNT * STEP * 11)
        for (enum level level = LEVEL_AVX2; level <= level_of_machine(); level++) {
            struct kernels kernels = kernels_select(level);
            for (uint64_t i = 0; i < COUNT; i++) {
                x[i] = f32_of_bits((uint32_t)(first + i * STEP * 11));
                up[i] = (float)i * 0.01f - 20;
            }
            for (int a = 0; a < ACTIVATION_COUNT; a++) {
                gated_ref((enum activation)a, x, a % 2 ? up : NULL, COUNT, 7, 1.702f, want);
                kernels.gated((enum activation)a, x, a % 2 ? up : NULL, COUNT, 7, 1.702f, got);
                assert_same_bits(got, want, COUNT);
            }
            for (int u = 0; u < UNARY_COUNT; u++) {
                unary_ref((enum unary)u, x, COUNT, 30, want);
                kernels.unary((enum unary)u, x, COUNT, 30, got);
                assert_same_bits(got, want, COUNT);
            }
        }
    fpu_restore(fpu);
}
