/*
 * The head: logits of the rows that want them, HEAD_ROWS at a time, given to a sink.
 *
 *     logits = cap(logits_multiplier * head(norm(h)))
 */
#ifndef PASS_HEAD_H
#define PASS_HEAD_H

#include "pass/walk.h"

#define HEAD_ROWS 32 /* rows that go through together: bounds the logits held to this many times V */

/* Called by rank 0 alone, between barriers, for each HEAD_ROWS rows: their logits [n, V], of the rows
 * logit_rows[first ..], all finite or not. False ends the head. */
typedef bool head_fn(void *argument, int64_t first, struct rows logits, bool finite);

/* Every thread calls. `go_on` is shared by the team: rank 0 writes it. */
void head_forward(struct exec *exec, const struct store *store, const struct batch_rows *batch, struct rows h,
                  head_fn *give, void *argument, bool *go_on);

int64_t head_bytes(const struct spec *spec, const struct numerics *numerics, int threads);

#endif
