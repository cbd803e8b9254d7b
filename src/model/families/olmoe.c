/*
 * olmoe: q and k are normed over their full projected width, before the split into heads (a norm per head has
 * another shape of weight and gives other numbers); optional clamp of q, k and v; softmax router, weights
 * left as they are unless norm_topk_prob.
 *
 * Source: Muennighoff et al. 2024, arXiv:2409.02060; transformers models/olmoe.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-5, .rope_theta = 10000, .context = 4096 };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    spec->attention.qk_norm = QK_NORM_WIDTH;
    spec->attention.clamp = config_real_or(c, "clip_qkv", 0);
    read_experts(c, spec, "num_experts");
    read_normalise(c, spec, false, 0);
    spec->expert_width = config_size(c, "intermediate_size");
    all_moe(spec);
}

static const struct tensor_rule router_names[] = {
    NAME(SLOT_ROUTER, LAYER "mlp.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model,  names_attention, names_qk_norm,       names_qkv_bias, names_o_bias,
    router_names, names_experts,   names_experts_fused, NULL,
};

static const struct gguf_rule own_keys[] = {
    { "attention.clamp_kqv", KEY_REAL, "clip_qkv", "attention.clamp", meta_get_clamp },
    { NULL, KEY_INT, NULL, NULL, NULL },
};
static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_expert_width, keys_experts, own_keys, NULL,
};

static const struct gguf_form gguf = {
    .arch = "olmoe",
    .keys = gguf_keys,
    .rules = gguf_names,
};

static const char *const architectures[] = { "OlmoeForCausalLM", NULL };
static const char *const model_types[] = { "olmoe", NULL };

const struct family family_olmoe = {
    .name = "olmoe",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
