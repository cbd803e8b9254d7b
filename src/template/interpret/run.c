/*
 * Where in the template a rendering failed.
 */
#include "template/interpret/run.h"

bool run_fail_at(struct run *run, const struct node *node) {
    return sy_error_at(run->heap.err, "line %d, column %d", node->line, node->column);
}
