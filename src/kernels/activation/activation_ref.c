/*
 * Activations, the definition: one element at a time (types.h has the formulas, polynomials.h the functions).
 *
 * Minima and maxima keep NaN: a NaN that goes in comes out. Where one of them is the result, 0 is added: that
 * flushes a denormal, which comparing and selecting may or may not do, and leaves no -0.
 */
#include "kernels/activation/activation_constants.h"
#include "kernels/activation/polynomials.h"
#include "kernels/kernels.h"

static float min_f32(float bound, float x) {
    return bound < x ? bound : x;
}

static float max_f32(float bound, float x) {
    return bound > x ? bound : x;
}

static float silu(float x) {
    return x / (1.0f + exp_f32(-x));
}

static float gelu(float x) {
    return (0.5f * x) * (1.0f + erf_f32(x * GELU_SQRT_HALF));
}

static float gelu_tanh(float x) {
    return (0.5f * x) * (1.0f + tanh_f32(x * fmaf(x * x, GELU_TANH_C3, GELU_TANH_C1)));
}

static float swiglu_oai(float gate, float limit, float alpha) {
    float g = min_f32(limit, gate);
    return g / (1.0f + exp_f32(-(alpha * g)));
}

static float activate(enum activation activation, float x, float limit, float alpha) {
    switch (activation) {
    case ACTIVATION_SILU: return silu(x);
    case ACTIVATION_GELU: return gelu(x);
    case ACTIVATION_GELU_TANH: return gelu_tanh(x);
    case ACTIVATION_RELU: return max_f32(0.0f, x) + 0.0f;
    default: return swiglu_oai(x, limit, alpha);
    }
}

void gated_ref(enum activation activation, const float *gate, const float *up, int64_t n, float limit,
               float alpha, float *out) {
    for (int64_t i = 0; i < n; i++) {
        float y = activate(activation, gate[i], limit, alpha);
        if (up && activation == ACTIVATION_SWIGLU_OAI)
            out[i] = y * (min_f32(limit, max_f32(-limit, up[i])) + 1.0f);
        else
            out[i] = up ? y * up[i] : y;
    }
}

void unary_ref(enum unary unary, const float *x, int64_t n, float cap, float *out) {
    for (int64_t i = 0; i < n; i++) switch (unary) {
        case UNARY_SIGMOID: out[i] = sigmoid_f32(x[i]); break;
        case UNARY_RELU: out[i] = max_f32(0.0f, x[i]) + 0.0f; break;
        case UNARY_TANH_CAP: out[i] = cap * tanh_f32(x[i] / cap); break;
        default: out[i] = min_f32(cap, max_f32(-cap, x[i])) + 0.0f; break;
        }
}
