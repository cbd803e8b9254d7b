/*
 * Flushing denormals: part of the definition of every product (docs/numerics.md), as the AMX tile unit always
 * does it. Set in every worker and on entry of public calls, restored on return. Without x86 nothing is done,
 * and bits may differ in the denormal range.
 */
#ifndef BASE_FPU_H
#define BASE_FPU_H

unsigned fpu_flush_denormals(void); /* sets FTZ and DAZ; returns the former state */
void fpu_restore(unsigned state);

/* The rules of the tile unit, which heeds nobody's state: to nearest even, denormals flushed (without x86:
 * not flushed). Returns the former state, on x86 with its exception flags, for fpu_return. */
unsigned fpu_as_tiles(void);
void fpu_return(unsigned state);

#endif
