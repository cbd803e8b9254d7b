/*
 * Elementwise operations at AVX-512: the lanes of vector_avx512.h, the loops of elementwise_vector.h.
 */
#include "kernels/activation/vector_avx512.h"

#include "kernels/elementwise/elementwise_vector.h"
