/*
 * GGUF's tensors: what each claims to be, and whether its data are there.
 *
 *     u64 length, name   u32 rank   u64 dims[rank]   u32 type   u64 offset       (one behind the other)
 *     | padding to the alignment | data: tensor, padding, tensor, ...
 *
 * Invariants of what is handed on: a name is printable UTF-8 of at most 64 bytes; there are 1 to 4 sides,
 * none of them 0, and their product is an int64; rows are whole blocks; the bytes that follow from type and
 * shape lie within the file, at a multiple of the alignment, and no two tensors share one. Holes are let
 * pass, for nobody reads them. Where a type's size is not known, only its first byte can be vouched for, and
 * `bytes` is 0.
 */
#include "formats/gguf_parts.h"

#include "base/checked.h"
#include "base/utf8.h"
#include "formats/safetensors_parts.h"

#include <stdlib.h>
#include <string.h>

enum { INFO_BYTES_MIN = 8 + 1 + 4 + 8 + 4 + 8 };

/* ---- what it claims ---- */

bool gguf_name_check(const char *name, struct sy_error *err) {
    size_t length = strlen(name);
    uint32_t point = 0;
    if (length > GGUF_NAME_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "a tensor's name has %zu bytes, the limit is %d", length,
                       GGUF_NAME_MAX);
    }
    for (size_t at = 0, step; at < length; at += step) {
        step = utf8_decode(name + at, length - at, &point);
        if (step == 0) return sy_fail(err, SY_ERR_FORMAT, "a tensor's name is no UTF-8");
    }
    return safetensors_name_check(name, err);
}

static bool name_read(struct gguf_cursor *cursor, struct arena *arena, struct tensor *tensor,
                      struct sy_error *err) {
    struct gguf_text text;
    char name[GGUF_NAME_MAX + 1];
    if (!gguf_take_text(cursor, &text, err)) return false;
    if (text.size > GGUF_NAME_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "a tensor's name has %lld bytes, the limit is %d",
                       (long long)text.size, GGUF_NAME_MAX);
    }
    memcpy(name, text.data, (size_t)text.size);
    name[text.size] = 0;
    if (strlen(name) != (size_t)text.size)
        return sy_fail(err, SY_ERR_FORMAT, "a tensor's name holds a control character");
    if (!gguf_name_check(name, err)) return false;
    tensor->name = arena_string(arena, name, (size_t)text.size, err);
    return tensor->name != NULL;
}

static bool shape_read(struct gguf_cursor *cursor, struct tensor *tensor, struct sy_error *err) {
    uint32_t rank = 0;
    if (!gguf_take_u32(cursor, &rank, err)) return false;
    if (rank < 1 || rank > GGUF_RANK_MAX)
        return sy_fail(err, SY_ERR_FORMAT, "it has %u sides; 1 to %d are allowed", rank, GGUF_RANK_MAX);
    tensor->rank = (int)rank;
    for (int i = tensor->rank - 1; i >= 0; i--) { /* theirs begins with the fastest */
        uint64_t side = 0;
        if (!gguf_take_u64(cursor, &side, err)) return false;
        if (side < 1 || side > (uint64_t)INT64_MAX) {
            return sy_fail(err, SY_ERR_FORMAT, "side %d of its shape is %llu, not from 1 to 2^63 - 1", i,
                           (unsigned long long)side);
        }
        tensor->shape[i] = (int64_t)side;
    }
    return true;
}

bool gguf_tensor_bytes(uint32_t type, int rank, const int64_t *shape, int64_t *bytes, struct sy_error *err) {
    char text[TENSOR_RANK_MAX * 24];
    const char *name = gguf_type_name(type);
    int64_t elements = 1, block = 1, block_bytes = 0;
    bool good = true;
    for (int i = 0; i < rank; i++) good = good && size_mul(elements, shape[i], &elements);
    gguf_type_unit(type, &block, &block_bytes);
    if (!good || !size_mul(elements / block, block_bytes, bytes)) {
        return sy_fail(err, SY_ERR_FORMAT, "%s of shape %s is more than can be addressed",
                       name ? name : "a tensor", tensor_shape_text(shape, rank, text, sizeof text));
    }
    if (shape[rank - 1] % block == 0) return true;
    return sy_fail(err, SY_ERR_FORMAT, "its rows have %lld elements, and %s comes in blocks of %lld",
                   (long long)shape[rank - 1], name, (long long)block);
}

static bool info_read(struct gguf_cursor *cursor, int64_t alignment, struct gguf_entry *entry,
                      struct sy_error *err) {
    struct tensor *tensor = &entry->tensor;
    uint64_t offset = 0;
    if (!shape_read(cursor, tensor, err) || !gguf_take_u32(cursor, &entry->type, err) ||
        !gguf_take_u64(cursor, &offset, err) ||
        !gguf_tensor_bytes(entry->type, tensor->rank, tensor->shape, &tensor->bytes, err))
        return false;
    if (!gguf_dtype_of(entry->type, &tensor->dtype)) tensor->dtype = DTYPE_COUNT;
    entry->offset = (int64_t)(offset & INT64_MAX);
    if (offset <= (uint64_t)INT64_MAX && entry->offset % alignment == 0) return true;
    return sy_fail(err, SY_ERR_FORMAT, "its data begin at byte %llu, no multiple of the alignment of %lld",
                   (unsigned long long)offset, (long long)alignment);
}

