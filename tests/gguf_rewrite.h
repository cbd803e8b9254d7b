/*
 * A copy of a GGUF file with keys changed, added or left out; its tensors as they are.
 */
#ifndef GGUF_REWRITE_H
#define GGUF_REWRITE_H

#include "formats/gguf.h"

struct gguf_change {
    const char *key; /* a last '*' stands for any text; only where keys are dropped */
    struct gguf_value value;
    bool drop;
};

/* Drops the files that convert puts beside GGUF's own keys. */
extern const struct gguf_change gguf_no_files[2];

void gguf_rewrite(const char *from, const char *to, const struct gguf_change *changes, int count);
struct gguf_value gguf_text_of(const char *text);
struct gguf_value gguf_number_of(uint64_t number);
/* Strings are items, scalars bytes; the other is NULL. */
struct gguf_value gguf_array_of(enum gguf_type type, int64_t count, const void *bytes,
                                const struct gguf_value *items);

#endif
