/*
 * Golden cases: what a family's own code computed, against what the program computes. tests/golden/README.md
 * describes the folders. The measure is the largest difference over the root mean square of what is expected
 * (test.h). Everything here fails the running test by itself, after a message that says which values were
 * compared.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "engine/session.h"
#include "golden_expected.h"

struct golden_routing { /* of one MoE layer; allocated when its first row comes */
    int64_t choices;
    float *logits;  /* [rows, experts] */
    int32_t *ids;   /* [rows, choices] */
    float *weights; /* [rows, choices] */
};

struct golden_run { /* what was computed */
    int64_t rows, vocab, layer_count, experts;
    float *logits;                  /* [rows, vocab] */
    struct golden_routing *routing; /* [layer_count] */
    int64_t logit_rows;             /* how many came */
    int64_t *routing_rows;          /* [layer_count] the same */
    struct arena arena;
};

/* A session with room for `positions`. */
void golden_session(struct session *session, const char *model, enum precision precision, int threads,
                    enum level highest, int64_t positions);

/* Runs ids, the last `steps` as steps, and keeps logits and routing of every row. Close with
 * golden_run_close. */
void golden_feed(struct session *session, const int64_t *ids, int64_t count, int64_t chunk, int64_t steps,
                 struct golden_run *run);
void golden_run_close(struct golden_run *run);

/* Is everything as expected? `rows` [row_count]: those whose logits and router logits are known; NULL: all.
 * Experts and weights are known of every row. */
void golden_judge(struct golden *golden, const struct golden_run *run, const int64_t *rows,
                  int64_t row_count);

/* The same bits everywhere. `what` names the second run. */
void golden_same(const struct golden_run *got, const struct golden_run *want, const char *what);

#endif
