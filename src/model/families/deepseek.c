/*
 * deepseek (v1, deepseek-moe-16b): plain grouped attention, half-split rope; fine-grained experts under a
 * softmax router, beside shared experts that see every token; the first layers dense. Not MLA: that is
 * deepseek_v2.
 *
 * Source: Dai et al. 2024, arXiv:2401.06066, and the authors' modeling_deepseek.py (K > 1 and norm_topk_prob:
 * weights / (sum + 1e-20), never scaled). transformers has no class for it.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-6, .rope_theta = 10000, .context = 2048 };
    static const char *const scores[] = { "softmax", NULL };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    read_experts(c, spec, "n_routed_experts");
    config_word_or(c, "scoring_func", scores, 0);
    read_normalise(c, spec, false, 1e-20);
    if (spec->router.top_k == 1) spec->router.weigh = WEIGH_SCORE;
    spec->expert_width = config_size(c, "moe_intermediate_size");
    read_shared(c, spec);
    read_first_dense(c, spec, 0);
    read_dense_width(c, spec, "intermediate_size");
}

static const struct tensor_rule router_names[] = {
    NAME(SLOT_ROUTER, LAYER "mlp.gate.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model,  names_attention, names_qkv_bias,      names_o_bias,         names_ffn,
    router_names, names_experts,   names_experts_fused, names_shared_experts, NULL,
};

static void gguf_complete(struct gguf_reading *r) {
    double scale = meta_real(r, "expert_weights_scale", 1);
    if (scale != 1) meta_fail(r, "expert_weights_scale", "%g, but weights are not scaled here", scale);
}

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_dense, keys_routed_experts, keys_fine_experts, keys_shared, NULL,
};

static const struct gguf_form gguf = {
    .arch = "deepseek",
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names,
    .permuted = true,
};

static const char *const architectures[] = { "DeepseekForCausalLM", NULL };
static const char *const model_types[] = { "deepseek", NULL };

const struct family family_deepseek = {
    .name = "deepseek",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
