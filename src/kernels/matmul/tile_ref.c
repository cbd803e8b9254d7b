/*
 * The tile unit by definition: the plain C of tile.h.
 */
#define LEVEL(name) name##_ref
#include "kernels/matmul/tile_once.h"
