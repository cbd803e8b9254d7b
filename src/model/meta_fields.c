/*
 * switchyard.SECTION.FIELD: keys for what standard keys cannot say. Values are as in a spec's JSON
 * (spec_json.h), fields of layers as lists with an entry for each layer:
 *
 *     switchyard.attention.clamp        f64 8
 *     switchyard.layer.window           ["sliding", "none", ...]
 *
 * What is written is what a reader of the standard keys alone would get wrong; what is read leaves alone the
 * fields that standard keys of the file say.
 */
#include "model/meta_fields.h"
#include "model/gguf_form.h"
#include "model/spec_json.h"
#include <math.h>
#include <string.h>

#define PREFIX       "switchyard."
#define LIST_LARGEST (1 << 20)

/* ---- metadata as JSON ---- */

static json_t *scalar_json(enum gguf_type type, const struct gguf_value *value) {
    switch (type) {
    case GGUF_BOOL: return json_boolean(value->u != 0);
    case GGUF_F32:
    case GGUF_F64: return isfinite(value->f) ? json_real(value->f) : json_null();
    case GGUF_STRING: return json_stringn(value->text.data, (size_t)value->text.size);
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64: return value->u > INT64_MAX ? json_null() : json_integer((json_int_t)value->u);
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64: return json_integer(value->i);
    default: return NULL;
    }
}

static json_t *item_json(const struct gguf_value *array, int64_t index) {
    enum gguf_type type = array->array.type;
    int64_t integer;
    double real;
    if (type == GGUF_STRING) return scalar_json(type, &array->array.items[index]);
    if (type == GGUF_BOOL) return json_boolean(array->array.bytes[index] != 0);
    if (gguf_item_int(array, index, &integer)) return json_integer(integer);
    if (gguf_item_real(array, index, &real) && isfinite(real)) return json_real(real);
    return NULL;
}

