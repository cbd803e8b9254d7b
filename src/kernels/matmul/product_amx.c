/*
 * product_bf16 by the instructions of the tile unit. From four rows on, since configuring it costs as much as
 * two of the few save: an estimate from single instructions, to be measured.
 */
#define LEVEL(name) name##_amx
#define TILED_FROM  4
#define FEW         product_bf16_avx512bf16
#define TILE_INSTRUCTIONS
#include "kernels/matmul/product_by_tiles.h"
