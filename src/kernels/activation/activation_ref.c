/*
 * Activations, the definition: one element at a time (types.h has the formulas, polynomials.h the functions).
 *
 * Minima and maxima keep NaN: a NaN that goes in comes out. Where one of them is the result, 0 is added: that
 * flushes a denormal, which comparing and selecting may or may not do, and leaves no -0.
 */
#include "kernels/activation/activation_constants.h"
#include "kernels/activation/polynomials.h"
#include "kernels/kernels.h"

static real lesser(real bound, real x) {
    return bound < x ? bound : x;
}

static real greater(real bound, real x) {
    return bound > x ? bound : x;
}

static real silu(real x) {
    return x / (1.0f + real_exp(-x));
}

static real gelu(real x) {
    return (0.5f * x) * (1.0f + real_erf(x * GELU_SQRT_HALF));
}

static real gelu_tanh(real x) {
    return (0.5f * x) * (1.0f + real_tanh(x * real_fma(x * x, GELU_TANH_C3, GELU_TANH_C1)));
}

static real swiglu_oai(real gate, float limit, float alpha) {
    real g = lesser(limit, gate);
    return g / (1.0f + real_exp(-(alpha * g)));
}

static real activate(enum activation activation, real x, float limit, float alpha) {
    switch (activation) {
    case ACTIVATION_SILU: return silu(x);
    case ACTIVATION_GELU: return gelu(x);
    case ACTIVATION_GELU_TANH: return gelu_tanh(x);
    case ACTIVATION_RELU: return greater(0.0f, x) + 0.0f;
    default: return swiglu_oai(x, limit, alpha);
    }
}

void gated_ref(enum activation activation, const real *gate, const real *up, int64_t n, float limit,
               float alpha, real *out) {
    for (int64_t i = 0; i < n; i++) {
        real y = activate(activation, gate[i], limit, alpha);
        if (up && activation == ACTIVATION_SWIGLU_OAI)
            out[i] = y * (lesser(limit, greater(-limit, up[i])) + 1.0f);
        else
            out[i] = up ? y * up[i] : y;
    }
}

void unary_ref(enum unary unary, const real *x, int64_t n, float cap, real *out) {
    for (int64_t i = 0; i < n; i++) switch (unary) {
        case UNARY_SIGMOID: out[i] = real_sigmoid(x[i]); break;
        case UNARY_RELU: out[i] = greater(0.0f, x[i]) + 0.0f; break;
        case UNARY_TANH_CAP: out[i] = cap * real_tanh(x[i] / cap); break;
        default: out[i] = lesser(cap, greater(-cap, x[i])) + 0.0f; break;
        }
}
