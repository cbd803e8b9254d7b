/*
 * Teams: threads that run the same code.
 *
 * A pool holds count - 1 sleeping workers. team_run() makes every thread (the caller is rank 0) call the same
 * function with its own `struct team`; inside, work is cut into tiles of fixed size and position that threads
 * take in order as they come free, and team_sync() is the only barrier:
 *
 *     for (struct team_loop l = team_loop(team, tiles); team_next(&l);)
 *         compute(l.tile);       // which thread takes a tile is free; what a tile computes is not
 *     team_sync(team);           // everybody's tiles are done, and visible
 *
 * All threads must make the same sequence of calls. At most TEAM_LOOPS loops may stand between two barriers.
 * The barrier spins first (a futex costs 30 us, spinning 0.1 to 0.8: reference figures in docs/numerics.md)
 * and sleeps after about 100 us. Each worker flushes denormals (base/fpu.h).
 *
 * Between operations (kernels/ops.h) that is more than is needed: much of a step is too small to share, and
 * rank 0 does it faster than a barrier takes. So a barrier has two halves, all arriving and all going on, and
 * what is small happens between them:
 *
 *     for (struct team_loop l = team_share(team, tiles, cost); team_next(&l);)
 *         compute(l.tile);       // all threads; or, where the whole is small, rank 0 alone
 *     team_done(team);           // rank 0 sees everything. Others: nothing yet
 *
 *     shared                 small  small           shared
 *     ------ team_done: all arrive ........ all go on ------      one barrier
 *
 * Behind team_done the team is apart: rank 0 alone may look at, or write, what threads share, until the next
 * shared loop. Others only run through the same code. What all threads must look at (counts that decide what
 * comes next) they look at behind team_settle, where they wait for rank 0 to begin its next shared loop,
 * while it goes on: those tables must then stay as they are until that loop has begun, or team_catch_up. The
 * thread sanitizer finds who does not.
 */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include "base/error.h"
#include <stdint.h>

#define TEAM_LOOPS 16
#define TEAM_MAX   256 /* threads */
/* Elements read, turned over once and written that are not worth sharing: some 4 us of one thread. */
#define TEAM_SMALL 32768

struct team_pool;
struct team_shared;

/* The same in all threads. Apart: all have arrived, rank 0 alone goes on, and the others have yet to wait for
 * it. Settled: the same, where the others wait already. */
enum team_state { TEAM_TOGETHER, TEAM_APART, TEAM_SETTLED };

struct team { /* one thread's view */
    int rank, count;
    struct team_shared *shared; /* borrowed from the pool */
    int loop;                   /* loops begun since the last barrier */
    unsigned phase;             /* barriers passed */
    enum team_state state;
    bool timed;             /* in this run */
    int64_t barrier_count;  /* statistics for --profile */
    double barrier_seconds; /* only counted when shared->timed; without the last barrier's... */
    double barrier_last;    /* ... which is added at the next, so that others may read the sum meanwhile */
};

struct team_loop {
    int64_t tile; /* the tile in hand, 0 <= tile < count */
    int64_t count;
    struct team_shared *shared;
    int slot;
};

/* count threads in all, 1 <= count <= TEAM_MAX. Starts count - 1 workers. */
SY_MUST_CHECK bool team_pool_open(int count, struct team_pool **out, struct sy_error *err);
void team_pool_close(struct team_pool *pool); /* joins the workers; NULL is allowed */
int team_pool_count(const struct team_pool *pool);
void team_pool_time_barriers(struct team_pool *pool, bool on);
/* Barriers that each thread passed, and the seconds that they waited there (but for those at the end of
 * runs; while rank 0 did small work, too), averaged over the threads. Asked between runs. */
void team_pool_barriers(const struct team_pool *pool, int64_t *count, double *seconds);

/* Run `work` in every thread; returns when all have returned. One run at a time. A barrier follows
 * implicitly. */
void team_run(struct team_pool *pool, void (*work)(struct team *team, void *argument), void *argument);

struct team_loop team_loop(struct team *team, int64_t tile_count);
bool team_next(struct team_loop *loop); /* takes the next tile into loop->tile; false when none is left */
void team_sync(struct team *team);      /* a whole barrier */

/* A loop by all, or where its `cost` (elements, weighed) is small by rank 0 alone; team_done ends either. */
struct team_loop team_share(struct team *team, int64_t tile_count, int64_t cost);
/* All see what rank 0 has written; nothing where they do already. */
void team_together(struct team *team);
/* Rank 0 sees what all have written, and no other thread looks at anything. */
void team_done(struct team *team);
bool team_alone(struct team *team); /* the same; true in rank 0 */
/* Others see what rank 0 has written so far; it goes on. */
void team_settle(struct team *team);
/* Whoever settled has looked: what was looked at may be written over. */
void team_catch_up(struct team *team);

/* Physical cores that this process may use (affinity and cgroup quota honoured), at least 1. */
int team_default_count(void);

#endif
