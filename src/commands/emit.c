#include "commands/emit.h"

#include <assert.h>
#include <math.h>

static void begin(struct emit *emit, const char *key) {
    if (emit->comma) text_add(emit->text, ",");
    emit->comma = true;
    if (!key) return;
    text_add_json_string(emit->text, key);
    text_add(emit->text, ":");
}

static void descend(struct emit *emit, const char *key, char opener, char closer) {
    begin(emit, key);
    assert(emit->depth < EMIT_DEPTH_MAX);
    emit->closers[emit->depth++] = closer;
    text_add(emit->text, "%c", opener);
    emit->comma = false;
}

void emit_object(struct emit *emit, const char *key) {
    descend(emit, key, '{', '}');
}

void emit_list(struct emit *emit, const char *key) {
    descend(emit, key, '[', ']');
}

void emit_end(struct emit *emit) {
    assert(emit->depth > 0);
    emit->depth--;
    text_add(emit->text, "%c%s", emit->closers[emit->depth], emit->depth == 0 ? "\n" : "");
    emit->comma = true;
}

void emit_int(struct emit *emit, const char *key, int64_t value) {
    begin(emit, key);
    text_add(emit->text, "%lld", (long long)value);
}

void emit_real(struct emit *emit, const char *key, double value) {
    begin(emit, key);
    if (isfinite(value))
        text_add_json_number(emit->text, value);
    else
        text_add(emit->text, "null");
}

void emit_bool(struct emit *emit, const char *key, bool value) {
    begin(emit, key);
    text_add(emit->text, value ? "true" : "false");
}

void emit_string(struct emit *emit, const char *key, const char *value) {
    begin(emit, key);
    if (value)
        text_add_json_string(emit->text, value);
    else
        text_add(emit->text, "null");
}

void emit_json(struct emit *emit, const char *key, const json_t *value) {
    const char *name;
    json_t *inner;
    size_t index;
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        emit_object(emit, key);
        json_object_foreach((json_t *)(uintptr_t)value, name, inner) emit_json(emit, name, inner);
        emit_end(emit);
        break;
    case JSON_ARRAY:
        emit_list(emit, key);
        json_array_foreach(value, index, inner) emit_json(emit, NULL, inner);
        emit_end(emit);
        break;
    case JSON_STRING: emit_string(emit, key, json_string_value(value)); break;
    case JSON_INTEGER: emit_int(emit, key, json_integer_value(value)); break;
    case JSON_REAL: emit_real(emit, key, json_real_value(value)); break;
    case JSON_TRUE:
    case JSON_FALSE: emit_bool(emit, key, json_is_true(value)); break;
    case JSON_NULL: emit_string(emit, key, NULL); break;
    }
}
