/*
 * llama4 (text: Scout, Maverick): most layers rotate (interleaved) and attend within chunks; the others have
 * no positions, attend to everything, and temper their queries with the position. q and k are normed without
 * weights after rope. Top-1 by raw logit, whose sigmoid scales the expert's input; one shared expert.
 *
 * Source: Meta 2025, transformers models/llama4. intermediate_size is the experts' width,
 * intermediate_size_mlp that of dense layers. no_rope_layers holds 1 for layers that do rotate. Multimodal
 * files nest this model under text_config and language_model.; the vision parts are passed over.
 */
#include "model/families/common.h"
#include "model/gguf_form.h"

/* A list of 0 and 1 for each layer, or every n-th layer without positions. */
static void read_positions(struct config *c, struct spec *spec) {
    int64_t interval = config_size_or(c, "no_rope_layer_interval", 4), rotates,
            count = spec->decoder.layer_count;
    json_t *list = config_array(c, "no_rope_layers");
    if (json_array_size(list) > 0 && (int64_t)json_array_size(list) != count)
        config_fail(c, "no_rope_layers", "%zu entries for %lld layers", json_array_size(list),
                    (long long)count);
    for (int64_t i = 0; i < count && c->error.code == SY_OK; i++) {
        const json_t *entry = json_array_get(list, (size_t)i);
        rotates = (i + 1) % interval != 0;
        if (json_is_boolean(entry))
            rotates = json_is_true(entry);
        else if (entry && (!json_to_i64(entry, &rotates) || rotates < 0 || rotates > 1))
            config_fail(c, "no_rope_layers", "layer %lld: 0 or 1 wanted", (long long)i);
        spec->decoder.layers[i].rope = rotates != 0;
    }
}

static void read_chunks(struct config *c, struct spec *spec) {
    bool unlimited = json_is_null(json_object_get(c->scope, "attention_chunk_size"));
    int64_t chunk = config_size_or(c, "attention_chunk_size", unlimited ? 0 : 8192);
    if (read_layer_types(c, spec, chunk)) return;
    for (int64_t i = 0; i < spec->decoder.layer_count; i++) {
        struct layer_spec *layer = &spec->decoder.layers[i];
        if (!layer->rope || chunk == 0) continue;
        layer->window = WINDOW_CHUNKED;
        layer->window_size = chunk;
    }
}

static void read_moe_layers(struct config *c, struct spec *spec) {
    int64_t step = config_size_or(c, "interleave_moe_layer_step", 1), layer,
            count = spec->decoder.layer_count;
    json_t *list = config_array(c, "moe_layers");
    for (int64_t i = step - 1; i < count && !list; i += step) spec->decoder.layers[i].ffn = FFN_MOE;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_to_i64(json_array_get(list, i), &layer) || layer < 0 || layer >= count)
            config_fail(c, "moe_layers", "entry %zu is none of the %lld layers", i, (long long)count);
        else
            spec->decoder.layers[layer].ffn = FFN_MOE;
    }
}

/* attn_temperature_tuning: true, false, or a number that stands for either (Scout's file says 4). */
static void read_tuning(struct config *c, struct spec *spec) {
    struct attention_spec *a = &spec->attention;
    const json_t *value = json_object_get(c->scope, "attn_temperature_tuning");
    a->tuned = json_is_integer(value) ? config_int_or(c, "attn_temperature_tuning", 0) != 0
                                      : config_bool_or(c, "attn_temperature_tuning", true);
    a->tune_floor = config_real_or(c, "floor_scale", 8192);
    a->tune_scale = config_real_or(c, "attn_scale", 0.1);
}

static void read_text(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-5,
                                                    .rope_theta = 500000,
                                                    .context = 131072,
                                                    .head_width_required = true,
                                                    .kv_heads_required = true };
    read_basics(c, spec, &defaults);
    spec->rope.interleaved = true;
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_attention_bias(c, spec, false);
    read_positions(c, spec);
    read_chunks(c, spec);
    read_tuning(c, spec);
    if (config_bool_or(c, "use_qk_norm", true)) spec->attention.qk_norm = QK_NORM_L2_AFTER_ROPE;
    read_experts(c, spec, "num_local_experts");
    spec->router.score = SCORE_RAW;
    spec->router.weigh = WEIGH_SIGMOID_ON_INPUT;
    spec->expert_width = spec->shared_width = config_size(c, "intermediate_size");
    read_moe_layers(c, spec);
    read_dense_width(c, spec, "intermediate_size_mlp");
}

