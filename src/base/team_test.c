/*
 * Teams: each tile exactly once, barriers that really are, with fewer, as many and more threads than
 * processors. The thread sanitizer watches the same tests (plain memory is written in one phase and read in
 * the next).
 */
#include "base/random.h"
#include "base/team.h"
#include "test.h"
#include <float.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int team_sizes[] = { 1, 2, 3, 5, 8 };
#define SIZES (int)(sizeof team_sizes / sizeof team_sizes[0])

static struct team_pool *open_pool(int count) {
    struct team_pool *pool;
    struct sy_error err;
    assert_true(team_pool_open(count, &pool, &err));
    assert_int_equal(team_pool_count(pool), count);
    return pool;
}

/* ---- tiles ---- */

enum { PHASES = 40, TILES_MAX = 70 };

struct tiles {
    int begun[PHASES];                        /* loops in each phase */
    int count[PHASES][TEAM_LOOPS];            /* tiles in each loop */
    int taken[PHASES][TEAM_LOOPS][TILES_MAX]; /* plain memory: a tile taken twice is a race as well */
    _Atomic int errors;
};

static void take_tiles(struct team *team, void *argument) {
    struct tiles *tiles = argument;
    for (int phase = 0; phase < PHASES; ++phase) {
        for (int i = 0; i < tiles->begun[phase]; ++i) {
            int64_t last = -1;
            for (struct team_loop l = team_loop(team, tiles->count[phase][i]); team_next(&l);) {
                if (l.tile <= last || l.tile >= tiles->count[phase][i]) ++tiles->errors; /* in order */
                last = l.tile;
                ++tiles->taken[phase][i][l.tile];
            }
        }
        team_sync(team);
        /* The phase is over for all: everything of it can be read. */
        for (int i = 0; i < tiles->begun[phase]; ++i)
            for (int k = 0; k < tiles->count[phase][i]; ++k)
                if (tiles->taken[phase][i][k] != 1) ++tiles->errors;
    }
}

TEST(team_hands_out_each_tile_once) {
    struct random random = random_seed(5);
    struct tiles *tiles = malloc(sizeof *tiles);
    for (int size = 0; size < SIZES; ++size) {
        struct team_pool *pool = open_pool(team_sizes[size]);
        for (int run = 0; run < 4; ++run) {
            memset(tiles, 0, sizeof *tiles);
            for (int phase = 0; phase < PHASES; ++phase) {
                tiles->begun[phase] = (int)random_below(&random, TEAM_LOOPS + 1);
                for (int i = 0; i < tiles->begun[phase]; ++i)
                    tiles->count[phase][i] = (int)random_below(&random, TILES_MAX + 1);
            }
            team_run(pool, take_tiles, tiles);
            assert_int_equal(tiles->errors, 0);
        }
        team_pool_close(pool);
    }
    free(tiles);
}

/* A loop that is left early, or that has no tiles, leaves nothing behind for the next phase. */
static void leave_early(struct team *team, void *argument) {
    _Atomic int *taken = argument;
    for (int phase = 0; phase < 20; ++phase) {
        struct team_loop empty = team_loop(team, 0);
        if (team_next(&empty)) *taken += 1000000;
        struct team_loop l = team_loop(team, 1000);
        if (team_next(&l)) ++*taken;
        team_sync(team);
    }
}

TEST(team_loops_may_be_left_early) {
    for (int size = 0; size < SIZES; ++size) {
        _Atomic int taken = 0;
        struct team_pool *pool = open_pool(team_sizes[size]);
        team_run(pool, leave_early, &taken);
        assert_int_equal(taken, 20 * team_sizes[size]);
        team_pool_close(pool);
    }
}

/* ---- barriers ---- */

enum { ROUNDS = 300 };

struct relay {
    int64_t cells[16]; /* one a rank, plain */
    _Atomic int errors;
};

/* Each thread reads its neighbour's cell of the last round: any barrier that lets one slip by shows in the
 * numbers. */
static void run_relay(struct team *team, void *argument) {
    struct relay *relay = argument;
    for (int64_t round = 0; round < ROUNDS; ++round) {
        relay->cells[team->rank] = round * 100 + team->rank;
        team_sync(team);
        int other = (team->rank + 1) % team->count;
        if (relay->cells[other] != round * 100 + other) ++relay->errors;
        team_sync(team);
    }
}

TEST(team_barriers_hold) {
    for (int size = 0; size < SIZES; ++size) {
        struct relay relay = { .errors = 0 };
        struct team_pool *pool = open_pool(team_sizes[size]);
        team_run(pool, run_relay, &relay);
        assert_int_equal(relay.errors, 0);
        team_pool_close(pool);
    }
}

