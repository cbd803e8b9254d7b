/*
 * What a value of a key says, held against the spec: rows of tables of meanings (meanings.h) name these where
 * a key that a family does not read is no matter as long as it says what the model is anyway.
 */
#include "base/json.h"
#include "model/meanings.h"
#include <math.h>
#include <string.h>

/* ---- values ---- */

static bool is_number(const json_t *value, double number) {
    double found = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
    if (!json_is_boolean(value) && !json_is_number(value)) return false;
    return fabs(found - number) <= 1e-6 * fabs(number);
}

static bool is_truth(const json_t *value, bool truth) {
    return (json_is_boolean(value) || json_is_integer(value)) && is_number(value, truth);
}

static bool is_word(const json_t *value, const char *word) {
    return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

static bool all_are(const json_t *list, double number) {
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!is_number(json_array_get(list, i), number)) return false;
    return json_is_array(list);
}

bool says_nothing(const json_t *value, const struct spec *spec) {
    (void)spec;
    return is_number(value, 0) || is_word(value, "") || is_word(value, "none") || all_are(value, 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

bool says_empty(const json_t *value, const struct spec *spec) {
    (void)spec;
    return json_is_array(value) && json_array_size(value) == 0;
}

bool says_one(const json_t *value, const struct spec *spec) {
    (void)spec;
    return is_number(value, 1) || all_are(value, 1);
}

bool says_true(const json_t *value, const struct spec *spec) {
    (void)spec;
    return is_truth(value, true);
}

bool says_positive(const json_t *value, const struct spec *spec) {
    (void)spec;
    return is_number(value, 1) || is_number(value, -1);
}

/* ---- layers ---- */

static int64_t layers_with(const struct spec *spec, enum window_kind window) {
    int64_t count = 0;
    for (int64_t i = 0; i < spec->decoder.layer_count; i++) count += spec->decoder.layers[i].window == window;
    return count;
}

bool says_full_attention(const json_t *value, const struct spec *spec) {
    if (layers_with(spec, WINDOW_NONE) != spec->decoder.layer_count) return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_word(json_array_get(value, i), "full_attention")) return false;
    return json_is_array(value);
}

/* A window that some layer has, or one that sees the whole context. */
bool says_window(const json_t *value, const struct spec *spec) {
    if (says_nothing(value, spec) && layers_with(spec, WINDOW_NONE) == spec->decoder.layer_count) return true;
    for (int64_t i = 0; i < spec->decoder.layer_count; i++)
        if (spec->decoder.layers[i].window != WINDOW_NONE &&
            is_number(value, (double)spec->decoder.layers[i].window_size))
            return true;
    return json_is_integer(value) && spec->context > 0 && json_integer_value(value) >= spec->context;
}

/* ---- the router ---- */

bool says_no_experts(const json_t *value, const struct spec *spec) {
    (void)value;
    return spec->router.experts == 0;
}

bool says_normalised(const json_t *value, const struct spec *spec) {
    const struct router_spec *r = &spec->router;
    bool normalised = r->weigh == WEIGH_NORMALISED || r->weigh == WEIGH_SOFTMAX_OF_SELECTED;
    return r->experts == 0 || is_truth(value, normalised);
}

bool says_scale(const json_t *value, const struct spec *spec) {
    return spec->router.experts == 0 || is_number(value, spec->router.scale) || is_number(value, 0);
}

/* llama.cpp's numbers: 1 softmax, 2 sigmoid, 3 softmax over the chosen; 0: the file does not say. A softmax
 * that is divided by the sum of the chosen is a softmax over them. */
bool says_gating(const json_t *value, const struct spec *spec) {
    const struct router_spec *r = &spec->router;
    if (r->experts == 0 || is_number(value, 0)) return true;
    if (r->weigh == WEIGH_SOFTMAX_OF_SELECTED) return is_number(value, 1) || is_number(value, 3);
    if (r->weigh == WEIGH_SIGMOID_ON_INPUT || r->score == SCORE_SIGMOID) return is_number(value, 2);
    return (r->score == SCORE_SOFTMAX || r->score == SCORE_SPARSEMIXER) && is_number(value, 1);
}

bool says_score_word(const json_t *value, const struct spec *spec) {
    const struct router_spec *r = &spec->router;
    if (r->experts == 0) return true;
    if (r->score == SCORE_SIGMOID || r->weigh == WEIGH_SIGMOID_ON_INPUT) return is_word(value, "sigmoid");
    return is_word(value, "softmax");
}

bool says_method(const json_t *value, const struct spec *spec) {
    return spec->router.experts == 0 || (spec->router.groups <= 1 && is_word(value, "greedy"));
}

bool says_groups(const json_t *value, const struct spec *spec) {
    return spec->router.experts == 0 || is_number(value, (double)spec->router.groups) ||
           (spec->router.groups == 1 && is_number(value, 0));
}

bool says_groups_kept(const json_t *value, const struct spec *spec) {
    return spec->router.groups <= 1 || is_number(value, (double)spec->router.groups_kept);
}

bool says_experts(const json_t *value, const struct spec *spec) {
    return is_number(value, (double)spec->router.experts);
}

bool says_choices(const json_t *value, const struct spec *spec) {
    return spec->router.experts == 0 || is_number(value, (double)spec->router.top_k);
}

bool says_shared_width(const json_t *value, const struct spec *spec) {
    return is_number(value, (double)spec->shared_width);
}

bool says_shared_count(const json_t *value, const struct spec *spec) {
    double width = (double)spec->shared_width, each = (double)spec->expert_width;
    return spec->shared_width == 0 ? says_nothing(value, spec) : is_number(value, width / each);
}

bool says_expert_width(const json_t *value, const struct spec *spec) {
    return spec->router.experts == 0 || is_number(value, (double)spec->expert_width);
}

/* Of the dense layers, where there are any. */
bool says_dense_width(const json_t *value, const struct spec *spec) {
    bool dense = false;
    for (int64_t i = 0; i < spec->decoder.layer_count; i++) {
        const struct layer_spec *layer = &spec->decoder.layers[i];
        if (layer->ffn != FFN_DENSE) continue;
        if (is_number(value, (double)layer->dense_width)) return true;
        dense = true;
    }
    return !dense;
}

bool says_leading_dense(const json_t *value, const struct spec *spec) {
    int64_t count = 0;
    while (count < spec->decoder.layer_count && spec->decoder.layers[count].ffn == FFN_DENSE) count++;
    return spec->router.experts == 0 || is_number(value, (double)count);
}

/* Every n-th layer has experts, and n is 1. */
bool says_every_layer(const json_t *value, const struct spec *spec) {
    return spec->router.experts == 0 || says_one(value, spec);
}

bool says_router_bias(const json_t *value, const struct spec *spec) {
    return spec->router.experts == 0 || is_truth(value, spec->router.bias || spec->router.selection_bias);
}

bool says_router_cap(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->router.soft_cap);
}

