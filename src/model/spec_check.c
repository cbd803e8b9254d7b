/*
 * What must hold of a spec whatever the family. First every field on its own, by the list of fields; then
 * what binds fields together. Sizes stay within 2^40, so that sums of a few and products with a small count
 * cannot pass int64; other products are checked.
 */
#include "base/checked.h"
#include "model/spec.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool wrong(struct sy_error *err, const char *field, const char *format, ...) SY_PRINTF(3, 4);
static bool wrong(struct sy_error *err, const char *field, const char *format, ...) {
    char message[200];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sy_fail(err, SY_ERR_SHAPE, "%s", message);
    return sy_error_at(err, "%s", field);
}

/* ---- each field ---- */

static int word_count(const char *const *words) {
    int count = 0;
    while (words[count]) count++;
    return count;
}

static bool field_holds(const struct spec_field *field, const void *base) {
    const char *at = (const char *)base + field->offset;
    int64_t integer, low = strcmp(field->section, "tokens") == 0 ? -1 : 0;
    double real;
    unsigned word;
    switch (field->type) {
    case FIELD_INT: memcpy(&integer, at, sizeof integer); return integer >= low && integer <= SPEC_SIZE_MAX;
    case FIELD_REAL: memcpy(&real, at, sizeof real); return isfinite(real);
    case FIELD_ENUM: memcpy(&word, at, sizeof word); return word < (unsigned)word_count(field->words);
    case FIELD_FLAGS: memcpy(&word, at, sizeof word); return word < 1u << word_count(field->words);
    case FIELD_BOOL:
    case FIELD_REALS:
    case FIELD_EOS: return true;
    }
    return false;
}

static bool check_fields(const struct spec *spec, const struct layer_spec *layer, int64_t index,
                         struct sy_error *err) {
    for (int i = 0; i < spec_field_count; i++) {
        const struct spec_field *field = &spec_fields[i];
        bool of_layer = strcmp(field->section, "layer") == 0;
        if (of_layer != (layer != NULL)) continue;
        if (field_holds(field, layer ? (const void *)layer : spec)) continue;
        sy_fail(err, SY_ERR_SHAPE, "out of range");
        if (layer) return sy_error_at(err, "layers.%lld.%s", (long long)index, field->name);
        return sy_error_at(err, "%s%s%s", field->section, *field->section ? "." : "", field->name);
    }
    return true;
}

static bool positive(struct sy_error *err, const char *field, int64_t value, int64_t largest) {
    if (value >= 1 && value <= largest) return true;
    return wrong(err, field, "%lld, must be from 1 to %lld", (long long)value, (long long)largest);
}

static bool positive_real(struct sy_error *err, const char *field, double value) {
    return value > 0 || wrong(err, field, "%g, must be greater than 0", value);
}

static bool not_negative(struct sy_error *err, const char *field, double value) {
    return value >= 0 || wrong(err, field, "%g, must not be negative", value);
}

static bool product(struct sy_error *err, const char *field, int64_t a, int64_t b) {
    int64_t all;
    if (size_mul(a, b, &all) && all <= SPEC_SIZE_MAX) return true;
    return wrong(err, field, "%lld times %lld passes 2^40", (long long)a, (long long)b);
}

/* ---- what binds them ---- */

static bool check_attention(const struct attention_spec *a, struct sy_error *err) {
    if (!positive(err, "attention.heads", a->heads, SPEC_SIZE_MAX) ||
        !positive(err, "attention.kv_heads", a->kv_heads, SPEC_SIZE_MAX) ||
        !positive(err, "attention.head_width", a->head_width, SPEC_SIZE_MAX) ||
        !positive(err, "attention.value_width", a->value_width, SPEC_SIZE_MAX) ||
        !positive_real(err, "attention.scale", a->scale) ||
        !not_negative(err, "attention.soft_cap", a->soft_cap) ||
        !not_negative(err, "attention.clamp", a->clamp) ||
        !product(err, "attention.heads", a->heads, a->head_width) ||
        !product(err, "attention.heads", a->heads, a->value_width))
        return false;
    if (a->heads % a->kv_heads != 0)
        return wrong(err, "attention.kv_heads", "%lld key heads do not divide %lld query heads",
                     (long long)a->kv_heads, (long long)a->heads);
    if (a->relative_bias && !positive(err, "attention.relative_buckets", a->relative_buckets, SPEC_SIZE_MAX))
        return false;
    if (a->tuned && !positive_real(err, "attention.tune_floor", a->tune_floor)) return false;
    if (a->kind == ATTENTION_GROUPED)
        return a->value_width == a->head_width ||
               wrong(err, "attention.value_width", "%lld, but heads are %lld wide", (long long)a->value_width,
                     (long long)a->head_width);
    if (!positive(err, "attention.kv_lora_rank", a->kv_lora_rank, SPEC_SIZE_MAX) ||
        !not_negative(err, "attention.latent_norm_eps", a->latent_norm_eps) ||
        !product(err, "attention.heads", a->heads, a->nope_width + a->value_width))
        return false;
    if (a->nope_width >= 1 && a->nope_width < a->head_width) return true;
    return wrong(err, "attention.nope_width", "%lld, of heads %lld wide", (long long)a->nope_width,
                 (long long)a->head_width);
}

