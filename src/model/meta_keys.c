/*
 * Metadata keys one by one: typed look-ups in a GGUF file, the walk along a form's table from keys to the
 * config that they amount to, and the values that the table's other direction writes.
 */
#include "base/checked.h"
#include "model/gguf_form.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INT_LARGEST (1ll << 53)

/* ---- look-ups ---- */

static void full_name(const struct gguf_reading *r, const char *key, char *name, size_t size) {
    bool whole = strncmp(key, "tokenizer.", 10) == 0 || strncmp(key, "general.", 8) == 0;
    snprintf(name, size, "%s%s%s", whole ? "" : r->arch, whole ? "" : ".", key);
}

static const struct gguf_value *look_up(struct gguf_reading *r, const char *key) {
    char name[256];
    full_name(r, key, name, sizeof name);
    json_object_set_new_nocheck(r->known, name, json_true());
    return gguf_find(r->gguf, name);
}

void meta_fail(struct gguf_reading *r, const char *key, const char *format, ...) {
    char message[256], name[160];
    va_list args;
    if (r->error.code != SY_OK) return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    full_name(r, key, name, sizeof name);
    sy_fail(&r->error, SY_ERR_FORMAT, "%s", message);
    sy_error_at(&r->error, "%s", name);
}

bool meta_has(struct gguf_reading *r, const char *key) {
    return look_up(r, key) != NULL;
}

double meta_decimal(float value) {
    char text[40];
    for (int digits = 6; digits < 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) return strtod(text, NULL);
    }
    return (double)value;
}

static bool scalar_int(const struct gguf_value *value, int64_t *out) {
    switch (value->type) {
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64: *out = (int64_t)value->u; return value->u <= (uint64_t)INT_LARGEST;
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64: *out = value->i; return value->i <= INT_LARGEST && value->i >= -INT_LARGEST;
    default: return false;
    }
}

/* A whole number; of a list with one for each layer, the number that they all are. */
static bool whole(struct gguf_reading *r, const char *key, const struct gguf_value *value, int64_t *out) {
    int64_t item;
    if (value->type != GGUF_ARRAY) {
        if (scalar_int(value, out)) return true;
        meta_fail(r, key, "a whole number wanted");
        return false;
    }
    for (int64_t i = 0; i < value->array.count; i++) {
        if (!gguf_item_int(value, i, &item) || item < -INT_LARGEST || item > INT_LARGEST) {
            meta_fail(r, key, "entry %lld is no whole number", (long long)i);
            return false;
        }
        if (i > 0 && item != *out) {
            meta_fail(r, key, "differs between layers (%lld, %lld), which is not read here", (long long)*out,
                      (long long)item);
            return false;
        }
        *out = item;
    }
    if (value->array.count == 0) meta_fail(r, key, "a whole number wanted, an empty list found");
    return value->array.count > 0;
}

int64_t meta_int(struct gguf_reading *r, const char *key, int64_t otherwise) {
    const struct gguf_value *value = look_up(r, key);
    int64_t result = 0;
    return r->error.code == SY_OK && value && whole(r, key, value, &result) ? result : otherwise;
}

double meta_real(struct gguf_reading *r, const char *key, double otherwise) {
    const struct gguf_value *value = look_up(r, key);
    int64_t integer;
    double real = NAN;
    if (r->error.code != SY_OK || !value) return otherwise;
    if (value->type == GGUF_F32)
        real = isfinite(value->f) ? meta_decimal((float)value->f) : value->f;
    else if (value->type == GGUF_F64)
        real = value->f;
    else if (scalar_int(value, &integer))
        real = (double)integer;
    if (isfinite(real)) return real;
    meta_fail(r, key, "a number wanted");
    return otherwise;
}

bool meta_bool(struct gguf_reading *r, const char *key, bool otherwise) {
    const struct gguf_value *value = look_up(r, key);
    if (r->error.code != SY_OK || !value) return otherwise;
    if (value->type == GGUF_BOOL) return value->u != 0;
    meta_fail(r, key, "true or false wanted");
    return otherwise;
}

const char *meta_word(struct gguf_reading *r, const char *key, char *word, size_t size) {
    const struct gguf_value *value = look_up(r, key);
    if (r->error.code != SY_OK || !value) return NULL;
    if (value->type != GGUF_STRING || value->text.size < 0 || (size_t)value->text.size >= size ||
        memchr(value->text.data, 0, (size_t)value->text.size)) {
        meta_fail(r, key, "a word wanted");
        return NULL;
    }
    memcpy(word, value->text.data, (size_t)value->text.size);
    word[value->text.size] = 0;
    return word;
}

bool meta_has_tensor(const struct gguf_reading *r, const char *name) {
    return checkpoint_find(r->checkpoint, name) != NULL;
}

/* ---- into the config ---- */

void meta_put(struct gguf_reading *r, const char *key, json_t *value) {
    if (json_object_set_new(r->config, key, value) != 0 && r->error.code == SY_OK)
        sy_fail(&r->error, SY_ERR_MEMORY, "the system has no memory to read the metadata");
}

void meta_put_int(struct gguf_reading *r, const char *key, int64_t value) {
    meta_put(r, key, json_integer(value));
}

