/*
 * Each operation of the list, through the table behind an exec: on rows whose strides are larger than they,
 * on one thread and on three, beside a plain loop. The list is expanded here too, so that none is left
 * without a case.
 */
#include "kernels/ops.h"

#include "base/random.h"
#include "kernels/run_test.h"

#include <math.h>
#include <string.h>

enum { COUNT = 21, WIDTH = 48, STRIDE = 53, HEADS = 3, HALF = 6, K = 4, CELLS = COUNT * STRIDE };

/* Operands of every case: views of x, y and out leave STRIDE - WIDTH columns alone, which must stay as they
 * were. */
struct operands {
    real x[CELLS], y[CELLS], out[CELLS], want[CELLS], narrow[COUNT * WIDTH];
    float vector[WIDTH], frequency[HALF], table[WIDTH * WIDTH];
    int32_t ids[COUNT * K], want_ids[COUNT * K];
    int64_t positions[COUNT], source[COUNT], begin[COUNT + 1];
    void *target[COUNT];
    bool flag;
};

static struct rows view(real *at) {
    struct rows x = rows_over(at, COUNT, WIDTH);
    x.stride = STRIDE;
    return x;
}

#define AT(p, i, j) ((p)[(i)*STRIDE + (j)])
#define EACH                                                                                                 \
    for (int64_t i = 0; i < COUNT; i++)                                                                      \
        for (int64_t j = 0; j < WIDTH; j++)

/* case_NAME computes into out (and ids), and the first thread writes the plain result into want (and
 * want_ids). */
#define CASE(name) static void case_##name(struct exec *exec, struct operands *o)

static struct weight square(const struct operands *o) {
    return weight_matrix(o->table, DTYPE_F32, WIDTH, WIDTH);
}

static void plain_product(struct operands *o) {
    EACH {
        real sum = 0;
        for (int64_t k = 0; k < WIDTH; k++) sum = real_fma(AT(o->x, i, k), o->table[j * WIDTH + k], sum);
        AT(o->want, i, j) = sum + o->vector[j];
    }
}

CASE(matmul) {
    struct weight w = square(o);
    op_matmul(exec, &(struct product){ &w, o->vector, view(o->x), view(o->out) }, 1);
    if (exec->team->rank == 0) plain_product(o);
}

CASE(matmul_f32) {
    struct weight w = square(o);
    exec->numerics.compute = COMPUTE_BF16; /* in vain */
    op_matmul_f32(exec, &(struct product){ &w, o->vector, view(o->x), view(o->out) }, 1);
    if (exec->team->rank == 0) plain_product(o);
}

CASE(embed) {
    struct weight w = square(o);
    op_embed(exec, &w, o->ids, 3, view(o->out));
    if (exec->team->rank == 0) EACH AT(o->want, i, j) = 3 * o->table[o->ids[i] * WIDTH + j];
}

CASE(norm) {
    op_norm(exec, &(struct norm_op){ .weight = o->vector, .eps = 1e-5f }, view(o->x), view(o->out));
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT; i++)
        exec->kernels->rms_norm(o->x + i * STRIDE, o->vector, 1e-5f, WIDTH, o->want + i * STRIDE);
}

CASE(rope_table) {
    struct rows cos_rows = rows_columns(view(o->out), 0, HALF),
                sin_rows = rows_columns(view(o->out), HALF, HALF);
    op_rope_table(exec, o->positions, o->frequency, 1.5f, (struct rope_table){ cos_rows, sin_rows });
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT; i++)
        for (int64_t j = 0; j < HALF; j++) {
            double angle = (double)((float)o->positions[i] * o->frequency[j]);
            AT(o->want, i, j) = (real)(cos(angle) * 1.5);
            AT(o->want, i, HALF + j) = (real)(sin(angle) * 1.5);
        }
}

