/*
 * The feed-forward network does not care how its parts are handed over: all at once, or in waves that begin
 * at any row, as a store that streams gives them; nor into what slices its scratch cuts them, nor whether the
 * rows come out where they went in.
 */
#include "layers/ffn.h"

#include "base/checked.h"
#include "base/random.h"
#include "kernels/kernels.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { D = 96, F = 32, PARTS = 4, ROWS = 23, ROOM = 1 << 20 };

struct call {
    struct spec spec;
    struct kernels kernels;
    struct numerics numerics;
    struct weight gate[PARTS], up[PARTS], down[PARTS];
    float bias[PARTS][F], down_bias[PARTS][D];
    int64_t wave;  /* parts in each call */
    int64_t slice; /* rows that the scratch has room for */
    float x[ROWS * D], out[ROWS * D];
    void *memory;
};

static void in_waves(struct team *team, void *argument) {
    static const int64_t begin[PARTS + 1] = { 0, 5, 6, 17, ROWS };
    static const int64_t steps[PARTS] = { 2, 1, 7, 0 };
    struct call *c = argument;
    struct exec exec = { .team = team, .kernels = &c->kernels, .numerics = c->numerics };
    struct ffn_part parts[PARTS];
    arena_over(&exec.arena, c->memory, ROOM);
    for (int i = 0; i < PARTS; i++)
        parts[i] = (struct ffn_part){ .gate = &c->gate[i],
                                      .up = &c->up[i],
                                      .down = &c->down[i],
                                      .gate_bias = c->bias[i],
                                      .up_bias = c->bias[PARTS - 1 - i],
                                      .down_bias = c->down_bias[i],
                                      .row = begin[i],
                                      .count = begin[i + 1] - begin[i],
                                      .steps = steps[i] };
    for (int64_t p = 0; p < PARTS; p += c->wave) {
        int64_t n = p + c->wave < PARTS ? c->wave : PARTS - p;
        size_t mark = exec.arena.used; /* room for this wave's rows alone */
        struct ffn_scratch s = ffn_scratch_take(
            &exec, n,
            ffn_scratch_count(&c->numerics, &c->spec, min_i64(c->slice, begin[p + n] - begin[p]), F));
        ffn_forward(&exec, &c->spec, parts + p, n, F, c->out, &s, c->out);
        exec.arena.used = mark;
    }
}

static struct weight random_weight(struct random *random, enum dtype dtype, int64_t rows, int64_t cols,
                                   unsigned char *data) {
    float values[F * D];
    for (int64_t i = 0; i < rows * cols; i++) values[i] = (float)random_normal(random) * 0.2f;
    dtype_from_f32(dtype, values, rows * cols, data);
    return weight_matrix(data, dtype, rows, cols);
}

static void waves_agree(enum dtype dtype, enum compute compute, bool gated) {
    static unsigned char data[3 * PARTS][F * D * 4];
    struct random random = random_seed(3);
    struct call *c = calloc(1, sizeof *c);
    struct team_pool *pool;
    float want[ROWS * D];
    c->numerics = (struct numerics){ .compute = compute, .kv = DTYPE_F32 };
    c->kernels = kernels_select(level_of_machine());
    spec_init(&c->spec);
    c->spec.width = D;
    c->spec.gated = gated;
    for (int i = 0; i < PARTS; i++) {
        if (gated) c->gate[i] = random_weight(&random, dtype, F, D, data[3 * i]);
        c->up[i] = random_weight(&random, dtype, F, D, data[3 * i + 1]);
        c->down[i] = random_weight(&random, dtype, D, F, data[3 * i + 2]);
        for (int j = 0; j < F; j++) c->bias[i][j] = (float)random_normal(&random);
        for (int j = 0; j < D; j++) c->down_bias[i][j] = (float)random_normal(&random);
    }
    for (int i = 0; i < ROWS * D; i++) c->x[i] = (float)random_normal(&random);
    assert_int_equal(posix_memalign(&c->memory, 64, ROOM), 0);
    assert_true(team_pool_open(2, &pool, NULL));
    for (c->wave = PARTS; c->wave >= 1; c->wave--) {
        for (c->slice = ROWS; c->slice >= 1; c->slice -= c->slice > 3 ? 4 : 1) {
            memcpy(c->out, c->x, sizeof c->out);
            team_run(pool, in_waves, c);
            if (c->wave == PARTS && c->slice == ROWS) memcpy(want, c->out, sizeof want);
            assert_same_bits(c->out, want, ROWS * D);
        }
    }
    team_pool_close(pool);
    free(c->memory);
    free(c);
}

TEST(ffn_parts_come_at_once_or_in_waves) {
    waves_agree(DTYPE_F32, COMPUTE_F32, true);
    waves_agree(DTYPE_BF16, COMPUTE_BF16, true);
    waves_agree(DTYPE_BF16, COMPUTE_BF16, false);
    waves_agree(DTYPE_Q8_0, COMPUTE_BF16, true); /* steps in other arithmetic than prompts */
}
