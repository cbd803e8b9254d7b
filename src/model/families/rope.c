/*
 * Rotary positions as config files write them (transformers, modeling_rope_utils.py; the scalings themselves:
 * layers/rope.c):
 *
 *   rope_theta beside rope_scaling { type | rope_type, factor, ... } or null     published files
 *   rope_parameters { rope_type, rope_theta, ... }                               transformers 5
 *   rope_parameters { full_attention: { ... }, sliding_attention: { ... } }      the same, per kind of layer
 *
 * The last is taken when all kinds agree, and refused by name otherwise.
 */
#include "model/families/common.h"
#include <math.h>
#include <string.h>

enum { TYPE_DEFAULT, TYPE_LINEAR, TYPE_LLAMA3, TYPE_YARN, TYPE_LONGROPE, TYPE_SU };
static const char *const types[] = { "default", "linear", "llama3", "yarn", "longrope", "su", NULL };

static double mscale(double factor, double weight) {
    return factor > 1 ? 0.1 * weight * log(factor) + 1 : 1;
}

static void read_yarn(struct config *c, struct spec *spec) {
    struct rope_spec *rope = &spec->rope;
    double part = config_real_or(c, "mscale", 0), all = config_real_or(c, "mscale_all_dim", 0);
    double f = rope->factor;
    rope->scaling = ROPE_YARN;
    rope->beta_fast = config_real_or(c, "beta_fast", 32);
    rope->beta_slow = config_real_or(c, "beta_slow", 1);
    rope->truncate = config_bool_or(c, "truncate", true);
    rope->magnitude = part != 0 && all != 0 ? mscale(f, part) / mscale(f, all) : mscale(f, 1);
    rope->magnitude = config_real_or(c, "attention_factor", rope->magnitude);
    rope->long_magnitude = rope->magnitude;
    /* MLA: the authors put mscale_all_dim into the softmax scale, once for q and once for k. */
    if (spec->attention.kind == ATTENTION_LATENT && all != 0)
        spec->attention.scale *= mscale(f, all) * mscale(f, all);
}

static double *read_factors(struct config *c, const char *key, int64_t count) {
    json_t *list = config_array(c, key);
    if (!list && !json_object_get(c->scope, key)) config_fail(c, key, "missing");
    if (list && (int64_t)json_array_size(list) != count)
        config_fail(c, key, "%zu factors for %lld rotating pairs", json_array_size(list), (long long)count);
    if (c->error.code != SY_OK) return NULL;
    double *factors = arena_new(c->arena, double, count, &c->error);
    for (int64_t i = 0; i < count && factors; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        factors[i] = json_number_value(value);
        if (!json_is_number(value) || !isfinite(factors[i]))
            config_fail(c, key, "factor %lld is no finite number", (long long)i);
    }
    return factors;
}

static void read_longrope(struct config *c, struct spec *spec) {
    struct rope_spec *rope = &spec->rope;
    double f = rope->factor, original = (double)rope->original_context;
    double generic = f > 1 && original > 1 ? sqrt(1 + log(f) / log(original)) : 1;
    generic = config_real_or(c, "attention_factor", generic);
    rope->scaling = ROPE_LONGROPE;
    rope->magnitude = config_real_or(c, "short_mscale", generic);
    rope->long_magnitude = config_real_or(c, "long_mscale", generic);
    rope->short_factor = read_factors(c, "short_factor", rope->dims / 2);
    rope->long_factor = read_factors(c, "long_factor", rope->dims / 2);
    rope->factor_count = rope->short_factor && rope->long_factor ? rope->dims / 2 : 0;
}

/* One object of scaling; the scope is in it. `original` is what the model's own level says, 0 if nothing. */
/* A scaling that does not say of which type is no plain rope: refuse rather than leave its factors out. */
static void refuse_untyped(struct config *c) {
    static const char *const factors[] = { "factor",    "short_factor", "long_factor", "low_freq_factor",
                                           "beta_fast", "mscale",       NULL };
    if (config_has(c, "rope_type") || config_has(c, "type")) return;
    for (int i = 0; factors[i]; i++)
        if (config_has(c, factors[i])) config_fail(c, "rope_type", "is missing, but %s is there", factors[i]);
}

/* Within the object of scaling; `outer`: there is one beside it, which must be the same. */
static void read_theta(struct config *c, struct rope_spec *rope, bool outer) {
    double theta = config_real_or(c, "rope_theta", rope->theta);
    if (outer && fabs(theta - rope->theta) > 0)
        config_fail(c, "rope_theta", "%g, but %g outside of it", theta, rope->theta);
    rope->theta = theta;
}

static void read_scaling(struct config *c, struct spec *spec, int64_t original, bool outer) {
    struct rope_spec *rope = &spec->rope;
    refuse_untyped(c);
    int type = config_word_or(c, config_spelling(c, "rope_type", "type", NULL), types, TYPE_DEFAULT);
    read_theta(c, rope, outer);
    int64_t inner = config_size_or(c, "original_max_position_embeddings", spec->context);
    if (type == TYPE_DEFAULT) return;
    rope->original_context = original > 0 ? original : inner;
    bool by_ratio = type != TYPE_LINEAR && type != TYPE_LLAMA3;
    rope->factor = by_ratio
                       ? config_real_or(c, "factor", (double)spec->context / (double)rope->original_context)
                       : config_real(c, "factor");
    if (type == TYPE_LINEAR) rope->scaling = ROPE_LINEAR;
    if (type == TYPE_YARN) read_yarn(c, spec);
    if (type == TYPE_LONGROPE || type == TYPE_SU) read_longrope(c, spec);
    if (type != TYPE_LLAMA3) return;
    rope->scaling = ROPE_LLAMA3;
    rope->low_freq_factor = config_real(c, "low_freq_factor");
    rope->high_freq_factor = config_real(c, "high_freq_factor");
}

/* rope_parameters nested by kind of layer: enters the one that all agree on. */
static json_t *enter_nested(struct config *c) {
    static const char *const kinds[] = { "full_attention", "sliding_attention", "chunked_attention", NULL };
    const json_t *first = NULL;
    const char *entered = NULL;
    for (int i = 0; kinds[i]; i++) {
        const json_t *value = json_object_get(c->scope, kinds[i]);
        if (!config_has(c, kinds[i]) || !json_is_object(value)) continue;
        if (first && !json_equal(first, value))
            config_fail(c, kinds[i], "rotates unlike %s, which no family here does", entered);
        if (!first) first = value, entered = kinds[i];
    }
    return entered ? config_enter(c, entered) : NULL;
}

void read_rope(struct config *c, struct spec *spec, int64_t dims, double theta) {
    json_t *former, *nested;
    spec->rope.dims = dims;
    bool outer = config_has(c, "rope_theta");
    spec->rope.theta = config_real_or(c, "rope_theta", theta);
    int64_t original = config_size_or(c, "original_max_position_embeddings", 0);
    former = config_enter(c, config_spelling(c, "rope_scaling", "rope_parameters", NULL));
    if (!former) return;
    nested = enter_nested(c);
    read_scaling(c, spec, original, outer);
    if (nested) config_leave(c, nested);
    config_leave(c, former);
    if (!config_has(c, "rope_scaling") || (former = config_enter(c, "rope_parameters")) == NULL) return;
    read_theta(c, &spec->rope, outer); /* both are there, and the scaling was read from the first */
    config_leave(c, former);
}
