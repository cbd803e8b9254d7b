/*
 * Every field of a spec by name: what printing, comparing, perturbing and families/switchyard.c go by. A new
 * field of spec.h gets its line here (spec_fields_test.c reads the header and fails when one is missing).
 */
#include "model/spec.h"
#include <string.h>

static const char *const rope_scaling_words[] = { "plain",    "linear",  "llama3", "yarn",
                                                  "longrope", "factors", NULL };
static const char *const norm_words[] = { "rms", "layer", "layer_no_bias", NULL };
static const char *const qk_norm_words[] = { "none", "head", "width", "l2_after_rope", NULL };
static const char *const norm_place_words[] = { "pre", "sandwich", "post", NULL };
static const char *const attention_words[] = { "grouped", "latent", NULL };
static const char *const logit_words[] = { "linear", "two_level", NULL };
static const char *const score_words[] = { "softmax", "sigmoid", "relu", "raw", "sparsemixer", NULL };
static const char *const select_words[] = {
    "top_k", "top_k_in_groups", "top_p", "all_positive", "expert_choice", "hash", "all", NULL
};
static const char *const weigh_words[] = { "score", "normalised", "softmax_of_selected", "sigmoid_on_input",
                                           NULL };
static const char *const group_score_words[] = { "best", "best_two", NULL };
static const char *const noise_words[] = { "none", "jitter", "gaussian", NULL };
static const char *const overflow_words[] = { "drop", "next_best", NULL };
static const char *const compete_words[] = { "sequence", "shard", NULL };
static const char *const balance_words[] = { "switch",    "z",          "importance", "sequence",
                                             "bias_sign", "bias_error", NULL };
static const char *const window_words[] = { "none", "sliding", "chunked", NULL };
static const char *const ffn_words[] = { "dense", "moe", NULL };
static const char *const branch_words[] = { "serial", "parallel_moe", NULL };
static const char *const activation_words[] = { "silu", "gelu", "gelu_tanh", "relu", "swiglu_oai", NULL };