/* Pairs apart (i, i + HALF), from column 2 of each head on, by the angle whose cosine and sine lie in y. */
CASE(rope) {
    struct rope_table table = { rows_columns(view(o->y), 0, HALF), rows_columns(view(o->y), HALF, HALF) };
    op_copy(exec, view(o->x), view(o->out));
    op_rope(exec, view(o->out), HEADS, 2, table, false);
    if (exec->team->rank != 0) return;
    EACH AT(o->want, i, j) = AT(o->x, i, j);
    for (int64_t i = 0; i < COUNT; i++)
        for (int64_t h = 0; h < HEADS; h++)
            for (int64_t p = 0; p < HALF; p++) {
                int64_t a = h * (WIDTH / HEADS) + 2 + p, b = a + HALF;
                real c = AT(o->y, i, p), s = AT(o->y, i, HALF + p);
                AT(o->want, i, a) = real_fma(AT(o->x, i, a), c, -(AT(o->x, i, b) * s));
                AT(o->want, i, b) = real_fma(AT(o->x, i, b), c, AT(o->x, i, a) * s);
            }
}

CASE(tune_table) {
    op_tune_table(exec, o->positions, 0.1, 100, rows_columns(view(o->out), 0, 1));
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT; i++)
        AT(o->want, i, 0) = (real)(log(1 + floor((double)(o->positions[i] + 1) / 100)) * 0.1 + 1);
}

CASE(softmax) {
    op_softmax(exec, view(o->x), view(o->out));
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT; i++)
        exec->kernels->softmax(o->x + i * STRIDE, WIDTH, o->want + i * STRIDE);
}

CASE(unary) {
    op_unary(exec, UNARY_CLAMP, 0.5f, view(o->x), view(o->out));
    if (exec->team->rank == 0) EACH AT(o->want, i, j) = (real)fmin(fmax(AT(o->x, i, j), -0.5), 0.5);
}

/* The rows of one stretch: dense operands end where the view of COUNT * STRIDE cells does. */
static struct rows dense(real *at) {
    return rows_over(at, COUNT, STRIDE);
}

CASE(gated) {
    op_gated(exec, &(struct gated_op){ .activation = ACTIVATION_RELU }, dense(o->x), dense(o->y),
             dense(o->out));
    for (int64_t i = 0; exec->team->rank == 0 && i < CELLS; i++)
        o->want[i] = (o->x[i] > 0 ? o->x[i] : 0) * o->y[i];
}

CASE(add) {
    op_copy(exec, dense(o->y), dense(o->out));
    op_add(exec, 0.5f, dense(o->x), dense(o->out));
    for (int64_t i = 0; exec->team->rank == 0 && i < CELLS; i++)
        o->want[i] = real_fma(0.5f, o->x[i], o->y[i]);
}

CASE(scale) {
    op_copy(exec, dense(o->x), dense(o->out));
    op_scale(exec, 3, dense(o->out));
    for (int64_t i = 0; exec->team->rank == 0 && i < CELLS; i++) o->want[i] = 3 * o->x[i];
}

CASE(scale_rows) {
    op_copy(exec, view(o->x), view(o->out));
    op_scale_rows(exec, rows_columns(view(o->y), 4, 1), view(o->out));
    if (exec->team->rank == 0) EACH AT(o->want, i, j) = AT(o->y, i, 4) * AT(o->x, i, j);
}

/* There in bf16, and back. */
CASE(copy) {
    struct rows narrow = rows_over_bf16((uint16_t *)(void *)o->narrow, COUNT, WIDTH);
    op_copy(exec, view(o->x), narrow);
    op_copy(exec, narrow, view(o->out));
    if (exec->team->rank == 0) EACH AT(o->want, i, j) = bf16_to_f32(bf16_from_f32((float)AT(o->x, i, j)));
}

CASE(all_finite) {
    bool before = op_all_finite(exec, dense(o->x));
    if (exec->team->rank == 0) o->x[CELLS - 1] = (real)NAN;
    team_sync(exec->team);
    bool after = op_all_finite(exec, dense(o->x));
    if (exec->team->rank == exec->team->count - 1) o->flag = before && !after;
}

static void plain_top_k(struct operands *o, const float *bias) {
    for (int64_t i = 0; i < COUNT; i++) {
        bool taken[WIDTH] = { false };
        for (int64_t k = 0; k < K; k++) {
            int64_t best = -1;
            for (int64_t j = 0; j < WIDTH; j++)
                if (!taken[j] && (best < 0 || AT(o->x, i, j) + bias[j] > AT(o->x, i, best) + bias[best]))
                    best = j;
            taken[best] = true;
            o->want_ids[i * K + k] = (int32_t)best;
        }
    }
}

