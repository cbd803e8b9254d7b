#include "text/load/gguf_keys.h"

#include "base/checked.h"
#include <stdio.h>

const struct gguf_value *load_key(const struct gguf *gguf, const char *name) {
    char key[96];
    snprintf(key, sizeof key, LOAD_KEY "%s", name);
    return gguf_find(gguf, key);
}

bool load_key_array(const struct gguf_value *value, enum gguf_type type) {
    return value->type == GGUF_ARRAY && (type == GGUF_STRING) == (value->array.type == GGUF_STRING);
}

bool load_key_bool(const struct gguf *gguf, const char *name, bool otherwise) {
    const struct gguf_value *value = load_key(gguf, name);
    return value && value->type <= GGUF_BOOL && value->type != GGUF_F32 ? value->u != 0 : otherwise;
}

int64_t load_key_id(const struct gguf *gguf, const char *name, int64_t count, int64_t otherwise) {
    const struct gguf_value *value = load_key(gguf, name);
    if (!value) return otherwise < count ? otherwise : -1;
    bool whole = value->type <= GGUF_I32 || value->type == GGUF_U64 || value->type == GGUF_I64;
    return whole && value->u < (uint64_t)count ? (int64_t)value->u : -1; /* 2^32 - 1 is how some say none */
}

void load_text_of(const struct gguf_value *value, char *out, size_t size) {
    bool text = value && value->type == GGUF_STRING;
    snprintf(out, size, "%.*s", text ? (int)min_i64(value->text.size, 200) : 0, text ? value->text.data : "");
}

void load_key_text(const struct gguf *gguf, const char *name, char *out, size_t size) {
    load_text_of(load_key(gguf, name), out, size);
}
