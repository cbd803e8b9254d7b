/*
 * What a batch costs at least, whoever computes it: the bytes that must be read, the products that must be
 * taken. bench holds its speed against these.
 *
 *     step     reads every matrix that acts on all rows, the head among them, once a batch; of the experts
 *              those that a row of the batch was really sent to, once each; the keys and values that each row
 *              sees
 *     prompt   reads the same, each once for the whole prompt, and keys and values of each position once
 *     both     2 operations for each weight that acts on a row, a prompt's last row alone for the head; and
 *              attention's products
 *
 * The embedding gives one row a token, which is left out, as are norms and activations. Operations are told
 * apart by what they are computed in, since a machine has a rate for each: matmul's own answer, f32 for the
 * router and for what attention does with the cache.
 */
#ifndef COMMANDS_BENCH_WORK_H
#define COMMANDS_BENCH_WORK_H

#include "engine/session.h"

struct bench_amount { /* weights, or operations */
    double of[ARITHMETIC_COUNT];
};
double bench_amount_sum(const struct bench_amount *amount);

enum bench_role { BENCH_PROMPT, BENCH_STEP, BENCH_ROLES };

struct bench_expert { /* one, of one layer */
    double bytes;
    struct bench_amount weights[BENCH_ROLES];
    int64_t last; /* 1 + the index of the rows that it last saw, since bench_work_reset */
};

struct bench_work { /* of one model */
    const struct session *session;
    int64_t layers, experts;
    double dense_bytes;                                        /* the head's too */
    struct bench_amount dense[BENCH_ROLES], head[BENCH_ROLES]; /* weights; the head's apart */
    struct bench_expert *expert;                               /* [layers, E] */
    double routed_bytes, once_bytes; /* since bench_work_reset: a batch at a time; all as one batch */
    struct bench_amount routed[BENCH_ROLES];
    int64_t *load;  /* [layers, E] the session's counters at bench_work_reset */
    int64_t *since; /* [E] one layer's since then */
};

SY_MUST_CHECK bool bench_work_open(const struct session *session, struct bench_work *work,
                                   struct sy_error *err); /* borrows the session */
void bench_work_close(struct bench_work *work);

void bench_work_reset(struct bench_work *work);
/* Rows of one index are those of one batch. */
void bench_work_route(struct bench_work *work, const struct sy_routed_row *row);

/* How evenly experts were used since the reset (heat_evenness), by the counters of the session: the mean of
 * its MoE layers; 0 where there are none. */
double bench_work_evenness(const struct bench_work *work);
/* The same counters, added to `load` [MoE layers][experts]. Returns the tokens that were routed. */
int64_t bench_work_load(const struct bench_work *work, int64_t *load);

/* Of what was routed since the reset: `count` steps of each of `batch` sequences from position `first` on. */
double bench_work_step_bytes(const struct bench_work *work, int64_t first, int64_t count, int64_t batch);
struct bench_amount bench_work_step_ops(const struct bench_work *work, int64_t first, int64_t count,
                                        int64_t batch);
/* The same: a prompt of `count`. */
double bench_work_prompt_bytes(const struct bench_work *work, int64_t count);
struct bench_amount bench_work_prompt_ops(const struct bench_work *work, int64_t count);

/* Read something of every page of the checkpoint, so that it is there before the clock runs. False where
 * interrupted. */
bool bench_work_touch(const struct session *session);

#endif