CASE(top_k) {
    op_top_k(exec, &(struct top_k_op){ WIDTH, K, 1, 1, false, 0 }, view(o->x), o->vector, o->ids);
    if (exec->team->rank == 0) plain_top_k(o, o->vector);
}

CASE(pick) {
    op_pick(exec, view(o->x), o->ids, rows_columns(view(o->out), 0, K));
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT; i++)
        for (int64_t k = 0; k < K; k++) AT(o->want, i, k) = AT(o->x, i, o->ids[i * K + k]);
}

CASE(weigh) {
    op_copy(exec, view(o->x), view(o->out));
    op_weigh(exec, &(struct weigh_op){ true, 0.125f, 2 }, rows_columns(view(o->out), 0, K));
    if (exec->team->rank != 0) return;
    EACH AT(o->want, i, j) = AT(o->x, i, j);
    for (int64_t i = 0; i < COUNT; i++) {
        real sum = 0;
        for (int64_t k = 0; k < K; k++) sum += AT(o->x, i, k);
        for (int64_t k = 0; k < K; k++) AT(o->want, i, k) = AT(o->x, i, k) / (sum + 0.125f) * 2;
    }
}

/* Jitter 0: whoever is not the largest is no rival, and the weight is 1. */
CASE(sparse_mixer) {
    op_sparse_mixer(exec, 0, view(o->x), o->ids, rows_columns(view(o->out), 0, K));
    if (exec->team->rank != 0) return;
    static const float none[WIDTH];
    plain_top_k(o, none);
    for (int64_t i = 0; i < COUNT; i++)
        for (int64_t k = 0; k < K; k++) AT(o->want, i, k) = 1;
}

CASE(cut) {
    int32_t *counts = o->ids;
    op_cut(exec, CUT_POSITIVE, 0, rows_columns(view(o->x), 0, K), counts);
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT * K; i++) o->want_ids[i] = o->ids[i];
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT; i++) {
        int32_t n = 0;
        while (n < K && AT(o->x, i, n) > 0) n++;
        o->want_ids[i] = n;
    }
}

CASE(sort_choices) {
    op_copy(exec, rows_columns(view(o->x), 0, K), rows_columns(view(o->out), 0, K));
    team_sync(exec->team);
    if (exec->team->rank == 0)
        for (int64_t i = 0; i < COUNT * K; i++) o->ids[i] = (int32_t)(i % K);
    team_sync(exec->team);
    op_sort_choices(exec, o->ids, rows_columns(view(o->out), 0, K));
    for (int64_t i = 0; exec->team->rank == 0 && i < COUNT; i++) {
        bool taken[K] = { false };
        for (int64_t k = 0; k < K; k++) {
            int best = -1;
            for (int j = 0; j < K; j++)
                if (!taken[j] && (best < 0 || AT(o->x, i, j) > AT(o->x, i, best))) best = j;
            taken[best] = true;
            o->want_ids[i * K + k] = best;
            AT(o->want, i, k) = AT(o->x, i, best);
        }
    }
}

CASE(gather) {
    op_gather(exec, view(o->x), o->source, rows_columns(view(o->y), 2, 1), view(o->out));
    if (exec->team->rank == 0) EACH AT(o->want, i, j) = AT(o->y, i, 2) * AT(o->x, o->source[i], j);
}

/* Every third assignment was dropped; what lies before the first row is no row. */
CASE(combine) {
    static int64_t row_of[COUNT];
    if (exec->team->rank == 0)
        for (int64_t a = 0; a < COUNT; a++) row_of[a] = a % 3 ? o->source[a] % (COUNT - 1) : -1;
    team_sync(exec->team);
    op_combine(exec, rows_part(view(o->x), 1, COUNT - 1), o->begin, row_of, rows_columns(view(o->y), 1, 1),
               view(o->out));
    if (exec->team->rank == 0) EACH {
            real sum = 0;
            for (int64_t a = o->begin[i]; a < o->begin[i + 1]; a++)
                if (row_of[a] >= 0) sum = real_fma(AT(o->y, a, 1), AT(o->x, row_of[a] + 1, j), sum);
            AT(o->want, i, j) = sum;
        }
}

