/*
 * Steps with the tile unit: few rows by the vectors of AVX-512 VNNI, as they are, and from 16 rows on full
 * tiles of 16 (where it pays is an estimate from single instructions, to be measured).
 */
#define LEVEL(name) name##_amx
#define TILED_FROM  16
#define TILE_INSTRUCTIONS
#include "kernels/matmul/tile.h"

#include "kernels/matmul/step_avx512vnni.c"
