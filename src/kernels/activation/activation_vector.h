/*
 * Activations over 16 lanes: activation_ref.c, a register at a time. The choice is made outside the loops,
 * which are therefore compiled once for each function.
 */
#include "kernels/activation/activation_constants.h"
#include "kernels/activation/vector_math.h"
#include "kernels/kernels.h"

static inline vec activate(enum activation activation, vec x, vec limit, vec alpha) {
    vec one = v_all(1.0f), half = v_all(0.5f);
    switch (activation) {
    case ACTIVATION_SILU: return v_div(x, v_add(one, v_exp(v_negative(x))));
    case ACTIVATION_GELU: return v_mul(v_mul(half, x), v_add(one, v_erf(v_mul(x, v_all(GELU_SQRT_HALF)))));
    case ACTIVATION_GELU_TANH: {
        vec slope = v_fma(v_mul(x, x), v_all(GELU_TANH_C3), v_all(GELU_TANH_C1));
        return v_mul(v_mul(half, x), v_add(one, v_tanh(v_mul(x, slope))));
    }
    case ACTIVATION_RELU: return v_add(v_max(v_all(0.0f), x), v_all(0.0f));
    default: {
        vec g = v_min(limit, x);
        return v_div(g, v_add(one, v_exp(v_negative(v_mul(alpha, g)))));
    }
    }
}

__attribute__((always_inline)) static inline void gated_by(enum activation activation, const float *gate,
                                                           const float *up, int64_t n, float limit,
                                                           float alpha, float *out) {
    vec high = v_all(limit), low = v_all(-limit), factor = v_all(alpha);
    for (int64_t i = 0; i < n; i += LANES) {
        vec y = activate(activation, v_get(gate, i, n), high, factor);
        if (up) {
            vec u = v_get(up, i, n);
            if (activation == ACTIVATION_SWIGLU_OAI) u = v_add(v_min(high, v_max(low, u)), v_all(1.0f));
            y = v_mul(y, u);
        }
        v_put(out, i, n, y);
    }
}

void LEVEL(gated)(enum activation activation, const float *gate, const float *up, int64_t n, float limit,
                  float alpha, float *out) {
    switch (activation) {
    case ACTIVATION_SILU: gated_by(ACTIVATION_SILU, gate, up, n, limit, alpha, out); break;
    case ACTIVATION_GELU: gated_by(ACTIVATION_GELU, gate, up, n, limit, alpha, out); break;
    case ACTIVATION_GELU_TANH: gated_by(ACTIVATION_GELU_TANH, gate, up, n, limit, alpha, out); break;
    case ACTIVATION_RELU: gated_by(ACTIVATION_RELU, gate, up, n, limit, alpha, out); break;
    default: gated_by(ACTIVATION_SWIGLU_OAI, gate, up, n, limit, alpha, out); break;
    }
}

static inline vec unary_of(enum unary unary, vec x, vec cap) {
    switch (unary) {
    case UNARY_SIGMOID: return v_div(v_all(1.0f), v_add(v_all(1.0f), v_exp(v_negative(x))));
    case UNARY_RELU: return v_add(v_max(v_all(0.0f), x), v_all(0.0f));
    case UNARY_TANH_CAP: return v_mul(cap, v_tanh(v_div(x, cap)));
    default: return v_add(v_min(cap, v_max(v_negative(cap), x)), v_all(0.0f));
    }
}

void LEVEL(unary)(enum unary unary, const float *x, int64_t n, float cap, float *out) {
    vec bound = v_all(cap);
    for (int64_t i = 0; i < n; i += LANES) v_put(out, i, n, unary_of(unary, v_get(x, i, n), bound));
}
