/*
 * step_amx.c with the tile unit in plain C, and vectors of AVX2, which more machines have: for tests.
 */
#define LEVEL(name) name##_tiles
#define TILED_FROM  16
#include "kernels/matmul/tile.h"

#include "kernels/matmul/step_avx2.c"
