/*
 * The choice of experts against naive code: on ties, NaN and groups; and the weights that follow.
 */
#include "base/random.h"
#include "kernels/run_test.h"

#include <math.h>
#include <string.h>

enum { ROWS = 37, EXPERTS_MAX = 256 };

/* Scores with many ties; a few NaNs where asked. */
static void fill(struct random *random, float *x, int64_t count, bool broken) {
    for (int64_t i = 0; i < count; i++) {
        x[i] = (float)(int)random_below(random, 17) / 8 - 1;
        if (broken && random_below(random, 5) == 0) x[i] = NAN;
    }
}

/* The largest of x that is not taken yet; the lowest index of equals; NaN last. */
static int naive_best(const float *x, int64_t n, const bool *taken) {
    int best = -1;
    for (int i = 0; i < n; i++)
        if (!taken[i] && !isnan(x[i]) && (best < 0 || x[i] > x[best])) best = i;
    for (int i = 0; i < n && best < 0; i++)
        if (!taken[i]) best = i;
    return best;
}

static void naive_top_k(const struct top_k_op *op, const float *scores, const float *bias, int32_t *ids) {
    float x[EXPERTS_MAX], group[EXPERTS_MAX];
    int64_t size = op->experts / op->groups;
    bool taken[EXPERTS_MAX] = { 0 }, kept[EXPERTS_MAX] = { 0 };
    for (int64_t e = 0; e < op->experts; e++) x[e] = bias ? scores[e] + bias[e] : scores[e];
    for (int64_t g = 0; g < op->groups; g++) {
        bool out[EXPERTS_MAX] = { 0 };
        int first = naive_best(x + g * size, size, out);
        out[first] = true;
        group[g] = x[g * size + first];
        if (op->group_sums_two && size > 1) group[g] += x[g * size + naive_best(x + g * size, size, out)];
    }
    for (int64_t j = 0; j < op->groups_kept; j++) kept[naive_best(group, op->groups, kept)] = true;
    for (int64_t e = 0; e < op->experts; e++)
        if (!kept[e / size]) x[e] = op->masked;
    for (int64_t j = 0; j < op->top_k; j++) {
        ids[j] = naive_best(x, op->experts, taken);
        taken[ids[j]] = true;
    }
}

struct choice {
    struct top_k_op op;
    float scores[ROWS * EXPERTS_MAX], bias[EXPERTS_MAX], weights[ROWS * EXPERTS_MAX];
    int32_t ids[ROWS * EXPERTS_MAX];
    bool biased;
};

static void run_top_k(struct exec *exec, void *argument) {
    struct choice *c = argument;
    op_top_k(exec, &c->op, rows_over(c->scores, ROWS, c->op.experts), c->biased ? c->bias : NULL, c->ids);
}

TEST(top_k_is_the_naive_choice) {
    static const struct top_k_op ops[] = {
        { 1, 1, 1, 1, false, 0 },          { 8, 2, 1, 1, false, 0 },   { 60, 4, 1, 1, false, 0 },
        { 128, 8, 1, 1, false, 0 },        { 160, 6, 8, 3, false, 0 }, { 256, 8, 8, 4, true, -INFINITY },
        { 32, 32, 8, 4, true, -INFINITY }, { 16, 6, 16, 2, true, 0 },  { 24, 24, 3, 1, false, 0 },
        { 250, 250, 1, 1, false, 0 },
    };
    static struct choice c;
    struct random random = random_seed(3);
    for (int trial = 0; trial < 40; trial++) {
        c.op = ops[trial % 10];
        c.biased = trial / 10 % 2;
        fill(&random, c.scores, ROWS * c.op.experts, trial >= 20);
        fill(&random, c.bias, c.op.experts, false);
        int32_t want[EXPERTS_MAX];
        for (enum level level = LEVEL_REF; level <= level_of_machine(); level++) {
            op_run(1 + trial % 3, level, run_top_k, &c);
            for (int64_t i = 0; i < ROWS; i++) {
                naive_top_k(&c.op, c.scores + i * c.op.experts, c.biased ? c.bias : NULL, want);
                assert_memory_equal(c.ids + i * c.op.top_k, want, (size_t)c.op.top_k * sizeof *want);
            }
        }
    }
}

static void run_sparse_mixer(struct exec *exec, void *argument) {
    struct choice *c = argument;
    op_sparse_mixer(exec, 0.01f, rows_over(c->scores, ROWS, c->op.experts), c->ids,
                    rows_over(c->weights, ROWS, c->op.top_k));
}