#define TOP(name, type, words)                                                                               \
    { "", #name, type, offsetof(struct spec, name), words }
#define IN(section, name, type, words)                                                                       \
    { #section, #name, type, offsetof(struct spec, section.name), words }
#define LAYER(name, type, words)                                                                             \
    { "layer", #name, type, offsetof(struct layer_spec, name), words }

const struct spec_field spec_fields[] = {
    TOP(width, FIELD_INT, NULL),
    TOP(vocab, FIELD_INT, NULL),
    TOP(context, FIELD_INT, NULL),
    IN(decoder, causal, FIELD_BOOL, NULL),
    IN(encoder, causal, FIELD_BOOL, NULL),
    TOP(norm, FIELD_ENUM, norm_words),
    TOP(norm_place, FIELD_ENUM, norm_place_words),
    TOP(norm_eps, FIELD_REAL, NULL),

    IN(attention, kind, FIELD_ENUM, attention_words),
    IN(attention, heads, FIELD_INT, NULL),
    IN(attention, kv_heads, FIELD_INT, NULL),
    IN(attention, head_width, FIELD_INT, NULL),
    IN(attention, value_width, FIELD_INT, NULL),
    IN(attention, q_lora_rank, FIELD_INT, NULL),
    IN(attention, kv_lora_rank, FIELD_INT, NULL),
    IN(attention, nope_width, FIELD_INT, NULL),
    IN(attention, qkv_bias, FIELD_BOOL, NULL),
    IN(attention, output_bias, FIELD_BOOL, NULL),
    IN(attention, joint_qkv, FIELD_BOOL, NULL),
    IN(attention, split_kv_b, FIELD_BOOL, NULL),
    IN(attention, scale, FIELD_REAL, NULL),
    IN(attention, soft_cap, FIELD_REAL, NULL),
    IN(attention, clamp, FIELD_REAL, NULL),
    IN(attention, sinks, FIELD_BOOL, NULL),
    IN(attention, qk_norm, FIELD_ENUM, qk_norm_words),
    IN(attention, latent_norm_eps, FIELD_REAL, NULL),
    IN(attention, relative_bias, FIELD_BOOL, NULL),
    IN(attention, relative_buckets, FIELD_INT, NULL),
    IN(attention, relative_distance, FIELD_INT, NULL),
    IN(attention, tuned, FIELD_BOOL, NULL),
    IN(attention, tune_floor, FIELD_REAL, NULL),
    IN(attention, tune_scale, FIELD_REAL, NULL),

    IN(rope, scaling, FIELD_ENUM, rope_scaling_words),
    IN(rope, theta, FIELD_REAL, NULL),
    IN(rope, dims, FIELD_INT, NULL),
    IN(rope, interleaved, FIELD_BOOL, NULL),
    IN(rope, factor, FIELD_REAL, NULL),
    IN(rope, original_context, FIELD_INT, NULL),
    IN(rope, low_freq_factor, FIELD_REAL, NULL),
    IN(rope, high_freq_factor, FIELD_REAL, NULL),
    IN(rope, beta_fast, FIELD_REAL, NULL),
    IN(rope, beta_slow, FIELD_REAL, NULL),
    IN(rope, truncate, FIELD_BOOL, NULL),
    IN(rope, magnitude, FIELD_REAL, NULL),
    IN(rope, long_magnitude, FIELD_REAL, NULL),
    IN(rope, short_factor, FIELD_REALS, NULL),
    IN(rope, long_factor, FIELD_REALS, NULL),

    TOP(activation, FIELD_ENUM, activation_words),
    TOP(gated, FIELD_BOOL, NULL),
    TOP(activation_limit, FIELD_REAL, NULL),
    TOP(activation_alpha, FIELD_REAL, NULL),
    TOP(ffn_bias, FIELD_BOOL, NULL),

    IN(router, logit, FIELD_ENUM, logit_words),
    IN(router, bias, FIELD_BOOL, NULL),
    IN(router, soft_cap, FIELD_REAL, NULL),
    IN(router, score, FIELD_ENUM, score_words),
    IN(router, jitter, FIELD_REAL, NULL),
    IN(router, selection_bias, FIELD_BOOL, NULL),
    IN(router, select, FIELD_ENUM, select_words),
    IN(router, experts, FIELD_INT, NULL),
    IN(router, top_k, FIELD_INT, NULL),
    IN(router, groups, FIELD_INT, NULL),
    IN(router, groups_kept, FIELD_INT, NULL),
    IN(router, group_score, FIELD_ENUM, group_score_words),
    IN(router, group_mask_zero, FIELD_BOOL, NULL),
    IN(router, top_p, FIELD_REAL, NULL),
    IN(router, weigh, FIELD_ENUM, weigh_words),
    IN(router, epsilon, FIELD_REAL, NULL),
    IN(router, scale, FIELD_REAL, NULL),
    IN(router, noise, FIELD_ENUM, noise_words),
    IN(router, noise_scale, FIELD_REAL, NULL),
    IN(router, capacity_factor, FIELD_REAL, NULL),
    IN(router, overflow, FIELD_ENUM, overflow_words),
    IN(router, compete, FIELD_ENUM, compete_words),
    IN(router, shard_tokens, FIELD_INT, NULL),
    IN(router, balance, FIELD_FLAGS, balance_words),
    IN(router, balance_weight, FIELD_REAL, NULL),
    IN(router, z_weight, FIELD_REAL, NULL),
    IN(router, bias_rate, FIELD_REAL, NULL),

    TOP(expert_width, FIELD_INT, NULL),
    TOP(expert_bias, FIELD_BOOL, NULL),
    TOP(shared_width, FIELD_INT, NULL),
    TOP(shared_gate, FIELD_BOOL, NULL),
    TOP(tied, FIELD_BOOL, NULL),
    TOP(head_bias, FIELD_BOOL, NULL),
    TOP(embedding_multiplier, FIELD_REAL, NULL),
    TOP(residual_multiplier, FIELD_REAL, NULL),
    TOP(logits_multiplier, FIELD_REAL, NULL),
    TOP(logits_cap, FIELD_REAL, NULL),
    TOP(mtp_layers, FIELD_INT, NULL),
    TOP(scale_block_rows, FIELD_INT, NULL),
    TOP(scale_block_cols, FIELD_INT, NULL),

    IN(tokens, bos, FIELD_INT, NULL),
    IN(tokens, pad, FIELD_INT, NULL),
    IN(tokens, decoder_start, FIELD_INT, NULL),
    IN(tokens, eos, FIELD_EOS, NULL),

    LAYER(window, FIELD_ENUM, window_words),
    LAYER(window_size, FIELD_INT, NULL),
    LAYER(rope, FIELD_BOOL, NULL),
    LAYER(ffn, FIELD_ENUM, ffn_words),
    LAYER(dense_width, FIELD_INT, NULL),
    LAYER(branch, FIELD_ENUM, branch_words),
    LAYER(cross_attention, FIELD_BOOL, NULL),
};
const int spec_field_count = sizeof spec_fields / sizeof spec_fields[0];

const struct spec_field *spec_field_find(const char *name) {
    const char *dot = strchr(name, '.');
    size_t section = dot ? (size_t)(dot - name) : 0;
    for (int i = 0; i < spec_field_count; i++)
        if (strlen(spec_fields[i].section) == section &&
            strncmp(spec_fields[i].section, name, section) == 0 &&
            strcmp(spec_fields[i].name, dot ? dot + 1 : name) == 0)
            return &spec_fields[i];
    return NULL;
}