static bool check_rope(const struct spec *spec, struct sy_error *err) {
    const struct rope_spec *r = &spec->rope;
    const struct attention_spec *a = &spec->attention;
    bool used = false;
    for (int64_t i = 0; i < spec->decoder.layer_count; i++) used = used || spec->decoder.layers[i].rope;
    int64_t most = a->kind == ATTENTION_LATENT ? a->head_width - a->nope_width : a->head_width;
    if (used && (r->dims < 2 || r->dims % 2 != 0 || r->dims > most))
        return wrong(err, "rope.dims", "%lld columns rotate, must be even and from 2 to %lld",
                     (long long)r->dims, (long long)most);
    if (used && a->kind == ATTENTION_LATENT && r->dims != most)
        return wrong(err, "rope.dims", "%lld, but the rotary part is %lld wide", (long long)r->dims,
                     (long long)most);
    if (!positive_real(err, "rope.theta", r->theta) || !positive_real(err, "rope.factor", r->factor) ||
        !positive_real(err, "rope.magnitude", r->magnitude) ||
        !positive_real(err, "rope.long_magnitude", r->long_magnitude))
        return false;
    if (r->scaling == ROPE_PLAIN || r->scaling == ROPE_LINEAR) return true;
    if (r->scaling != ROPE_FACTORS &&
        !positive(err, "rope.original_context", r->original_context, SPEC_SIZE_MAX))
        return false;
    if (r->scaling == ROPE_LLAMA3)
        return positive_real(err, "rope.low_freq_factor", r->low_freq_factor) &&
               positive_real(err, "rope.high_freq_factor", r->high_freq_factor);
    if (r->scaling == ROPE_YARN)
        return positive_real(err, "rope.beta_fast", r->beta_fast) &&
               positive_real(err, "rope.beta_slow", r->beta_slow) &&
               (r->theta > 1 || wrong(err, "rope.theta", "%g, yarn needs more than 1", r->theta));
    if (r->factor_count != r->dims / 2)
        return wrong(err, "rope.short_factor", "%lld factors for %lld rotating pairs",
                     (long long)r->factor_count, (long long)r->dims / 2);
    for (int64_t i = 0; i < r->factor_count; i++)
        if (!isfinite(r->short_factor[i]) || !isfinite(r->long_factor[i]) || r->short_factor[i] <= 0 ||
            r->long_factor[i] <= 0)
            return wrong(err, "rope.short_factor", "factor %lld is not positive", (long long)i);
    return true;
}

