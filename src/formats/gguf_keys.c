/*
 * GGUF's metadata: names and values, decoded once.
 *
 *     u64 length, name   u32 type   value
 *
 * Scalars are decoded; strings, and arrays of scalars, stay where they lie in the file; arrays of strings and
 * of arrays become tables of values in the arena, 40 bytes for each item that takes 8 or more in the file.
 * Invariants of what is handed on: names are printable ASCII and unique, every type is one of the thirteen,
 * every bool is 0 or 1, everything that is pointed at lies within the file.
 */
#include "formats/gguf_parts.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES_MIN = 8 + 1 + 4 + 1, STRING_BYTES_MIN = 8, ARRAY_BYTES_MIN = 4 + 8 };

/* What the values of one file share. */
struct keys_reading {
    struct gguf_cursor *cursor;
    struct arena *arena;
    int64_t items; /* strings and arrays inside arrays, so far */
};

int64_t gguf_scalar_bytes(enum gguf_type type) {
    static const int bytes[GGUF_TYPE_COUNT] = {
        [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2,  [GGUF_I16] = 2, [GGUF_U32] = 4, [GGUF_I32] = 4,
        [GGUF_F32] = 4, [GGUF_U64] = 8, [GGUF_BOOL] = 1, [GGUF_I64] = 8, [GGUF_F64] = 8,
    };
    return (unsigned)type < GGUF_TYPE_COUNT ? bytes[type] : 0;
}

/* ---- values ---- */

static void scalar_decode(enum gguf_type type, const unsigned char *bytes, struct gguf_value *value) {
    uint64_t bits = 0;
    int64_t size = gguf_scalar_bytes(type);
    for (int64_t i = size - 1; i >= 0; i--) bits = bits << 8 | bytes[i];
    value->type = type;
    if (type == GGUF_F32) {
        uint32_t low = (uint32_t)bits;
        float number;
        memcpy(&number, &low, sizeof number);
        value->f = (double)number;
    } else if (type == GGUF_F64) {
        memcpy(&value->f, &bits, sizeof value->f);
    } else if (type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32) {
        uint64_t sign = 1ull << (8 * size - 1);
        value->i = (int64_t)((bits ^ sign) - sign);
    } else {
        value->u = bits;
    }
}

/* How a bool is stored is all that can be wrong with a scalar. */
static bool bools_check(const unsigned char *bytes, int64_t count, struct sy_error *err) {
    for (int64_t i = 0; i < count; i++) {
        if (bytes[i] > 1)
            return sy_fail(err, SY_ERR_FORMAT, "a bool is stored as %d, neither 0 nor 1", bytes[i]);
    }
    return true;
}

static bool type_take(struct gguf_cursor *cursor, enum gguf_type *type, struct sy_error *err) {
    uint32_t id = 0;
    if (!gguf_take_u32(cursor, &id, err)) return false;
    *type = (enum gguf_type)id;
    if (id < GGUF_TYPE_COUNT) return true;
    return sy_fail(err, SY_ERR_FORMAT, "%u is no type of value; there are 0 to %d", id, GGUF_TYPE_COUNT - 1);
}

static bool scalars_take(struct gguf_cursor *cursor, enum gguf_type type, uint64_t count,
                         const unsigned char **bytes, struct sy_error *err) {
    int64_t each = gguf_scalar_bytes(type);
    if (!gguf_count_check(cursor, count, each, "items of an array", err)) return false;
    *bytes = cursor->bytes + cursor->at;
    cursor->at += (int64_t)count * each;
    return type != GGUF_BOOL || bools_check(*bytes, (int64_t)count, err);
}

static bool value_read(struct keys_reading *reading, enum gguf_type type, int depth, struct gguf_value *value,
                       struct sy_error *err);

/* The items of an array of strings or of arrays. */
static bool items_read(struct keys_reading *reading, int depth, struct gguf_value *array, uint64_t count,
                       struct sy_error *err) {
    enum gguf_type type = array->array.type;
    int64_t each = type == GGUF_STRING ? STRING_BYTES_MIN : ARRAY_BYTES_MIN;
    if (!gguf_count_check(reading->cursor, count, each, "items of an array", err)) return false;
    if ((int64_t)count > GGUF_ITEMS_MAX - reading->items) {
        return sy_fail(err, SY_ERR_LIMIT, "the arrays hold more than %lld strings, the limit",
                       (long long)GGUF_ITEMS_MAX);
    }
    reading->items += (int64_t)count;
    if (count == 0) return true;
    struct gguf_value *items = arena_new(reading->arena, struct gguf_value, (int64_t)count, err);
    array->array.items = items;
    if (!items) return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!value_read(reading, type, depth, &items[i], err)) return false;
    }
    return true;
}

