/*
 * product_bf16 by the tile unit, whose order is the definition's (product_ref.c). A panel is a row of weight
 * tiles already: its words are pairs of k, 32 outputs side by side. 32 rows of activations meet all of them
 * at once, each tile that is loaded being used twice:
 *
 *                          6: outputs 0..15   7: outputs 16..31     16 pairs of k each
 *     4: rows 0..15        0                  1                     sums, from acc and back
 *     5: rows 16..31       2                  3
 *     16 pairs of k
 *
 * What remains of the rows gets tiles of as many rows as there are, so nothing is computed in vain and
 * nothing outside the operands is touched. That takes a second configuration where rows came before them.
 *
 * The including file defines LEVEL(name), TILED_FROM, the number of rows from which this pays, and FEW, the
 * kernel that takes fewer.
 */
#include "base/checked.h"
#include "kernels/kernels.h"
#include "kernels/matmul/tile.h"

#define INLINE static inline __attribute__((always_inline))

INLINE void layout_of(struct tile_layout *layout, int64_t first, int64_t second) {
    *layout = (struct tile_layout){ 0 };
    for (int t = 0; t < 4; t++) tile_shape(layout, t, t < 2 ? first : second, 64);
    tile_shape(layout, 4, first, 64);
    tile_shape(layout, 5, second, 64);
    tile_shape(layout, 6, 16, 64);
    tile_shape(layout, 7, 16, 64);
}

/* As many rows as tiles are configured for; two: there are some in the second ones. */
INLINE void tiles_of(struct tile_unit *unit, const bool two, const uint32_t *panel, int64_t kc,
                     const uint16_t *x, int64_t x_stride, float *acc) {
    const int64_t wide = PANEL * (int64_t)sizeof *acc, row = x_stride * (int64_t)sizeof *x;
    const uint16_t *x_second = two ? x + 16 * x_stride : x;
    float *acc_second = two ? acc + 16 * PANEL : acc;
    tile_load(unit, 0, acc, wide);
    tile_load(unit, 1, acc + 16, wide);
    if (two) {
        tile_load(unit, 2, acc_second, wide);
        tile_load(unit, 3, acc_second + 16, wide);
    }
    for (int64_t k = 0; k < kc; k += 32) {
        const uint32_t *w = panel + k / 2 * PANEL;
        tile_load(unit, 4, x + k, row);
        tile_load(unit, 6, w, wide);
        tile_dot_bf16(unit, 0, 4, 6);
        tile_load(unit, 7, w + 16, wide);
        tile_dot_bf16(unit, 1, 4, 7);
        if (two) {
            tile_load(unit, 5, x_second + k, row);
            tile_dot_bf16(unit, 2, 5, 6);
            tile_dot_bf16(unit, 3, 5, 7);
        }
    }
    tile_store(unit, 0, acc, wide);
    tile_store(unit, 1, acc + 16, wide);
    if (two) {
        tile_store(unit, 2, acc_second, wide);
        tile_store(unit, 3, acc_second + 16, wide);
    }
}

void LEVEL(product_bf16)(const uint32_t *restrict panel, int64_t kc, const uint16_t *restrict x,
                         int64_t x_stride, int64_t rows, float *restrict acc) {
    if (rows < TILED_FROM) {
        FEW(panel, kc, x, x_stride, rows, acc);
        return;
    }
    struct tile_unit unit;
    struct tile_layout layout;
    for (int64_t m = 0; m < rows; m += 32, x += 32 * x_stride, acc += 32 * PANEL) {
        int64_t first = min_i64(16, rows - m), second = min_i64(16, rows - m - first);
        if (m == 0 || second < 16) {
            layout_of(&layout, first, second);
            tile_configure(&unit, &layout);
        }
        if (second > 0)
            tiles_of(&unit, true, panel, kc, x, x_stride, acc);
        else
            tiles_of(&unit, false, panel, kc, x, x_stride, acc);
    }
    tile_release(&unit);
}
