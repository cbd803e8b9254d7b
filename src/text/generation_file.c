/*
 * From a GGUF file's keys back to generation_config.json.
 */
#include "formats/gguf.h"
#include "text/generation_numbers.h"

#include <string.h>

static bool draws(const struct generation_defaults *g) {
    return g->has_sample && g->sample;
}

/* Do both ask for the same draws? What a key holds is an f32. */
static bool same_settings(const struct generation_defaults *a, const struct generation_defaults *b) {
    double one, two;
    if (draws(a) != draws(b) || a->penalty_last != b->penalty_last) return false;
    for (int i = 0; i < GENERATION_NUMBERS; i++) {
        const struct generation_number *number = &generation_numbers[i];
        if (number->of_a_draw && !draws(a)) continue;
        bool has_one = generation_get(a, number, &one), has_two = generation_get(b, number, &two);
        if (i == 0 && !has_one) one = 1, has_one = true; /* the temperature of who says none */
        if (has_one != has_two || (has_one && (float)one != (float)two)) return false;
    }
    return !draws(a) || (a->has_top_k ? a->top_k : GENERATION_TOP_K) == b->top_k;
}

static bool put(json_t *config, const char *key, json_t *value) {
    return json_object_set_new(config, key, value) == 0;
}

static bool write_settings(json_t *config, const struct generation_defaults *from) {
    json_t *ends = json_array();
    bool good = config && ends;
    double value;
    if (from->has_sample) good = good && put(config, "do_sample", json_boolean(from->sample));
    if (draws(from) && from->has_top_k) good = good && put(config, "top_k", json_integer(from->top_k));
    for (int i = 0; i < GENERATION_NUMBERS; i++)
        if (generation_get(from, &generation_numbers[i], &value) &&
            (draws(from) || !generation_numbers[i].of_a_draw))
            good = good && put(config, generation_numbers[i].name, json_real(value));
    for (int i = 0; i < from->eos_count; i++)
        good = good && json_array_append_new(ends, json_integer(from->eos[i])) == 0;
    if (from->eos_count > 0) good = good && json_object_set(config, "eos_token_id", ends) == 0;
    json_decref(ends);
    return good;
}

bool generation_of_gguf(const struct gguf *gguf, json_t **out, struct sy_error *err) {
    const struct json_limits limits = { (int64_t)1 << 20, 64 };
    const struct gguf_value *kept = gguf_find(gguf, GENERATION_FILE_KEY);
    struct generation_defaults file = { 0 }, both;
    struct key_ends ends;
    json_t *config = NULL;
    *out = NULL;
    if (kept && kept->type == GGUF_STRING) {
        config = json_parse_words(kept->text.data, kept->text.size, limits, err);
        if (!config || !generation_read(config, &file, NULL, err)) {
            json_decref(config);
            return sy_error_at(err, GENERATION_FILE_KEY) || sy_error_remedy(err, "get the file anew");
        }
    }
    both = file;
    generation_keys(gguf, &both, NULL);
    generation_key_ends(gguf, &ends);
    for (int i = 0; !config && i < ends.count; i++) (void)generation_put_end(&both, ends.list[i].id);
    bool same = config && same_settings(&file, &both);
    if (!config) config = json_object();
    if (!same && !write_settings(config, &both)) {
        json_decref(config);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for generation_config.json");
    }
    if (!same && json_object_size(config) > 0)
        *out = config;
    else
        json_decref(config);
    return true;
}