/* Long waits, which end in sleep, between short ones. */
static void dawdle(struct team *team, void *argument) {
    _Atomic int *arrived = argument;
    for (int round = 0; round < 6; ++round) {
        if (round % 3 == 0 && team->rank == round % team->count) usleep(2000);
        ++*arrived;
        team_sync(team);
        if (*arrived != (round + 1) * team->count) *arrived += 1000000;
        team_sync(team);
    }
}

TEST(team_sleepers_are_woken) {
    for (int size = 0; size < SIZES; ++size) {
        struct team_pool *pool = open_pool(team_sizes[size]);
        for (int run = 0; run < 3; ++run) {
            _Atomic int arrived = 0;
            team_run(pool, dawdle, &arrived);
            assert_int_equal(arrived, 6 * team_sizes[size]);
            usleep(1000); /* the workers fall asleep between runs as well */
        }
        team_pool_close(pool);
    }
}

/* ---- small work between shared loops ---- */

enum { CELLS = 12, WORKS = 400 };

/* A script of works, each of which makes every cell of one buffer of two cells of the other. */
struct works {
    bool small[WORKS], looks[WORKS], releases[WORKS];
    int64_t cells[2][CELLS], want[2][CELLS]; /* plain memory */
    int64_t own[8];                          /* what each rank saw */
    int barriers;
};

static int64_t next_cell(const int64_t *from, int64_t i, int64_t work) {
    return (from[i] * 31 + from[(i + 5) % CELLS] + work) % 1000003;
}

static void run_works(struct team *team, void *argument) {
    struct works *w = argument;
    int64_t seen = 0;
    for (int64_t i = 0; i < WORKS; ++i) {
        const int64_t *from = w->cells[i % 2];
        int64_t *to = w->cells[(i + 1) % 2];
        int64_t cost = w->small[i] ? TEAM_SMALL : TEAM_SMALL + 1;
        for (struct team_loop l = team_share(team, CELLS, cost); team_next(&l);)
            to[l.tile] = next_cell(from, l.tile, i);
        team_done(team);
        if (team_alone(team)) to[0] += 1; /* the host, in rank 0 */
        if (w->looks[i]) {
            team_settle(team);
            seen = (seen * 7 + to[0] + to[CELLS - 1]) % 1000003;
            team_catch_up(team);
        }
        if (w->releases[i]) { /* as memory is given back: others write what is theirs behind it */
            team_settle(team);
            w->own[team->rank] = seen;
        }
        team_catch_up(team);
    }
    team_together(team);
    for (int i = 0; i < team->count; ++i) /* together: all may look */
        if (w->cells[WORKS % 2][i] < 0) abort();
    team_done(team);
    w->own[team->rank] = seen;
    team_sync(team);
}

static int64_t plain_works(struct works *w) {
    int64_t seen = 0;
    for (int64_t i = 0; i < WORKS; ++i) {
        int64_t *from = w->want[i % 2], *to = w->want[(i + 1) % 2];
        for (int64_t k = 0; k < CELLS; ++k) to[k] = next_cell(from, k, i);
        to[0] += 1;
        if (w->looks[i]) seen = (seen * 7 + to[0] + to[CELLS - 1]) % 1000003;
    }
    return seen;
}

TEST(team_small_work_is_seen_in_order) {
    struct random random = random_seed(8);
    struct works *w = malloc(sizeof *w);
    for (int size = 0; size < SIZES; ++size) {
        struct team_pool *pool = open_pool(team_sizes[size]);
        for (int run = 0; run < 6; ++run) {
            memset(w, 0, sizeof *w);
            for (int i = 0; i < WORKS; ++i) {
                w->small[i] = random_below(&random, 4) < (uint64_t)(run % 5);
                w->looks[i] = run > 2 && random_below(&random, 6) == 0;
                w->releases[i] = run > 3 && random_below(&random, 6) == 0;
            }
            int64_t seen = plain_works(w);
            team_run(pool, run_works, w);
            assert_memory_equal(w->cells, w->want, sizeof w->want);
            for (int i = 0; i < team_sizes[size]; ++i) assert_int_equal(w->own[i], seen);
        }
        team_pool_close(pool);
    }
    free(w);
}

/* Between two shared loops stands one barrier, whatever small work does there, and who settles pays none. */
static void mostly_small(struct team *team, void *argument) {
    int *cells = argument;
    for (int round = 0; round < 10; ++round) {
        for (struct team_loop l = team_share(team, 4, TEAM_SMALL + 1); team_next(&l);) ++cells[l.tile];
        team_done(team);
        for (int i = 0; i < 5; ++i) {
            for (struct team_loop l = team_share(team, 4, 1); team_next(&l);) ++cells[l.tile];
            team_done(team);
        }
        for (struct team_loop l = team_share(team, 1, INT64_MAX); team_next(&l);)
            ++cells[l.tile]; /* one tile */
        team_done(team);
        team_settle(team);
    }
}

