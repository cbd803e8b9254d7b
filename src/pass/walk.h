/*
 * The walk: embedding and layers, rows of a batch in, the hidden rows behind the last layer out. What becomes
 * of those is the head's business (pass/head.h), or a trainer's.
 */
#ifndef PASS_WALK_H
#define PASS_WALK_H

#include "layers/attention.h"
#include "layers/ffn.h"
#include "moe/moe.h"
#include "pass/batch.h"
#include "store/store.h"

struct walk {
    struct store *store;
    const struct batch_rows *batch;
    /* Called by every thread behind each MoE layer, where rank 0 alone may look: stage five, and whoever
     * wants to see. */
    void (*routed)(void *argument, struct exec *exec, int64_t layer, const struct routing *routing);
    void *argument;
};

/* What backward needs of one layer. h: before each of its two branches; normed: what the branch read. */
struct layer_kept {
    struct rows attention_h, attention_normed;
    struct attention_kept attention;
    struct rows ffn_h, ffn_normed;
    struct moe_kept moe;   /* of an MoE layer */
    struct ffn_kept dense; /* of another */
};

struct walked {
    struct rows h;             /* [T, D] */
    struct layer_kept *layers; /* [layers]; NULL where nothing is kept */
};

struct walked walk_forward(struct exec *exec, const struct walk *walk);

/* Step memory that stays taken behind the walk, and the largest that a layer takes on top meanwhile. */
void walk_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int threads,
                int64_t *stays, int64_t *on_top);
/* Of the tape, for a walk that keeps. */
int64_t walk_tape_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int threads);

/* out = the norm of these slots. layer -1: the model's own. */
void norm_rows(struct exec *exec, const struct store *store, int64_t layer, enum slot weight, enum slot bias,
               struct rows x, struct rows out);

#endif