static bool array_read(struct keys_reading *reading, int depth, struct gguf_value *array,
                       struct sy_error *err) {
    struct gguf_cursor *cursor = reading->cursor;
    uint64_t count = 0;
    if (depth > GGUF_DEPTH_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "arrays are nested deeper than %d, the limit", GGUF_DEPTH_MAX);
    }
    if (!type_take(cursor, &array->array.type, err) || !gguf_take_u64(cursor, &count, err)) return false;
    bool scalars = gguf_scalar_bytes(array->array.type) > 0;
    bool good = scalars ? scalars_take(cursor, array->array.type, count, &array->array.bytes, err)
                        : items_read(reading, depth + 1, array, count, err);
    if (good) array->array.count = (int64_t)count;
    return good;
}

static bool value_read(struct keys_reading *reading, enum gguf_type type, int depth, struct gguf_value *value,
                       struct sy_error *err) {
    const unsigned char *bytes;
    *value = (struct gguf_value){ .type = type };
    if (type == GGUF_STRING) return gguf_take_text(reading->cursor, &value->text, err);
    if (type == GGUF_ARRAY) return array_read(reading, depth, value, err);
    if (!scalars_take(reading->cursor, type, 1, &bytes, err)) return false;
    scalar_decode(type, bytes, value);
    return true;
}

/* ---- keys ---- */

bool gguf_key_check(const char *name, int64_t size, struct sy_error *err) {
    if (size == 0) return sy_fail(err, SY_ERR_FORMAT, "a key has an empty name");
    if (size > GGUF_KEY_BYTES_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "a key's name has %lld bytes, the limit is %d", (long long)size,
                       GGUF_KEY_BYTES_MAX);
    }
    for (int64_t i = 0; i < size; i++) {
        if (name[i] < 0x20 || name[i] > 0x7e)
            return sy_fail(err, SY_ERR_FORMAT, "a key's name is no printable ASCII");
    }
    return true;
}

static bool key_read(struct keys_reading *reading, struct gguf_key *key, struct sy_error *err) {
    struct gguf_text name;
    enum gguf_type type = GGUF_U8;
    int64_t begin = reading->cursor->at;
    if (!gguf_take_text(reading->cursor, &name, err) || !gguf_key_check(name.data, name.size, err))
        return sy_error_at(err, "byte %lld", (long long)begin);
    key->name = arena_string(reading->arena, name.data, (size_t)name.size, err);
    if (!key->name) return false;
    if (type_take(reading->cursor, &type, err) && value_read(reading, type, 1, &key->value, err)) return true;
    return sy_error_at(err, "key \"%s\"", key->name);
}

static int by_name(const void *left, const void *right, void *keys) {
    const struct gguf_key *a = (const struct gguf_key *)keys + *(const int32_t *)left,
                          *b = (const struct gguf_key *)keys + *(const int32_t *)right;
    return strcmp(a->name, b->name);
}

static bool keys_sort(struct gguf *gguf, struct arena *arena, struct sy_error *err) {
    gguf->by_name = arena_new(arena, int32_t, gguf->key_count, err);
    if (!gguf->by_name) return false;
    for (int32_t i = 0; i < gguf->key_count; i++) gguf->by_name[i] = i;
    if (gguf->key_count > 1)
        qsort_r(gguf->by_name, (size_t)gguf->key_count, sizeof *gguf->by_name, by_name, gguf->keys);
    for (int64_t i = 1; i < gguf->key_count; i++) {
        if (by_name(&gguf->by_name[i - 1], &gguf->by_name[i], gguf->keys) != 0) continue;
        sy_fail(err, SY_ERR_FORMAT, "it stands twice in the file");
        return sy_error_at(err, "key \"%s\"", gguf->keys[gguf->by_name[i]].name);
    }
    return true;
}

