/*
 * Embedding and storing of rows, over teams and levels, against weight_get and tensor/'s scalar conversions.
 */
#include "kernels/ops.h"

#include "base/random.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 50, WIDTH = 37, COUNT = 45, HEADS = 3, HEAD = 12 };

struct call {
    const struct kernels *kernels;
    const struct weight *table;
    const int32_t *ids;
    float multiplier;
    enum dtype dtype;
    const float *x;
    float *out;
    void *const *target;
    int64_t head_stride;
};

static void call_embed(struct team *team, void *argument) {
    const struct call *call = argument;
    struct exec exec = exec_host(team, call->kernels, &(struct numerics){ 0 }, NULL, 0);
    op_embed(&exec, call->table, call->ids, call->multiplier, rows_over(call->out, COUNT, WIDTH));
}

static void call_store(struct team *team, void *argument) {
    const struct call *call = argument;
    struct exec exec = exec_host(team, call->kernels, &(struct numerics){ 0 }, NULL, 0);
    struct rows x = rows_columns(rows_over((float *)(uintptr_t)call->x, COUNT, WIDTH + 3), 0, HEADS * HEAD);
    op_store_rows(&exec, call->dtype, x, HEADS, call->target, call->head_stride);
}

static void run_team(int count, void (*work)(struct team *team, void *argument), struct call *call) {
    struct team_pool *pool;
    assert_true(team_pool_open(count, &pool, NULL));
    team_run(pool, work, call);
    team_pool_close(pool);
}

TEST(embed_copies_rows_and_multiplies) {
    static const enum dtype types[] = { DTYPE_F32, DTYPE_BF16, DTYPE_F16 };
    struct random random = random_seed(1);
    float values[ROWS * WIDTH], out[COUNT * WIDTH], want[COUNT * WIDTH];
    unsigned char stored[sizeof values];
    int32_t ids[COUNT];
    for (int i = 0; i < ROWS * WIDTH; i++) values[i] = (float)random_normal(&random);
    for (int i = 0; i < COUNT; i++) ids[i] = (int32_t)random_below(&random, ROWS);
    for (int type = 0; type < 3; type++)
        for (int level = 0; level <= (int)level_of_machine(); level++)
            for (int threads = 1; threads < 4; threads++)
                for (int scaled = 0; scaled < 2; scaled++) {
                    dtype_from_f32(types[type], values, ROWS * WIDTH, stored);
                    struct weight table = weight_matrix(stored, types[type], ROWS, WIDTH);
                    struct kernels kernels = kernels_select((enum level)level);
                    struct call call = { .kernels = &kernels, .table = &table, .ids = ids, .out = out };
                    call.multiplier = scaled ? 45.254834F : 1;
                    for (int i = 0; i < COUNT * WIDTH; i++)
                        want[i] = call.multiplier * weight_get(&table, ids[i / WIDTH], i % WIDTH);
                    run_team(threads, call_embed, &call);
                    assert_same_bits(out, want, COUNT * WIDTH);
                }
}

TEST(store_rows_puts_each_where_it_belongs) {
    static const enum dtype types[] = { DTYPE_F32, DTYPE_BF16, DTYPE_F16, DTYPE_Q8_0 };
    static const int64_t bytes[] = { 4 * HEAD, 2 * HEAD, 2 * HEAD, 34 };
    struct random random = random_seed(2);
    float x[COUNT * (WIDTH + 3)];
    unsigned char cache[COUNT * HEADS * HEAD * 4], want[HEAD * 4];
    void *target[COUNT];
    for (int i = 0; i < COUNT * (WIDTH + 3); i++) x[i] = (float)random_normal(&random);
    struct kernels ref = kernels_select(LEVEL_REF);
    for (int type = 0; type < 4; type++)
        for (int level = 0; level <= (int)level_of_machine(); level++) {
            struct kernels kernels = kernels_select((enum level)level);
            struct call call = { .kernels = &kernels, .dtype = types[type], .x = x, .target = target };
            call.head_stride = COUNT * bytes[type];
            for (int64_t i = 0; i < COUNT; i++) target[i] = cache + (COUNT - 1 - i) * bytes[type];
            run_team(3, call_store, &call);
            for (int64_t i = 0; i < COUNT; i++)
                for (int64_t h = 0; h < HEADS; h++) {
                    ref.pack_row(types[type], x + i * (WIDTH + 3) + h * HEAD, HEAD, want);
                    assert_memory_equal((char *)target[i] + h * call.head_stride, want, (size_t)bytes[type]);
                }
        }
}

/* The cache's q8_0 is blocks/' own wherever that is defined; it hides no NaN, and needs no whole blocks. */
TEST(q8_0_rows_are_blocks_that_hide_nothing) {
    enum { N = 83 };
    float x[3 * 32], out[N], whole[3 * 32];
    unsigned char got[3 * 34], want[3 * 34];
    struct random random = random_seed(4);
    for (int level = 0; level <= (int)level_of_machine(); level++) {
        struct kernels kernels = kernels_select((enum level)level);
        for (int i = 0; i < 3 * 32; i++) x[i] = i < N ? (float)random_normal(&random) : 0;
        dtype_from_f32(DTYPE_Q8_0, x, 3 * 32, want);
        kernels.pack_row(DTYPE_Q8_0, x, N, got);
        assert_memory_equal(got, want, sizeof got);
        struct weight row = { .data = got, .dtype = DTYPE_Q8_0, .rows = 1, .cols = N };
        kernels.unpack_row(&row, 0, out);
        dtype_to_f32(DTYPE_Q8_0, want, 3 * 32, whole);
        assert_same_bits(out, whole, N);
        x[40] = level % 2 ? NAN : INFINITY;
        kernels.pack_row(DTYPE_Q8_0, x, N, got);
        kernels.unpack_row(&row, 0, out);
        for (int i = 0; i < N; i++) assert_int_equal(isnan(out[i]) != 0, i >= 32 && i < 64);
    }
}
