/*
 * The feed-forward network does not care how its parts are handed over: all at once, or in waves that begin
 * at any row and leave holes, as a store that streams gives them; nor into what slices its memory cuts them,
 * nor whether the rows come out where they went in, nor whether what lies between is kept.
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
    int order[PARTS];
    int64_t wave;  /* parts in each call */
    int64_t slice; /* rows that its memory has room for */
    bool keeps;
    bool same; /* as what was kept */
    float x[ROWS * D], out[ROWS * D];
    void *memory;
};

/* What was kept is what the activation made of gate and up, and what down took, each part's where its rows
 * are. */
static void check_kept(struct exec *exec, struct call *c, const struct ffn_part *parts,
                       const struct ffn_kept *kept) {
    struct rows again = exec_rows(exec, ROWS, F, 0), out = exec_rows(exec, ROWS, D, 0),
                inner = exec_with_room(exec, kept->inner);
    op_gated(exec, &(struct gated_op){ .activation = c->spec.activation }, kept->gate,
             c->spec.gated ? kept->up : no_rows, again);
    for (int i = 0; i < PARTS; i++) {
        const struct ffn_part *p = &parts[i];
        struct rows x = rows_with_steps(rows_part(inner, p->row, p->count), p->steps);
        op_matmul(exec, &(struct product){ p->down, p->down_bias, x, rows_part(out, p->row, p->count) }, 1);
    }
    if (exec->team->rank == 0)
        c->same = memcmp(again.at, kept->inner.at, ROWS * F * sizeof(real)) == 0 &&
                  memcmp(out.at, c->out, sizeof c->out) == 0;
}

/* Parts in the order of a wave: `stride` apart, so that waves of several have holes. */
static void in_waves(struct team *team, void *argument) {
    static const int64_t begin[PARTS + 1] = { 0, 5, 6, 17, ROWS };
    static const int64_t steps[PARTS] = { 2, 1, 7, 0 };
    struct call *c = argument;
    struct exec exec = exec_host(team, &c->kernels, &c->numerics, c->memory, ROOM);
    struct arena tape;
    struct ffn_part parts[PARTS];
    arena_over(&tape, (char *)c->memory + ROOM, ROOM);
    if (c->keeps) exec.tape = &tape;
    for (int i = 0; i < PARTS; i++) {
        int own = c->order[i];
        parts[i] = (struct ffn_part){ .gate = &c->gate[own],
                                      .up = &c->up[own],
                                      .down = &c->down[own],
                                      .gate_bias = c->bias[own],
                                      .up_bias = c->bias[PARTS - 1 - own],
                                      .down_bias = c->down_bias[own],
                                      .row = begin[own],
                                      .count = begin[own + 1] - begin[own],
                                      .steps = steps[own] };
    }
    struct rows x = rows_over(c->x, ROWS, D), out = rows_over(c->out, ROWS, D);
    struct ffn_kept kept = ffn_keep(&exec, &c->spec, ROWS, F);
    if (!c->keeps) {
        op_copy(&exec, x, out); /* in place */
        x = out;
    }
    for (int64_t p = 0; p < PARTS; p += c->wave) {
        int64_t n = p + c->wave < PARTS ? c->wave : PARTS - p, rows = 0;
        for (int64_t i = p; i < p + n; i++) rows += parts[i].count;
        struct exec_mark mark = exec_mark(&exec); /* room for this wave's rows alone */
        struct ffn_slice slice =
            ffn_slice_take(&exec, n, ffn_slice_bytes(&exec, &c->spec, min_i64(c->slice, rows), F));
        ffn_forward(&exec, &c->spec, parts + p, n, F, x, &slice, &kept, out);
        exec_release(&exec, mark);
    }
    if (c->keeps) check_kept(&exec, c, parts, &kept);
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
    static const int orders[][PARTS] = { { 0, 1, 2, 3 }, { 0, 2, 1, 3 }, { 3, 1, 0, 2 } };
    assert_int_equal(posix_memalign(&c->memory, 64, 2 * ROOM), 0);
    assert_true(team_pool_open(2, &pool, NULL));
    for (int order = 0; order < 3; order++)
        for (c->wave = PARTS; c->wave >= 1; c->wave--)
            for (c->slice = ROWS; c->slice >= 1; c->slice -= c->slice > 3 ? 4 : 1)
                for (int keeps = 0; keeps < 2; keeps++) {
                    memcpy(c->order, orders[order], sizeof c->order);
                    c->keeps = keeps;
                    memset(c->out, 0xff, sizeof c->out);
                    team_run(pool, in_waves, c);
                    if (order == 0 && c->wave == PARTS && c->slice == ROWS && !keeps)
                        memcpy(want, c->out, sizeof want);
                    assert_same_bits(c->out, want, ROWS * D);
                    assert_true(!keeps || c->same);
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