static void read(struct config *c, struct spec *spec) {
    json_t *former = config_enter(c, "text_config");
    read_text(c, spec);
    if (!former) return;
    config_leave(c, former);
    read_storage(c, spec);
}

static const struct tensor_ignore ignored[] = { { "*rotary_emb.inv_freq", "computed buffer" },
                                                { "vision_model.*", "vision tower" },
                                                { "multi_modal_projector.*", "vision projector" },
                                                { NULL, NULL } };

static const char *const prefixes[] = { "language_model.", NULL };

static const struct tensor_rule own_names[] = {
    NAME(SLOT_GATE, LAYER "feed_forward.gate_proj.weight"),
    NAME(SLOT_UP, LAYER "feed_forward.up_proj.weight"),
    NAME(SLOT_DOWN, LAYER "feed_forward.down_proj.weight"),
    NAME(SLOT_ROUTER, LAYER "feed_forward.router.weight"),
    NAME_PAIR(LAYOUT_HALVES_TRANSPOSED, SLOT_EXPERT_GATE, SLOT_EXPERT_UP,
              LAYER "feed_forward.experts.gate_up_proj"),
    NAME_AS(LAYOUT_TRANSPOSED, SLOT_EXPERT_DOWN, LAYER "feed_forward.experts.down_proj"),
    NAME(SLOT_EXPERT_GATE, LAYER "feed_forward.experts.{E}.gate_proj.weight"),
    NAME(SLOT_EXPERT_UP, LAYER "feed_forward.experts.{E}.up_proj.weight"),
    NAME(SLOT_EXPERT_DOWN, LAYER "feed_forward.experts.{E}.down_proj.weight"),
    NAME(SLOT_SHARED_GATE, LAYER "feed_forward.shared_expert.gate_proj.weight"),
    NAME(SLOT_SHARED_UP, LAYER "feed_forward.shared_expert.up_proj.weight"),
    NAME(SLOT_SHARED_DOWN, LAYER "feed_forward.shared_expert.down_proj.weight"),
    NAMES_END,
};
static const struct tensor_rule *const names[] = {
    names_model, names_attention, names_qkv_bias, names_o_bias, own_names, NULL,
};

/* Maverick is told by its 128 experts: it has no norm of q and k. */
static void gguf_complete(struct gguf_reading *r) {
    meta_put_bool(r, "use_qk_norm", meta_int(r, "expert_count", 0) != 128);
}

static const struct gguf_rule dense_keys[] = {
    { "feed_forward_length", KEY_INT, "intermediate_size_mlp", NULL, meta_get_dense_width },
    { NULL, KEY_INT, NULL, NULL, NULL },
};
static const struct gguf_rule own_keys[] = {
    { "expert_feed_forward_length", KEY_INT, "intermediate_size", "expert_width", NULL },
    { "interleave_moe_layer_step", KEY_INT, "interleave_moe_layer_step", NULL, meta_get_moe_step },
    { NULL, KEY_INT, NULL, NULL, NULL },
};
static const struct gguf_rule *const gguf_keys[] = {
    keys_basic, keys_grouped, dense_keys, keys_local_experts, own_keys, NULL,
};

static const struct gguf_form gguf = {
    .arch = "llama4",
    .keys = gguf_keys,
    .complete = gguf_complete,
    .rules = gguf_names,
};

static const char *const architectures[] = { "Llama4ForConditionalGeneration", "Llama4ForCausalLM", NULL };
static const char *const model_types[] = { "llama4", "llama4_text", NULL };

const struct family family_llama4 = {
    .name = "llama4",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .rules = names,
    .ignored = ignored,
    .prefixes = prefixes,
    .gguf = &gguf,
};
