/*
 * Router: which of the E experts see a token, and with what weight. A handful of independent choices, each an
 * enum of struct router_spec:
 *
 *   logit    z = x Wr^T (+ b), soft cap                          always f32
 *   score    s = softmax(z) | sigmoid(z) | relu(z) | z           SparseMixer: choice and weight at once
 *   select   the K largest of s + selection bias                 (the bias chooses, it never weighs)
 *            perhaps within groups; or all above 0, the fewest that sum to p, all
 *   weigh    w = s | s / (sum s + epsilon) | softmax of the chosen z
 *            | sigmoid of the chosen z, which scales the expert's input
 *   scale    w = scale * w
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

/* ---- memory ---- */

struct choices {                /* of T tokens, C each at most */
    struct rows logits, scores; /* [T, E] */
    int32_t *ids;               /* [T, C] best first */
    struct rows weights;        /* [T, C] */
    int64_t *begin;             /* [T + 1] of the routing */
    /* where each token has as many as it likes; else NULL */
    int32_t *counts;    /* [T] how many of its choices count */
    int64_t *source;    /* [T C] by assignment: the choice */
    int32_t *expert_id; /* [T C] */
    struct rows weight; /* [T C, 1] */
};

static struct choices take(struct exec *exec, const struct router_spec *r, const struct row_map *map) {
    int64_t C = router_choices(r), T = map->count;
    struct choices c = { 0 };
    c.logits = map_keep(exec, map, r->experts);
    c.scores = map_keep(exec, map, r->experts);
    c.ids = exec_keep_table(exec, int32_t, T * C);
    c.weights = map_keep(exec, map, C);
    c.begin = exec_keep_table(exec, int64_t, T + 1);
    if (!counts_vary(r)) return c;
    c.counts = exec_table(exec, int32_t, T);
    c.source = exec_keep_table(exec, int64_t, T * C);
    c.expert_id = exec_keep_table(exec, int32_t, T * C);
    c.weight = exec_keep(exec, T * C, 1, 0);
    return c;
}

void router_take(struct exec *exec, const struct router_spec *r, const struct row_map *map) {
    take(exec, r, map);
}

/* ---- the choice ---- */

/* Scores for the choice and, mostly, the weight. */
static struct rows score(struct exec *exec, const struct router_spec *r, const struct choices *c) {
    switch (r->score) {
    case SCORE_SOFTMAX: op_softmax(exec, c->logits, c->scores); return c->scores;
    case SCORE_SIGMOID: op_unary(exec, UNARY_SIGMOID, 0, c->logits, c->scores); return c->scores;
    case SCORE_RELU: op_unary(exec, UNARY_RELU, 0, c->logits, c->scores); return c->scores;
    default: return c->logits;
    }
}

static void select_experts(struct exec *exec, const struct router_spec *r, const float *bias,
                           struct rows scores, const struct choices *c) {
    bool groups = r->select == SELECT_TOP_K_IN_GROUPS;
    const struct top_k_op op = { .experts = r->experts,
                                 .top_k = router_choices(r),
                                 .groups = groups ? r->groups : 1,
                                 .groups_kept = groups ? r->groups_kept : 1,
                                 .group_sums_two = r->group_score == GROUP_BEST_TWO,
                                 .masked = r->group_mask_zero ? 0 : -INFINITY };
    op_top_k(exec, &op, scores, bias, c->ids);
}

static void weigh(struct exec *exec, const struct router_spec *r, struct rows scores,
                  const struct choices *c) {
    bool from_logits = r->weigh == WEIGH_SOFTMAX_OF_SELECTED || r->weigh == WEIGH_SIGMOID_ON_INPUT;
    op_pick(exec, from_logits ? c->logits : scores, c->ids, c->weights);
    if (c->counts)
        op_cut(exec, r->select == SELECT_TOP_P ? CUT_TOP_P : CUT_POSITIVE, (float)r->top_p, c->weights,
               c->counts);
    if (r->weigh == WEIGH_SOFTMAX_OF_SELECTED) op_softmax(exec, c->weights, c->weights);
    if (r->weigh == WEIGH_SIGMOID_ON_INPUT) op_unary(exec, UNARY_SIGMOID, 0, c->weights, c->weights);
}

static void choose(struct exec *exec, const struct router_spec *r, const float *bias,
                   const struct choices *c) {
    const struct weigh_op last = { r->weigh == WEIGH_NORMALISED, (float)r->epsilon, (float)r->scale };
    if (r->score == SCORE_SPARSEMIXER) {
        op_sparse_mixer(exec, (float)r->jitter, c->logits, c->ids, c->weights);
    } else {
        struct rows scores = score(exec, r, c);
        select_experts(exec, r, bias, scores, c);
        weigh(exec, r, scores, c);
    }
    op_weigh(exec, &last, c->weights);
    if (!c->counts) op_sort_choices(exec, c->ids, c->weights);
}

/* ---- the routing ---- */

/* Every token has all its choices: they lie as a routing wants them. Filled by one thread, read by
 * operations alone. */
static void begin_fixed(struct exec *exec, int64_t tokens, int64_t each, int64_t *begin) {
    if (!team_alone(exec->team)) return;
    for (int64_t t = 0; t <= tokens; t++) begin[t] = t * each;
}

/* Each token has its own number: what counts is brought together. Returns how many there are. */
static int64_t begin_varying(struct exec *exec, int64_t tokens, int64_t most, const struct choices *c) {
    if (team_alone(exec->team)) {
        int64_t a = 0;
        for (int64_t t = 0; t < tokens; t++) {
            c->begin[t] = a;
            for (int64_t j = 0; j < c->counts[t]; j++, a++) {
                c->source[a] = t * most + j;
                c->expert_id[a] = c->ids[t * most + j];
            }
        }
        c->begin[tokens] = a;
    }
    team_settle(exec->team); /* all look at the count */
    int64_t count = c->begin[tokens];
    op_gather(exec, rows_over(c->weights.at, tokens * most, 1), c->source, no_rows,
              rows_part(c->weight, 0, count));
    return count;
}

struct routing router_forward(struct exec *exec, const struct store *store, int64_t layer,
                              const struct row_map *map, struct rows x) {
    const struct router_spec *r = &store->spec.router;
    int64_t C = router_choices(r), T = map->count;
    struct choices c = take(exec, r, map);
    const struct product logits = { store_weight(store, layer, SLOT_ROUTER),
                                    store_vector(store, layer, SLOT_ROUTER_BIAS), x, c.logits };
    if (!c.counts) begin_fixed(exec, T, C, c.begin);
    op_matmul_f32(exec, &logits, 1);
    if (r->soft_cap > 0) op_unary(exec, UNARY_TANH_CAP, (float)r->soft_cap, c.logits, c.logits);
    choose(exec, r, store_vector(store, layer, SLOT_SELECTION_BIAS), &c);
    int64_t R = c.counts ? begin_varying(exec, T, C, &c) : T * C;
    return (struct routing){ .tokens = T,
                             .experts = r->experts,
                             .assignments = R,
                             .most = C,
                             .logits = c.logits,
                             .assignment_begin = c.begin,
                             .expert_id = c.counts ? c.expert_id : c.ids,
                             .weight = c.counts ? rows_part(c.weight, 0, R) : rows_over(c.weights.at, R, 1) };
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
