/*
 * Rotary positions at AVX2: the lanes of vector_avx2.h, the loops of rope_vector.h.
 */
#include "kernels/activation/vector_avx2.h"

#include "kernels/rope/rope_vector.h"
