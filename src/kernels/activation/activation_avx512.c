/*
 * Activations at AVX-512: the lanes of vector_avx512.h, the loops of activation_vector.h.
 */
#include "kernels/activation/vector_avx512.h"

#include "kernels/activation/activation_vector.h"
