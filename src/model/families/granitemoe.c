/*
 * granitemoe: llama with four multipliers (embedding, residual branches, attention scores instead of
 * 1 / sqrt(head width), logits, which are divided) and experts chosen by raw logits, weighed by the softmax
 * of the chosen. Experts are fused in the file, gate rows first.
 *
 * Source: IBM Granite 3.0 (2024), ParallelExperts code; transformers models/granitemoe, whose memory form has
 * other names; both are read.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-6, .rope_theta = 10000, .context = 2048 };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    spec->attention.scale = config_real_or(c, "attention_multiplier", 1);
    spec->embedding_multiplier = config_real_or(c, "embedding_multiplier", 1);
    spec->residual_multiplier = config_real_or(c, "residual_multiplier", 1);
    double divisor = config_real_or(c, "logits_scaling", 1);
    if (divisor == 0) config_fail(c, "logits_scaling", "logits are divided by it: 0 is no value");
    spec->logits_multiplier = 1 / divisor;
    read_experts(c, spec, "num_local_experts");
    spec->router.score = SCORE_RAW;
    spec->router.weigh = WEIGH_SOFTMAX_OF_SELECTED;
    spec->expert_width = config_size(c, "intermediate_size");
    all_moe(spec);
}

static const struct tensor_rule own_names[] = {
    NAME(SLOT_ROUTER, LAYER "block_sparse_moe.router.layer.weight"),
    NAME_PAIR(LAYOUT_HALVES, SLOT_EXPERT_GATE, SLOT_EXPERT_UP, LAYER "block_sparse_moe.input_linear.weight"),
    NAME(SLOT_EXPERT_DOWN, LAYER "block_sparse_moe.output_linear.weight"),
    NAME(SLOT_ROUTER, LAYER "block_sparse_moe.router.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model, names_attention, names_qkv_bias, names_o_bias, own_names, names_block_experts_fused, NULL,
};

static const struct gguf_rule own_keys[] = {
    { "attention.scale", KEY_REAL, "attention_multiplier", "attention.scale", NULL },
    { "embedding_scale", KEY_REAL, "embedding_multiplier", "embedding_multiplier", NULL },
    { "residual_scale", KEY_REAL, "residual_multiplier", "residual_multiplier", NULL },
    { "logit_scale", KEY_REAL, "logits_scaling", "logits_multiplier", meta_get_logit_divisor },
    { NULL, KEY_INT, NULL, NULL, NULL },
};
static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_expert_width, keys_local_experts, own_keys, NULL,
};

static const struct gguf_form gguf = {
    .arch = "granitemoe",
    .keys = gguf_keys,
    .rules = gguf_names,
    .permuted = true,
};

static const char *const architectures[] = { "GraniteMoeForCausalLM", NULL };
static const char *const model_types[] = { "granitemoe", NULL };

const struct family family_granitemoe = {
    .name = "granitemoe",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
