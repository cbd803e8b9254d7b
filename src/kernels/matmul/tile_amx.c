/*
 * The tile unit's instructions, one after the other, for kernel-check to hold against tile_ref.c.
 */
#define LEVEL(name) name##_amx
#define TILE_INSTRUCTIONS
#include "kernels/matmul/tile_once.h"
