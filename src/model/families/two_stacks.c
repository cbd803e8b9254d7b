/*
 * What encoder-decoders of T5's kind share: two stacks over one table, a learned bias by relative position
 * instead of rope, scores that are not scaled, and in the decoder attention to the encoder's output.
 *
 * Source: Raffel et al. 2020, arXiv:1910.10683; transformers models/t5. A tied head multiplies the decoder's
 * output by D^-0.5.
 */
#include "model/families/common.h"
#include <math.h>
#include <string.h>

static void read_layers(struct config *c, struct spec *spec) {
    read_layer_count(c, spec, config_has(c, "num_decoder_layers") ? "num_decoder_layers" : "num_layers");
    int64_t encoder = config_size(c, "num_layers");
    if (c->error.code == SY_OK && !spec_encoder_layers(spec, c->arena, encoder, &c->error)) {
        memset(c->error.place, 0, sizeof c->error.place);
        sy_error_at(&c->error, "num_layers");
    }
    if (c->error.code != SY_OK) return;
    int64_t width = config_size(c, "d_ff");
    for (int64_t i = 0; i < spec->encoder.layer_count; i++)
        spec->encoder.layers[i] = (struct layer_spec){ .dense_width = width };
    for (int64_t i = 0; i < spec->decoder.layer_count; i++)
        spec->decoder.layers[i] = (struct layer_spec){ .dense_width = width, .cross_attention = true };
}

void read_two_stacks(struct config *c, struct spec *spec) {
    struct attention_spec *a = &spec->attention;
    spec->width = config_size(c, "d_model");
    spec->vocab = config_size(c, "vocab_size");
    spec->context = config_size_or(c, "n_positions", 512); /* trained; relative positions have no end */
    read_layers(c, spec);
    a->heads = a->kv_heads = config_size(c, "num_heads");
    a->head_width = a->value_width = config_size(c, "d_kv");
    a->relative_bias = true;
    a->relative_buckets = config_size_or(c, "relative_attention_num_buckets", 32);
    a->relative_distance = config_size_or(c, "relative_attention_max_distance", 128);
    spec->norm_eps = config_real_or(c, "layer_norm_epsilon", 1e-6);
    read_bookkeeping(c, spec, true);
    if (spec->tied) spec->logits_multiplier = 1 / sqrt((double)spec->width);
}
