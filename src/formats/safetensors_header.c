/*
 * One safetensors file: its header, checked before anything relies on it.
 *
 *     0       8              8 + N                                  size
 *     |   N   |  JSON header   |  data                                |
 *                              0   begin_0 .. end_0 = begin_1 .. end_1   (data_offsets)
 *
 * Invariants of what is handed on, for each tensor: its name is printable and not longer than 512 bytes; its
 * sides are not negative; their product times its type's size is an int64, and exactly that many bytes lie at
 * `data`, within the file. (Of a type that is not known here: as many as it says, within the file.) Sorted by
 * place, the tensors cover the data without overlap or hole, to the last byte. Data may begin at any
 * alignment.
 *
 * Upstream (huggingface/safetensors, tensor.rs) demands the same, except that we also refuse unknown keys in
 * a tensor's entry, more than 8 sides, and names that could not be shown.
 */
#include "formats/safetensors_parts.h"

#include "base/checked.h"
#include "base/json.h"
#include "formats/json_walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_BYTES = 8, DTYPE_NAME_MAX = 32 };

static const struct json_limits entry_limits = { SAFETENSORS_ENTRY_MAX, 8 };
static const struct json_limits metadata_limits = { SAFETENSORS_METADATA_MAX, 1 };

/* What the checks of one file share. */
struct header {
    const char *text;
    int64_t text_bytes;
    const unsigned char *data;
    int64_t data_bytes;
    bool metadata_seen;
};

/* ---- the bounds of the header ---- */

static bool header_bounds(const unsigned char *bytes, int64_t size, struct header *header,
                          struct sy_error *err) {
    if (size < PREFIX_BYTES) {
        sy_fail(err, SY_ERR_FORMAT, "the file has %lld bytes, no room for the length of a header",
                (long long)size);
        return sy_error_at(err, "byte %lld", (long long)size);
    }
    uint64_t length = 0;
    for (int i = PREFIX_BYTES - 1; i >= 0; i--) length = length << 8 | bytes[i];
    if (length > (uint64_t)SAFETENSORS_HEADER_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "the header's length reads as %llu bytes, the limit is %lld",
                (unsigned long long)length, (long long)SAFETENSORS_HEADER_MAX);
        sy_error_remedy(err, "this is no safetensors file, or a damaged one: fetch it again");
        return sy_error_at(err, "byte 0");
    }
    if ((int64_t)length > size - PREFIX_BYTES) {
        sy_fail(err, SY_ERR_FORMAT, "the header has %llu bytes, but only %lld follow its length",
                (unsigned long long)length, (long long)(size - PREFIX_BYTES));
        sy_error_remedy(err, "the file was cut short: fetch it again");
        return sy_error_at(err, "byte 0");
    }
    *header = (struct header){
        .text = (const char *)bytes + PREFIX_BYTES,
        .text_bytes = (int64_t)length,
        .data = bytes + PREFIX_BYTES + length,
        .data_bytes = size - PREFIX_BYTES - (int64_t)length,
    };
    return true;
}

/* ---- one tensor ---- */

bool safetensors_name_check(const char *name, struct sy_error *err) {
    size_t length = strlen(name);
    if (length == 0) return sy_fail(err, SY_ERR_FORMAT, "a tensor has an empty name");
    if (length > SAFETENSORS_NAME_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "a tensor's name has %zu bytes, the limit is %d", length,
                       SAFETENSORS_NAME_MAX);
    }
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        bool control = *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0); /* U+0080 to U+009f in UTF-8 */
        if (control) return sy_fail(err, SY_ERR_FORMAT, "a tensor's name holds a control character");
    }
    return true;
}

static bool shape_read(const json_t *value, struct tensor *tensor, struct sy_error *err) {
    if (!json_is_array(value)) return sy_fail(err, SY_ERR_FORMAT, "its shape is no list");
    size_t rank = json_array_size(value);
    if (rank > TENSOR_RANK_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "its shape has %zu sides, the limit is %d", rank, TENSOR_RANK_MAX);
    }
    tensor->rank = (int)rank;
    for (int i = 0; i < tensor->rank; i++) {
        const json_t *side = json_array_get(value, (size_t)i);
        if (!json_is_integer(side) || json_integer_value(side) < 0) {
            return sy_fail(err, SY_ERR_FORMAT, "side %d of its shape is no integer from 0 to 2^63 - 1", i);
        }
        tensor->shape[i] = json_integer_value(side);
    }
    return true;
}

static bool offsets_read(const json_t *value, int64_t *begin, int64_t *end, struct sy_error *err) {
    const json_t *first = json_array_get(value, 0), *second = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(first) || !json_is_integer(second)) {
        return sy_fail(err, SY_ERR_FORMAT, "its data_offsets are no list of two integers");
    }
    *begin = json_integer_value(first);
    *end = json_integer_value(second);
    if (*begin >= 0 && *begin <= *end) return true;
    return sy_fail(err, SY_ERR_FORMAT, "its data_offsets [%lld, %lld] are negative or reversed",
                   (long long)*begin, (long long)*end);
}

