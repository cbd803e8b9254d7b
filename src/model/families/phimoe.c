/*
 * phimoe (Phi-3.5-MoE): LayerNorm with weight and bias, biases on all of attention and on the head, longrope,
 * and SparseMixer: two experts, each weighed by a softmax over the logits near its own.
 *
 * Source: Abdin et al. 2024, arXiv:2404.14219; SparseMixer: Liu et al. 2023, arXiv:2310.00811; transformers
 * models/phimoe. Longrope follows the authors: long factors beyond original_max_position_embeddings
 * (transformers 5 always takes the short ones). Both spellings of the architecture are in use.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = {
        .norm_eps = 1e-5, .rope_theta = 10000, .context = 131072, .kv_heads_required = true
    };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    read_window(c, spec);
    spec->norm = NORM_LAYER;
    spec->head_bias = config_bool_or(c, "lm_head_bias", false);
    read_experts(c, spec, "num_local_experts");
    if (spec->router.top_k != 2)
        config_fail(c, "num_experts_per_tok", "SparseMixer chooses 2 experts, not %lld",
                    (long long)spec->router.top_k);
    spec->router.score = SCORE_SPARSEMIXER;
    spec->router.jitter = config_real_or(c, "router_jitter_noise", 0.01);
    spec->expert_width = config_size(c, "intermediate_size");
    all_moe(spec);
}

static const struct tensor_rule bias_names[] = {
    NAME(SLOT_FINAL_NORM_BIAS, "model.norm.bias"),
    NAME(SLOT_HEAD_BIAS, "lm_head.bias"),
    NAME(SLOT_ATTENTION_NORM_BIAS, LAYER "input_layernorm.bias"),
    NAME(SLOT_FFN_NORM_BIAS, LAYER "post_attention_layernorm.bias"),
    NAMES_END,
};
static const struct tensor_rule router_names[] = {
    NAME(SLOT_ROUTER, LAYER "block_sparse_moe.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule fused_router_names[] = {
    NAME(SLOT_ROUTER, LAYER "mlp.router.weight"),
    NAME(SLOT_ROUTER, LAYER "mlp.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model,        bias_names,    names_attention,     names_qkv_bias,
    names_o_bias,       router_names,  names_block_experts, names_block_experts_fused,
    fused_router_names, names_experts, names_experts_fused, NULL,
};

static void gguf_complete(struct gguf_reading *r) {
    meta_put_bool(r, "lm_head_bias", meta_has_tensor(r, "output.bias"));
}

static const struct gguf_rule own_keys[] = {
    { "attention.layer_norm_epsilon", KEY_REAL, "rms_norm_eps", "norm_eps", NULL },
    { "attention.sliding_window", KEY_INT, "sliding_window", NULL, meta_get_window },
    { NULL, KEY_INT, NULL, NULL, NULL },
};
static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_expert_width, keys_local_experts, own_keys, NULL,
};

static const struct gguf_form gguf = {
    .arch = "phimoe",
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names,
};

static const char *const architectures[] = { "PhimoeForCausalLM", "PhiMoEForCausalLM", NULL };
static const char *const model_types[] = { "phimoe", NULL };

const struct family family_phimoe = {
    .name = "phimoe",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
