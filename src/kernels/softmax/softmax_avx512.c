/*
 * Softmax at AVX-512: the lanes of vector_avx512.h, the loops of softmax_vector.h.
 */
#include "kernels/activation/vector_avx512.h"

#include "kernels/softmax/softmax_vector.h"
