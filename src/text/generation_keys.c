/*
 * general.sampling.* of a GGUF file, as llama.cpp names them (llama_model_meta_key_str) and takes them:
 * defaults beneath what the user asks. Files of other makers also have penalty_freq, penalty_present and
 * typ_p; they mean what the sampler's options of these names do.
 */
#include "formats/gguf.h"
#include "text/generation_numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "general.sampling."

const struct meaning sampling_meanings[] = {
    { KEY "temp", FATE_USED, "sampling" },
    { KEY "top_k", FATE_USED, "sampling" },
    { KEY "top_p", FATE_USED, "sampling" },
    { KEY "min_p", FATE_USED, "sampling" },
    { KEY "typ_p", FATE_USED, "sampling" },
    { KEY "penalty_last_n", FATE_USED, "sampling" },
    { KEY "penalty_repeat", FATE_USED, "sampling" },
    { KEY "penalty_freq", FATE_USED, "sampling" },
    { KEY "penalty_present", FATE_USED, "sampling" },
    { KEY "xtc_probability", FATE_WARNED, "exclusion of top choices is not there here" },
    { KEY "xtc_threshold", FATE_IGNORED, "of xtc_probability" },
    { KEY "mirostat", FATE_WARNED, "mirostat is not there here" },
    { KEY "mirostat_tau", FATE_IGNORED, "of mirostat" },
    { KEY "mirostat_eta", FATE_IGNORED, "of mirostat" },
    { KEY "sequence", FATE_WARNED,
      "samplers stand here as penalties, temperature, top_k, top_p, min_p, typ_p" },
    { NULL, FATE_UNKNOWN, NULL },
};

/* ---- read ---- */

/* 0.95 was meant where the nearest f32 is stored: the shortest number that becomes the same f32. */
static double meant(double stored) {
    char text[32];
    double value = stored;
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, stored);
        value = strtod(text, NULL);
        if ((float)value == (float)stored) break;
    }
    return value;
}

/* A number of any type, as programs that read it by its text take it. */
static bool number_of(const struct gguf_value *value, double *out) {
    switch (value->type) {
    case GGUF_F32: *out = isfinite(value->f) ? meant(value->f) : value->f; return isfinite(value->f);
    case GGUF_F64: *out = value->f; return isfinite(value->f);
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64: *out = (double)value->u; return true;
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64: *out = (double)value->i; return true;
    default: return false;
    }
}

static bool read_key(const struct gguf *gguf, const char *key, double *out, struct text_notes *notes) {
    const struct gguf_value *value = gguf_find(gguf, key);
    if (value && number_of(value, out)) return true;
    if (value) text_note(notes, "metadata", key, "is no number, so it is not obeyed");
    return false;
}

static void read_top_k(const struct gguf *gguf, struct generation_defaults *out, bool *draws,
                       struct text_notes *notes) {
    double value;
    if (!read_key(gguf, KEY "top_k", &value, notes)) return;
    out->has_top_k = true; /* 0 and less: from all */
    out->top_k = value > 0 && value < INT32_MAX ? (int64_t)value : 0;
    *draws = true;
}

/* -1 looks back at all ids, 0 takes the penalties away. */
static void read_window(const struct gguf *gguf, struct generation_defaults *out, struct text_notes *notes) {
    double value;
    if (!read_key(gguf, KEY "penalty_last_n", &value, notes)) return;
    out->penalty_last = value > 0 && value < INT32_MAX ? (int64_t)value : 0;
    if (value == 0) out->has_repeat_penalty = out->has_presence_penalty = out->has_frequency_penalty = false;
}

/* Do those of its names that are known here stand in the order in which they are taken here? */
static bool in_order(const struct gguf_text *sequence) {
    static const char *const order[] = { "penalties", "temperature", "temp",  "top_k",
                                         "top_p",     "min_p",       "typ_p", "typical_p" };
    int last = 0;
    for (int64_t at = 0, end; at < sequence->size; at = end + 1) {
        for (end = at; end < sequence->size && sequence->data[end] != ';';) end++;
        for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++) {
            if ((int64_t)strlen(order[i]) != end - at ||
                memcmp(order[i], sequence->data + at, (size_t)(end - at)) != 0)
                continue;
            if (i < last) return false;
            last = i;
        }
    }
    return true;
}

