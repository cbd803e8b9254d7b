/*
 * Elementwise operations at AVX2: the lanes of vector_avx2.h, the loops of elementwise_vector.h.
 */
#include "kernels/activation/vector_avx2.h"

#include "kernels/elementwise/elementwise_vector.h"
