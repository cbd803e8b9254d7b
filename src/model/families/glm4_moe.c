/*
 * glm4_moe (GLM-4.5, Air): rope on the first half of each head's columns only (half-split within them);
 * biases on q, k and v, never on o; in the larger model an RMSNorm over each head of q and k; router and MTP
 * as deepseek_v3.
 *
 * Source: GLM-4.5 team 2025, arXiv:2508.06471; transformers models/glm4_moe.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

/* Of the head's columns, those that rotate. */
static int64_t rotating(struct config *c, const struct spec *spec) {
    double part = config_real_or(c, "partial_rotary_factor", 0.5);
    json_t *former = config_enter(c, "rope_parameters");
    if (former) {
        part = config_real_or(c, "partial_rotary_factor", part);
        config_leave(c, former);
    }
    if (!(part > 0 && part <= 1))
        config_fail(c, "partial_rotary_factor", "%g, must be above 0 and at most 1", part);
    return c->error.code == SY_OK ? (int64_t)((double)spec->attention.head_width * part) : 0;
}

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-5,
                                                    .rope_theta = 10000,
                                                    .context = 131072,
                                                    .head_width_required = true,
                                                    .kv_heads_required = true };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, rotating(c, spec), defaults.rope_theta);
    spec->attention.qkv_bias = config_bool_or(c, "attention_bias", false);
    if (config_bool_or(c, "use_qk_norm", false)) spec->attention.qk_norm = QK_NORM_HEAD;
    read_sigmoid_router(c, spec, 1);
    spec->expert_width = config_size(c, "moe_intermediate_size");
    read_shared(c, spec);
    read_first_dense(c, spec, 1);
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
    names_model,  names_attention, names_qkv_bias,      names_qk_norm,        names_ffn,
    router_names, names_experts,   names_experts_fused, names_shared_experts, NULL,
};

static void gguf_complete(struct gguf_reading *r) {
    int64_t width = meta_int(r, "attention.key_length", 0), rotating = meta_int(r, "rope.dimension_count", 0);
    meta_put_bool(r, "use_qk_norm", meta_has_tensor(r, "blk.0.attn_q_norm.weight"));
    if (rotating > 0 && width > 0)
        meta_put(r, "partial_rotary_factor", json_real((double)rotating / (double)width));
}

static const struct gguf_rule *const gguf_keys[] = {
    keys_basic,        keys_grouped, keys_dense,   keys_routed_experts,
    keys_fine_experts, keys_shared,  keys_routing, NULL,
};

static const struct gguf_form gguf = {
    .arch = "glm4moe",
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names_post_norm,
};

static const char *const architectures[] = { "Glm4MoeForCausalLM", NULL };
static const char *const model_types[] = { "glm4_moe", NULL };

const struct family family_glm4_moe = {
    .name = "glm4_moe",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers_mtp,
    .gguf = &gguf,
};
