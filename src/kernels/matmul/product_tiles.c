/*
 * product_amx.c with the tile unit in plain C, for tests: any number of rows.
 */
#define LEVEL(name) name##_tiles
#define TILED_FROM  1
#define FEW         product_bf16_ref
#include "kernels/matmul/product_by_tiles.h"
