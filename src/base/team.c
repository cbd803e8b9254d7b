/*
 * Teams of threads. Three gates and a ring of counters are all that threads share:
 *
 *     run gate     opens when the caller gives work (or ends the pool); workers wait here between runs
 *     here gate    opens when the last worker arrives at a barrier; rank 0 waits here
 *     phase gate   rank 0 opens it behind that; workers wait here
 *     next[slot]   the tile that loop number `slot` since the last barrier hands out next
 *
 * So a barrier has two halves, gather() and part(), and what rank 0 does between them costs the others no
 * barrier of its own. Once all have arrived nobody holds a loop of this phase any more: rank 0 sets the
 * counters used back to zero. Waiting is spinning first, then offering the processor between looks, then
 * sleeping on a condition variable. Where there are more threads than processors, a thread that spins
 * keeps off the one it waits for; offers come at once there (3 threads on 2 processors: 1.7 us a barrier;
 * spinning 2 us and then sleeping took 26).
 */
#include "base/team.h"
#include "base/fpu.h"
#include "base/os.h"
#include "base/team_cpus.h"
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LINE 64 /* bytes of a cache line */

/* How long to wait in which way, seconds since the waiting began. */
struct patience {
    double spin, yield; /* spin until the first, yield until the second, then sleep */
};
static const struct patience patience_alone = { 5e-6, 100e-6 }; /* a sleep and its end cost some tens of us */
static const struct patience patience_crowded = { 0, 30e-6 };

/* ---- a gate: wait until its value is no longer the one seen ---- */

struct gate {
    _Alignas(LINE) atomic_uint value;
    _Alignas(LINE) atomic_int sleepers;
    pthread_mutex_t mutex;
    pthread_cond_t opened;
};

struct counter {
    _Alignas(LINE) atomic_llong next;
};

struct team_shared {
    struct gate run, here, phase;
    _Alignas(LINE) atomic_int arrived;
    struct counter loops[TEAM_LOOPS];
    _Alignas(LINE) struct patience patience; /* from here on: written only while no worker runs */
    bool timed, stopping;
    void (*work)(struct team *team, void *argument);
    void *argument;
};

struct member { /* one thread's own lines */
    _Alignas(LINE) struct team team;
    pthread_t thread;
};

struct team_pool {
    struct team_shared shared;
    bool running;
    int count, started; /* started: workers that exist */
    struct member members[];
};

static inline void cpu_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/* Returns when the value differs from `seen`; what was written before gate_open is then visible. */
static void gate_wait(struct gate *gate, unsigned seen, struct patience patience) {
    double begin = 0;
    for (unsigned i = 1; atomic_load_explicit(&gate->value, memory_order_acquire) == seen; ++i) {
        cpu_pause();
        if (i % 32) continue;
        double now = os_seconds();
        if (begin == 0) begin = now;
        if (now - begin < patience.yield) {
            if (now - begin >= patience.spin) sched_yield();
            continue;
        }
        /* Announced first, looked again second; gate_open stores first, looks for sleepers second. In the one
         * order of these four sequentially consistent accesses, either we see the new value or it sees us. */
        pthread_mutex_lock(&gate->mutex);
        atomic_fetch_add(&gate->sleepers, 1);
        while (atomic_load(&gate->value) == seen) pthread_cond_wait(&gate->opened, &gate->mutex);
        atomic_fetch_sub(&gate->sleepers, 1);
        pthread_mutex_unlock(&gate->mutex);
        return;
    }
}

static void gate_open(struct gate *gate, unsigned value) {
    atomic_store(&gate->value, value);
    if (atomic_load(&gate->sleepers) == 0) return;
    pthread_mutex_lock(&gate->mutex); /* now every announced sleeper really waits, or has gone */
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_init(struct gate *gate) {
    atomic_init(&gate->value, 0);
    atomic_init(&gate->sleepers, 0);
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->opened, NULL);
}

static void gate_destroy(struct gate *gate) {
    pthread_cond_destroy(&gate->opened);
    pthread_mutex_destroy(&gate->mutex);
}

/* ---- inside a run ---- */

