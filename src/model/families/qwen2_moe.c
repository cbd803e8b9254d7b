/*
 * qwen2_moe: biases on q, k and v; softmax router whose K weights are left as they are (their sum is well
 * below 1) unless norm_topk_prob; one shared expert with a gate of its own, sigmoid(x . g). A layer may be
 * dense.
 *
 * Source: Qwen1.5-MoE and Qwen2 (arXiv:2407.10671); transformers models/qwen2_moe. Windows follow the
 * authors: the layers from max_window_layers on slide. transformers 5 slides every second one below it
 * instead.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = {
        .norm_eps = 1e-6, .rope_theta = 10000, .context = 32768, .kv_heads_required = true
    };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    spec->attention.qkv_bias = config_bool_or(c, "qkv_bias", true);
    read_window_from(c, spec, 28);
    read_experts(c, spec, "num_experts");
    read_normalise(c, spec, false, 0);
    spec->expert_width = config_size(c, "moe_intermediate_size");
    spec->shared_width = config_size(c, "shared_expert_intermediate_size");
    spec->shared_gate = true;
    read_sparse_step(c, spec);
    read_dense_width(c, spec, "intermediate_size");
}

static const struct tensor_rule router_names[] = {
    NAME(SLOT_ROUTER, LAYER "mlp.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule shared_gate_names[] = {
    NAME(SLOT_SHARED_SCALE, LAYER "mlp.shared_expert_gate.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model,   names_attention,     names_qkv_bias,      names_ffn,         router_names,
    names_experts, names_experts_fused, names_shared_expert, shared_gate_names, NULL,
};

static void gguf_complete(struct gguf_reading *r) {
    meta_put_bool(r, "qkv_bias", meta_has_tensor(r, "blk.0.attn_q.bias"));
    meta_put_rows(r, "moe_intermediate_size", "blk.0.ffn_gate_exps.weight"); /* early files lack the keys */
    meta_put_rows(r, "shared_expert_intermediate_size", "blk.0.ffn_gate_shexp.weight");
}

static const struct gguf_rule own_keys[] = {
    { "expert_shared_feed_forward_length", KEY_INT, "shared_expert_intermediate_size", "shared_width", NULL },
    { NULL, KEY_INT, NULL, NULL, NULL },
};
static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_dense, keys_experts, keys_fine_experts, own_keys, NULL,
};

static const struct gguf_form gguf = {
    .arch = "qwen2moe",
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names,
};

static const char *const architectures[] = { "Qwen2MoeForCausalLM", NULL };
static const char *const model_types[] = { "qwen2_moe", NULL };

const struct family family_qwen2_moe = {
    .name = "qwen2_moe",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
