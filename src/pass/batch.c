/* What a batch is (pass/batch.h). */
#include "pass/batch.h"

#include "base/checked.h"

#include <assert.h>
#include <stdlib.h>

bool batch_rows_bytes(int64_t rows, int64_t *bytes) {
    const struct batch_rows *b = NULL;
    return size_mul(rows, sizeof *b->tokens + sizeof *b->positions + sizeof *b->runs + sizeof *b->logit_rows,
                    bytes);
}

bool batch_rows_open(int64_t rows, struct batch_rows *b, struct sy_error *err) {
    size_t n = (size_t)rows;
    *b = (struct batch_rows){ .tokens = calloc(n, sizeof *b->tokens),
                              .positions = calloc(n, sizeof *b->positions),
                              .runs = calloc(n, sizeof *b->runs),
                              .logit_rows = calloc(n, sizeof *b->logit_rows) };
    if (b->tokens && b->positions && b->runs && b->logit_rows) return true;
    batch_rows_close(b);
    return sy_fail(err, SY_ERR_MEMORY, "no memory for a batch of %zu rows", n);
}

void batch_rows_close(struct batch_rows *b) {
    free(b->tokens);
    free(b->positions);
    free(b->runs);
    free(b->logit_rows);
    *b = (struct batch_rows){ 0 };
}

/* Row i: into the run in hand where it continues that, else into one of its own. */
static void add_row(struct batch_rows *b, const struct batch_row *row, int64_t i,
                    struct kv_sequence *sequence) {
    struct row_run *run = b->run_count ? &b->runs[b->run_count - 1] : NULL;
    bool steps = row->role == ROLE_STEP;
    if (!run || run->sequence != sequence || run->steps != steps) {
        int64_t position =
            run && run->sequence == sequence ? run->position + run->count : kv_length(sequence);
        run = &b->runs[b->run_count++];
        *run = (struct row_run){ .row = i, .position = position, .sequence = sequence, .steps = steps };
    }
    b->tokens[i] = row->token;
    b->positions[i] = run->position + run->count++;
    if (steps) {
        assert(b->steps == i); /* steps come first: then each expert's are its first rows too */
        b->steps++;
        if (row->wants & WANT_LOGITS) b->logit_steps++;
    }
    if (row->wants & WANT_LOGITS) b->logit_rows[b->logit_count++] = i;
    if (row->wants & WANT_ROUTING) b->wants_routing = true;
}

bool batch_rows_fill(struct batch_rows *b, const struct batch *batch, struct sy_error *err) {
    b->rows = batch->rows;
    b->count = batch->count;
    b->run_count = b->logit_count = b->steps = b->logit_steps = 0;
    b->wants_routing = false;
    for (int64_t i = 0; i < batch->count; i++)
        add_row(b, &batch->rows[i], i, batch->sequences[batch->rows[i].sequence]);
    for (int64_t r = 0; r < b->run_count; r++) {
        const struct row_run *run = &b->runs[r];
        if (!kv_reserve(run->sequence, run->position + run->count - kv_length(run->sequence), err))
            return false;
    }
    return true;
}

void batch_rows_commit(const struct batch_rows *b) {
    for (int64_t r = 0; r < b->run_count; r++)
        kv_commit(b->runs[r].sequence, b->runs[r].count, b->runs[r].steps ? KV_BY_STEP : KV_BY_PROMPT);
}
