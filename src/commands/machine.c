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
#define SECONDS_PEAKS 0.2  /* and of all instructions together */
#define PEAK_RUNS     64   /* of a loop at a time: some milliseconds */

enum { LOOPS_MAX = 8, READ_ROUNDS = 3, PRODUCT_ROUNDS = 3, PEAK_ROUNDS = 12 };

/* What is measured: work of `amount`, and its best rate. */
struct contest {
    void (*work)(struct team *team, void *argument);
    void *argument;
    double amount, best;
};

/* In turn, so that what others do on the machine hits all alike; each several times, for so many seconds
 * together. */
static void best_rates(struct team_pool *pool, struct contest *contests, int count, int64_t rounds,
                       double seconds) {
    double start = os_seconds();
    for (int i = 0; i < count; i++) team_run(pool, contests[i].work, contests[i].argument); /* warm */
    for (int64_t round = 0; round < rounds || os_seconds() - start < seconds; round++)
        for (int i = 0; i < count; i++) {
            if (os_interrupted()) return;
            double begin = os_seconds();
            team_run(pool, contests[i].work, contests[i].argument);
            double rate = contests[i].amount / (os_seconds() - begin);
            if (rate > contests[i].best) contests[i].best = rate;
        }
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
    struct reading readings[LOOPS_MAX];
    struct contest contests[LOOPS_MAX];
    int count = 0;
    for (const struct peak_read *read; count < LOOPS_MAX && (read = peak_read(level, count)); count++) {
        readings[count] = (struct reading){ .read = read, .memory = memory, .bytes = bytes };
        contests[count] = (struct contest){ read_work, &readings[count], (double)bytes, 0 };
    }
    best_rates(pool, contests, count, READ_ROUNDS, SECONDS);
    double best = 0;
    for (int i = 0; i < count; i++)
        if (contests[i].best > best) best = contests[i].best, *loop = readings[i].read->name;
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
    struct contest contest = { product_work, &p, 2.0 * (double)(side * cells), 0 };
    best_rates(pool, &contest, 1, PRODUCT_ROUNDS, SECONDS);
    return contest.best;
}

/* ---- instructions alone ---- */

static void peak_work(struct team *team, void *argument) {
    const struct peak_loop *loop = argument;
    _Alignas(PEAK_SINK) unsigned char sink[PEAK_SINK];
    (void)team;
    for (int i = 0; i < PEAK_RUNS; i++) loop->run(sink);
}

/* The best instruction of each kind; 0 where there is none. */
static void peak_rates(struct team_pool *pool, enum level level, double rates[ARITHMETIC_COUNT]) {
    struct peak_loop loops[ARITHMETIC_COUNT * LOOPS_MAX];
    struct contest contests[ARITHMETIC_COUNT * LOOPS_MAX];
    int kinds[ARITHMETIC_COUNT * LOOPS_MAX], count = 0;
    for (int a = 0; a < ARITHMETIC_COUNT; a++) {
        rates[a] = 0;
        for (int i = 0; i < LOOPS_MAX; i++) {
            loops[count] = peak_loop(level, (enum arithmetic)a, i);
            if (!loops[count].run) break;
            double amount = loops[count].operations * PEAK_RUNS * team_pool_count(pool);
            contests[count] = (struct contest){ peak_work, &loops[count], amount, 0 };
            kinds[count++] = a;
        }
    }
    if (count > 0) best_rates(pool, contests, count, PEAK_ROUNDS, SECONDS_PEAKS);
    for (int i = 0; i < count; i++)
        if (contests[i].best > rates[kinds[i]]) rates[kinds[i]] = contests[i].best;
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
    peak_rates(pool, m->kernels->level, m->limits->products);
    for (int a = 0; a < ARITHMETIC_COUNT; a++)
        if (m->limits->products[a] <= 0)
            m->limits->products[a] = product_rate(pool, m->kernels, dtypes[a], &room);
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
