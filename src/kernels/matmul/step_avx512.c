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

INLINE vi biased(vi bytes) {
    return bytes;
}

INLINE vi dot_word(vi sum, vi w, vi x, bool bytes) {
    return _mm512_add_epi32(sum, bytes ? sixteens(w, x) : pairs(_mm512_maddubs_epi16(w, x)));
}

/* A dot of 32, eight products of registers: nibbles wait in 16 bits, where all of them fit: 16 * 15 * 127 <
 * 2^15. Others begin with what stands for 0. */
INLINE vi dot_begin(bool nibbles, int32_t zeros) {
    return v_int(nibbles ? 0 : -zeros);
}

INLINE vi dot_add(vi sum, vi w, vi x, bool bytes, bool nibbles) {
    return nibbles ? _mm512_add_epi16(sum, _mm512_maddubs_epi16(w, x)) : dot_word(sum, w, x, bytes);
}

INLINE vi dot_end(vi sum, bool nibbles, int32_t zeros) {
    return nibbles ? v_sub(pairs(sum), v_int(zeros)) : sum;
}

#include "kernels/matmul/step_vector.h"
