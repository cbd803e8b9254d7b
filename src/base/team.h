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
 * All threads must make the same sequence of team_loop and team_sync calls. At most TEAM_LOOPS loops may
 * stand between two barriers. The barrier spins first (a futex costs 30 us, spinning 0.1 to 0.8: reference
 * figures in docs/numerics.md) and sleeps after about 100 us. Each worker flushes denormals (base/fpu.h).
 */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include "base/error.h"
#include <stdint.h>

#define TEAM_LOOPS 16
#define TEAM_MAX   256 /* threads */

struct team_pool;
struct team_shared;

struct team { /* one thread's view */
    int rank, count;
    struct team_shared *shared; /* borrowed from the pool */
    int loop;                   /* loops begun since the last barrier */
    unsigned phase;             /* barriers passed */
    int64_t barrier_count;      /* statistics for --profile */
    double barrier_seconds;     /* only counted when shared->timed; without the last barrier's... */
    double barrier_last; /* ... which is added at the next, so that others may read the sum meanwhile */
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
 * runs), averaged over the threads. Asked between runs. */
void team_pool_barriers(const struct team_pool *pool, int64_t *count, double *seconds);

/* Run `work` in every thread; returns when all have returned. One run at a time. A barrier follows
 * implicitly. */
void team_run(struct team_pool *pool, void (*work)(struct team *team, void *argument), void *argument);

struct team_loop team_loop(struct team *team, int64_t tile_count);
bool team_next(struct team_loop *loop); /* takes the next tile into loop->tile; false when none is left */
void team_sync(struct team *team);

/* Physical cores that this process may use (affinity and cgroup quota honoured), at least 1. */
int team_default_count(void);

#endif