/* One key: whatever the query, the answer is its value. (What many keys give: attention/attention_test.c) */
CASE(attention) {
    static real page[ATTENTION_BLOCK * 8];
    static const void *pages[] = { page };
    static unsigned char scratch[1 << 20];
    struct attention_op op = { .heads = 3,
                               .kv_heads = 1,
                               .key_width = 16,
                               .value_width = 16,
                               .scale = 1,
                               .kv = DTYPE_REAL,
                               .key_stride = 16 * sizeof(real),
                               .value_stride = 16 * sizeof(real),
                               .value_offset = 0 };
    struct attention_run runs[] = { { 0, 1, 0, pages, false } };
    if (exec->team->rank == 0)
        for (int64_t j = 0; j < 16; j++) page[j] = AT(o->y, 0, j);
    team_sync(exec->team);
    assert_true(attention_bytes(&op, exec->team->count) <= (int64_t)sizeof scratch);
    op_attention(exec, &op, runs, 1, view(o->x), view(o->out), no_rows, scratch);
    for (int64_t j = 0; exec->team->rank == 0 && j < WIDTH; j++) AT(o->want, 0, j) = AT(o->y, 0, j % 16);
}

CASE(store_rows) {
    if (exec->team->rank == 0)
        for (int64_t i = 0; i < COUNT; i++) o->target[i] = o->out + (COUNT - 1 - i) * STRIDE;
    team_sync(exec->team);
    op_store_rows(exec, DTYPE_REAL, view(o->x), HEADS, o->target, (WIDTH / HEADS) * (int64_t)sizeof(real));
    if (exec->team->rank == 0) EACH AT(o->want, COUNT - 1 - i, j) = AT(o->x, i, j);
}

/* ---- the list ---- */

static const struct {
    const char *name;
    void (*run)(struct exec *exec, struct operands *o);
} cases[] = {
#define OP(result, name, parameters, arguments) { #name, case_##name },
    OPS(OP)
#undef OP
};

static void fill(struct operands *o) {
    struct random random = random_seed(5);
    memset(o, 0, sizeof *o);
    for (int64_t i = 0; i < CELLS; i++) {
        o->x[i] = (real)random_normal(&random);
        o->y[i] = (real)random_normal(&random);
        o->out[i] = o->want[i] = 77;
    }
    for (int64_t i = 0; i < WIDTH; i++) o->vector[i] = (float)random_normal(&random);
    for (int64_t i = 0; i < HALF; i++) o->frequency[i] = 1 / (float)(i + 1);
    for (int64_t i = 0; i < WIDTH * WIDTH; i++) o->table[i] = (float)random_normal(&random);
    for (int64_t i = 0; i < COUNT * K; i++) o->ids[i] = o->want_ids[i] = (int32_t)(i * 7 % WIDTH);
    for (int64_t i = 0; i < COUNT; i++) {
        o->positions[i] = i * 37;
        o->source[i] = (i * 5 + 3) % COUNT;
        o->begin[i + 1] = i + 1 < COUNT ? i + (i % 3 != 0) : COUNT;
    }
}

struct case_run {
    int index;
    struct operands *operands;
};

static void run_case(struct exec *exec, void *argument) {
    struct case_run *r = argument;
    cases[r->index].run(exec, r->operands);
}

TEST(every_operation_of_the_list_has_a_case) {
    static struct operands o;
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        for (int threads = 1; threads <= 3; threads += 2) {
            struct case_run run = { i, &o };
            fill(&o);
            print_message("%s, %d threads\n", cases[i].name, threads);
            op_run(threads, LEVEL_REF, run_case, &run);
            for (int64_t c = 0; c < CELLS; c++)
                if (!(fabs((double)(o.out[c] - o.want[c])) <= 1e-6 * (1 + fabs((double)o.want[c]))))
                    fail_msg("cell %d: %g, not %g", (int)c, (double)o.out[c], (double)o.want[c]);
            assert_memory_equal(o.ids, o.want_ids, sizeof o.ids);
            assert_int_equal(o.flag, strcmp(cases[i].name, "all_finite") == 0);
        }
}