TEST(team_small_work_needs_no_barrier) {
    for (int size = 0; size < SIZES; ++size) {
        struct team_pool *pool = open_pool(team_sizes[size]);
        int cells[4] = { 0 };
        int64_t count;
        double seconds;
        team_run(pool, mostly_small, cells);
        team_pool_barriers(pool, &count, &seconds);
        assert_int_equal(count, 11); /* one a round, and the end of the run */
        assert_int_equal(cells[0], 70);
        assert_int_equal(cells[3], 60);
        team_pool_close(pool);
    }
}

/* ---- runs ---- */

static void count_call(struct team *team, void *argument) {
    int *calls = argument;
    ++calls[team->rank];
}

TEST(team_many_short_runs) {
    for (int size = 0; size < SIZES; ++size) {
        int calls[8] = { 0 };
        struct team_pool *pool = open_pool(team_sizes[size]);
        for (int run = 0; run < 200; ++run) {
            team_run(pool, count_call, calls);
            for (int i = 0; i < team_sizes[size]; ++i) assert_int_equal(calls[i], run + 1);
        }
        team_pool_close(pool);
    }
}

struct view {
    int64_t barriers;
    double seconds;
    bool flushes;
};

static void look(struct team *team, void *argument) {
    struct view *views = argument;
    volatile float small = FLT_MIN;
    for (int i = 0; i < 10; ++i) team_sync(team);
    views[team->rank] = (struct view){ team->barrier_count, team->barrier_seconds, small / 2 == 0 };
}

TEST(team_counts_barriers_and_flushes_denormals) {
    struct view views[3];
    struct team_pool *pool = open_pool(3);
    team_run(pool, look, views);
    for (int i = 0; i < 3; ++i) {
        assert_int_equal(views[i].barriers, 10);
        assert_true(views[i].seconds == 0);
#if defined(__SSE2__)
        assert_true(views[i].flushes);
#endif
    }
    team_pool_time_barriers(pool, true);
    team_run(pool, look, views);
    for (int i = 0; i < 3; ++i) {
        assert_int_equal(views[i].barriers, 21); /* the one at the end of the first run too */
        assert_true(views[i].seconds > 0);
    }
    volatile float small = FLT_MIN;
    assert_true(small / 2 != 0); /* the caller's state is its own again */
    team_pool_close(pool);
}

static void note_signals(struct team *team, void *argument) {
    bool *good = argument;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    bool worker = team->rank > 0;
    good[team->rank] = sigismember(&blocked, SIGINT) == worker && sigismember(&blocked, SIGBUS) == 0;
}

TEST(team_workers_leave_signals_to_the_program) {
    bool good[4] = { false };
    struct team_pool *pool = open_pool(4);
    team_run(pool, note_signals, good);
    for (int i = 0; i < 4; ++i) assert_true(good[i]);
    team_pool_close(pool);
}

/* One thread comes late to every barrier but the last; the others wait for it. */
enum { LATE = 8 };

static void come_late(struct team *team, void *argument) {
    (void)argument;
    for (int i = 0; i < LATE; ++i) {
        if (team->rank == team->count - 1) nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
        team_sync(team);
    }
}

TEST(team_counts_the_time_at_barriers) {
    for (int timed = 0; timed < 2; ++timed) {
        int64_t count;
        double seconds;
        struct team_pool *pool = open_pool(3);
        team_pool_time_barriers(pool, timed);
        team_run(pool, come_late, NULL);
        team_pool_barriers(pool, &count, &seconds);
        assert_int_equal(count, LATE + 1); /* and the one at the end of the run */
        if (timed)
            assert_true(seconds > 0.9 * LATE * 3e-3 * 2 / 3); /* two of three waited */
        else
            assert_true(seconds == 0);
        team_pool_close(pool);
    }
}

TEST(team_sizes_are_bounded) {
    struct team_pool *pool;
    struct sy_error err;
    assert_false(team_pool_open(0, &pool, &err));
    assert_false(team_pool_open(TEAM_MAX + 1, &pool, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    team_pool_close(NULL);
    assert_in_range(team_default_count(), 1, TEAM_MAX);
    struct relay relay = { .errors = 0 };
    pool = open_pool(2);
    struct team_pool *second = open_pool(2); /* two pools know nothing of each other */
    team_run(pool, run_relay, &relay);
    team_run(second, run_relay, &relay);
    assert_int_equal(relay.errors, 0);
    team_pool_close(second);
    team_pool_close(pool);
}
