/*
 * What a batch is, made ready for the walk: runs of one sequence and role, positions, which rows want logits.
 * Filled before the team starts, read by all of its threads.
 */
#ifndef PASS_BATCH_H
#define PASS_BATCH_H

#include "layers/row_map.h"
#include "pass/pass.h"

struct batch_rows {
    const struct batch_row *rows; /* [count] of the batch in hand; borrowed */
    int32_t *tokens;              /* [T] */
    int64_t *positions;           /* [T] */
    struct row_run *runs;         /* [run_count] */
    int64_t *logit_rows;          /* [logit_count] rows that want logits, ascending */
    int64_t count, run_count, logit_count;
    int64_t steps, logit_steps; /* of the rows, and of those that want logits: the first so many are steps */
    bool wants_routing;
};

/* Tables for batches of up to `rows` rows. */
SY_MUST_CHECK bool batch_rows_open(int64_t rows, struct batch_rows *batch, struct sy_error *err);
void batch_rows_close(struct batch_rows *batch);
bool batch_rows_bytes(int64_t rows, int64_t *bytes); /* false on overflow */

/* Cuts the batch into runs and reserves their pages. On an error the sequences are as before. */
SY_MUST_CHECK bool batch_rows_fill(struct batch_rows *rows, const struct batch *batch, struct sy_error *err);
/* The rows' keys and values are there now. */
void batch_rows_commit(const struct batch_rows *rows);

#endif
