/*
 * Embedding and storing of rows, over teams and levels, against weight_get and tensor/'s scalar conversions.
 */
#include "kernels/ops.h"

#include "base/random.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 50, WIDTH = 37, COUNT = 45 };

struct call {
    const struct kernels *kernels;
    const struct weight *table;
    const int32_t *ids;
    float multiplier;
    enum dtype dtype;
    const float *x;
    float *out;
    void *const *target;
};

static void call_embed(struct team *team, void *argument) {
    const struct call *call = argument;
    struct exec exec = { .team = team, .kernels = call->kernels };
    op_embed(&exec, call->table, call->ids, COUNT, call->multiplier, call->out);
}

static void call_store(struct team *team, void *argument) {
    const struct call *call = argument;
    struct exec exec = { .team = team, .kernels = call->kernels };
    op_store_rows(&exec, call->dtype, call->x, WIDTH + 3, COUNT, WIDTH, call->target);
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
    static const enum dtype types[] = { DTYPE_F32, DTYPE_BF16, DTYPE_F16 };
    struct random random = random_seed(2);
    float x[COUNT * (WIDTH + 3)];
    unsigned char cache[COUNT * WIDTH * 4], want[WIDTH * 4];
    void *target[COUNT];
    for (int i = 0; i < COUNT * (WIDTH + 3); i++) x[i] = (float)random_normal(&random);
    for (int type = 0; type < 3; type++)
        for (int level = 0; level <= (int)level_of_machine(); level++) {
            size_t bytes = (size_t)(WIDTH * dtype_bits(types[type]) / 8);
            struct kernels kernels = kernels_select((enum level)level);
            struct call call = { .kernels = &kernels, .dtype = types[type], .x = x, .target = target };
            for (size_t i = 0; i < COUNT; i++) target[i] = cache + (COUNT - 1 - i) * bytes; /* any order */
            run_team(3, call_store, &call);
            for (int i = 0; i < COUNT; i++) {
                dtype_from_f32(types[type], x + i * (WIDTH + 3), WIDTH, want);
                assert_memory_equal(target[i], want, bytes);
            }
        }
}