/* ---- attention and positions ---- */

bool says_qkv_bias(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->attention.qkv_bias);
}

bool says_output_bias(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->attention.output_bias);
}

bool says_ffn_bias(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->ffn_bias || spec->expert_bias);
}

bool says_head_bias(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->head_bias);
}

bool says_qk_norm(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->attention.qk_norm != QK_NORM_NONE);
}

bool says_temperature(const json_t *value, const struct spec *spec) {
    const struct attention_spec *a = &spec->attention;
    if (!a->tuned) return says_nothing(value, spec);
    return is_number(value, a->tune_floor) || is_number(value, a->tune_scale);
}

bool says_clamp(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->attention.clamp);
}

bool says_attention_cap(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->attention.soft_cap);
}

bool says_logits_cap(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->logits_cap);
}

/* Of a head, or (latent) of the columns that can rotate. */
bool says_rotating_share(const json_t *value, const struct spec *spec) {
    double share = (double)spec->rope.dims / (double)spec->attention.head_width;
    return is_number(value, share) || (spec->attention.kind == ATTENTION_LATENT && is_number(value, 1));
}

bool says_rotating(const json_t *value, const struct spec *spec) {
    return is_number(value, (double)spec->rope.dims);
}

bool says_interleaved(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->rope.interleaved);
}

bool says_qk_width(const json_t *value, const struct spec *spec) {
    return is_number(value, (double)spec->attention.head_width);
}

bool says_value_width(const json_t *value, const struct spec *spec) {
    return is_number(value, (double)spec->attention.value_width);
}

bool says_query_scalar(const json_t *value, const struct spec *spec) {
    return is_number(value, 1 / (spec->attention.scale * spec->attention.scale));
}

bool says_attention_scale(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->attention.scale) || is_number(value, 0);
}

/* ---- the rest ---- */

bool says_embedding_scale(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->embedding_multiplier);
}

bool says_residual_scale(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->residual_multiplier);
}

bool says_logits_divisor(const json_t *value, const struct spec *spec) {
    return is_number(value, 1 / spec->logits_multiplier);
}

bool says_tied(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->tied);
}

static bool is_id(const json_t *value, int64_t id) {
    return is_number(value, (double)id);
}

bool says_bos(const json_t *value, const struct spec *spec) {
    return is_id(value, spec->tokens.bos);
}

bool says_pad(const json_t *value, const struct spec *spec) {
    return is_id(value, spec->tokens.pad);
}

static bool is_end(const json_t *value, const struct tokens_spec *tokens) {
    for (int64_t i = 0; i < tokens->eos_count; i++)
        if (is_id(value, tokens->eos[i])) return true;
    return false;
}

bool says_eos(const json_t *value, const struct spec *spec) {
    if (!json_is_array(value)) return is_end(value, &spec->tokens);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_end(json_array_get(value, i), &spec->tokens)) return false;
    return true;
}

bool says_encoder(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->encoder.layer_count > 0);
}

bool says_gated_silu(const json_t *value, const struct spec *spec) {
    bool silu = spec->activation == ACTIVATION_SILU || spec->activation == ACTIVATION_SWIGLU_OAI;
    return silu && (is_word(value, "silu") || is_word(value, "swish"));
}

bool says_norm_eps(const json_t *value, const struct spec *spec) {
    return is_number(value, spec->norm_eps);
}

bool says_context(const json_t *value, const struct spec *spec) {
    return is_number(value, (double)spec->context);
}

bool says_causal(const json_t *value, const struct spec *spec) {
    return is_truth(value, spec->decoder.causal);
}
