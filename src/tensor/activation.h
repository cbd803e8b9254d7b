/*
 * The activation functions that feed-forward networks use: named here, computed in kernels/activation/.
 */
#ifndef TENSOR_ACTIVATION_H
#define TENSOR_ACTIVATION_H

enum activation {
    ACTIVATION_SILU,      /* x * sigmoid(x) */
    ACTIVATION_GELU,      /* x * (1 + erf(x / sqrt 2)) / 2 */
    ACTIVATION_GELU_TANH, /* the tanh approximation */
    ACTIVATION_RELU,
    ACTIVATION_SWIGLU_OAI, /* gate = min(g, limit), up = clamp(u, -limit, limit): gate * sigmoid(alpha * gate)
                            * (up + 1) */
    ACTIVATION_COUNT,
};

#endif
