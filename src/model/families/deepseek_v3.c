/*
 * deepseek_v3 (V3, R1, Kimi K2): latent attention; sigmoid scores, a bias that chooses but never weighs,
 * groups by the sum of their best two; weights divided by their sum + 1e-20, then scaled; a shared expert;
 * the first layers dense. Published in float8 with a scale for each 128 x 128 block. Layers behind the last
 * are MTP modules: counted and skipped.
 *
 * Source: DeepSeek-AI 2024, arXiv:2412.19437, and the authors' inference/model.py. Groups not kept are masked
 * with -infinity, as there and in transformers 5; the authors' older hub code masks with 0, which differs
 * when a biased score is negative. Kimi K2 says model_type kimi_k2 and has one group.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-6, .rope_theta = 10000, .context = 4096 };
    read_basics(c, spec, &defaults);
    read_latent_attention(c, spec, defaults.rope_theta);
    read_sigmoid_router(c, spec, 2.5);
    spec->expert_width = config_size(c, "moe_intermediate_size");
    read_shared(c, spec);
    read_first_dense(c, spec, 3);
    read_dense_width(c, spec, "intermediate_size");
    spec->mtp_layers =
        config_int_or(c, config_spelling(c, "num_mtp_layers", "num_nextn_predict_layers", NULL), 0);
}

static const struct tensor_rule router_names[] = {
    NAME(SLOT_ROUTER, LAYER "mlp.gate.weight"),
    NAME(SLOT_SELECTION_BIAS, LAYER "mlp.gate.e_score_correction_bias"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model,         names_latent_attention, names_ffn, router_names, names_experts,
    names_experts_fused, names_shared_experts,   NULL,
};

static bool gguf_fits(struct gguf_reading *r) {
    return meta_int(r, "expert_gating_func", 1) == 2;
}

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic,        keys_latent, keys_dense,   keys_routed_experts,
    keys_fine_experts, keys_shared, keys_routing, NULL,
};

static const struct gguf_form gguf = {
    .arch = "deepseek2",
    .fits = gguf_fits,
    .keys = gguf_keys,
    .complete = meta_complete_latent,
    .rules = gguf_names,
};

static const char *const architectures[] = { "DeepseekV3ForCausalLM", "KimiK2ForCausalLM", NULL };
static const char *const model_types[] = { "deepseek_v3", "kimi_k2", NULL };

const struct family family_deepseek_v3 = {
    .name = "deepseek_v3",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers_mtp,
    .gguf = &gguf,
};
