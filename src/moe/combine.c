/*
 * Combine: y_t = sum over a of w_a * row(a), in the token's own order, so that nobody else's rows can change
 * it.
 *
 * <dispatch(x), r> = <x, combine(r, 1)>: the two are adjoint, which their backwards use and a test checks.
 */
#include "moe/combine.h"

void combine_forward(struct exec *exec, const struct routing *routing, const struct grouping *grouping,
                     bool weighed_input, struct rows rows, struct rows y) {
    op_combine(exec, rows, routing->assignment_begin, grouping->row_of,
               weighed_input ? no_rows : routing->weight, y);
}

void combine_shared_take(struct exec *exec, struct rows gate, struct rows shared) {
    if (!rows_exist(gate)) return;
    exec_in_place(exec, gate);
    exec_in_place(exec, shared);
}

void combine_shared(struct exec *exec, struct rows gate, struct rows shared, struct rows y) {
    if (rows_exist(gate)) {
        struct rows open = exec_in_place(exec, gate), scaled = exec_in_place(exec, shared);
        op_unary(exec, UNARY_SIGMOID, 0, gate, open);
        if (scaled.at != shared.at) op_copy(exec, shared, scaled);
        op_scale_rows(exec, open, scaled);
        shared = scaled;
    }
    op_add(exec, 1, shared, y);
}
