/*
 * Combine: y_t = sum over a of w_a * row(a), in the token's own order, so that nobody else's rows can change
 * it.
 *
 * <dispatch(x), r> = <x, combine(r, 1)>: the two are adjoint, which their backwards use and a test checks.
 */
#include "moe/combine.h"

void combine_forward(struct exec *exec, const struct dispatch_map *map, bool weighed_input, const float *rows,
                     int64_t width, float *y) {
    op_combine(exec, rows, map->assignment_begin, map->row_of, weighed_input ? NULL : map->weight,
               map->tokens, width, y);
}

void combine_shared(struct exec *exec, float *gate, float *shared, int64_t count, int64_t width, float *y) {
    if (gate) {
        op_unary(exec, UNARY_SIGMOID, 0, gate, 1, count, 1, gate, 1);
        op_scale_rows(exec, gate, shared, count, width);
    }
    op_add(exec, 1, shared, count, width, y);
}
