/*
 * Flushing denormals: part of the definition of every product (docs/numerics.md), as the AMX tile unit always
 * does it. Set in every worker and on entry of public calls, restored on return. Without x86 nothing is done,
 * and bits may differ in the denormal range.
 */
#ifndef BASE_FPU_H
#define BASE_FPU_H

unsigned fpu_flush_denormals(void); /* sets FTZ and DAZ; returns the former state */
void fpu_restore(unsigned state);

/* The rules of the tile unit, which heeds nobody's state: denormals flushed, to nearest even. Returns the
 * whole of the former state, exception flags among it, for fpu_return. */
unsigned fpu_as_tiles(void);
void fpu_return(unsigned state);

#endif
