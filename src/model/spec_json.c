/*
 * A spec as JSON, both ways, driven by the list of fields: a new field needs no line here. Each type of field
 * has one writer and one reader; layers are records of the fields of section "layer".
 */
#include "model/spec_json.h"
#include <math.h>
#include <string.h>

/* ---- writing ---- */

static json_t *reals_json(const double *values, int64_t count) {
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++) json_array_append_new(list, json_real(values[i]));
    return list;
}

static json_t *flags_json(unsigned flags, const char *const *words) {
    json_t *list = json_array();
    for (int bit = 0; words[bit]; bit++)
        if (flags & 1u << bit) json_array_append_new(list, json_string(words[bit]));
    return list;
}

static json_t *eos_json(const struct tokens_spec *tokens) {
    json_t *list = json_array();
    for (int64_t i = 0; i < tokens->eos_count; i++) json_array_append_new(list, json_integer(tokens->eos[i]));
    return list;
}

/* `base` is the struct that the field's offset counts from. */
static json_t *field_json(const struct spec_field *field, const void *base, const struct spec *spec) {
    const char *at = (const char *)base + field->offset;
    bool truth;
    int64_t integer;
    double real;
    unsigned word;
    const double *reals;
    switch (field->type) {
    case FIELD_BOOL: memcpy(&truth, at, sizeof truth); return json_boolean(truth);
    case FIELD_INT: memcpy(&integer, at, sizeof integer); return json_integer(integer);
    case FIELD_REAL: memcpy(&real, at, sizeof real); return json_real(real);
    case FIELD_ENUM: memcpy(&word, at, sizeof word); return json_string(field->words[word]);
    case FIELD_FLAGS: memcpy(&word, at, sizeof word); return flags_json(word, field->words);
    case FIELD_REALS:
        memcpy(&reals, at, sizeof reals);
        return spec->rope.factor_count ? reals_json(reals, spec->rope.factor_count) : NULL;
    case FIELD_EOS: return eos_json(&spec->tokens);
    }
    return NULL;
}

static json_t *section_of(json_t *root, const char *section) {
    if (!*section) return root;
    if (!json_object_get(root, section)) json_object_set_new(root, section, json_object());
    return json_object_get(root, section);
}

static json_t *stack_json(const struct spec *spec, const struct stack_spec *stack) {
    json_t *list = json_array();
    for (int64_t i = 0; i < stack->layer_count; i++) {
        json_t *record = json_object();
        for (int f = 0; f < spec_field_count; f++)
            if (strcmp(spec_fields[f].section, "layer") == 0)
                json_object_set_new(record, spec_fields[f].name,
                                    field_json(&spec_fields[f], &stack->layers[i], spec));
        json_array_append_new(list, record);
    }
    return list;
}

bool spec_to_json(const struct spec *spec, json_t **out, struct sy_error *err) {
    json_t *root = json_object();
    for (int f = 0; f < spec_field_count; f++) {
        const struct spec_field *field = &spec_fields[f];
        if (strcmp(field->section, "layer") == 0) continue;
        json_t *value = field_json(field, spec, spec);
        if (value) json_object_set_new(section_of(root, field->section), field->name, value);
    }
    json_object_set_new(root, "layers", stack_json(spec, &spec->decoder));
    if (spec->encoder.layer_count > 0)
        json_object_set_new(root, "encoder_layers", stack_json(spec, &spec->encoder));
    *out = root;
    return root || sy_fail(err, SY_ERR_MEMORY, "the system has no memory for the spec's JSON");
}

bool spec_to_config(const struct spec *spec, json_t **out, struct sy_error *err) {
    json_t *inner;
    if (!spec_to_json(spec, &inner, err)) return false;
    *out = json_pack("{s:[s], s:s, s:o}", "architectures", "SwitchyardForCausalLM", "model_type",
                     "switchyard", "spec", inner);
    return *out || sy_fail(err, SY_ERR_MEMORY, "the system has no memory for the spec's JSON");
}

/* ---- reading ---- */

struct spec_reading {
    struct config *config;
    struct spec *spec;
    char where[96]; /* dotted, of the object being read */
};

static void fail_at(struct spec_reading *r, const char *key, const char *what) {
    char place[192];
    snprintf(place, sizeof place, "%s.%s", r->where, key);
    config_fail(r->config, place, "%s", what);
}

static void read_reals(struct spec_reading *r, const struct spec_field *field, const json_t *list, char *at) {
    int64_t count = (int64_t)json_array_size(list), *known = &r->spec->rope.factor_count;
    double *values;
    if (!json_is_array(list) || count == 0 || (*known != 0 && *known != count)) {
        fail_at(r, field->name, "a list of numbers wanted, as long as its sibling");
        return;
    }
    values = arena_new(r->config->arena, double, count, &r->config->error);
    if (!values) return;
    for (int64_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        values[i] = json_number_value(value);
        if (!json_is_number(value)) fail_at(r, field->name, "a list of numbers wanted");
    }
    *known = count;
    memcpy(at, &values, sizeof values);
}

