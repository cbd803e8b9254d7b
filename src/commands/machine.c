#include "commands/machine.h"

#include "base/checked.h"
#include "base/os.h"
#include "base/team.h"
#include "kernels/ops.h"

#include <stdlib.h>
#include <string.h>

#define READ_BYTES    ((int64_t)1 << 30) /* far more than any cache */
#define READ_LEAST    ((int64_t)512 << 20)
#define READ_TILE     ((int64_t)4 << 20)
#define READ_AHEAD    512  /* words: one page */
#define SIDE          1024 /* rows, inputs and outputs of the product */
#define SECONDS       0.4  /* of each measurement, at least */
#define REPEATS_LEAST 3

/* ---- reading ---- */

struct reading {
    const uint64_t *words;
    int64_t bytes;
    uint64_t sum; /* so that no compiler leaves the reads out */
};

static uint64_t sum_words(const uint64_t *words, int64_t count) {
    uint64_t lanes[32] = { 0 };
    for (int64_t i = 0; i < count; i += 32) {
        for (int line = 0; line < 4; line++) __builtin_prefetch(words + i + READ_AHEAD + 8 * line);
        for (int lane = 0; lane < 32; lane++) lanes[lane] += words[i + lane];
    }
    uint64_t sum = 0;
    for (int lane = 0; lane < 32; lane++) sum += lanes[lane];
    return sum;
}

static void read_work(struct team *team, void *argument) {
    struct reading *r = argument;
    uint64_t sum = 0;
    for (struct team_loop l = team_loop(team, r->bytes / READ_TILE); team_next(&l);)
        sum += sum_words(r->words + l.tile * (READ_TILE / 8), READ_TILE / 8);
    __atomic_fetch_add(&r->sum, sum, __ATOMIC_RELAXED);
}

/* ---- products ---- */

struct product_run {
    const struct kernels *kernels;
    struct numerics numerics;
    struct product product;
    void *step; /* memory for an operation's own scratch */
    int64_t step_bytes;
};

static void product_work(struct team *team, void *argument) {
    struct product_run *p = argument;
    struct exec exec = exec_host(team, p->kernels, &p->numerics, p->step, p->step_bytes);
    op_matmul(&exec, &p->product, 1);
}

/* The best rate of several runs, of `amount` each. */
static double best_rate(struct team_pool *pool, void (*work)(struct team *, void *), void *argument,
                        double amount) {
    double best = 0, start = os_seconds();
    team_run(pool, work, argument); /* warm */
    for (int i = 0; (i < REPEATS_LEAST || os_seconds() - start < SECONDS) && !os_interrupted(); i++) {
        double begin = os_seconds();
        team_run(pool, work, argument);
        double rate = amount / (os_seconds() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

static double product_rate(struct team_pool *pool, const struct kernels *kernels, enum dtype dtype,
                           float *memory, void *weights, void *step, int64_t step_bytes) {
    const int64_t cells = (int64_t)SIDE * SIDE;
    struct weight weight = weight_matrix(weights, dtype, SIDE, SIDE);
    struct product_run p = {
        .kernels = kernels,
        .numerics = { .compute = dtype == DTYPE_F32 ? COMPUTE_F32 : COMPUTE_BF16, .kv = DTYPE_F32 },
        .product = { .weight = &weight,
                     .x = rows_over(memory, SIDE, SIDE),
                     .out = rows_over(memory + 2 * cells, SIDE, SIDE) },
        .step = step,
        .step_bytes = step_bytes,
    };
    p.product.x.packed_stride = matmul_packed_bytes(&p.numerics, SIDE);
    if (p.product.x.packed_stride) p.product.x.packed = (unsigned char *)(void *)(memory + cells);
    for (int64_t i = 0; i < cells; i++) memory[i] = (float)(i % 17) - 8;
    dtype_from_f32(dtype, memory, cells, weights);
    return best_rate(pool, product_work, &p, 2.0 * SIDE * SIDE * SIDE);
}

static bool measure(struct team_pool *pool, const struct kernels *kernels, void *memory, int64_t bytes,
                    struct machine_rates *rates) {
    struct reading reading = { .words = memory, .bytes = bytes };
    rates->read_bytes = best_rate(pool, read_work, &reading, (double)bytes);
    float *floats = memory;
    const int64_t cells = (int64_t)SIDE * SIDE;
    void *weights = floats + 3 * cells, *step = floats + 4 * cells;
    int64_t step_bytes = bytes - 4 * cells * (int64_t)sizeof *floats;
    rates->f32_flops = product_rate(pool, kernels, DTYPE_F32, floats, weights, step, step_bytes);
    rates->bf16_flops = product_rate(pool, kernels, DTYPE_BF16, floats, weights, step, step_bytes);
    return !os_interrupted();
}

static bool measure_with(int threads, const struct kernels *kernels, void *memory, int64_t bytes,
                         struct machine_rates *rates, struct sy_error *err) {
    struct team_pool *pool;
    if (!team_pool_open(threads, &pool, err)) return false;
    bool done = measure(pool, kernels, memory, bytes, rates) || sy_fail(err, SY_ERR_STOPPED, "interrupted");
    team_pool_close(pool);
    return done;
}

static bool take_memory(void **memory, int64_t *bytes, struct sy_error *err) {
    *bytes = READ_BYTES;
    if (os_memory_take(*bytes, memory, NULL)) return true;
    *bytes = READ_LEAST;
    return os_memory_take(*bytes, memory, err);
}

bool machine_measure_rates(int threads, enum level highest, struct machine_rates *rates,
                           struct sy_error *err) {
    struct kernels kernels = kernels_select(highest);
    int64_t bytes;
    void *memory;
    if (!take_memory(&memory, &bytes, err)) return false;
    bool done = measure_with(threads, &kernels, memory, bytes, rates, err);
    os_memory_release(memory, bytes);
    return done;
}

bool machine_measure(int threads, enum level highest, struct machine *machine, struct sy_error *err) {
    struct kernels kernels = kernels_select(highest);
    int64_t bytes;
    void *memory;
    *machine = (struct machine){ .threads = threads, .level = kernels.level };
    if (!take_memory(&memory, &bytes, err)) return false;
    bool done = measure_with(1, &kernels, memory, bytes, &machine->one, err);
    machine->all = machine->one;
    if (done && threads > 1) done = measure_with(threads, &kernels, memory, bytes, &machine->all, err);
    os_memory_release(memory, bytes);
    return done;
}