void meta_put_bool(struct gguf_reading *r, const char *key, bool value) {
    meta_put(r, key, json_boolean(value));
}

void meta_put_rows(struct gguf_reading *r, const char *key, const char *tensor) {
    const struct tensor *found = checkpoint_find(r->checkpoint, tensor);
    if (found && found->rank >= 2 && !json_object_get(r->config, key))
        meta_put_int(r, key, found->shape[found->rank - 2]);
}

void meta_covers(struct gguf_reading *r, const char *field) {
    json_object_set_new(r->covered, field, json_true());
}

static void read_list(struct gguf_reading *r, const struct gguf_rule *list) {
    for (const struct gguf_rule *rule = list; rule->key && r->error.code == SY_OK; rule++) {
        if (!meta_has(r, rule->key)) continue;
        if (rule->field) meta_covers(r, rule->field);
        if (!rule->config) continue;
        if (rule->kind == KEY_INT) meta_put_int(r, rule->config, meta_int(r, rule->key, 0));
        if (rule->kind == KEY_REAL) meta_put(r, rule->config, json_real(meta_real(r, rule->key, 0)));
        if (rule->kind == KEY_BOOL) meta_put_bool(r, rule->config, meta_bool(r, rule->key, false));
    }
}

void meta_read_rules(struct gguf_reading *r, const struct gguf_rule *const *lists) {
    for (; *lists; lists++) read_list(r, *lists);
}

/* ---- what is written ---- */

bool meta_rule_value(const struct gguf_rule *rule, const struct spec *spec, double *value) {
    if (rule->get) return rule->get(spec, value);
    const struct spec_field *field = rule->field ? spec_field_find(rule->field) : NULL;
    if (!field) return false;
    const char *at = (const char *)spec + field->offset;
    int64_t integer;
    bool truth;
    if (field->type == FIELD_REAL) {
        memcpy(value, at, sizeof *value);
    } else if (field->type == FIELD_INT) {
        memcpy(&integer, at, sizeof integer);
        *value = (double)integer;
    } else if (field->type == FIELD_BOOL) {
        memcpy(&truth, at, sizeof truth);
        *value = truth;
    } else {
        return false;
    }
    return true;
}

bool meta_get_blocks(const struct spec *spec, double *value) {
    *value = (double)spec->decoder.layer_count; /* MTP layers are not written */
    return true;
}

bool meta_get_mtp(const struct spec *spec, double *value) {
    (void)spec, (void)value;
    return false;
}

bool meta_get_q_lora(const struct spec *spec, double *value) {
    *value = (double)spec->attention.q_lora_rank;
    return spec->attention.q_lora_rank > 0;
}

bool meta_get_dense_width(const struct spec *spec, double *value) {
    *value = (double)spec->expert_width; /* some readers want the key always */
    for (int64_t i = 0; i < spec->decoder.layer_count; i++)
        if (spec->decoder.layers[i].ffn == FFN_DENSE) *value = (double)spec->decoder.layers[i].dense_width;
    return true;
}

bool meta_get_leading_dense(const struct spec *spec, double *value) {
    int64_t count = 0;
    while (count < spec->decoder.layer_count && spec->decoder.layers[count].ffn == FFN_DENSE) count++;
    *value = (double)count;
    return true;
}

bool meta_get_shared_count(const struct spec *spec, double *value) {
    *value = (double)(spec->shared_width / spec->expert_width);
    return spec->shared_width % spec->expert_width == 0;
}

bool meta_get_normalised(const struct spec *spec, double *value) {
    *value = spec->router.weigh == WEIGH_NORMALISED;
    return spec->router.weigh == WEIGH_NORMALISED || spec->router.weigh == WEIGH_SCORE;
}

bool meta_get_gating(const struct spec *spec, double *value) {
    *value = spec->router.score == SCORE_SIGMOID ? 2 : spec->router.score == SCORE_SOFTMAX ? 1 : 3;
    return true;
}

bool meta_get_groups(const struct spec *spec, double *value) {
    *value = (double)spec->router.groups;
    return spec->router.groups > 1;
}

bool meta_get_groups_kept(const struct spec *spec, double *value) {
    *value = (double)spec->router.groups_kept;
    return spec->router.groups > 1;
}

bool meta_get_window(const struct spec *spec, double *value) {
    for (int64_t i = 0; i < spec->decoder.layer_count; i++) {
        if (spec->decoder.layers[i].window != WINDOW_SLIDING) continue;
        *value = (double)spec->decoder.layers[i].window_size;
        return true;
    }
    return false;
}

bool meta_get_clamp(const struct spec *spec, double *value) {
    *value = spec->attention.clamp;
    return spec->attention.clamp != 0;
}

bool meta_get_logit_divisor(const struct spec *spec, double *value) {
    *value = 1 / spec->logits_multiplier;
    return true;
}

bool meta_get_moe_step(const struct spec *spec, double *value) {
    int64_t first = 0;
    while (first < spec->decoder.layer_count && spec->decoder.layers[first].ffn != FFN_MOE) first++;
    *value = (double)(first + 1);
    return true;
}