/* A type that is not read is kept by its name: who binds the tensor refuses it, who describes does not. */
static bool dtype_read(const json_t *value, struct arena *arena, struct tensor *tensor,
                       struct sy_error *err) {
    const char *word = json_string_value(value);
    size_t length = word ? strlen(word) : 0;
    if (!word) return sy_fail(err, SY_ERR_FORMAT, "its dtype is no string");
    if (dtype_from_name(word, &tensor->dtype)) return true;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)word[i]) && word[i] != '_' && word[i] != '-' && word[i] != '.')
            length = 0;
    if (length == 0 || length > DTYPE_NAME_MAX)
        return sy_fail(err, SY_ERR_FORMAT, "its dtype is \"%.32s\", which names no type", word);
    tensor->dtype = DTYPE_COUNT;
    tensor->type = arena_string(arena, word, length, err);
    return tensor->type != NULL;
}

/* Shape times dtype must be what the offsets span. */
static bool bytes_check(const struct tensor *tensor, struct sy_error *err) {
    char shape[TENSOR_RANK_MAX * 24];
    int64_t elements, bytes;
    tensor_shape_text(tensor->shape, tensor->rank, shape, sizeof shape);
    if (!tensor_elements(tensor, &elements) ||
        (tensor->dtype != DTYPE_COUNT && dtype_bits(tensor->dtype) >= 8 &&
         !dtype_bytes(tensor->dtype, elements, &bytes))) {
        return sy_fail(err, SY_ERR_FORMAT, "%s of shape %s is more than can be addressed",
                       tensor_type(tensor), shape);
    }
    if (tensor->dtype == DTYPE_COUNT) return true; /* nobody here knows how many there should be */
    if (!dtype_bytes(tensor->dtype, elements, &bytes)) {
        return sy_fail(err, SY_ERR_FORMAT, "%s of shape %s is an odd number of half bytes",
                       dtype_name(tensor->dtype), shape);
    }
    if (bytes == tensor->bytes) return true;
    return sy_fail(err, SY_ERR_FORMAT, "%s of shape %s needs %lld bytes, its data_offsets span %lld",
                   dtype_name(tensor->dtype), shape, (long long)bytes, (long long)tensor->bytes);
}

static bool entry_read(const struct header *header, const json_t *entry, struct arena *arena,
                       struct tensor *tensor, struct sy_error *err) {
    const json_t *dtype = json_object_get(entry, "dtype"), *shape = json_object_get(entry, "shape"),
                 *offsets = json_object_get(entry, "data_offsets");
    if (!dtype || !shape || !offsets || json_object_size(entry) != 3) {
        return sy_fail(err, SY_ERR_FORMAT, "its entry is no object of dtype, shape and data_offsets alone");
    }
    int64_t begin = 0, end = 0;
    if (!dtype_read(dtype, arena, tensor, err) || !shape_read(shape, tensor, err) ||
        !offsets_read(offsets, &begin, &end, err)) {
        return false;
    }
    tensor->bytes = end - begin;
    if (!bytes_check(tensor, err)) return false;
    if (end > header->data_bytes) {
        sy_fail(err, SY_ERR_FORMAT, "its data end at byte %lld, but the file holds only %lld bytes of data",
                (long long)end, (long long)header->data_bytes);
        return sy_error_remedy(err, "the file was cut short: fetch it again");
    }
    tensor->data = header->data + begin;
    return true;
}

/* ---- members of the header ---- */

static json_t *parse_piece(const char *text, int64_t bytes, struct json_limits limits, struct sy_error *err) {
    struct sy_error inner = { .code = SY_OK };
    json_t *value = json_parse(text, bytes, limits, &inner);
    if (!value)
        sy_fail(err, inner.code, "%s", inner.message); /* without its place, which counts from the piece */
    return value;
}

static bool metadata_check(struct header *header, const struct json_walk *walk, struct sy_error *err) {
    if (header->metadata_seen) return sy_fail(err, SY_ERR_FORMAT, "it stands twice in the header");
    header->metadata_seen = true;
    if (walk->value_bytes == 0 || walk->value[0] != '{') {
        return sy_fail(err, SY_ERR_FORMAT, "it is no object of strings");
    }
    json_t *metadata = parse_piece(walk->value, walk->value_bytes, metadata_limits, err);
    if (!metadata) return false;
    bool good = json_is_object(metadata);
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value) good = good && json_is_string(value);
    json_decref(metadata);
    return good || sy_fail(err, SY_ERR_FORMAT, "it is no object of strings");
}