static void read_eos(struct spec_reading *r, const struct spec_field *field, const json_t *list) {
    struct tokens_spec *tokens = &r->spec->tokens;
    size_t count = json_array_size(list), most = sizeof tokens->eos / sizeof tokens->eos[0];
    if (!json_is_array(list) || count > most) {
        fail_at(r, field->name, "a list of at most 8 token ids wanted");
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!json_to_i64(json_array_get(list, i), &tokens->eos[i]) || tokens->eos[i] < 0)
            fail_at(r, field->name, "a list of token ids wanted");
    tokens->eos_count = (int64_t)count;
}

static int word_index(const char *const *words, const json_t *value) {
    const char *word = json_string_value(value);
    for (int i = 0; word && words[i]; i++)
        if (strcmp(words[i], word) == 0) return i;
    return -1;
}

static void read_words(struct spec_reading *r, const struct spec_field *field, const json_t *value,
                       char *at) {
    unsigned word = 0;
    int index = 0;
    if (field->type == FIELD_ENUM) {
        index = word_index(field->words, value);
        word = (unsigned)index;
    } else {
        if (!json_is_array(value)) index = -1;
        for (size_t i = 0; i < json_array_size(value) && index >= 0; i++) {
            index = word_index(field->words, json_array_get(value, i));
            if (index >= 0) word |= 1u << index;
        }
    }
    if (index >= 0)
        memcpy(at, &word, sizeof word);
    else
        fail_at(r, field->name, "not a word that is known here");
}

static void read_field(struct spec_reading *r, const struct spec_field *field, const json_t *value,
                       void *base) {
    char *at = (char *)base + field->offset;
    bool truth = json_is_true(value);
    int64_t integer;
    double real = json_number_value(value);
    switch (field->type) {
    case FIELD_BOOL:
        if (!json_is_boolean(value)) fail_at(r, field->name, "true or false wanted");
        memcpy(at, &truth, sizeof truth);
        return;
    case FIELD_INT:
        if (json_to_i64(value, &integer))
            memcpy(at, &integer, sizeof integer);
        else
            fail_at(r, field->name, "a whole number wanted");
        return;
    case FIELD_REAL:
        if (!json_is_number(value) || !isfinite(real)) fail_at(r, field->name, "a number wanted");
        memcpy(at, &real, sizeof real);
        return;
    case FIELD_ENUM:
    case FIELD_FLAGS: read_words(r, field, value, at); return;
    case FIELD_REALS: read_reals(r, field, value, at); return;
    case FIELD_EOS: read_eos(r, field, value); return;
    }
}

static const struct spec_field *find_field(const char *section, const char *name) {
    for (int f = 0; f < spec_field_count; f++)
        if (strcmp(spec_fields[f].section, section) == 0 && strcmp(spec_fields[f].name, name) == 0)
            return &spec_fields[f];
    return NULL;
}

static bool is_section(const char *name) {
    for (int f = 0; f < spec_field_count; f++)
        if (strcmp(spec_fields[f].section, name) == 0) return *name && strcmp(name, "layer") != 0;
    return false;
}

/* All fields of one section that `object` has; anything else in it is refused, but for what the root
 * holds. */
static void read_section(struct spec_reading *r, const char *section, const json_t *object, void *base) {
    const char *key;
    json_t *value;
    if (!json_is_object(object)) {
        config_fail(r->config, r->where, "an object wanted");
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        const struct spec_field *field = find_field(section, key);
        bool root = !*section, list = strcmp(key, "layers") == 0 || strcmp(key, "encoder_layers") == 0;
        if (field)
            read_field(r, field, value, base);
        else if (!root || (!list && !is_section(key)))
            fail_at(r, key, "no field of a spec is called so");
    }
}

static void read_stack(struct spec_reading *r, const char *name, const json_t *list,
                       struct stack_spec *stack) {
    struct spec holder; /* lends spec_layers' limits and neutral records */
    struct config *c = r->config;
    char whole[sizeof r->where];
    snprintf(whole, sizeof whole, "%s", r->where);
    spec_init(&holder);
    if (!json_is_array(list))
        fail_at(r, name, "a list of layers wanted");
    else if (c->error.code == SY_OK &&
             spec_layers(&holder, c->arena, (int64_t)json_array_size(list), &c->error)) {
        for (int64_t i = 0; i < holder.decoder.layer_count; i++) {
            snprintf(r->where, sizeof r->where, "%.60s.%s.%lld", whole, name, (long long)i);
            read_section(r, "layer", json_array_get(list, (size_t)i), &holder.decoder.layers[i]);
        }
        stack->layers = holder.decoder.layers;
        stack->layer_count = holder.decoder.layer_count;
    }
    snprintf(r->where, sizeof r->where, "%s", whole);
}

void spec_from_json(struct config *config, const char *name, const json_t *object, struct spec *spec) {
    struct spec_reading r = { .config = config, .spec = spec };
    const char *key;
    json_t *value;
    snprintf(r.where, sizeof r.where, "%.60s", name);
    read_section(&r, "", object, spec);
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (!is_section(key)) continue;
        snprintf(r.where, sizeof r.where, "%.60s.%.30s", name, key);
        read_section(&r, key, value, spec);
    }
    snprintf(r.where, sizeof r.where, "%.60s", name);
    read_stack(&r, "layers", json_object_get(object, "layers"), &spec->decoder);
    if (json_object_get(object, "encoder_layers"))
        read_stack(&r, "encoder_layers", json_object_get(object, "encoder_layers"), &spec->encoder);
}
