/*
 * One product of tiles from beginning to end: what the tile unit computes, as kernel-check asks for it. The
 * including file defines LEVEL(name).
 */
#include "kernels/kernels.h"
#include "kernels/matmul/tile.h"

static inline void tile_once_begin(struct tile_unit *unit, const struct tile_operands *shape,
                                   const uint32_t *a, const uint32_t *b, const uint32_t *c) {
    struct tile_layout layout = { 0 };
    tile_shape(&layout, 1, shape->M, 4 * shape->N);
    tile_shape(&layout, 4, shape->M, 4 * shape->K);
    tile_shape(&layout, 7, shape->K, 4 * shape->N);
    tile_configure(unit, &layout);
    if (shape->fresh)
        tile_zero(unit, 1);
    else
        tile_load(unit, 1, c, 4 * shape->c_stride);
    tile_load(unit, 4, a, 4 * shape->a_stride);
    tile_load(unit, 7, b, 4 * shape->b_stride);
}

static inline void tile_once_end(struct tile_unit *unit, const struct tile_operands *shape, uint32_t *c) {
    tile_store(unit, 1, c, 4 * shape->c_stride);
    tile_release(unit);
}

void LEVEL(tile_bf16)(const struct tile_operands *shape, const uint32_t *a, const uint32_t *b, uint32_t *c) {
    struct tile_unit unit;
    tile_once_begin(&unit, shape, a, b, c);
    tile_dot_bf16(&unit, 1, 4, 7);
    tile_once_end(&unit, shape, c);
}

void LEVEL(tile_int8)(const struct tile_operands *shape, const uint32_t *a, const uint32_t *b, uint32_t *c) {
    struct tile_unit unit;
    tile_once_begin(&unit, shape, a, b, c);
    tile_dot_int8(&unit, 1, 4, 7);
    tile_once_end(&unit, shape, c);
}
