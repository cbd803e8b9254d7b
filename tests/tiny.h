/*
 * Tiny models in memory, for laws: a spec becomes a model whose weights are a hash of (seed, slot, layer,
 * expert, index), so that two specs that differ in one field share every weight that they both have.
 */
#ifndef TINY_H
#define TINY_H

#include "engine/session.h"

struct tiny { /* a session whose model was never a file */
    struct session session;
    struct spec *spec; /* = &session.model.spec */
};

struct tiny_run {
    int threads;      /* 0: 1 */
    enum level level; /* LEVEL_REF is a choice: set it */
    enum compute compute;
    enum dtype kv; /* DTYPE_F32 is 0 */
    enum regime regime;
    int64_t rows;                      /* a batch; 0: 512 */
    int64_t sequences, context, pages; /* 0: 4; 4096; as many as those can need */
    int64_t chunk, steps;
    bool statistics;
};

/* Base specs that together use every part; indices below. Fresh copies in the arena. */
enum tiny_base {
    TINY_MIXTRAL,
    TINY_QWEN2,
    TINY_QWEN3,
    TINY_OLMOE,
    TINY_GRANITE,
    TINY_PHI,
    TINY_DEEPSEEK,
    TINY_LATENT_Q,
    TINY_GPT_OSS,
    TINY_LLAMA4,
    TINY_DENSE,
    TINY_CAPPED,
    TINY_TOP_P,
    TINY_BASE_COUNT
};
const char *tiny_name(enum tiny_base base);
void tiny_spec(enum tiny_base base, struct arena *arena, struct spec *spec);
/* The same, at sizes where work is divided: several key blocks, many tiles. */
void tiny_spec_wide(enum tiny_base base, struct arena *arena, struct spec *spec);
/* Wide, and every matrix of the grouped ones has rows of a multiple of 256, or (narrow) of 32 only: for
 * weights in blocks. */
void tiny_spec_blocks(enum tiny_base base, bool narrow, struct arena *arena, struct spec *spec);

/* Opens a session over a model of this spec. False (err filled) where the spec is refused. */
bool tiny_open(struct tiny *tiny, const struct spec *spec, enum dtype dtype, const struct tiny_run *run,
               struct sy_error *err);
/* Another way to run the same weights: spares drawing and encoding them again. */
bool tiny_reopen(struct tiny *tiny, const struct tiny_run *run, struct sy_error *err);
void tiny_close(struct tiny *tiny);

/* All logits [n, V] of one sequence, and (where not NULL) the experts chosen [n, layers, 8], -1 padded. Fails
 * the test on an error. */
void tiny_logits(struct tiny *tiny, const struct tiny_run *run, const int64_t *ids, int64_t n, float *logits,
                 int32_t *experts);

/* Open, run, close. */
void tiny_eval(const struct spec *spec, enum dtype dtype, const struct tiny_run *run, const int64_t *ids,
               int64_t n, float *logits, int32_t *experts);

#endif
