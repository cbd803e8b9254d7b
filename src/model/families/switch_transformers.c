/*
 * switch_transformers: T5 with the FFN of some layers replaced by a router and E experts; the best one takes
 * the token, weighed by its probability. Capacity is a matter of training: dropless here.
 *
 * Source: Fedus et al. 2021, arXiv:2101.03961; google/flaxformer t5x/configs/moe/models/switch_NAME.gin;
 * transformers models/switch_transformers, which has no gated FFN, so that its class cannot hold switch-xxl
 * (its file says is_gated_act). Of a stack's layers every n-th has experts, n = layers / sparse layers; with
 * n > 1 those where index % n == 1.
 */
#include "model/families/common.h"
#include "model/meanings.h"

static void read_sparse(struct config *c, struct stack_spec *stack, const char *key) {
    int64_t sparse = config_int_or(c, key, 3);
    if (sparse > stack->layer_count)
        config_fail(c, key, "%lld sparse layers of %lld", (long long)sparse, (long long)stack->layer_count);
    if (sparse == 0 || c->error.code != SY_OK) return;
    int64_t every = stack->layer_count / sparse;
    for (int64_t i = 0; i < stack->layer_count; i++) {
        if (every > 1 && i % every != 1) continue;
        stack->layers[i].ffn = FFN_MOE;
        stack->layers[i].dense_width = 0;
    }
}

static void read(struct config *c, struct spec *spec) {
    static const char *const words[] = { "relu", "gated-gelu", NULL };
    struct router_spec *r = &spec->router;
    read_two_stacks(c, spec);
    int kind = config_word_or(c, config_spelling(c, "dense_act_fn", "feed_forward_proj", NULL), words, 0);
    spec->activation = kind ? ACTIVATION_GELU_TANH : ACTIVATION_RELU;
    spec->gated = config_bool_or(c, "is_gated_act", kind == 1);
    r->experts = config_size(c, "num_experts");
    r->top_k = 1;
    r->bias = config_bool_or(c, "router_bias", false);
    r->noise_scale = config_real_or(c, "router_jitter_noise", 0);
    if (r->noise_scale > 0) r->noise = NOISE_JITTER;
    spec->expert_width = config_size(c, "d_ff");
    read_sparse(c, &spec->encoder, "num_sparse_encoder_layers");
    read_sparse(c, &spec->decoder, "num_sparse_decoder_layers");
}

static const struct key_meaning meanings[] = {
    { "decoder_sparse_step", FATE_IGNORED, NULL, "derived from the number of sparse layers" },
    { NULL, FATE_UNKNOWN, NULL, NULL },
};

static const char *const architectures[] = { "SwitchTransformersForConditionalGeneration", NULL };
static const char *const model_types[] = { "switch_transformers", NULL };

const struct family family_switch_transformers = {
    .name = "switch_transformers",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
    .meanings = meanings,
};
