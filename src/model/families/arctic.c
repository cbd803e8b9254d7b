/*
 * arctic (Snowflake Arctic): beside each layer's experts runs a dense FFN as wide as the model. The dense
 * branch reads what attention made; the experts read the layer's input, so that their exchange between
 * machines overlaps with attention. Softmax router, the best 2 of 128, normalised.
 *
 * Source: Snowflake 2024 (snowflake-arctic README: 10 B dense + 128 x 3.66 B); the authors'
 * modeling_arctic.py. moe_layer_frequency must be there: the class's default (2) is not the released model's
 * (1).
 */
#include "model/families/common.h"

/* Every n-th layer has experts, and then (parallel_attn_mlp_res) the dense FFN beside them; others are dense.
 */
static void read_layers(struct config *c, struct spec *spec) {
    int64_t every = config_size(c, "moe_layer_frequency");
    bool parallel = config_bool_or(c, "parallel_attn_mlp_res", false);
    bool beside = config_bool_or(c, "use_residual", true);
    for (int64_t i = 0; i < spec->decoder.layer_count; i++) {
        struct layer_spec *layer = &spec->decoder.layers[i];
        bool moe = (i + 1) % every == 0;
        layer->ffn = moe ? FFN_MOE : FFN_DENSE;
        layer->branch = moe && parallel && beside ? BRANCH_PARALLEL_MOE : BRANCH_SERIAL;
        if (!moe) layer->dense_width = spec->expert_width;
        if (layer->branch == BRANCH_PARALLEL_MOE) layer->dense_width = spec->width;
    }
}

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-5, .rope_theta = 10000, .context = 4096 };
    read_basics(c, spec, &defaults);
    read_rope(c, spec, spec->attention.head_width, defaults.rope_theta);
    read_window(c, spec);
    read_experts(c, spec, "num_local_experts");
    spec->router.weigh = WEIGH_NORMALISED;
    spec->expert_width = config_size(c, "intermediate_size");
    read_layers(c, spec);
}

static const char *const architectures[] = { "ArcticForCausalLM", NULL };
static const char *const model_types[] = { "arctic", NULL };

const struct family family_arctic = {
    .name = "arctic",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
};
