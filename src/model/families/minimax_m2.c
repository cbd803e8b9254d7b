/*
 * minimax_m2: q and k normed over their full widths, half of each head rotates, sigmoid router with a
 * selection bias, the best 8 of 256, divided by their sum without an epsilon; no shared expert. The config
 * names modules for multi-token prediction.
 *
 * Source: MiniMax 2025 (MiniMaxAI/MiniMax-M2); transformers models/minimax_m2. rotary_dim counts columns
 * (files have no partial_rotary_factor).
 */
#include "base/checked.h"
#include "model/families/common.h"

static void read_mtp(struct config *c, struct spec *spec) {
    bool used = config_bool_or(c, "use_mtp", false);
    int64_t modules = config_int_or(c, "num_mtp_modules", 0),
            layers = config_int_or(c, "mtp_transformer_layers", 1);
    if (used && (!size_mul(modules, layers, &spec->mtp_layers) || spec->mtp_layers > SPEC_LAYERS_MAX))
        config_fail(c, "num_mtp_modules", "%lld modules of %lld layers", (long long)modules,
                    (long long)layers);
}

static void read(struct config *c, struct spec *spec) {
    static const struct class_defaults defaults = { .norm_eps = 1e-6,
                                                    .rope_theta = 5e6,
                                                    .context = 196608,
                                                    .head_width_required = true,
                                                    .kv_heads_required = true };
    static const char *const scores[] = { "sigmoid", NULL }, *const norms[] = { "per_layer", NULL };
    struct router_spec *r = &spec->router;
    read_basics(c, spec, &defaults);
    read_rope(c, spec, config_size_or(c, "rotary_dim", spec->attention.head_width), defaults.rope_theta);
    read_window(c, spec);
    if (config_bool_or(c, "use_qk_norm", true)) spec->attention.qk_norm = QK_NORM_WIDTH;
    config_word_or(c, "qk_norm_type", norms, 0);
    read_experts(c, spec, "num_local_experts");
    config_word_or(c, "scoring_func", scores, 0);
    r->score = SCORE_SIGMOID;
    r->selection_bias = config_bool_or(c, "use_routing_bias", true);
    r->weigh = WEIGH_NORMALISED;
    spec->expert_width = config_size(c, "intermediate_size");
    spec->shared_width = config_int_or(c, "shared_intermediate_size", 0);
    read_mtp(c, spec);
    all_moe(spec);
}

static const char *const architectures[] = { "MiniMaxM2ForCausalLM", NULL };
static const char *const model_types[] = { "minimax_m2", NULL };

const struct family family_minimax_m2 = {
    .name = "minimax_m2",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
};
