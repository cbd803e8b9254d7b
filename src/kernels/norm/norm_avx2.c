/*
 * Norms at AVX2: the lanes of vector_avx2.h, the loops of norm_vector.h.
 */
#include "kernels/activation/vector_avx2.h"

#include "kernels/norm/norm_vector.h"