/* What people call a type that is not decoded here. */
static bool type_name(struct arena *arena, struct gguf_entry *entry, struct sy_error *err) {
    if (entry->tensor.dtype != DTYPE_COUNT) return true;
    entry->tensor.type = gguf_type_name(entry->type);
    if (!entry->tensor.type) entry->tensor.type = arena_format(arena, err, "type %u", (unsigned)entry->type);
    return entry->tensor.type != NULL;
}

/* ---- whether its data are there ---- */

/* The least that it must occupy. */
static int64_t span_of(const struct gguf_entry *entry) {
    return max_i64(entry->tensor.bytes, 1);
}

static bool data_find(struct gguf_entry *entry, const unsigned char *data, int64_t size,
                      struct sy_error *err) {
    int64_t end = 0;
    if (size_add(entry->offset, span_of(entry), &end) && end <= size) {
        entry->tensor.data = data + entry->offset;
        return true;
    }
    sy_fail(err, SY_ERR_FORMAT,
            "%lld bytes of data begin at byte %lld, but the file holds only %lld bytes of data",
            (long long)span_of(entry), (long long)entry->offset, (long long)size);
    sy_error_remedy(err, GGUF_REMEDY_CUT);
    return sy_error_at(err, "tensor \"%s\"", entry->tensor.name);
}

static int by_place(const void *left, const void *right) {
    const struct gguf_entry *a = left, *b = right;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return strcmp(a->tensor.name, b->tensor.name);
}

/* Sorts by place. */
static bool overlaps_check(struct gguf_entry *entries, int64_t count, struct sy_error *err) {
    if (count > 1) qsort(entries, (size_t)count, sizeof *entries, by_place);
    for (int64_t i = 1; i < count; i++) {
        int64_t end = entries[i - 1].offset + span_of(&entries[i - 1]);
        if (end <= entries[i].offset) continue;
        sy_fail(err, SY_ERR_FORMAT, "its data begin at byte %lld, inside those of \"%s\", which end at %lld",
                (long long)entries[i].offset, entries[i - 1].tensor.name, (long long)end);
        return sy_error_at(err, "tensor \"%s\"", entries[i].tensor.name);
    }
    return true;
}

static bool data_place(const struct gguf_cursor *cursor, int64_t alignment, struct gguf_entry *entries,
                       int64_t count, struct sy_error *err) {
    int64_t begin = 0;
    if (count == 0) return true; /* a vocabulary alone: not even the padding need be there */
    if (!size_round_up(cursor->at, alignment, &begin) || begin > cursor->size) {
        sy_fail(err, SY_ERR_FORMAT, "the file ends at byte %lld, before the data of its %lld tensors",
                (long long)cursor->size, (long long)count);
        sy_error_remedy(err, GGUF_REMEDY_CUT);
        return sy_error_at(err, "byte %lld", (long long)cursor->size);
    }
    for (int64_t i = 0; i < count; i++) {
        if (!data_find(&entries[i], cursor->bytes + begin, cursor->size - begin, err)) return false;
    }
    return overlaps_check(entries, count, err);
}

/* ---- the table ---- */

static bool room_make(struct gguf_entries *entries, uint64_t count, struct sy_error *err) {
    if (count > (uint64_t)(SAFETENSORS_TENSORS_MAX - entries->count)) {
        return sy_fail(
            err, SY_ERR_LIMIT, "there are %llu tensors more than the %lld so far; the limit is %lld",
            (unsigned long long)count, (long long)entries->count, (long long)SAFETENSORS_TENSORS_MAX);
    }
    int64_t room = entries->count + (int64_t)count;
    if (room <= entries->room) return true;
    room = max_i64(room, min_i64(2 * entries->room, SAFETENSORS_TENSORS_MAX));
    struct gguf_entry *items = realloc(entries->items, (size_t)room * sizeof *items);
    if (!items) {
        return sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a list of %lld tensors",
                       (long long)room);
    }
    entries->items = items;
    entries->room = room;
    return true;
}

bool gguf_tensors_read(struct gguf_cursor *cursor, uint64_t count, int64_t alignment, const char *file,
                       struct arena *arena, struct gguf_entries *entries, struct sy_error *err) {
    if (!gguf_count_check(cursor, count, INFO_BYTES_MIN, "tensors", err)) return false;
    if (count == 0) return true;
    if (!room_make(entries, count, err)) return false;
    struct gguf_entry *first = entries->items + entries->count;
    for (uint64_t i = 0; i < count; i++) {
        struct gguf_entry *entry = &entries->items[entries->count++];
        int64_t begin = cursor->at;
        *entry = (struct gguf_entry){ .tensor.file = file };
        if (!name_read(cursor, arena, &entry->tensor, err))
            return sy_error_at(err, "byte %lld", (long long)begin);
        if (!info_read(cursor, alignment, entry, err) || !type_name(arena, entry, err))
            return sy_error_at(err, "tensor \"%s\"", entry->tensor.name);
    }
    return data_place(cursor, alignment, first, (int64_t)count, err);
}
