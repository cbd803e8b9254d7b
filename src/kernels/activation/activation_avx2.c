/*
 * Activations at AVX2: the lanes of vector_avx2.h, the loops of activation_vector.h.
 */
#include "kernels/activation/vector_avx2.h"

#include "kernels/activation/activation_vector.h"
