/*
 * Router: which of the E experts see a token, and with what weight. A handful of independent choices (DESIGN
 * section 4):
 *
 *   logit    z = x Wr^T (+ b), soft cap                          always f32
 *   score    s = softmax(z) | sigmoid(z) | relu(z) | z           SparseMixer: choice and weight at once
 *   select   the K largest of s + selection bias                 (the bias chooses, it never weighs), perhaps
 * within groups; or all above 0, the fewest that sum to p, all weigh    w = s | s / (sum s + epsilon) |
 * softmax of the chosen z | sigmoid of the chosen z, which scales the expert's input scale    w = scale * w
 *
 * Softmax top-K: Shazeer et al. 2017, arXiv:1701.06538. Groups: DeepSeek-V2, arXiv:2405.04434, section 2.2.
 * Selection bias: DeepSeek-V3, arXiv:2412.19437, section 2.1.2. SparseMixer: Liu et al. 2023,
 * arXiv:2310.00811, at inference. Ties go to the lower expert.
 */
#include "moe/router.h"

#include <math.h>
#include <string.h>

int64_t router_choices(const struct router_spec *r) {
    bool fixed = r->select == SELECT_TOP_K || r->select == SELECT_TOP_K_IN_GROUPS;
    return fixed ? r->top_k : r->experts;
}

static bool counts_vary(const struct router_spec *r) {
    return r->select == SELECT_TOP_P || r->select == SELECT_ALL_POSITIVE;
}

struct router_scratch router_scratch_take(struct exec *exec, const struct router_spec *r, int64_t rows) {
    struct router_scratch s;
    int64_t choices = router_choices(r);
    s.logits = exec_new(exec, float, rows * r->experts);
    s.scores = exec_new(exec, float, rows * r->experts);
    s.ids = exec_new(exec, int32_t, rows * choices);
    s.weights = exec_new(exec, float, rows *choices);
    s.counts = counts_vary(r) ? exec_new(exec, int32_t, rows) : NULL;
    return s;
}

/* Scores for the choice and, mostly, the weight. */
static const float *score(struct exec *exec, const struct router_spec *r, int64_t rows,
                          struct router_scratch *s) {
    int64_t E = r->experts;
    switch (r->score) {
    case SCORE_SOFTMAX: op_softmax(exec, s->logits, rows, E, s->scores); return s->scores;
    case SCORE_SIGMOID:
        op_unary(exec, UNARY_SIGMOID, 0, s->logits, E, rows, E, s->scores, E);
        return s->scores;
    case SCORE_RELU: op_unary(exec, UNARY_RELU, 0, s->logits, E, rows, E, s->scores, E); return s->scores;
    default: return s->logits;
    }
}

static void weigh(struct exec *exec, const struct router_spec *r, int64_t rows, const float *scores,
                  struct router_scratch *s) {
    int64_t E = r->experts, K = router_choices(r);
    bool from_logits = r->weigh == WEIGH_SOFTMAX_OF_SELECTED || r->weigh == WEIGH_SIGMOID_ON_INPUT;
    op_pick(exec, from_logits ? s->logits : scores, rows, E, s->ids, K, s->weights);
    if (s->counts)
        op_cut(exec, r->select == SELECT_TOP_P ? CUT_TOP_P : CUT_POSITIVE, (float)r->top_p, s->weights, rows,
               K, s->counts);
    if (r->weigh == WEIGH_SOFTMAX_OF_SELECTED) op_softmax(exec, s->weights, rows, K, s->weights);
    if (r->weigh == WEIGH_SIGMOID_ON_INPUT)
        op_unary(exec, UNARY_SIGMOID, 0, s->weights, K, rows, K, s->weights, K);
    op_weigh(exec, r->weigh == WEIGH_NORMALISED, (float)r->epsilon, (float)r->scale, rows, K, s->weights);
}

void router_forward(struct exec *exec, const struct store *store, int64_t layer, int64_t rows, const float *x,
                    struct router_scratch *s) {
    const struct spec *spec = &store->model->spec;
    const struct router_spec *r = &spec->router;
    int64_t E = r->experts, K = router_choices(r);
    struct matmul_job job =
        matmul_packed(store_weight(store, layer, SLOT_ROUTER), store_vector(store, layer, SLOT_ROUTER_BIAS),
                      x, NULL, s->logits, rows, 0);
    op_matmul_f32(exec, &job, 1);
    if (r->soft_cap > 0)
        op_unary(exec, UNARY_TANH_CAP, (float)r->soft_cap, s->logits, E, rows, E, s->logits, E);

    if (r->score == SCORE_SPARSEMIXER) {
        op_sparse_mixer(exec, (float)r->jitter, s->logits, rows, E, K, s->ids, s->weights);
        op_weigh(exec, r->weigh == WEIGH_NORMALISED, (float)r->epsilon, (float)r->scale, rows, K, s->weights);
    } else {
        const float *scores = score(exec, r, rows, s);
        bool groups = r->select == SELECT_TOP_K_IN_GROUPS;
        struct top_k_op op = { .experts = E,
                               .top_k = K,
                               .groups = groups ? r->groups : 1,
                               .groups_kept = groups ? r->groups_kept : 1,
                               .group_sums_two = r->group_score == GROUP_BEST_TWO,
                               .masked = r->group_mask_zero ? 0 : -INFINITY };
        op_top_k(exec, &op, scores, store_vector(store, layer, SLOT_SELECTION_BIAS), rows, s->ids);
        weigh(exec, r, rows, scores, s);
    }
    if (!s->counts) op_sort_choices(exec, rows, K, s->ids, s->weights);
}

bool router_check(const struct router_spec *r, struct sy_error *err) {
    const char *what = NULL;
    if (r->logit != ROUTER_LINEAR) what = "two-level logits";
    if (r->experts > TOP_K_EXPERTS_MAX) what = "so many experts a layer";
    if (r->select == SELECT_EXPERT_CHOICE) what = "expert choice";
    if (r->select == SELECT_HASH) what = "hash routing";
    if (counts_vary(r) && (r->selection_bias || (r->weigh != WEIGH_SCORE && r->select == SELECT_TOP_P)))
        what = "a router whose number of experts varies, with this rule of weights,";
    if (!what) return true;
    sy_fail(err, SY_ERR_SHAPE, "%s cannot be run yet", what);
    return sy_error_at(err, "router");
}