json_t *meta_json(const struct gguf_value *value) {
    if (value->type != GGUF_ARRAY) return scalar_json(value->type, value);
    if (value->array.count > LIST_LARGEST || value->array.type == GGUF_ARRAY) return NULL;
    json_t *list = json_array();
    for (int64_t i = 0; i < value->array.count; i++) {
        json_t *item = item_json(value, i);
        if (!item || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* ---- JSON as metadata ---- */

static bool text_value(const json_t *value, struct arena *arena, struct gguf_value *out,
                       struct sy_error *err) {
    size_t size = json_string_length(value);
    out->type = GGUF_STRING;
    out->text.size = (int64_t)size;
    out->text.data = arena_string(arena, json_string_value(value), size, err);
    return out->text.data != NULL;
}

static bool list_value(const json_t *list, struct arena *arena, struct gguf_value *out,
                       struct sy_error *err) {
    int64_t count = (int64_t)json_array_size(list);
    const json_t *first = json_array_get(list, 0);
    bool real = false;
    for (int64_t i = 0; i < count; i++) real = real || json_is_real(json_array_get(list, (size_t)i));
    enum gguf_type type = json_is_string(first)    ? GGUF_STRING
                          : json_is_boolean(first) ? GGUF_BOOL
                          : real                   ? GGUF_F64
                                                   : GGUF_I64;
    size_t each = type == GGUF_BOOL ? 1 : 8;
    unsigned char *bytes = arena_new(arena, unsigned char, count * 8, err);
    struct gguf_value *items = arena_new(arena, struct gguf_value, type == GGUF_STRING ? count : 0, err);
    if (!bytes || !items) return false;
    for (int64_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        uint64_t word = json_is_boolean(item) ? json_is_true(item) : (uint64_t)json_integer_value(item);
        double number = json_number_value(item);
        if (type == GGUF_F64) memcpy(&word, &number, sizeof word);
        if (type == GGUF_STRING && !text_value(item, arena, &items[i], err)) return false;
        for (size_t b = 0; b < each; b++) bytes[(size_t)i * each + b] = (unsigned char)(word >> 8 * b);
    }
    out->type = GGUF_ARRAY;
    out->array.type = type;
    out->array.count = count;
    out->array.bytes = bytes;
    out->array.items = type == GGUF_STRING ? items : NULL;
    return true;
}

bool meta_value(const json_t *value, struct arena *arena, struct gguf_value *out, struct sy_error *err) {
    memset(out, 0, sizeof *out);
    switch (json_typeof(value)) {
    case JSON_TRUE:
    case JSON_FALSE: out->type = GGUF_BOOL, out->u = json_is_true(value); return true;
    case JSON_INTEGER: out->type = GGUF_I64, out->i = json_integer_value(value); return true;
    case JSON_REAL: out->type = GGUF_F64, out->f = json_real_value(value); return true;
    case JSON_STRING: return text_value(value, arena, out, err);
    case JSON_ARRAY: return list_value(value, arena, out, err);
    default: return sy_fail(err, SY_ERR_INTERNAL, "a value that metadata cannot hold");
    }
}

/* ---- reading ---- */

/* One field into the spec's JSON. False: its value is no list with an entry for each layer. */
static bool set_field(json_t *root, const struct spec_field *field, json_t *value) {
    json_t *layers = json_object_get(root, "layers"), *section = root;
    if (strcmp(field->section, "layer") == 0) {
        if (!json_is_array(value) || json_array_size(value) != json_array_size(layers)) return false;
        for (size_t i = 0; i < json_array_size(layers); i++)
            json_object_set(json_array_get(layers, i), field->name, json_array_get(value, i));
        return true;
    }
    if (*field->section) section = json_object_get(root, field->section);
    return section && json_object_set(section, field->name, value) == 0;
}

/* Keys that are ours but no fields. */
static bool is_aside(const char *name) {
    return strncmp(name, "file.", 5) == 0 || strncmp(name, "tensors.", 8) == 0;
}

static bool apply(struct gguf_reading *r, const struct gguf_key *key, json_t **root,
                  const struct spec *spec) {
    const char *name = key->name + strlen(PREFIX);
    const struct spec_field *field = spec_field_find(name);
    if (is_aside(name)) return true;
    if (field && json_object_get(r->covered, name)) return true; /* the standard key counts */
    json_object_set_new_nocheck(r->known, key->name, json_true());
    if (!field) {
        sy_fail(&r->error, SY_ERR_FORMAT, "no field of a spec is called so");
        return sy_error_at(&r->error, "%s", key->name);
    }
    if (!*root && !spec_to_json(spec, root, &r->error)) return false;
    json_t *value = meta_json(&key->value);
    bool ok = value && set_field(*root, field, value);
    json_decref(value);
    if (ok) return true;
    sy_fail(&r->error, SY_ERR_FORMAT, "its value is none of this field");
    return sy_error_at(&r->error, "%s", key->name);
}

bool meta_read_fields(struct gguf_reading *r, struct arena *arena, struct spec *spec, struct sy_error *err) {
    const char *family = spec->family;
    json_t *root = NULL;
    bool ok = true;
    for (int64_t i = 0; i < r->gguf->key_count && ok; i++)
        if (strncmp(r->gguf->keys[i].name, PREFIX, strlen(PREFIX)) == 0)
            ok = apply(r, &r->gguf->keys[i], &root, spec);
    if (ok && root) {
        struct config config;
        struct spec fresh;
        spec_init(&fresh);
        ok = config_wrap(json_object(), r->file, arena, &config, &r->error);
        if (ok) {
            spec_from_json(&config, "switchyard", root, &fresh);
            if (config.error.code != SY_OK) r->error = config.error;
            ok = config.error.code == SY_OK;
            config_close(&config);
        }
        if (ok) *spec = fresh;
        spec->family = family;
    }
    json_decref(root);
    if (!ok && err) *err = r->error;
    return ok;
}

/* ---- what must be written ---- */

static bool same(const struct spec_field *field, const json_t *a, const json_t *b, double within) {
    double x = json_number_value(a), y = json_number_value(b);
    if (field->type == FIELD_REAL && json_is_number(a) && json_is_number(b))
        return (float)x == (float)y || fabs(x - y) <= within * fabs(x);
    return json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b);
}

static json_t *column(const json_t *root, const char *name) {
    json_t *list = json_array(), *layers = json_object_get(root, "layers");
    for (size_t i = 0; i < json_array_size(layers); i++)
        json_array_append(list, json_object_get(json_array_get(layers, i), name));
    return list;
}

static json_t *field_value(const json_t *root, const struct spec_field *field) {
    if (strcmp(field->section, "layer") == 0) return column(root, field->name);
    const json_t *section = *field->section ? json_object_get(root, field->section) : root;
    return json_incref(json_object_get(section, field->name));
}

bool meta_fields_missing(const struct spec *wanted, const struct spec *found, const json_t *covered,
                         double within, json_t **out, struct sy_error *err) {
    json_t *a = NULL, *b = NULL, *result = json_object();
    bool ok = spec_to_json(wanted, &a, err) && spec_to_json(found, &b, err);
    for (int i = 0; i < spec_field_count && ok; i++) {
        const struct spec_field *field = &spec_fields[i];
        char name[96];
        snprintf(name, sizeof name, "%s%s%s", field->section, *field->section ? "." : "", field->name);
        if (json_object_get(covered, name)) continue;
        json_t *want = field_value(a, field), *got = field_value(b, field);
        if (want && !(got && same(field, want, got, within))) json_object_set(result, name, want);
        json_decref(want);
        json_decref(got);
    }
    json_decref(a);
    json_decref(b);
    *out = result;
    return ok && (result || sy_fail(err, SY_ERR_MEMORY, "the system has no memory for the metadata"));
}
