/*
 * t5: a dense encoder-decoder, the first (relu, one projection up, tied) and v1.1 (gated gelu, a head of its
 * own). `plan` sets Switch models beside it.
 *
 * Source: Raffel et al. 2020, arXiv:1910.10683; google/flaxformer t5/models (gin). transformers always ties
 * the head and takes tie_word_embeddings only for the scaling; here the flag says what is stored.
 */
#include "model/families/common.h"

static void read(struct config *c, struct spec *spec) {
    static const char *const words[] = { "relu", "gated-gelu", "gelu", NULL };
    static const char *const acts[] = { "relu", "gelu_new", "gelu", NULL };
    static const enum activation values[] = { ACTIVATION_RELU, ACTIVATION_GELU_TANH, ACTIVATION_GELU };
    read_two_stacks(c, spec);
    int kind = config_word_or(c, "feed_forward_proj", words, 0);
    spec->activation = values[kind];
    spec->gated = config_bool_or(c, "is_gated_act", kind == 1);
    config_word_or(c, "dense_act_fn", acts, 0);
}

static const char *const architectures[] = { "T5ForConditionalGeneration", NULL };
static const char *const model_types[] = { "t5", NULL };

const struct family family_t5 = {
    .name = "t5",
    .architectures = architectures,
    .model_types = model_types,
    .read = read,
};
