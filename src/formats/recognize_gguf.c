/*
 * Which kind of GGUF file: the format also carries adapters, projectors and importance matrices.
 *
 *     general.type          "model" (or absent), "adapter", "imatrix", "mmproj"
 *     general.architecture  "clip" is a projector, also where no type is given
 *
 * Source: ggml-org/llama.cpp, gguf-py, the enumeration GGUFType, and its converters.
 */
#include "formats/gguf_parts.h"
#include "formats/recognize_parts.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_LOOKED_AT = 64 }; /* those two stand at the front */

static bool is_word(const struct gguf_text *text, const char *word) {
    return text->size == (int64_t)strlen(word) && memcmp(text->data, word, strlen(word)) == 0;
}

static enum given_kind kind_of(const struct gguf_text *type, const struct gguf_text *architecture) {
    if (is_word(type, "adapter")) return GIVEN_ADAPTER;
    if (is_word(type, "imatrix")) return GIVEN_IMATRIX;
    if (is_word(type, "mmproj") || is_word(architecture, "clip")) return GIVEN_PROJECTOR;
    return GIVEN_GGUF;
}

enum given_kind recognize_gguf_head(const unsigned char *bytes, int64_t size) {
    struct gguf_cursor cursor = { bytes, size, 4 };
    struct gguf_text type = { "", 0 }, architecture = { "", 0 };
    uint32_t version;
    uint64_t tensors, keys;
    if (!gguf_take_u32(&cursor, &version, NULL) || !gguf_take_u64(&cursor, &tensors, NULL) ||
        !gguf_take_u64(&cursor, &keys, NULL))
        return GIVEN_GGUF;
    for (uint64_t i = 0; i < keys && i < KEYS_LOOKED_AT; i++) {
        struct gguf_text name, value = { "", 0 };
        uint32_t kind;
        if (!gguf_take_text(&cursor, &name, NULL) || !gguf_take_u32(&cursor, &kind, NULL)) break;
        int64_t scalar = gguf_scalar_bytes((enum gguf_type)kind);
        if (scalar > 0 && scalar <= cursor.size - cursor.at)
            cursor.at += scalar;
        else if (kind != GGUF_STRING || !gguf_take_text(&cursor, &value, NULL))
            break;
        if (is_word(&name, "general.type")) type = value;
        if (is_word(&name, "general.architecture")) architecture = value;
    }
    return kind_of(&type, &architecture);
}

static struct gguf_text text_of(const struct gguf *gguf, const char *key) {
    const struct gguf_value *value = gguf_find(gguf, key);
    return value && value->type == GGUF_STRING ? value->text : (struct gguf_text){ "", 0 };
}

bool recognize_gguf(const struct gguf *gguf, const char *path, struct sy_error *err) {
    struct gguf_text type = text_of(gguf, "general.type"), name = text_of(gguf, "general.architecture");
    struct given given = { .kind = kind_of(&type, &name) };
    if (given.kind == GIVEN_GGUF) return true;
    snprintf(given.path, sizeof given.path, "%s", path);
    return recognize_refuse(&given, err);
}
