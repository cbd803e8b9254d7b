/*
 * grok (Grok-1): a norm before and one behind each branch, attention scores capped at 30 by tanh, the
 * embedding times sqrt(D), the logits times 1 / sqrt(3), gelu experts, softmax router whose 2 weights are not
 * normalised.
 *
 * Source: xAI 2024 (xai-org/grok-1, model.py and run.py); key names follow the community's port.
 */
#include "model/families/common.h"

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = {
        .norm_eps = 1e-5, .rope_theta = 10000, .context = 8192, .kv_heads_required = true
    };
    struct attention_spec *a = &spec->attention;
    read_basics(c, spec, &defaults);
    read_rope(c, spec, a->head_width, defaults.rope_theta);
    spec->norm_place = NORM_SANDWICH;
    a->scale = config_real_or(c, "attn_output_multiplier", a->scale);
    a->soft_cap = config_real_or(c, "max_attn_value", 30);
    spec->embedding_multiplier = config_real_or(c, "embedding_multiplier_scale", 1);
    spec->logits_multiplier = config_real_or(c, "output_multiplier_scale", 1);
    read_experts(c, spec, "num_experts");
    spec->expert_width = config_size(c, "intermediate_size");
    all_moe(spec);
}

static const char *const architectures[] = { "Grok1ModelForCausalLM", NULL };
static const char *const model_types[] = { "grok-1", NULL };

const struct family family_grok = {
    .name = "grok",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
};
