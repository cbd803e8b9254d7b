#include "commands/machine.h"

#include "base/checked.h"
#include "base/os.h"
#include "base/team.h"
#include "kernels/ops.h"
#include "kernels/peaks.h"

#include <stdlib.h>
#include <string.h>

#define READ_BYTES    ((int64_t)1 << 30) /* far more than any cache */
#define READ_LEAST    ((int64_t)512 << 20)
#define READ_TILE     ((int64_t)4 << 20)
#define SIDE          1024 /* rows, inputs and outputs of the product */
#define SIDE_REF      128  /* at the level of the definitions */
#define SECONDS       0.4  /* of each measurement, at least, */
#define SECONDS_READ  0.1  /* of each of several loops that are tried, */
#define SECONDS_PEAK  0.03 /* and of each instruction */
#define PEAK_RUNS     64   /* of a loop at a time: some milliseconds */
#define REPEATS_LEAST 3

/* The best rate of several runs, of `amount` each. */
static double best_rate(struct team_pool *pool, void (*work)(struct team *, void *), void *argument,
                        double amount, double seconds) {
    double best = 0, start = os_seconds();
    team_run(pool, work, argument); /* warm */
    for (int i = 0; (i < REPEATS_LEAST || os_seconds() - start < seconds) && !os_interrupted(); i++) {
        double begin = os_seconds();
        team_run(pool, work, argument);
        double rate = amount / (os_seconds() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

/* ---- reading ---- */

struct reading {
    const struct peak_read *read;
    const unsigned char *memory;
    int64_t bytes;
    uint64_t sum; /* so that no compiler leaves the reads out */
};

static void read_work(struct team *team, void *argument) {
    struct reading *r = argument;
    uint64_t sum = 0;
    for (struct team_loop l = team_loop(team, r->bytes / READ_TILE); team_next(&l);)
        sum += r->read->sum(r->memory + l.tile * READ_TILE, READ_TILE);
    __atomic_fetch_add(&r->sum, sum, __ATOMIC_RELAXED);
}

/* By the best of the loops, whose name goes to *loop. */
static double read_rate(struct team_pool *pool, enum level level, const void *memory, int64_t bytes,
                        const char **loop) {
    struct reading reading = { .memory = memory, .bytes = bytes };
    double best = 0;
    for (int i = 0; (reading.read = peak_read(level, i)) && !os_interrupted(); i++) {
        double rate = best_rate(pool, read_work, &reading, (double)bytes, SECONDS_READ);
        if (rate <= best) continue;
        best = rate;
        *loop = reading.read->name;
    }
    return best;
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

/* Memory of a product: x, its packed form and the result, then the weights and step memory. */
struct product_room {
    float *floats;
    void *weights, *step;
    int64_t step_bytes;
};

static struct product_room product_room(void *memory, int64_t bytes) {
    const int64_t cells = (int64_t)SIDE * SIDE;
    float *floats = memory;
    return (struct product_room){ floats, floats + 3 * cells, floats + 4 * cells,
                                  bytes - 4 * cells * (int64_t)sizeof *floats };
}

static double product_rate(struct team_pool *pool, const struct kernels *kernels, enum dtype dtype,
                           const struct product_room *room) {
    const int64_t side = kernels->level == LEVEL_REF ? SIDE_REF : SIDE, cells = side * side;
    float *memory = room->floats;
    struct weight weight = weight_matrix(room->weights, dtype, side, side);
    struct product_run p = {
        .kernels = kernels,
        .numerics = { .compute = dtype == DTYPE_F32 ? COMPUTE_F32 : COMPUTE_BF16, .kv = DTYPE_F32 },
        .product = { .weight = &weight,
                     .x = rows_over(memory, side, side),
                     .out = rows_over(memory + 2 * cells, side, side) },
        .step = room->step,
        .step_bytes = room->step_bytes,
    };
    p.product.x.packed_stride = matmul_packed_bytes(&p.numerics, side);
    if (p.product.x.packed_stride) p.product.x.packed = (unsigned char *)(void *)(memory + cells);
    for (int64_t i = 0; i < cells; i++) memory[i] = (float)(i % 17) - 8;
    if (dtype_is_block(dtype))
        kernels->pack_row(dtype, memory, cells, room->weights);
    else
        dtype_from_f32(dtype, memory, cells, room->weights);
    return best_rate(pool, product_work, &p, 2.0 * (double)(side * cells), SECONDS);
}

/* ---- instructions alone ---- */

static void peak_work(struct team *team, void *argument) {
    const struct peak_loop *loop = argument;
    _Alignas(PEAK_SINK) unsigned char sink[PEAK_SINK];
    (void)team;
    for (int i = 0; i < PEAK_RUNS; i++) loop->run(sink);
}

static double peak_rate(struct team_pool *pool, enum level level, enum arithmetic arithmetic) {
    double best = 0;
    for (int i = 0; !os_interrupted(); i++) {
        struct peak_loop loop = peak_loop(level, arithmetic, i);
        if (!loop.run) break;
        double amount = loop.operations * PEAK_RUNS * team_pool_count(pool);
        double rate = best_rate(pool, peak_work, &loop, amount, SECONDS_PEAK);
        if (rate > best) best = rate;
    }
    return best;
}

/* ---- all of it ---- */

struct measuring {
    const struct kernels *kernels;
    void *memory;
    int64_t bytes;
    struct machine_rates *rates; /* one of these is asked for; the other NULL */
    struct machine_limits *limits;
};

static void measure_rates(struct team_pool *pool, const struct measuring *m) {
    const char *loop;
    struct product_room room = product_room(m->memory, m->bytes);
    m->rates->read_bytes = read_rate(pool, m->kernels->level, m->memory, m->bytes, &loop);
    m->rates->f32_flops = product_rate(pool, m->kernels, DTYPE_F32, &room);
    m->rates->bf16_flops = product_rate(pool, m->kernels, DTYPE_BF16, &room);
}

static void measure_limits(struct team_pool *pool, const struct measuring *m) {
    static const enum dtype dtypes[ARITHMETIC_COUNT] = { DTYPE_F32, DTYPE_BF16, DTYPE_Q8_0 };
    struct product_room room = product_room(m->memory, m->bytes);
    m->limits->read_bytes = read_rate(pool, m->kernels->level, m->memory, m->bytes, &m->limits->read_loop);
    for (int a = 0; a < ARITHMETIC_COUNT; a++) {
        double *rate = &m->limits->products[a];
        *rate = peak_rate(pool, m->kernels->level, (enum arithmetic)a);
        if (*rate <= 0) *rate = product_rate(pool, m->kernels, dtypes[a], &room);
    }
}

static bool measure_with(int threads, const struct measuring *m, struct sy_error *err) {
    struct team_pool *pool;
    if (!team_pool_open(threads, &pool, err)) return false;
    if (m->rates) measure_rates(pool, m);
    if (m->limits) measure_limits(pool, m);
    team_pool_close(pool);
    return !os_interrupted() || sy_fail(err, SY_ERR_STOPPED, "interrupted");
}

static bool take_memory(struct measuring *m, struct sy_error *err) {
    m->bytes = READ_BYTES;
    if (os_memory_take(m->bytes, &m->memory, NULL)) return true;
    m->bytes = READ_LEAST;
    return os_memory_take(m->bytes, &m->memory, err);
}

bool machine_measure_limits(int threads, enum level highest, struct machine_limits *limits,
                            struct sy_error *err) {
    struct kernels kernels = kernels_select(highest);
    struct measuring m = { .kernels = &kernels, .limits = limits };
    *limits = (struct machine_limits){ 0 };
    if (!take_memory(&m, err)) return false;
    bool done = measure_with(threads, &m, err);
    os_memory_release(m.memory, m.bytes);
    return done;
}

bool machine_measure(int threads, enum level highest, struct machine *machine, struct sy_error *err) {
    struct kernels kernels = kernels_select(highest);
    struct measuring m = { .kernels = &kernels, .rates = &machine->one };
    *machine = (struct machine){ .threads = threads, .level = kernels.level };
    if (!take_memory(&m, err)) return false;
    bool done = measure_with(1, &m, err);
    machine->all = machine->one;
    m.rates = &machine->all;
    if (done && threads > 1) done = measure_with(threads, &m, err);
    os_memory_release(m.memory, m.bytes);
    return done;
}
