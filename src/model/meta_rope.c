/*
 * Scaled positions in GGUF (llama.cpp, gguf-py constants.py and convert_hf_to_gguf.py). Some of it is keys,
 * some of it tensors:
 *
 *   A.rope.scaling.{type, factor, original_context_length, ...}   linear, yarn
 *   rope_freqs.weight [dims / 2]                                  llama3: what each frequency is divided by
 *   rope_factors_short.weight [dims / 2], rope_factors_long.weight [dims / 2]   longrope
 *
 * A yarn's attn_factor multiplies the magnitude 0.1 ln(factor) + 1; a longrope's is the magnitude itself.
 * yarn_log_multiplier (MLA) is 0.1 mscale_all_dim.
 */
#include "model/gguf_form.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHORT_NAME "rope_factors_short.weight"
#define LONG_NAME  "rope_factors_long.weight"
#define FREQS_NAME "rope_freqs.weight"

static json_t *factors_json(struct gguf_reading *r, const char *name) {
    const struct tensor *tensor = checkpoint_find(r->checkpoint, name);
    json_t *list = json_array();
    if (!tensor) {
        meta_fail(r, "rope.scaling.type", "longrope, but there is no %s", name);
    } else if (tensor->dtype != DTYPE_F32 || tensor->rank != 1 || tensor->shape[0] > 1 << 20) {
        meta_fail(r, "rope.scaling.type", "%s is no vector of F32", name);
    } else {
        for (int64_t i = 0; i < tensor->shape[0]; i++) {
            float factor = dtype_get(DTYPE_F32, tensor->data, i);
            json_array_append_new(list, json_real(isfinite(factor) ? meta_decimal(factor) : 0));
        }
    }
    return list;
}

static void put_real(json_t *scaling, const char *key, double value) {
    json_object_set_new(scaling, key, json_real(value));
}

static void read_yarn(struct gguf_reading *r, json_t *scaling, double factor) {
    double attn = meta_real(r, "rope.scaling.attn_factor", 1);
    double log_multiplier = meta_real(r, "rope.scaling.yarn_log_multiplier", 0);
    double whole = factor > 1 ? 0.1 * log(factor) + 1 : 1;
    if (meta_has(r, "rope.scaling.yarn_beta_fast"))
        put_real(scaling, "beta_fast", meta_real(r, "rope.scaling.yarn_beta_fast", 32));
    if (meta_has(r, "rope.scaling.yarn_beta_slow"))
        put_real(scaling, "beta_slow", meta_real(r, "rope.scaling.yarn_beta_slow", 1));
    if (log_multiplier != 0) {
        double mscale = meta_decimal((float)(log_multiplier * 10));
        put_real(scaling, "mscale", mscale);
        put_real(scaling, "mscale_all_dim", mscale);
    } else if (meta_has(r, "rope.scaling.attn_factor")) {
        put_real(scaling, "attention_factor", attn * whole);
        meta_covers(r, "rope.magnitude");
        meta_covers(r, "rope.long_magnitude"); /* the same: it has one length only */
    }
}

void meta_read_scaling(struct gguf_reading *r) {
    char word[32] = "none";
    bool lists = meta_has_tensor(r, SHORT_NAME) || meta_has_tensor(r, LONG_NAME);
    bool typed = meta_word(r, "rope.scaling.type", word, sizeof word) != NULL;
    if (!typed && lists) snprintf(word, sizeof word, "longrope");
    double factor = meta_real(r, "rope.scaling.factor", meta_real(r, "rope.scale_linear", 0));
    int64_t original = meta_int(r, "rope.scaling.original_context_length", 0);
    if (!typed && !lists && factor != 0 && factor != 1)
        snprintf(word, sizeof word, "linear"); /* as llama.cpp has it */
    if (strcmp(word, "none") == 0 || (strcmp(word, "linear") == 0 && factor == 0)) return;
    json_t *scaling = json_object();
    json_object_set_new(scaling, "rope_type", json_string(word));
    if (factor != 0) put_real(scaling, "factor", factor);
    if (original != 0)
        json_object_set_new(scaling, "original_max_position_embeddings", json_integer(original));
    meta_covers(r, "rope.scaling");
    if (strcmp(word, "yarn") == 0) {
        read_yarn(r, scaling, factor);
    } else if (strcmp(word, "longrope") == 0) {
        json_object_set_new(scaling, "short_factor", factors_json(r, SHORT_NAME));
        json_object_set_new(scaling, "long_factor", factors_json(r, LONG_NAME));
        if (meta_has(r, "rope.scaling.attn_factor"))
            put_real(scaling, "attention_factor", meta_real(r, "rope.scaling.attn_factor", 1));
        meta_covers(r, "rope.short_factor");
        meta_covers(r, "rope.long_factor");
    } else if (strcmp(word, "linear") != 0) {
        meta_fail(r, "rope.scaling.type", "\"%.24s\" is not known here", word);
    }
    meta_put(r, "rope_scaling", scaling);
}

bool meta_read_factors(struct gguf_reading *r, struct arena *arena, struct spec *spec) {
    static const char *const said[] = { "rope.scaling",          "rope.factor",
                                        "rope.original_context", "rope.low_freq_factor",
                                        "rope.high_freq_factor", "rope.short_factor",
                                        "rope.long_factor",      NULL };
    const struct tensor *tensor = checkpoint_find(r->checkpoint, FREQS_NAME);
    struct rope_spec *rope = &spec->rope;
    if (!tensor) return true;
    if (rope->scaling != ROPE_PLAIN)
        return sy_fail(&r->error, SY_ERR_SHAPE, "%s beside another scaling of positions", FREQS_NAME);
    if (tensor->dtype != DTYPE_F32 || tensor->rank != 1 || tensor->shape[0] != rope->dims / 2) {
        sy_fail(&r->error, SY_ERR_SHAPE, "a vector of %lld F32 wanted", (long long)rope->dims / 2);
        return sy_error_at(&r->error, "%s", FREQS_NAME);
    }
    double *factors = arena_new(arena, double, tensor->shape[0], &r->error);
    if (!factors) return false;
    for (int64_t i = 0; i < tensor->shape[0]; i++) factors[i] = (double)dtype_get(DTYPE_F32, tensor->data, i);
    rope->scaling = ROPE_FACTORS;
    rope->factor_count = tensor->shape[0];
    rope->short_factor = rope->long_factor = factors;
    for (int i = 0; said[i]; i++) meta_covers(r, said[i]);
    return true;
}