struct team_loop team_loop(struct team *team, int64_t tile_count) {
    assert(team->state == TEAM_TOGETHER);
    assert(team->loop < TEAM_LOOPS); /* more loops between two barriers than there are counters */
    /* A team of one needs no counter: `shared` is NULL and the tile itself counts. */
    return (struct team_loop){
        .tile = -1, .count = tile_count, .shared = team->count > 1 ? team->shared : NULL, .slot = team->loop++
    };
}

bool team_next(struct team_loop *loop) {
    if (!loop->shared) return loop->tile + 1 < loop->count && (++loop->tile, true);
    loop->tile = atomic_fetch_add_explicit(&loop->shared->loops[loop->slot].next, 1, memory_order_relaxed);
    return loop->tile < loop->count;
}

/* False for a team of one, and for one that was made to count memory only (kernels/exec.h). */
static bool has_others(const struct team *team) {
    return team->shared && team->count > 1;
}

/* The first half of a barrier: rank 0 waits until all have arrived, who go on at once, but touch nothing. */
static void gather(struct team *team) {
    struct team_shared *shared = team->shared;
    ++team->barrier_count;
    team->state = TEAM_APART;
    if (has_others(team)) {
        team->barrier_seconds += team->barrier_last;
        team->barrier_last = 0;
        if (team->rank == 0) {
            double begin = team->timed ? os_seconds() : 0;
            gate_wait(&shared->here, team->phase, shared->patience);
            if (team->timed) team->barrier_last = os_seconds() - begin;
            for (int i = 0; i < team->loop; ++i)
                atomic_store_explicit(&shared->loops[i].next, 0, memory_order_relaxed);
        } else if (atomic_fetch_add_explicit(&shared->arrived, 1, memory_order_acq_rel) + 2 == team->count) {
            atomic_store_explicit(&shared->arrived, 0, memory_order_relaxed);
            gate_open(&shared->here, team->phase + 1);
        }
    }
    team->loop = 0;
}

/* The second half, of rank 0: what it has written is there for all. */
static void open_phase(struct team *team) {
    if (has_others(team) && team->rank == 0) gate_open(&team->shared->phase, ++team->phase);
}

/* The second half, of the others. */
static void await_phase(struct team *team) {
    if (!has_others(team) || team->rank == 0) return;
    double begin = team->timed ? os_seconds() : 0;
    gate_wait(&team->shared->phase, team->phase++, team->shared->patience);
    if (team->timed) team->barrier_last = os_seconds() - begin;
}

void team_together(struct team *team) {
    if (team->state == TEAM_APART) await_phase(team); /* settled: they have waited */
    if (team->state != TEAM_TOGETHER) open_phase(team);
    team->state = TEAM_TOGETHER;
}

void team_done(struct team *team) {
    if (team->state == TEAM_TOGETHER) gather(team);
}

bool team_alone(struct team *team) {
    team_done(team);
    return team->rank == 0;
}

void team_settle(struct team *team) {
    team_done(team);
    if (team->state == TEAM_APART) await_phase(team);
    team->state = TEAM_SETTLED;
}

void team_catch_up(struct team *team) {
    if (team->state != TEAM_SETTLED) return;
    team_together(team);
    team_done(team);
}

void team_sync(struct team *team) {
    team_catch_up(team);
    team_done(team);
    team_together(team);
}

struct team_loop team_share(struct team *team, int64_t tile_count, int64_t cost) {
    if (tile_count > 1 && cost > TEAM_SMALL) {
        team_together(team);
        return team_loop(team, tile_count);
    }
    return (struct team_loop){ .tile = -1, .count = team_alone(team) ? tile_count : 0 };
}

/* A run begins, in every thread. What `timed` says is read here: behind the last barrier the caller
 * may change it. */
static void work_begin(struct team *team) {
    team->timed = team->shared->timed;
    team->barrier_last = 0; /* of the last run's end: who comes back late from there made nobody wait */
}

void team_run(struct team_pool *pool, void (*work)(struct team *team, void *argument), void *argument) {
    struct team_shared *shared = &pool->shared;
    struct team *team = &pool->members[0].team;
    assert(!pool->running); /* one run at a time, and none within another */
    pool->running = true;
    unsigned state = fpu_flush_denormals();
    if (pool->count > 1) {
        shared->work = work;
        shared->argument = argument;
        gate_open(&shared->run, atomic_load_explicit(&shared->run.value, memory_order_relaxed) + 1);
    }
    work_begin(team);
    work(team, argument);
    team_sync(team);
    fpu_restore(state);
    pool->running = false;
}

