/*
 * qwen3_moe: qwen3's attention with softmax-routed experts, no shared one. A layer may be dense.
 *
 * Source: Qwen3 report, arXiv:2505.09388; transformers models/qwen3_moe. Published files say norm_topk_prob
 * true; where the key is missing, transformers' class says false, and so do we. Windows: transformers slides
 * all layers; a file that has max_window_layers keeps those below it full, as in the class's first release.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = {
        .norm_eps = 1e-6, .rope_theta = 10000, .context = 32768, .kv_heads_required = true
    };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    read_window_from(c, spec, 0);
    spec->attention.qk_norm = QK_NORM_HEAD;
    read_experts(c, spec, "num_experts");
    read_normalise(c, spec, false, 0);
    spec->expert_width = config_size(c, "moe_intermediate_size");
    read_sparse_step(c, spec);
    read_dense_width(c, spec, "intermediate_size");
}

static const struct tensor_rule router_names[] = {
    NAME(SLOT_ROUTER, LAYER "mlp.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model, names_attention, names_qk_norm, names_qkv_bias,      names_o_bias,
    names_ffn,   router_names,    names_experts, names_experts_fused, NULL,
};

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_dense, keys_experts, keys_fine_experts, NULL,
};

static const struct gguf_form gguf = {
    .arch = "qwen3moe",
    .keys = gguf_keys,
    .implies = "{\"norm_topk_prob\": true}",
    .rules = gguf_names,
};

static const char *const architectures[] = { "Qwen3MoeForCausalLM", NULL };
static const char *const model_types[] = { "qwen3_moe", NULL };

const struct family family_qwen3_moe = {
    .name = "qwen3_moe",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
