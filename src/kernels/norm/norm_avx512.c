/*
 * Norms at AVX-512: the lanes of vector_avx512.h, the loops of norm_vector.h.
 */
#include "kernels/activation/vector_avx512.h"

#include "kernels/norm/norm_vector.h"