/* ---- the pool ---- */

/* What a thread's stack may grow to is taken now, not in the middle of work (engine/memory.h counts it). */
static __attribute__((noinline)) void touch_stack(void) {
    enum { STACK_TOUCHED = 256 << 10 };
    char stack[STACK_TOUCHED];
    memset(stack, 0, sizeof stack);
    __asm__ __volatile__("" : : "r"(stack) : "memory"); /* somebody might look */
}

static void *worker_main(void *argument) {
    struct team *team = argument;
    struct team_shared *shared = team->shared;
    touch_stack();
    fpu_flush_denormals();
    for (unsigned seen = 0;; ++seen) {
        gate_wait(&shared->run, seen, shared->patience);
        if (shared->stopping) return NULL;
        work_begin(team);
        shared->work(team, shared->argument);
        team_sync(team);
    }
}

/* Signals go to the program's own threads; only faults of a thread's own making stay open in workers (a
 * mapped file that shrinks raises SIGBUS in whoever reads it). */
static int worker_start(struct member *member) {
    sigset_t blocked, former;
    sigfillset(&blocked);
    static const int own[] = { SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; ++i) sigdelset(&blocked, own[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &former);
    int failed = pthread_create(&member->thread, NULL, worker_main, &member->team);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return failed;
}

bool team_pool_open(int count, struct team_pool **out, struct sy_error *err) {
    if (count < 1 || count > TEAM_MAX)
        return sy_fail(err, SY_ERR_LIMIT, "%d threads; from 1 to %d can be had", count, TEAM_MAX);
    struct team_pool *pool;
    size_t bytes = sizeof *pool + (size_t)count * sizeof pool->members[0];
    pool = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
    if (!pool) return sy_fail(err, SY_ERR_MEMORY, "the system has no %zu bytes for a team of threads", bytes);
    memset(pool, 0, bytes);
    struct team_shared *shared = &pool->shared;
    gate_init(&shared->run);
    gate_init(&shared->here);
    gate_init(&shared->phase);
    atomic_init(&shared->arrived, 0);
    for (int i = 0; i < TEAM_LOOPS; ++i) atomic_init(&shared->loops[i].next, 0);
    pool->count = count;
    shared->patience = count > team_cpus_usable() ? patience_crowded : patience_alone;
    for (int i = 0; i < count; ++i)
        pool->members[i].team = (struct team){ .rank = i, .count = count, .shared = shared };
    for (int i = 1; i < count; ++i, ++pool->started) {
        errno = worker_start(&pool->members[i]);
        if (errno == 0) continue;
        sy_fail_errno(err, SY_ERR_MEMORY, "thread %d of %d cannot be started", i + 1, count);
        sy_error_remedy(err, "use fewer threads");
        team_pool_close(pool);
        return false;
    }
    touch_stack(); /* the caller is a member */
    *out = pool;
    return true;
}

void team_pool_close(struct team_pool *pool) {
    if (!pool) return;
    struct team_shared *shared = &pool->shared;
    assert(!pool->running);
    shared->stopping = true;
    gate_open(&shared->run, atomic_load_explicit(&shared->run.value, memory_order_relaxed) + 1);
    for (int i = 1; i <= pool->started; ++i) pthread_join(pool->members[i].thread, NULL);
    gate_destroy(&shared->run);
    gate_destroy(&shared->here);
    gate_destroy(&shared->phase);
    free(pool);
}

int team_pool_count(const struct team_pool *pool) {
    return pool->count;
}

void team_pool_barriers(const struct team_pool *pool, int64_t *count, double *seconds) {
    double sum = 0;
    for (int i = 0; i < pool->count; ++i) sum += pool->members[i].team.barrier_seconds;
    *count = pool->members[0].team.barrier_count;
    *seconds = sum / pool->count;
}

void team_pool_time_barriers(struct team_pool *pool, bool on) {
    pool->shared.timed = on;
}
