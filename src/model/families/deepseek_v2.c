/*
 * deepseek_v2 (V2, V2-Lite): multi-head latent attention (keys and values from one small latent, rope on
 * columns of their own, interleaved); softmax router, in V2 limited to the groups with the best single
 * expert; shared experts; the first layers dense.
 *
 * Source: DeepSeek-AI 2024, arXiv:2405.04434, and the authors' modeling_deepseek.py. Where transformers parts
 * from it we follow the authors: norm_topk_prob with K > 1 divides by the sum + 1e-20 and then does not scale
 * (transformers ignores the key). Groups not kept are masked with 0.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-6, .rope_theta = 10000, .context = 2048 };
    static const char *const scores[] = { "softmax", NULL };
    static const char *const methods[] = { "greedy", "group_limited_greedy", NULL };
    struct router_spec *r = &spec->router;
    read_basics(c, spec, &defaults);
    read_latent_attention(c, spec, defaults.rope_theta);
    read_experts(c, spec, "n_routed_experts");
    config_word_or(c, "scoring_func", scores, 0);
    int64_t groups = config_size_or(c, "n_group", 1), kept = config_size_or(c, "topk_group", 1);
    if (config_word_or(c, "topk_method", methods, 0) == 1) {
        r->select = SELECT_TOP_K_IN_GROUPS;
        r->groups = groups;
        r->groups_kept = kept;
        r->group_score = GROUP_BEST;
        r->group_mask_zero = true;
    }
    read_normalise(c, spec, false, 1e-20);
    if (r->top_k == 1) r->weigh = WEIGH_SCORE;
    r->scale = config_real_or(c, "routed_scaling_factor", 1);
    if (r->weigh == WEIGH_NORMALISED) r->scale = 1;
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
    names_model,         names_latent_attention, names_ffn, router_names, names_experts,
    names_experts_fused, names_shared_experts,   NULL,
};

/* Sigmoid scores: V3. */
static bool gguf_fits(struct gguf_reading *r) {
    return meta_int(r, "expert_gating_func", 1) != 2;
}

static void gguf_complete(struct gguf_reading *r) {
    bool groups = meta_int(r, "expert_group_count", 1) > 1;
    meta_put(r, "topk_method", json_string(groups ? "group_limited_greedy" : "greedy"));
    meta_complete_latent(r);
}

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic,        keys_latent, keys_dense,   keys_routed_experts,
    keys_fine_experts, keys_shared, keys_routing, NULL,
};

static const struct gguf_form gguf = {
    .arch = "deepseek2",
    .fits = gguf_fits,
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names,
};

static const char *const architectures[] = { "DeepseekV2ForCausalLM", NULL };
static const char *const model_types[] = { "deepseek_v2", NULL };

const struct family family_deepseek_v2 = {
    .name = "deepseek_v2",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
