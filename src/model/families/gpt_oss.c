/*
 * gpt_oss: learned sinks beside the keys, biases everywhere, every second layer a window of 128, yarn without
 * rounding; experts chosen by raw logits (the router has a bias) and weighed by the softmax of the chosen; a
 * clamped SwiGLU with (up + 1) and gate and up interleaved.
 *
 * Source: OpenAI 2025, arXiv:2508.10925, and gpt_oss/torch/model.py. Files come as bf16 (transposed, gate and
 * up in alternate columns) and as published, in MXFP4 blocks (not transposed, alternate rows). hidden_act
 * says silu and means the clamped form.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

/* The class's own scaling where the file has none. */
static void default_yarn(struct spec *spec) {
    spec->rope.scaling = ROPE_YARN;
    spec->rope.factor = 32;
    spec->rope.original_context = 4096;
    spec->rope.truncate = false;
    spec->rope.magnitude = spec->rope.long_magnitude = 1.3465735902799727; /* 0.1 ln 32 + 1 */
}

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-5,
                                                    .rope_theta = 150000,
                                                    .context = 131072,
                                                    .head_width_required = true,
                                                    .kv_heads_required = true };
    read_basics(c, spec, &defaults);
    bool scaled = config_has(c, config_spelling(c, "rope_scaling", "rope_parameters", NULL));
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    if (!scaled) default_yarn(spec);
    read_attention_bias(c, spec, true);
    spec->attention.sinks = true;
    int64_t window = config_size_or(c, "sliding_window", 128);
    if (!read_layer_types(c, spec, window))
        for (int64_t i = 0; i < spec->decoder.layer_count; i += 2) {
            spec->decoder.layers[i].window = WINDOW_SLIDING;
            spec->decoder.layers[i].window_size = window;
        }
    read_experts(c, spec, "num_local_experts");
    spec->router.bias = true;
    spec->router.score = SCORE_RAW;
    spec->router.weigh = WEIGH_SOFTMAX_OF_SELECTED;
    if (spec->activation != ACTIVATION_SILU)
        config_fail(c, "hidden_act", "it is silu, which means the clamped form here");
    spec->activation = ACTIVATION_SWIGLU_OAI;
    spec->activation_limit = config_real_or(c, "swiglu_limit", 7);
    spec->activation_alpha = config_real_or(c, "swiglu_alpha", 1.702);
    spec->expert_width = config_size(c, "intermediate_size");
    spec->expert_bias = true;
    all_moe(spec);
}

#define EXPERTS LAYER "mlp.experts."

static const struct tensor_rule own_names[] = {
    NAME(SLOT_SINKS, LAYER "self_attn.sinks"),
    NAME(SLOT_ROUTER, LAYER "mlp.router.weight"),
    NAME(SLOT_ROUTER_BIAS, LAYER "mlp.router.bias"),
    NAME_PAIR(LAYOUT_ALTERNATE_TRANSPOSED, SLOT_EXPERT_GATE, SLOT_EXPERT_UP, EXPERTS "gate_up_proj"),
    NAME_AS(LAYOUT_TRANSPOSED, SLOT_EXPERT_DOWN, EXPERTS "down_proj"),
    NAME_PAIR(LAYOUT_ALTERNATE, SLOT_EXPERT_GATE_BIAS, SLOT_EXPERT_UP_BIAS, EXPERTS "gate_up_proj_bias"),
    NAME(SLOT_EXPERT_DOWN_BIAS, EXPERTS "down_proj_bias"),
    { SLOT_EXPERT_GATE, EXPERTS "gate_up_proj_blocks", LAYOUT_MX_BLOCKS_ALTERNATE, SLOT_EXPERT_UP,
      EXPERTS "gate_up_proj_scales" },
    { SLOT_EXPERT_DOWN, EXPERTS "down_proj_blocks", LAYOUT_MX_BLOCKS, SLOT_COUNT,
      EXPERTS "down_proj_scales" },
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model, names_attention, names_qkv_bias, names_o_bias, own_names, NULL,
};

/* No scaling in the file means none, other than in config.json; the correction range is not rounded. */
static void gguf_complete(struct gguf_reading *r) {
    json_t *scaling = json_object_get(r->config, "rope_scaling");
    if (scaling)
        json_object_set_new(scaling, "truncate", json_false());
    else
        meta_put(r, "rope_scaling", json_pack("{s:s}", "rope_type", "default"));
    meta_put_rows(r, "intermediate_size", "blk.0.ffn_gate_exps.weight");
}

static const struct gguf_rule own_keys[] = {
    { "expert_feed_forward_length", KEY_INT, "intermediate_size", "expert_width", NULL },
    { "feed_forward_length", KEY_INT, NULL, NULL, meta_get_dense_width },
    { "attention.sliding_window", KEY_INT, "sliding_window", NULL, meta_get_window },
    { NULL, KEY_INT, NULL, NULL, NULL },
};
static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, keys_local_experts, own_keys, NULL,
};

static const struct gguf_form gguf = {
    .arch = "gpt-oss",
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names_post_norm,
};

static const char *const architectures[] = { "GptOssForCausalLM", NULL };
static const char *const model_types[] = { "gpt_oss", NULL };

const struct family family_gpt_oss = {
    .name = "gpt_oss",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored_buffers,
    .gguf = &gguf,
};
