/*
 * What the two GGUF targets share: how an input becomes files, and what must hold of them. An input is one
 * file, or two of a split model, one behind the other: the second begins at the second magic.
 */
#ifndef FUZZ_GGUF_INPUTS_H
#define FUZZ_GGUF_INPUTS_H

#include "outcome.h"

#include "base/checked.h"
#include "formats/gguf_memory.h"
#include "formats/gguf_parts.h"

/* ---- inputs ---- */

enum { HEAD_BYTES = 24 };

struct inputs {
    struct memory_file files[2];
    int count;
};

static inline size_t second_begin(const uint8_t *bytes, size_t size) {
    const uint8_t *found =
        size > HEAD_BYTES ? memmem(bytes + HEAD_BYTES, size - HEAD_BYTES, GGUF_MAGIC, 4) : NULL;
    return found ? (size_t)(found - bytes) : size;
}

static inline struct inputs inputs_of(const uint8_t *bytes, size_t size) {
    size_t cut = second_begin(bytes, size);
    return (struct inputs){ { { "m-00001-of-00002.gguf", bytes, (int64_t)cut },
                              { "m-00002-of-00002.gguf", bytes + cut, (int64_t)(size - cut) } },
                            cut < size ? 2 : 1 };
}

/* ---- what must hold ---- */

static inline bool lies_in(const struct inputs *inputs, const void *from, int64_t bytes) {
    for (int i = 0; i < inputs->count; i++) {
        const char *begin = inputs->files[i].bytes, *at = from;
        if (at >= begin && at - begin <= inputs->files[i].size &&
            bytes <= inputs->files[i].size - (at - begin))
            return true;
    }
    return bytes == 0;
}

static inline void value_must_hold(const struct inputs *inputs, const struct gguf_value *value, int depth) {
    MUST((unsigned)value->type < GGUF_TYPE_COUNT && depth <= GGUF_DEPTH_MAX);
    if (value->type == GGUF_BOOL) MUST(value->u <= 1);
    if (value->type == GGUF_STRING) MUST(lies_in(inputs, value->text.data, value->text.size));
    if (value->type != GGUF_ARRAY) return;
    int64_t each = gguf_scalar_bytes(value->array.type), count = value->array.count, integer;
    double real;
    MUST((unsigned)value->array.type < GGUF_TYPE_COUNT && count >= 0);
    MUST(!gguf_item_real(value, count, &real) && !gguf_item_int(value, -1, &integer));
    if (each > 0) MUST(lies_in(inputs, value->array.bytes, count * each));
    for (int64_t i = 0; i < count; i++) {
        if (each > 0)
            MUST(gguf_item_real(value, i, &real));
        else
            value_must_hold(inputs, &value->array.items[i], depth + 1);
    }
}

static inline void tensor_must_hold(const struct inputs *inputs, const struct checkpoint *checkpoint,
                                    const struct gguf *gguf, int64_t i) {
    const struct tensor *tensor = &checkpoint->tensors[i];
    int64_t elements = 0, block = 1, bytes = 0;
    volatile unsigned char sink = 0;
    MUST(tensor->rank >= 1 && tensor->rank <= GGUF_RANK_MAX);
    MUST(tensor_elements(tensor, &elements) && elements > 0);
    if (!gguf_type_unit(gguf->types[i], &block, &bytes)) MUST(tensor->dtype == DTYPE_COUNT);
    MUST(tensor->shape[tensor->rank - 1] % block == 0);
    MUST(tensor->bytes == elements / block * bytes);
    MUST(lies_in(inputs, tensor->data, max_i64(tensor->bytes, 1)));
    MUST(tensor->name[0] && strlen(tensor->name) <= GGUF_NAME_MAX);
    MUST(i == 0 || strcmp(checkpoint->tensors[i - 1].name, tensor->name) < 0);
    MUST(checkpoint_find(checkpoint, tensor->name) == tensor);
    for (int64_t k = 0; k < tensor->bytes; k++) sink ^= tensor->data[k];
    (void)sink;
}

static inline void accepted_must_hold(const struct inputs *inputs, const struct checkpoint *checkpoint,
                                      const struct gguf *gguf) {
    MUST(gguf->version == 2 || gguf->version == 3);
    MUST(gguf->alignment >= 8 && gguf->alignment <= GGUF_ALIGNMENT_MAX);
    for (int64_t i = 0; i < gguf->key_count; i++) {
        MUST(gguf_find(gguf, gguf->keys[i].name) == &gguf->keys[i].value);
        value_must_hold(inputs, &gguf->keys[i].value, 0);
    }
    for (int64_t i = 0; i < checkpoint->count; i++) tensor_must_hold(inputs, checkpoint, gguf, i);
}

static inline void refusal_must_hold(const struct sy_error *err) {
    MUST(err->file[0] && err->remedy[0]);
    check_refusal_line(err);
}

/* Opens and checks; whether it was accepted. The checkpoint must be closed either way. */
static inline bool inputs_open(const struct inputs *inputs, struct checkpoint *checkpoint,
                               struct gguf *gguf) {
    struct sy_error err = { .code = SY_OK };
    if (outcome_inputs++ == 0) atexit(outcome_print);
    bool good = gguf_open_memory(inputs->files, inputs->count, checkpoint, gguf, &err);
    if (good)
        accepted_must_hold(inputs, checkpoint, gguf);
    else
        refusal_must_hold(&err);
    outcome_good += good;
    outcome_deep += good || strncmp(err.place, "byte", 4) != 0;
    return good;
}

#endif
