/*
 * A router and an attention in a sentence each, from the spec alone.
 */
#include "commands/show/report.h"

#include <math.h>

/* ---- router ---- */

static void add_score(const struct router_spec *router, struct text *out) {
    switch (router->score) {
    case SCORE_SOFTMAX: text_add(out, "softmax over all"); break;
    case SCORE_SIGMOID: text_add(out, "sigmoid of each logit"); break;
    case SCORE_RELU: text_add(out, "the positive logits"); break;
    case SCORE_RAW: text_add(out, "by the logits"); break;
    case SCORE_SPARSEMIXER: text_add(out, "SparseMixer (threshold %g)", router->jitter); break;
    }
    if (router->selection_bias) text_add(out, ", a bias that chooses but does not weigh");
}

static void add_groups(const struct router_spec *router, struct text *out) {
    if (router->groups > 1)
        text_add(out, ", from the %lld best of %lld groups (by %s)", (long long)router->groups_kept,
                 (long long)router->groups,
                 router->group_score == GROUP_BEST ? "their best" : "their best two");
}

static void add_weigh(const struct router_spec *router, struct text *out) {
    if (router->score == SCORE_SPARSEMIXER) return;
    switch (router->weigh) {
    case WEIGH_SCORE: text_add(out, ", weighed by score"); break;
    case WEIGH_NORMALISED: text_add(out, ", weights normalised to 1"); break;
    case WEIGH_SOFTMAX_OF_SELECTED: text_add(out, ", weighed by softmax over the chosen"); break;
    case WEIGH_SIGMOID_ON_INPUT: text_add(out, ", each chosen expert's input scaled by its sigmoid"); break;
    }
    if (fabs(router->scale - 1) > 0) text_add(out, ", times %g", router->scale);
}

void show_router(const struct router_spec *router, struct text *out) {
    switch (router->select) {
    case SELECT_TOP_P:
        text_add(out, "top %g of probability among %lld", router->top_p, (long long)router->experts);
        break;
    case SELECT_ALL_POSITIVE:
        text_add(out, "all that are positive of %lld", (long long)router->experts);
        break;
    case SELECT_EXPERT_CHOICE:
        text_add(out, "%lld experts choose their tokens", (long long)router->experts);
        break;
    case SELECT_ALL: text_add(out, "all %lld experts", (long long)router->experts); break;
    default:
        text_add(out, "%lld of %lld experts", (long long)router->top_k, (long long)router->experts);
        break;
    }
    text_add(out, ": ");
    add_score(router, out);
    add_groups(router, out);
    add_weigh(router, out);
    if (router->soft_cap > 0) text_add(out, ", logits capped at %g", router->soft_cap);
}

/* ---- attention ---- */

static void add_heads(const struct spec *spec, struct text *out) {
    const struct attention_spec *a = &spec->attention;
    if (a->kind == ATTENTION_LATENT) {
        text_add(out, "latent: %lld heads of %lld + %lld, keys and values from %lld", (long long)a->heads,
                 (long long)a->nope_width, (long long)spec->rope.dims, (long long)a->kv_lora_rank);
        if (a->q_lora_rank > 0) text_add(out, ", queries from %lld", (long long)a->q_lora_rank);
        return;
    }
    text_add(out, "%lld heads of %lld", (long long)a->heads, (long long)a->head_width);
    if (a->kv_heads != a->heads) text_add(out, " on %lld of keys and values", (long long)a->kv_heads);
    if (spec->rope.dims < a->head_width) text_add(out, ", %lld columns rotate", (long long)spec->rope.dims);
}

static void add_windows(const struct spec *spec, struct text *out) {
    int64_t windows = 0, chunks = 0, still = 0, size = 0;
    for (int64_t l = 0; l < spec->decoder.layer_count; l++) {
        const struct layer_spec *layer = &spec->decoder.layers[l];
        windows += layer->window == WINDOW_SLIDING;
        chunks += layer->window == WINDOW_CHUNKED;
        still += !layer->rope;
        if (layer->window != WINDOW_NONE) size = layer->window_size;
    }
    if (windows > 0) text_add(out, ", windows of %lld in %lld layers", (long long)size, (long long)windows);
    if (chunks > 0) text_add(out, ", chunks of %lld in %lld layers", (long long)size, (long long)chunks);
    if (still > 0) text_add(out, ", no positions in %lld layers", (long long)still);
}

void show_attention(const struct spec *spec, struct text *out) {
    static const char *const scalings[] = { "", " linear", " llama3", " yarn", " longrope", " by factors" };
    static const char *const norms[] = { "", ", q and k normed by head", ", q and k normed",
                                         ", q and k normed after rope" };
    add_heads(spec, out);
    text_add(out, ", rope %.10g%s", spec->rope.theta, scalings[spec->rope.scaling]);
    if (spec->rope.factor > 1) text_add(out, " x%g", spec->rope.factor);
    text_add(out, "%s", norms[spec->attention.qk_norm]);
    if (spec->attention.sinks) text_add(out, ", sinks");
    if (spec->attention.qkv_bias) text_add(out, ", biases");
    add_windows(spec, out);
}
