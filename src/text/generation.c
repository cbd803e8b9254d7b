#include "text/generation.h"
#include "formats/gguf.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

static const struct number {
    const char *name, *key; /* of generation_config.json; of GGUF, behind general.sampling. */
    size_t has, at;
    double least, most;
} numbers[] = {
    { "temperature", "temp", offsetof(struct generation_defaults, has_temperature),
      offsetof(struct generation_defaults, temperature), 0, 1e6 },
    { "top_p", "top_p", offsetof(struct generation_defaults, has_top_p),
      offsetof(struct generation_defaults, top_p), 0, 1 },
    { "min_p", "min_p", offsetof(struct generation_defaults, has_min_p),
      offsetof(struct generation_defaults, min_p), 0, 1 },
    { "typical_p", "typ_p", offsetof(struct generation_defaults, has_typical),
      offsetof(struct generation_defaults, typical), 0, 1 },
    { "repetition_penalty", "penalty_repeat", offsetof(struct generation_defaults, has_repeat_penalty),
      offsetof(struct generation_defaults, repeat_penalty), 0, 1e6 },
};

static bool put(struct generation_defaults *out, const struct number *number, double value) {
    if (!(value >= number->least && value <= number->most)) return false;
    *(bool *)((char *)out + number->has) = true;
    *(double *)((char *)out + number->at) = value;
    return true;
}

static bool read_number(const json_t *config, const struct number *number, struct generation_defaults *out,
                        struct sy_error *err) {
    const json_t *value = json_object_get(config, number->name);
    if (!value || json_is_null(value)) return true;
    if (json_is_number(value) && put(out, number, json_number_value(value))) return true;
    sy_fail(err, SY_ERR_FORMAT, "'%s' is no number from %g to %g", number->name, number->least, number->most);
    return sy_error_remedy(err, "mend it, or take the key out");
}

static bool put_end(struct generation_defaults *out, int64_t id) {
    for (int i = 0; i < out->eos_count; i++)
        if (out->eos[i] == id) return true;
    if (id < 0 || out->eos_count == GENERATION_EOS_MAX) return false;
    out->eos[out->eos_count++] = id;
    return true;
}

static bool read_ends(const json_t *config, struct generation_defaults *out, struct sy_error *err) {
    const json_t *value = json_object_get(config, "eos_token_id"), *item;
    size_t index;
    int64_t id = -1;
    bool good = true;
    if (!value || json_is_null(value)) return true;
    if (!json_is_array(value)) good = json_to_i64(value, &id) && put_end(out, id);
    json_array_foreach(value, index, item) good = good && json_to_i64(item, &id) && put_end(out, id);
    if (good) return true;
    sy_fail(err, SY_ERR_FORMAT, "'eos_token_id' is no id, and no list of up to %d ids", GENERATION_EOS_MAX);
    return sy_error_remedy(err, "mend it, or take the key out");
}

bool generation_read(const json_t *config, struct generation_defaults *out, struct sy_error *err) {
    const json_t *sample = json_object_get(config, "do_sample"), *top_k = json_object_get(config, "top_k");
    if (json_is_boolean(sample)) {
        out->has_sample = true;
        out->sample = json_is_true(sample);
    }
    if (top_k && !json_is_null(top_k)) {
        if (!json_to_i64(top_k, &out->top_k)) {
            sy_fail(err, SY_ERR_FORMAT, "'top_k' is no whole number");
            return sy_error_remedy(err, "mend it, or take the key out");
        }
        out->has_top_k = out->top_k >= 0; /* -1 is how some say: no such limit */
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!read_number(config, &numbers[i], out, err)) return false;
    return read_ends(config, out, err);
}

/* ---- GGUF ---- */

static bool value_int(const struct gguf_value *value, int64_t *out) {
    if (!value || value->type > GGUF_I64 || value->type == GGUF_F32 || value->type == GGUF_BOOL ||
        value->type == GGUF_STRING || value->type == GGUF_ARRAY)
        return false;
    *out = value->i;
    return value->i >= 0;
}

void generation_keys(const struct gguf *gguf, struct generation_defaults *out) {
    static const char *const ends[] = { "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                        "tokenizer.ggml.eom_token_id" };
    int64_t whole;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (value_int(gguf_find(gguf, ends[i]), &whole) && whole < INT32_MAX) put_end(out, whole);
    out->has_top_k |= value_int(gguf_find(gguf, "general.sampling.top_k"), &out->top_k);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char key[64];
        snprintf(key, sizeof key, "general.sampling.%s", numbers[i].key);
        const struct gguf_value *value = gguf_find(gguf, key);
        if (value && (value->type == GGUF_F32 || value->type == GGUF_F64)) put(out, &numbers[i], value->f);
    }
}
