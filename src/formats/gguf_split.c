/*
 * A model in several GGUF files: NAME-00001-of-00003.gguf and so on, as llama.cpp's gguf-split cuts it.
 *
 *     split.no             0, 1, ... (the name counts from 1)
 *     split.count          how many files
 *     split.tensors.count  how many tensors in all of them
 *
 * The first file has the metadata. Names are made from its own by counting up, so that no file can send us
 * elsewhere.
 */
#include "formats/gguf_parts.h"

#include <stdio.h>
#include <string.h>

#define REMEDY_AGREE "these are not files of one model: fetch all of them again"

enum { SUFFIX_BYTES = 20 }; /* -00001-of-00003.gguf */

static bool number_read(const struct gguf *gguf, const char *name, int64_t max, int64_t *out,
                        struct sy_error *err) {
    const struct gguf_value *value = gguf_find(gguf, name);
    if (!value) {
        sy_fail(err, SY_ERR_FORMAT, "a file of several must have it");
        return sy_error_at(err, "key \"%s\"", name);
    }
    bool is_signed = value->type == GGUF_I8 || value->type == GGUF_I16 || value->type == GGUF_I32 ||
                     value->type == GGUF_I64;
    bool is_unsigned = value->type == GGUF_U8 || value->type == GGUF_U16 || value->type == GGUF_U32 ||
                       value->type == GGUF_U64;
    if (is_unsigned || (is_signed && value->i >= 0)) {
        *out = (int64_t)(value->u & INT64_MAX);
        if (value->u <= (uint64_t)max) return true;
    }
    sy_fail(err, SY_ERR_FORMAT, "it is no integer from 0 to %lld", (long long)max);
    return sy_error_at(err, "key \"%s\"", name);
}

bool gguf_split_read(const struct gguf *gguf, struct gguf_split *split, struct sy_error *err) {
    *split = (struct gguf_split){ .count = 1 };
    if (!gguf_find(gguf, "split.count")) return true;
    if (!number_read(gguf, "split.count", GGUF_SPLITS_MAX, &split->count, err)) return false;
    if (split->count <= 1) {
        split->count = 1;
        return true;
    }
    return number_read(gguf, "split.no", split->count - 1, &split->no, err) &&
           number_read(gguf, "split.tensors.count", SAFETENSORS_TENSORS_MAX, &split->tensors, err);
}

/* The end of a name, for file number `no`. */
static void suffix_print(char suffix[SUFFIX_BYTES + 1], int64_t no, int64_t count) {
    snprintf(suffix, SUFFIX_BYTES + 1, "-%05u-of-%05u.gguf", (unsigned)(no + 1) % 100000u,
             (unsigned)count % 100000u);
}

bool gguf_split_first(const struct gguf_split *split, const char *path, struct sy_error *err) {
    char suffix[SUFFIX_BYTES + 1];
    size_t length = strlen(path);
    suffix_print(suffix, split->no, split->count);
    if (length <= SUFFIX_BYTES || strcmp(path + length - SUFFIX_BYTES, suffix) != 0) {
        sy_fail(err, SY_ERR_FORMAT, "this is file %lld of %lld, but its name does not end in %s",
                (long long)split->no + 1, (long long)split->count, suffix);
        return sy_error_remedy(err, "give it its name back, so that the others can be found");
    }
    if (split->no == 0) return true;
    sy_fail(err, SY_ERR_FORMAT, "this is file %lld of %lld", (long long)split->no + 1,
            (long long)split->count);
    suffix_print(suffix, 0, split->count);
    return sy_error_remedy(err, "give the first, whose name ends in %s", suffix);
}

const char *gguf_split_path(const char *first, int64_t no, int64_t count, struct arena *arena,
                            struct sy_error *err) {
    char suffix[SUFFIX_BYTES + 1];
    suffix_print(suffix, no, count);
    return arena_format(arena, err, "%.*s%s", (int)(strlen(first) - SUFFIX_BYTES), first, suffix);
}

bool gguf_split_agrees(const struct gguf_split *first, int64_t no, const struct gguf *gguf,
                       struct sy_error *err) {
    struct gguf_split split;
    if (!gguf_split_read(gguf, &split, err)) return false;
    if (split.no == no && split.count == first->count && split.tensors == first->tensors) return true;
    sy_fail(err, SY_ERR_FORMAT,
            "it says file %lld of %lld with %lld tensors in all, where file %lld of %lld with %lld is wanted",
            (long long)split.no + 1, (long long)split.count, (long long)split.tensors, (long long)no + 1,
            (long long)first->count, (long long)first->tensors);
    return sy_error_remedy(err, REMEDY_AGREE);
}