static struct tensor *list_add(struct tensor_list *list, struct sy_error *err) {
    if (list->count == SAFETENSORS_TENSORS_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "the checkpoint has more than %lld tensors, the limit",
                (long long)SAFETENSORS_TENSORS_MAX);
        return NULL;
    }
    if (list->count == list->room) {
        int64_t room = list->room * 2 + 64;
        struct tensor *items = realloc(list->items, (size_t)room * sizeof *items);
        if (!items) {
            sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a list of %lld tensors",
                    (long long)room);
            return NULL;
        }
        list->items = items;
        list->room = room;
    }
    struct tensor *tensor = &list->items[list->count++];
    *tensor = (struct tensor){ .rank = 0 };
    return tensor;
}

static bool tensor_read(const struct header *header, const struct json_walk *walk, const char *name,
                        struct arena *arena, struct tensor *tensor, struct sy_error *err) {
    json_t *entry = parse_piece(walk->value, walk->value_bytes, entry_limits, err);
    bool good = entry && entry_read(header, entry, arena, tensor, err);
    json_decref(entry);
    return good || sy_error_at(err, "tensor \"%s\"", name);
}

static bool member_read(struct header *header, const struct json_walk *walk, const char *file,
                        struct arena *arena, struct tensor_list *list, struct sy_error *err) {
    json_t *key = parse_piece(walk->key, walk->key_bytes, entry_limits, err);
    const char *name = json_string_value(key);
    bool good = false;
    if (name && strcmp(name, SAFETENSORS_METADATA) == 0) {
        good = metadata_check(header, walk, err) || sy_error_at(err, SAFETENSORS_METADATA);
    } else if (name && safetensors_name_check(name, err)) {
        struct tensor *tensor = list_add(list, err);
        if (tensor) {
            tensor->file = file;
            tensor->name = arena_string(arena, name, strlen(name), err);
            good = tensor->name && tensor_read(header, walk, name, arena, tensor, err);
        }
    }
    json_decref(key);
    if (!good) sy_error_at(err, "byte %lld", (long long)(PREFIX_BYTES + (walk->key - header->text)));
    return good;
}

/* ---- the file as a whole ---- */

static int by_place(const void *left, const void *right) {
    const struct tensor *a = left, *b = right;
    if (a->data != b->data) return a->data < b->data ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1; /* an empty tensor before what begins there */
    return strcmp(a->name, b->name);
}

/* Neither overlap nor hole, and the last byte belongs to a tensor. Sorts by place. */
static bool spans_check(const struct header *header, struct tensor *tensors, int64_t count,
                        struct sy_error *err) {
    int64_t next = 0;
    if (count > 1) qsort(tensors, (size_t)count, sizeof *tensors, by_place);
    for (int64_t i = 0; i < count; i++) {
        int64_t begin = tensors[i].data - header->data;
        if (begin < next) {
            sy_fail(err, SY_ERR_FORMAT,
                    "its data begin at byte %lld, inside those of \"%s\", which end at %lld",
                    (long long)begin, tensors[i - 1].name, (long long)next);
            return sy_error_at(err, "tensor \"%s\"", tensors[i].name);
        }
        if (begin > next) {
            sy_fail(err, SY_ERR_FORMAT, "its data begin at byte %lld and leave a hole from byte %lld on",
                    (long long)begin, (long long)next);
            return sy_error_at(err, "tensor \"%s\"", tensors[i].name);
        }
        next = begin + tensors[i].bytes;
    }
    if (next == header->data_bytes) return true;
    sy_fail(err, SY_ERR_FORMAT, "the tensors end at byte %lld of the data, but the file holds %lld",
            (long long)next, (long long)header->data_bytes);
    return sy_error_at(err, "byte %lld", (long long)(PREFIX_BYTES + header->text_bytes + next));
}

static bool members_read(struct header *header, const char *file, struct arena *arena,
                         struct tensor_list *list, struct sy_error *err) {
    struct json_walk walk;
    int64_t first = list->count;
    bool more = true;
    if (header->text_bytes == 0 || header->text[0] != '{') { /* not even white space may stand before it */
        sy_fail(err, SY_ERR_FORMAT, "the header must begin with '{'");
        return sy_error_at(err, "byte %d", PREFIX_BYTES);
    }
    if (!json_walk_open(&walk, header->text, header->text_bytes, PREFIX_BYTES, err)) return false;
    while (more) {
        if (!json_walk_next(&walk, PREFIX_BYTES, &more, err)) return false;
        if (more && !member_read(header, &walk, file, arena, list, err)) return false;
    }
    struct tensor *added = list->count > first ? list->items + first : NULL;
    return spans_check(header, added, list->count - first, err);
}

bool safetensors_header_read(const unsigned char *bytes, int64_t size, const char *file, struct arena *arena,
                             struct tensor_list *list, struct sy_error *err) {
    struct header header = { .text = NULL };
    if (header_bounds(bytes, size, &header, err) && members_read(&header, file, arena, list, err))
        return true;
    sy_error_in(err, file);
    if (err && (err->code == SY_ERR_FORMAT || err->code == SY_ERR_LIMIT)) {
        sy_error_remedy(err, "the file is damaged: fetch or write it again");
    }
    return false;
}
