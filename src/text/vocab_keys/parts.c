#include "text/vocab_keys/parts.h"
#include <string.h>

void vocab_key(struct vocab_making *m, const char *name, struct gguf_value value) {
    if (m->count < VOCAB_KEYS_MAX) m->keys[m->count++] = (struct gguf_key){ .name = name, .value = value };
}

void vocab_key_text(struct vocab_making *m, const char *name, const char *text) {
    struct gguf_value value = { .type = GGUF_STRING, .text = { text, (int64_t)strlen(text) } };
    vocab_key(m, name, value);
}

void vocab_key_bool(struct vocab_making *m, const char *name, bool fact) {
    vocab_key(m, name, (struct gguf_value){ .type = GGUF_BOOL, .u = fact });
}

void vocab_key_id(struct vocab_making *m, const char *name, int64_t id) {
    if (id >= 0 && id < m->rows)
        vocab_key(m, name, (struct gguf_value){ .type = GGUF_U32, .u = (uint64_t)id });
}

void vocab_key_array(struct vocab_making *m, const char *name, enum gguf_type type, const void *items,
                     int64_t count) {
    struct gguf_value value = { .type = GGUF_ARRAY };
    value.array.type = type;
    value.array.count = count;
    if (type == GGUF_STRING)
        value.array.items = items;
    else
        value.array.bytes = items;
    vocab_key(m, name, value);
}
