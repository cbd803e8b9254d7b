/*
 * The k largest at AVX2: the lanes of vector_avx2.h, the loops of top_k_vector.h.
 */
#include "kernels/activation/vector_avx2.h"

#include "kernels/top_k/top_k_vector.h"
