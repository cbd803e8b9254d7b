/*
 * The batcher: which rows the next batch holds. A lane is one sequence on its way: ids, how many of them
 * have run, and which of them are prompt.
 *
 *     lane 0   [p p p p p p p|s s s]        steps first: one row of each lane that is past its prompt;
 *     lane 1   [p p p p|s]                  then prompts, up to the batch's bound: the oldest lane gets at
 *     lane 2   [p p p p p p p p p p p|]     least half of what steps left, the rest goes to the prompts
 *                                           that have least to run, ties to the older
 *
 * So steps never wait, no prompt starves (each becomes the oldest), and a short prompt does not wait for a
 * long one before it. Which rows share a batch changes no bit: the rule is about waiting only.
 */
#ifndef ENGINE_BATCHER_H
#define ENGINE_BATCHER_H

#include "pass/pass.h"
#include <switchyard.h>

struct lane {
    const int64_t *ids;
    int64_t count;  /* ids that may run now */
    int64_t prompt; /* the first so many run as prompt, the others as steps */
    int64_t done;   /* have run */
    int64_t silent; /* ids before this index run for the cache alone: nobody is told, nothing is counted */
    int64_t taken;  /* rows in the batch in hand */
    struct kv_sequence *sequence;
    bool every_logits; /* of each row; else of the last id */
    bool routing;
};

struct feed_sink { /* as struct pass_sink, in terms of lanes and of indices into their ids */
    void *argument;
    bool (*logits)(void *argument, int64_t lane, int64_t index, const float *logits, struct sy_error *err);
    /* the routing of one row at one MoE layer: row->sequence is a lane. Borrowed for the call */
    bool (*routing)(void *argument, const struct sy_routed_row *row, struct sy_error *err);
};

struct batcher;

/* Bytes that batcher_open takes. False on overflow. */
bool batcher_bytes(const struct pass_limits *limits, int64_t *bytes);
/* Room for batches within these limits: taken once, so that a batch takes none. */
SY_MUST_CHECK bool batcher_open(const struct pass_limits *limits, struct batcher **out, struct sy_error *err);
void batcher_close(struct batcher *batcher); /* NULL is allowed */

/* Forms the next batch of these lanes (oldest first, at most limits.sequences), and returns its rows: 0 when
 * nothing is left to run. `chunk`: rows of one prompt at most; 0: no bound but the batch's. */
int64_t batcher_next(struct batcher *batcher, struct lane *const *lanes, int64_t count, int64_t chunk);

/* Runs it. Then each lane's `done` has grown by `taken`; on an error all is as before. */
SY_MUST_CHECK bool batcher_run(struct batcher *batcher, struct pass *pass, const struct feed_sink *sink,
                               struct sy_error *err);

#endif
