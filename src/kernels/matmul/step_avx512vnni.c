/*
 * Steps with AVX-512 VNNI: one instruction sums four products of bytes, one side unsigned. Weights of q8_0
 * become unsigned by adding 128.
 */
#include "kernels/matmul/step_avx512.h"

#include <stdbool.h>

#ifndef LEVEL /* step_amx.c takes these instructions too */
#define LEVEL(name) name##_avx512vnni
#endif

enum { BYTES_BIAS = 128 };

INLINE vi dot_nibbles(vi low, vi first, vi high, vi second) {
    return _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(_mm512_setzero_si512(), low, first), high, second);
}

INLINE vi dot_bytes(vi low, vi first, vi high, vi second) {
    const vi sign = _mm512_set1_epi8((char)-128);
    return dot_nibbles(_mm512_xor_si512(low, sign), first, _mm512_xor_si512(high, sign), second);
}

/* Bytes with a sign as bytes without. */
INLINE vi biased(vi bytes) {
    return _mm512_xor_si512(bytes, _mm512_set1_epi8((char)-128));
}

INLINE vi dot_word(vi sum, vi w, vi x, bool bytes) {
    (void)bytes;
    return _mm512_dpbusd_epi32(sum, w, x);
}

/* A dot of 32, eight products of registers: it begins with what stands for 0. */
INLINE vi dot_begin(bool nibbles, int32_t zeros) {
    (void)nibbles;
    return v_int(-zeros);
}

INLINE vi dot_add(vi sum, vi w, vi x, bool bytes, bool nibbles) {
    (void)nibbles;
    return dot_word(sum, w, x, bytes);
}

INLINE vi dot_end(vi sum, bool nibbles, int32_t zeros) {
    (void)nibbles, (void)zeros;
    return sum;
}

#include "kernels/matmul/step_vector.h"
