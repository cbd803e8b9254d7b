/*
 * Steps with AVX-512: products of bytes go through 16 bits, where two of them fit: 2 * 128 * 127 < 2^15, and
 * of integers of 5 bits, as those of nibbles, four: 4 * 31 * 127.
 */
#include "kernels/matmul/step_avx512.h"

#include <stdbool.h>

#define LEVEL(name) name##_avx512

enum { BYTES_BIAS = 0 };

INLINE vi pairs(vi sums) {
    return _mm512_madd_epi16(sums, _mm512_set1_epi16(1));
}

INLINE vi dot_nibbles(vi low, vi first, vi high, vi second) {
    return pairs(_mm512_add_epi16(_mm512_maddubs_epi16(low, first), _mm512_maddubs_epi16(high, second)));
}

/* |w| times (x with the sign of w). */
INLINE vi sixteens(vi w, vi x) {
    vi turned = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(w), _mm512_setzero_si512(), x);
    return pairs(_mm512_maddubs_epi16(_mm512_abs_epi8(w), turned));
}

INLINE vi dot_bytes(vi low, vi first, vi high, vi second) {
    return _mm512_add_epi32(sixteens(low, first), sixteens(high, second));
}

INLINE vi products(vi w, vi x) {
    return _mm512_maddubs_epi16(w, x);
}

INLINE vi add_products(vi a, vi b) {
    return _mm512_add_epi16(a, b);
}

#include "kernels/matmul/step_sixteens.h"
#include "kernels/matmul/step_vector.h"
