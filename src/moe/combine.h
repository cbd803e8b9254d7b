/*
 * Combine: the experts' rows back to their tokens, weighted; then the shared expert.
 */
#ifndef MOE_COMBINE_H
#define MOE_COMBINE_H

#include "moe/dispatch.h"

/* y_t = sum over its assignments, best first, of w_a * rows[row_of[a]]; without weights where the router
 * scaled the input. */
void combine_forward(struct exec *exec, const struct dispatch_map *map, bool weighed_input, const float *rows,
                     int64_t width, float *y);

/* y += shared, where `gate` [T] (its logit) is not NULL times sigmoid(gate). shared, y [T, D]; shared and
 * gate are overwritten. */
void combine_shared(struct exec *exec, float *gate, float *shared, int64_t count, int64_t width, float *y);

#endif
