/*
 * The pass: one walk over the layers. A batch and weights in, logits and routing out.
 *
 * A batch is flat: rows of (token, sequence, role, wants), steps before prompts. Rows of one sequence stand
 * together and follow its past. Each row's bits depend on the model, its sequence's ids and roles, and the
 * precision: not on what else is in the batch.
 */
#ifndef PASS_PASS_H
#define PASS_PASS_H

#include "kernels/exec.h"
#include "kernels/kernels.h"
#include "kernels/stages.h"
#include "kv/kv.h"
#include "moe/routing.h"
#include "moe/stats.h"
#include "store/store.h"

enum role { ROLE_PROMPT, ROLE_STEP };
enum {
    WANT_NOTHING = 0,
    WANT_LOGITS = 1,
    WANT_ROUTING = 2,
    WANT_UNCOUNTED = 4, /* statistics leave the row out: it was counted when it ran before */
};

struct batch_row {
    int32_t token;    /* checked against the vocabulary before */
    int32_t sequence; /* index into the batch's sequences */
    enum role role;
    unsigned wants;
};

struct batch {
    const struct batch_row *rows;
    int64_t count;
    struct kv_sequence *const *sequences;
};

/* Called by one thread, between barriers, in the order of rows. Return false (err filled) to end the pass. */
struct pass_sink {
    void *argument;
    /* logits [V] of a row that wants them; borrowed for the call */
    bool (*logits)(void *argument, int64_t row, const real *logits, struct sy_error *err);
    /* the routing of all rows at one MoE layer, if any row wants it */
    bool (*routing)(void *argument, int64_t layer, const struct routing *routing, struct sy_error *err);
};

struct pass_limits {
    int64_t rows;      /* in one batch, at most */
    int64_t sequences; /* in one batch, at most */
    int threads;
};

struct pass;

/* Step memory that a pass takes: exactly this. */
SY_MUST_CHECK bool pass_bytes(const struct spec *spec, const struct numerics *numerics,
                              const struct pass_limits *limits, int64_t *bytes, struct sy_error *err);
/* Of its tables of rows, beside that. False on overflow. */
bool pass_table_bytes(const struct pass_limits *limits, int64_t *bytes);
/* Borrows store, kernels and the pool of threads. Refuses specs that no pass runs yet (encoder stacks, expert
 * choice), by name. */
SY_MUST_CHECK bool pass_open(struct store *store, const struct kernels *kernels,
                             const struct numerics *numerics, const struct pass_limits *limits,
                             struct team_pool *team, struct pass **out, struct sy_error *err);
void pass_close(struct pass *pass);

/* From now on, passes add to `times` where their time went (borrowed; NULL: no more). */
void pass_time(struct pass *pass, struct stage_times *times);

/* From now on, passes count in `stats` where their rows went (borrowed; NULL: no more). No bit depends on it.
 * A pass that failed on its way may have counted. */
void pass_count(struct pass *pass, struct moe_stats *stats);

/* Run a batch: reserves pages, computes, commits. On an error the sequences are as before. A NaN or infinity
 * among logits is SY_ERR_NUMERIC and names the tensor it came from, where a tensor holds one. */
SY_MUST_CHECK bool pass_forward(struct pass *pass, const struct batch *batch, const struct pass_sink *sink,
                                struct sy_error *err);

#endif
