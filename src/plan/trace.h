/*
 * A routing trace: which experts each token of a text went to, at each MoE layer. What
 * `run --routing --json` prints (and a file that holds its "routing" alone), or the router.L.topk_ids that
 * `logits --routing` writes, which commands/ reads.
 */
#ifndef PLAN_TRACE_H
#define PLAN_TRACE_H

#include "base/arena.h"
#include "model/spec.h"

struct trace {
    int64_t layers, experts, positions, most; /* MoE layers; experts of each; tokens; choices a token */
    int32_t *choices;                         /* [positions, layers, most], -1 padded */
    int64_t *counts;                          /* [layers, experts] */
};

static inline int32_t *trace_choice(const struct trace *trace, int64_t position, int64_t layer) {
    return trace->choices + (position * trace->layers + layer) * trace->most;
}

/* Room for a trace of this model, nothing chosen yet. */
SY_MUST_CHECK bool trace_open(const struct spec *spec, int64_t positions, struct arena *arena,
                              struct trace *trace, struct sy_error *err);
/* Note one choice; false when the id is none of the experts. */
SY_MUST_CHECK bool trace_set(struct trace *trace, int64_t position, int64_t layer, int64_t k, int64_t id);

SY_MUST_CHECK bool trace_read(const char *path, const struct spec *spec, struct arena *arena,
                              struct trace *trace, struct sy_error *err);
SY_MUST_CHECK bool trace_parse(const char *text, int64_t size, const struct spec *spec, struct arena *arena,
                               struct trace *trace, struct sy_error *err);

/* ---- what an expert cache would have done ---- */

/* hits[c], c from 0 to E: the share of all choices that a cache of the c experts used last, in each layer,
 * would have served: LRU, replayed. [E + 1] doubles in the arena. */
SY_MUST_CHECK bool trace_lru(const struct trace *trace, struct arena *arena, double **hits,
                             struct sy_error *err);

#endif
