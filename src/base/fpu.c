/*
 * The two bits of MXCSR that flush denormals: FTZ for results, DAZ for operands. Exception flags and rounding
 * are the caller's and stay as they are.
 */
#include "base/fpu.h"

#if defined(__SSE2__)
#include <xmmintrin.h>

#define FLUSH_BITS 0x8040u /* FTZ | DAZ */
#define QUIET_BITS 0x1f80u /* no exception traps; to nearest even */

unsigned fpu_flush_denormals(void) {
    unsigned state = _mm_getcsr();
    _mm_setcsr(state | FLUSH_BITS);
    return state;
}

void fpu_restore(unsigned state) {
    _mm_setcsr((_mm_getcsr() & ~FLUSH_BITS) | (state & FLUSH_BITS));
}

unsigned fpu_as_tiles(void) {
    unsigned state = _mm_getcsr();
    _mm_setcsr(QUIET_BITS | FLUSH_BITS);
    return state;
}

void fpu_return(unsigned state) {
    _mm_setcsr(state);
}

#else
#include <fenv.h>

unsigned fpu_flush_denormals(void) {
    return 0;
}

void fpu_restore(unsigned state) {
    (void)state;
}

unsigned fpu_as_tiles(void) {
    int state = fegetround();
    fesetround(FE_TONEAREST);
    return (unsigned)state;
}

void fpu_return(unsigned state) {
    fesetround((int)state);
}

#endif