/* sparsemixer() of transformers' modular_phimoe.py, one line after the other, in float64. */
static void naive_sparse_mixer(const float *z, int64_t experts, int64_t top_k, int32_t *ids,
                               double *weights) {
    double masked[EXPERTS_MAX];
    bool taken[EXPERTS_MAX] = { 0 };
    for (int64_t j = 0; j < top_k; j++) {
        ids[j] = naive_best(z, experts, taken);
        double m = z[ids[j]], sum = 0;
        for (int64_t i = 0; i < experts; i++) {
            masked[i] = taken[i] ? -INFINITY : z[i];
            if ((m - z[i]) / fmax(fabs((double)z[i]), m) > 2 * (double)0.01f) masked[i] = -INFINITY;
            sum += exp(masked[i] - m);
        }
        weights[j] = exp(masked[ids[j]] - m) / sum;
        taken[ids[j]] = true;
    }
}

TEST(sparse_mixer_masks_all_but_near_ties) {
    static struct choice c;
    struct random random = random_seed(4);
    c.op = (struct top_k_op){ .experts = 16, .top_k = 3 };
    for (int trial = 0; trial < 50; trial++) {
        for (int64_t i = 0; i < ROWS * 16; i++) { /* near ties are common, negative maxima and zeros occur */
            c.scores[i] = (float)(random_normal(&random) * (trial % 5 ? 1 : 0.01)) - (trial % 3 == 2 ? 3 : 0);
            if (i % 4 == 0 && i > 0) c.scores[i] = c.scores[i - 1] * 1.013f;
            if (trial == 7) c.scores[i] = 0;
        }
        op_run(2, level_of_machine(), run_sparse_mixer, &c);
        for (int64_t i = 0; i < ROWS; i++) {
            int32_t ids[3];
            double weights[3];
            naive_sparse_mixer(c.scores + i * 16, 16, 3, ids, weights);
            assert_memory_equal(ids, c.ids + i * 3, sizeof ids);
            for (int j = 0; j < 3; j++) assert_true(fabs(weights[j] - c.weights[i * 3 + j]) < 1e-6);
        }
    }
}

static void run_weights(struct exec *exec, void *argument) {
    struct choice *c = argument;
    struct rows weights = rows_over(c->weights, ROWS, c->op.top_k);
    op_pick(exec, rows_over(c->scores, ROWS, c->op.experts), c->ids, weights);
    op_weigh(exec, &(struct weigh_op){ c->biased, 1e-20f, 2.5f }, weights);
    op_sort_choices(exec, c->ids, weights);
}

TEST(weights_are_picked_normalised_scaled_and_sorted) {
    enum { EXPERTS = 12, K = 4 };
    static struct choice c;
    struct random random = random_seed(5);
    c.op = (struct top_k_op){ .experts = EXPERTS, .top_k = K };
    for (int normalise = 0; normalise < 2; normalise++) {
        c.biased = normalise;
        for (int64_t i = 0; i < ROWS * EXPERTS; i++) c.scores[i] = (float)random_below(&random, 8) + 1;
        for (int64_t i = 0; i < ROWS * K; i++) c.ids[i] = (int32_t)((i * 7 + i / K) % EXPERTS);
        int32_t before[ROWS * K];
        memcpy(before, c.ids, sizeof before);
        op_run(3, level_of_machine(), run_weights, &c);
        for (int64_t i = 0; i < ROWS; i++) {
            const int32_t *old = before + i * K, *new = c.ids + i *K;
            float sum = 0;
            for (int j = 0; j < K; j++) sum += c.scores[i * EXPERTS + old[j]];
            for (int j = 0; j < K; j++) {
                float score = c.scores[i * EXPERTS + new[j]];
                assert_true(c.weights[i * K + j] == (normalise ? score / (sum + 1e-20f) : score) * 2.5f);
                assert_true(j == 0 || c.weights[i * K + j] <= c.weights[i * K + j - 1]);
            }
            for (int j = 1; j < K; j++) { /* stable: of equal weights the earlier stays the earlier */
                int a = 0, b = 0;
                while (old[a] != new[j - 1]) a++;
                while (old[b] != new[j]) b++;
                assert_true(c.weights[i * K + j] < c.weights[i * K + j - 1] || a < b);
            }
        }
    }
}

struct cut_case {
    const float *weights;
    int32_t counts[3];
    enum cut cut;
    float p;
};

static void run_cut(struct exec *exec, void *argument) {
    struct cut_case *c = argument;
    op_cut(exec, c->cut, c->p, rows_over((float *)(uintptr_t)c->weights, 3, 4), c->counts);
}

TEST(cuts_keep_what_reaches_p_or_is_positive) {
    static const float weights[12] = { 0.5f, 0.25f, 0.125f, 0.125f, 1, 0, 0, 0, 0.25f, 0.25f, -1, -2 };
    struct cut_case c = { .weights = weights, .cut = CUT_TOP_P, .p = 0.75f };
    op_run(2, LEVEL_REF, run_cut, &c);
    assert_memory_equal(c.counts, ((int32_t[]){ 2, 1, 4 }), sizeof c.counts);
    c.cut = CUT_POSITIVE;
    op_run(2, LEVEL_REF, run_cut, &c);
    assert_memory_equal(c.counts, ((int32_t[]){ 4, 1, 2 }), sizeof c.counts);
}
