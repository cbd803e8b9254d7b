/*
 * Softmax at AVX2: the lanes of vector_avx2.h, the loops of softmax_vector.h.
 */
#include "kernels/activation/vector_avx2.h"

#include "kernels/softmax/softmax_vector.h"