static bool check_router(const struct spec *spec, struct sy_error *err) {
    const struct router_spec *r = &spec->router;
    if (!positive(err, "router.experts", r->experts, SPEC_EXPERTS_MAX) ||
        !positive(err, "router.top_k", r->top_k, SPEC_EXPERTS_MAX) ||
        !positive(err, "router.groups", r->groups, SPEC_EXPERTS_MAX) ||
        !positive(err, "router.groups_kept", r->groups_kept, SPEC_EXPERTS_MAX) ||
        !positive(err, "expert_width", spec->expert_width, SPEC_SIZE_MAX) ||
        !not_negative(err, "router.epsilon", r->epsilon) || !not_negative(err, "router.jitter", r->jitter) ||
        !not_negative(err, "router.soft_cap", r->soft_cap) ||
        !not_negative(err, "router.noise_scale", r->noise_scale) ||
        !not_negative(err, "router.capacity_factor", r->capacity_factor))
        return false;
    if (r->top_k > r->experts)
        return wrong(err, "router.top_k", "%lld experts a token, but there are %lld", (long long)r->top_k,
                     (long long)r->experts);
    if (r->experts % r->groups != 0)
        return wrong(err, "router.groups", "%lld groups do not divide %lld experts", (long long)r->groups,
                     (long long)r->experts);
    if (r->groups_kept > r->groups)
        return wrong(err, "router.groups_kept", "%lld of %lld groups", (long long)r->groups_kept,
                     (long long)r->groups);
    int64_t reachable = r->groups_kept * (r->experts / r->groups);
    if (r->select == SELECT_TOP_K_IN_GROUPS && r->top_k > reachable)
        return wrong(err, "router.top_k", "%lld experts a token, but the kept groups hold %lld",
                     (long long)r->top_k, (long long)reachable);
    if (r->select == SELECT_TOP_K_IN_GROUPS && r->group_score == GROUP_BEST_TWO && r->experts / r->groups < 2)
        return wrong(err, "router.groups", "groups of one expert have no best two");
    if (r->select == SELECT_TOP_P && !(r->top_p > 0 && r->top_p <= 1))
        return wrong(err, "router.top_p", "%g, must be above 0 and at most 1", r->top_p);
    return true;
}

static bool check_layer(const struct spec *spec, int64_t index, struct sy_error *err) {
    const struct layer_spec *layer = spec_layer(spec, index);
    char field[64];
    if (!check_fields(spec, layer, index, err)) return false;
    snprintf(field, sizeof field, "layers.%lld.window_size", (long long)index);
    if (layer->window != WINDOW_NONE && !positive(err, field, layer->window_size, SPEC_SIZE_MAX))
        return false;
    snprintf(field, sizeof field, "layers.%lld.dense_width", (long long)index);
    if ((layer->ffn == FFN_DENSE || layer->branch == BRANCH_PARALLEL_MOE) &&
        !positive(err, field, layer->dense_width, SPEC_SIZE_MAX))
        return false;
    return true;
}

bool spec_check(const struct spec *spec, struct sy_error *err) {
    bool moe = false;
    if (!check_fields(spec, NULL, 0, err) || !positive(err, "width", spec->width, SPEC_SIZE_MAX) ||
        !positive(err, "vocab", spec->vocab, SPEC_VOCAB_MAX) ||
        !positive(err, "context", spec->context, SPEC_SIZE_MAX) ||
        !positive(err, "layers", spec->decoder.layer_count, SPEC_LAYERS_MAX) ||
        !positive(err, "scale_block_rows", spec->scale_block_rows, SPEC_SIZE_MAX) ||
        !positive(err, "scale_block_cols", spec->scale_block_cols, SPEC_SIZE_MAX))
        return false;
    if (!(spec->norm_eps >= 0 && spec->norm_eps < 1))
        return wrong(err, "norm_eps", "%g, must be from 0 to 1", spec->norm_eps);
    if (spec->encoder.layer_count < 0 || spec->encoder.layer_count > SPEC_LAYERS_MAX)
        return wrong(err, "encoder_layers", "%lld, must be at most %d", (long long)spec->encoder.layer_count,
                     SPEC_LAYERS_MAX);
    for (int64_t i = 0; i < spec_layer_count(spec); i++) {
        if (!check_layer(spec, i, err)) return false;
        moe = moe || spec_layer(spec, i)->ffn == FFN_MOE;
    }
    if (spec->tokens.eos_count < 0 || spec->tokens.eos_count > 8)
        return wrong(err, "tokens.eos", "%lld end tokens", (long long)spec->tokens.eos_count);
    if (spec->activation == ACTIVATION_SWIGLU_OAI &&
        (!spec->gated || !positive_real(err, "activation_limit", spec->activation_limit)))
        return spec->gated ? false : wrong(err, "gated", "swiglu_oai needs a gate");
    if (!not_negative(err, "logits_cap", spec->logits_cap)) return false;
    if (spec->shared_gate && spec->shared_width == 0)
        return wrong(err, "shared_gate", "without a shared expert");
    return check_attention(&spec->attention, err) && check_rope(spec, err) &&
           (!moe || check_router(spec, err));
}
