/*
 * Rotary positions at AVX-512: the lanes of vector_avx512.h, the loops of rope_vector.h.
 */
#include "kernels/activation/vector_avx512.h"

#include "kernels/rope/rope_vector.h"
