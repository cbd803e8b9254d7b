/*
 * The k largest at AVX-512: the lanes of vector_avx512.h, the loops of top_k_vector.h.
 */
#include "kernels/activation/vector_avx512.h"

#include "kernels/top_k/top_k_vector.h"