static void note_unknown(const struct gguf *gguf, struct text_notes *notes) {
    for (int64_t i = 0; i < gguf->key_count; i++) {
        const char *name = gguf->keys[i].name;
        if (strncmp(name, KEY, strlen(KEY)) == 0 && !meaning_find(sampling_meanings, name))
            text_note(notes, "metadata", name, NOT_KNOWN);
    }
}

static void note_what_is_not_obeyed(const struct gguf *gguf, bool draws, struct text_notes *notes) {
    note_unknown(gguf, notes);
    static const char *const switches[] = { KEY "xtc_probability", KEY "mirostat" };
    const struct gguf_value *sequence = gguf_find(gguf, KEY "sequence");
    double value;
    for (int i = 0; i < 2; i++)
        if (read_key(gguf, switches[i], &value, notes) && value > 0)
            text_note(notes, "metadata", switches[i], "%s",
                      meaning_find(sampling_meanings, switches[i])->reason);
    if (draws && sequence && (sequence->type != GGUF_STRING || !in_order(&sequence->text)))
        text_note(notes, "metadata", KEY "sequence", "%s",
                  meaning_find(sampling_meanings, KEY "sequence")->reason);
}

static void put_end(struct key_ends *out, const char *key, double id) {
    bool whole = id >= INT32_MIN && id <= UINT32_MAX && id == (double)(int64_t)id;
    if (whole && out->count < KEY_ENDS_MAX) {
        out->list[out->count].id = (int64_t)id;
        out->list[out->count++].key = key;
    }
}

void generation_key_ends(const struct gguf *gguf, struct key_ends *out) {
    static const char *const keys[] = { "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eos_token_ids",
                                        "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id" };
    double id;
    int64_t item;
    out->count = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct gguf_value *value = gguf_find(gguf, keys[i]);
        if (value && number_of(value, &id)) put_end(out, keys[i], id);
        for (int64_t at = 0; value && value->type == GGUF_ARRAY && at < value->array.count; at++) {
            if (!gguf_item_int(value, at, &item) || out->count == KEY_ENDS_MAX) break;
            put_end(out, keys[i], (double)item);
        }
    }
}

void generation_keys(const struct gguf *gguf, struct generation_defaults *out, struct text_notes *notes) {
    bool draws = false, said = false;
    double value;
    read_top_k(gguf, out, &draws, notes);
    for (int i = 0; i < GENERATION_NUMBERS; i++) {
        const struct generation_number *number = &generation_numbers[i];
        if (!read_key(gguf, number->key, &value, notes)) continue;
        if (!generation_put(out, number, value)) {
            text_note(notes, "metadata", number->key, "is %g and not from %g to %g, so it is not obeyed",
                      value, number->least, number->most);
            continue;
        }
        draws = draws || number->of_a_draw;
        said = said || i == 0; /* temp */
    }
    read_window(gguf, out, notes);
    if (said || (draws && !out->has_sample)) {
        out->has_sample = true;
        out->sample = !said || out->temperature > 0;
        if (!out->has_top_k) out->top_k = 0;
        out->has_top_k = true;
    }
    note_what_is_not_obeyed(gguf, draws && out->sample, notes);
}

/* ---- written ---- */

static void put(struct gguf_key *keys, int *count, const char *name, double value) {
    keys[*count].name = name;
    keys[*count].value.type = GGUF_F32;
    keys[(*count)++].value.f = value;
}

static void put_int(struct gguf_key *keys, int *count, const char *name, int64_t value) {
    keys[*count].name = name;
    keys[*count].value.type = GGUF_I32;
    keys[(*count)++].value.i = value;
}

int generation_to_keys(const struct generation_defaults *from, struct gguf_key *keys) {
    bool draws = from->has_sample && from->sample;
    int count = 0;
    double value;
    for (int i = 0; i < GENERATION_NUMBERS; i++) {
        const struct generation_number *number = &generation_numbers[i];
        if (i == 0 ? from->has_sample : generation_get(from, number, &value) && (draws || !number->of_a_draw))
            put(keys, &count, number->key,
                i > 0                   ? value
                : !draws                ? 0
                : from->has_temperature ? from->temperature
                                        : 1);
    }
    if (draws) put_int(keys, &count, KEY "top_k", from->has_top_k ? from->top_k : GENERATION_TOP_K);
    if (from->has_repeat_penalty || from->has_presence_penalty || from->has_frequency_penalty)
        put_int(keys, &count, KEY "penalty_last_n", from->penalty_last > 0 ? from->penalty_last : -1);
    return count;
}