static bool alignment_read(struct gguf *gguf, struct sy_error *err) {
    const struct gguf_value *value = gguf_find(gguf, GGUF_ALIGNMENT_KEY);
    gguf->alignment = GGUF_ALIGNMENT_DEFAULT;
    if (!value) return true;
    if (value->type != GGUF_U8 && value->type != GGUF_U16 && value->type != GGUF_U32 &&
        value->type != GGUF_U64)
        return sy_fail(err, SY_ERR_FORMAT, "it is no unsigned integer");
    if (value->u > (uint64_t)GGUF_ALIGNMENT_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "it is %llu, the limit is %lld", (unsigned long long)value->u,
                       (long long)GGUF_ALIGNMENT_MAX);
    }
    gguf->alignment = (int64_t)value->u;
    if (value->u >= 8 && (value->u & (value->u - 1)) == 0) return true;
    return sy_fail(err, SY_ERR_FORMAT, "it is %llu, no power of two from 8 on", (unsigned long long)value->u);
}

bool gguf_keys_read(struct gguf_cursor *cursor, uint64_t count, struct arena *arena, struct gguf *gguf,
                    struct sy_error *err) {
    struct keys_reading reading = { cursor, arena, 0 };
    if (!gguf_count_check(cursor, count, KEY_BYTES_MIN, "keys", err)) return false;
    if (count > (uint64_t)GGUF_KEYS_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "the file has %llu keys, the limit is %lld",
                       (unsigned long long)count, (long long)GGUF_KEYS_MAX);
    }
    gguf->keys = arena_new(arena, struct gguf_key, (int64_t)count, err);
    if (!gguf->keys) return false;
    for (gguf->key_count = 0; gguf->key_count < (int64_t)count; gguf->key_count++) {
        if (!key_read(&reading, &gguf->keys[gguf->key_count], err)) return false;
    }
    return keys_sort(gguf, arena, err) &&
           (alignment_read(gguf, err) || sy_error_at(err, "key \"%s\"", GGUF_ALIGNMENT_KEY));
}

/* ---- asking ---- */

const struct gguf_value *gguf_find(const struct gguf *gguf, const char *name) {
    int64_t low = 0, high = gguf->key_count;
    for (int64_t i = 0; !gguf->by_name && i < high; i++) {
        if (strcmp(gguf->keys[i].name, name) == 0) return &gguf->keys[i].value;
    }
    while (gguf->by_name && low < high) {
        int64_t middle = low + (high - low) / 2;
        const struct gguf_key *key = &gguf->keys[gguf->by_name[middle]];
        int order = strcmp(key->name, name);
        if (order == 0) return &key->value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool item_decode(const struct gguf_value *array, int64_t index, struct gguf_value *item) {
    if (array->type != GGUF_ARRAY || index < 0 || index >= array->array.count) return false;
    int64_t each = gguf_scalar_bytes(array->array.type);
    if (each == 0) return false;
    scalar_decode(array->array.type, array->array.bytes + index * each, item);
    return true;
}

static bool is_signed(enum gguf_type type) {
    return type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32 || type == GGUF_I64;
}

bool gguf_item_real(const struct gguf_value *array, int64_t index, double *out) {
    struct gguf_value item;
    if (!item_decode(array, index, &item)) return false;
    if (item.type == GGUF_F32 || item.type == GGUF_F64)
        *out = item.f;
    else
        *out = is_signed(item.type) ? (double)item.i : (double)item.u;
    return true;
}

bool gguf_item_int(const struct gguf_value *array, int64_t index, int64_t *out) {
    struct gguf_value item;
    if (!item_decode(array, index, &item) || item.type == GGUF_F32 || item.type == GGUF_F64) return false;
    if (!is_signed(item.type) && item.u > (uint64_t)INT64_MAX) return false;
    *out = is_signed(item.type) ? item.i : (int64_t)item.u;
    return true;
}
