/*
 * dbrx: LayerNorm without biases, one projection for q, k and v whose output is clamped to +-8 before rope,
 * softmax router, the best 4 of 16, divided by their sum (moe_normalize_expert_weights 1: the 1-norm).
 *
 * Source: Databricks 2024 (databricks/dbrx, model/config.json); transformers models/dbrx.
 */
#include "model/families/common.h"
#include <math.h>

static void read_attention(struct config *c, struct spec *spec) {
    struct attention_spec *a = &spec->attention;
    json_t *former = config_enter(c, "attn_config");
    if (!former) {
        config_fail(c, "attn_config", "missing");
        return;
    }
    a->kv_heads = config_size(c, "kv_n_heads");
    a->clamp = config_real_or(c, "clip_qkv", 0);
    read_rope(c, spec, a->head_width, 10000);
    config_leave(c, former);
}

static void read_act(struct config *c, struct spec *spec) {
    static const char *const words[] = { "silu", "gelu", NULL };
    json_t *former = config_enter(c, "ffn_act_fn");
    if (!former) return;
    spec->activation = config_word_or(c, "name", words, 0) == 1 ? ACTIVATION_GELU : ACTIVATION_SILU;
    config_leave(c, former);
}

static void read_ffn(struct config *c, struct spec *spec) {
    struct router_spec *r = &spec->router;
    json_t *former = config_enter(c, "ffn_config");
    if (!former) {
        config_fail(c, "ffn_config", "missing");
        return;
    }
    spec->expert_width = config_size(c, "ffn_hidden_size");
    r->experts = config_size(c, "moe_num_experts");
    r->top_k = config_size(c, "moe_top_k");
    r->noise_scale = config_real_or(c, "moe_jitter_eps", 0);
    if (r->noise_scale > 0) r->noise = NOISE_JITTER;
    double norm = config_real_or(c, "moe_normalize_expert_weights", 1);
    if (norm != 1) config_fail(c, "moe_normalize_expert_weights", "%g: only the 1-norm is known here", norm);
    r->weigh = WEIGH_NORMALISED;
    read_act(c, spec);
    config_leave(c, former);
}

static void read(struct config *c, struct spec *spec) {
    struct attention_spec *a = &spec->attention;
    spec->width = config_size(c, "d_model");
    spec->vocab = config_size(c, "vocab_size");
    read_layer_count(c, spec, "n_layers");
    spec->context = config_size(c, "max_seq_len");
    a->heads = config_size(c, "n_heads");
    if (spec->width % a->heads != 0)
        config_fail(c, "n_heads", "%lld heads do not divide a width of %lld", (long long)a->heads,
                    (long long)spec->width);
    a->head_width = a->value_width = spec->width / a->heads;
    a->scale = 1 / sqrt((double)a->head_width);
    a->joint_qkv = true;
    spec->norm = NORM_LAYER_NO_BIAS;
    spec->norm_eps = 1e-5; /* torch's: no key says it */
    read_attention(c, spec);
    read_ffn(c, spec);
    read_bookkeeping(c, spec, false);
    all_moe(spec);
}

static const char *const architectures[] = { "DbrxForCausalLM", NULL };
static const char *const model_types[] = { "dbrx", NULL };

const struct family family_dbrx = {
    .name = "dbrx",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
};
