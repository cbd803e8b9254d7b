/*
 * The life of a spec: neutral values, its table of layers, a deep copy. What must hold of one is in
 * spec_check.c.
 */
#include "model/spec.h"
#include <string.h>

void spec_init(struct spec *spec) {
    memset(spec, 0, sizeof *spec);
    spec->family = "";
    spec->decoder.causal = true;
    spec->norm_eps = 1e-6;
    spec->attention.scale = 1;
    spec->attention.latent_norm_eps = 1e-6;
    spec->attention.tune_floor = 1;
    spec->rope.theta = 10000;
    spec->rope.factor = 1;
    spec->rope.original_context = 1;
    spec->rope.low_freq_factor = spec->rope.high_freq_factor = 1;
    spec->rope.beta_fast = 32;
    spec->rope.beta_slow = 1;
    spec->rope.truncate = true;
    spec->rope.magnitude = spec->rope.long_magnitude = 1;
    spec->gated = true;
    spec->router.groups = spec->router.groups_kept = 1;
    spec->router.top_p = 1;
    spec->router.scale = 1;
    spec->embedding_multiplier = spec->residual_multiplier = spec->logits_multiplier = 1;
    spec->scale_block_rows = spec->scale_block_cols = 128;
    spec->tokens.bos = spec->tokens.pad = spec->tokens.decoder_start = -1;
}

static bool stack_layers(struct stack_spec *stack, struct arena *arena, int64_t count, struct sy_error *err) {
    if (count < 1 || count > SPEC_LAYERS_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "%lld layers, a model has from 1 to %d", (long long)count,
                SPEC_LAYERS_MAX);
        return sy_error_at(err, "layers");
    }
    struct layer_spec *layers = arena_new(arena, struct layer_spec, count, err);
    if (!layers) return false;
    for (int64_t i = 0; i < count; i++)
        layers[i] = (struct layer_spec){ .window = WINDOW_NONE, .rope = true, .ffn = FFN_DENSE };
    stack->layers = layers;
    stack->layer_count = count;
    return true;
}

bool spec_layers(struct spec *spec, struct arena *arena, int64_t count, struct sy_error *err) {
    return stack_layers(&spec->decoder, arena, count, err);
}

bool spec_encoder_layers(struct spec *spec, struct arena *arena, int64_t count, struct sy_error *err) {
    return stack_layers(&spec->encoder, arena, count, err);
}

/* NULL for no elements; *ok turns false without memory. */
static void *copied(const void *from, int64_t count, size_t size, struct arena *arena, bool *ok,
                    struct sy_error *err) {
    if (count == 0 || !*ok) return NULL;
    void *to = arena_take(arena, count, size, err);
    if (to) memcpy(to, from, (size_t)count * size);
    *ok = to != NULL;
    return to;
}

bool spec_copy(const struct spec *from, struct spec *to, struct arena *arena, struct sy_error *err) {
    struct spec copy = *from;
    const struct rope_spec *rope = &from->rope;
    bool ok = true;
    copy.decoder.layers = copied(from->decoder.layers, from->decoder.layer_count,
                                 sizeof *from->decoder.layers, arena, &ok, err);
    copy.encoder.layers = copied(from->encoder.layers, from->encoder.layer_count,
                                 sizeof *from->encoder.layers, arena, &ok, err);
    copy.rope.short_factor =
        copied(rope->short_factor, rope->factor_count, sizeof *rope->short_factor, arena, &ok, err);
    copy.rope.long_factor =
        copied(rope->long_factor, rope->factor_count, sizeof *rope->long_factor, arena, &ok, err);
    if (ok) *to = copy;
    return ok;
}
