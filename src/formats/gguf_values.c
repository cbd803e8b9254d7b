/*
 * GGUF values to bytes: the inverse of gguf_keys.c. A value is checked as a whole first, so that putting it
 * can only fail for want of memory.
 */
#include "formats/gguf_parts.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* ---- bytes that grow ---- */

void gguf_put(struct gguf_bytes *bytes, const void *from, int64_t size) {
    int64_t end = 0;
    if (bytes->failed || size == 0) return;
    if (!size_add(bytes->size, size, &end) || end > INT64_MAX / 4) {
        bytes->failed = true;
        return;
    }
    if (end > bytes->room) {
        int64_t room = max_i64(end, 2 * bytes->room + 256);
        unsigned char *larger = realloc(bytes->at, (size_t)room);
        bytes->failed = !larger;
        if (!larger) return;
        bytes->at = larger;
        bytes->room = room;
    }
    memcpy(bytes->at + bytes->size, from, (size_t)size);
    bytes->size = end;
}

static void put_number(struct gguf_bytes *bytes, uint64_t number, int64_t size) {
    unsigned char text[8];
    for (int i = 0; i < 8; i++) text[i] = (unsigned char)(number >> 8 * i);
    gguf_put(bytes, text, size);
}

void gguf_put_u32(struct gguf_bytes *bytes, uint32_t number) {
    put_number(bytes, number, 4);
}

void gguf_put_u64(struct gguf_bytes *bytes, uint64_t number) {
    put_number(bytes, number, 8);
}

void gguf_put_text(struct gguf_bytes *bytes, struct gguf_text text) {
    gguf_put_u64(bytes, (uint64_t)text.size);
    gguf_put(bytes, text.data, text.size);
}

/* ---- checking ---- */

static bool scalar_fits(const struct gguf_value *value) {
    int64_t bits = 8 * gguf_scalar_bytes(value->type);
    switch (value->type) {
    case GGUF_BOOL: return value->u <= 1;
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32: return value->u >> bits == 0;
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32: return value->i >= -(1ll << (bits - 1)) && value->i < 1ll << (bits - 1);
    default: return true;
    }
}

static bool array_check(const struct gguf_value *value, int depth, int64_t room, int64_t *items,
                        struct sy_error *err);

static bool check(const struct gguf_value *value, int depth, int64_t room, int64_t *items,
                  struct sy_error *err) {
    if ((unsigned)value->type >= GGUF_TYPE_COUNT)
        return sy_fail(err, SY_ERR_INTERNAL, "%u is no type of value", (unsigned)value->type);
    if (value->type == GGUF_ARRAY) return array_check(value, depth, room, items, err);
    if (value->type == GGUF_STRING)
        return value->text.size >= 0 || sy_fail(err, SY_ERR_INTERNAL, "a string has a negative length");
    if (scalar_fits(value)) return true;
    return sy_fail(err, SY_ERR_LIMIT,
                   "its value, %lld, does not fit into the %lld bytes that GGUF has for it",
                   (long long)value->i, (long long)gguf_scalar_bytes(value->type));
}

static bool array_check(const struct gguf_value *value, int depth, int64_t room, int64_t *items,
                        struct sy_error *err) {
    enum gguf_type type = value->array.type;
    int64_t count = value->array.count, bytes, each = gguf_scalar_bytes(type);
    if (depth > GGUF_DEPTH_MAX)
        return sy_fail(err, SY_ERR_LIMIT, "arrays are nested deeper than %d, the limit", GGUF_DEPTH_MAX);
    if ((unsigned)type >= GGUF_TYPE_COUNT || count < 0 || !size_mul(count, each, &bytes))
        return sy_fail(err, SY_ERR_INTERNAL, "an array has no valid type or count");
    if (each > 0) {
        for (int64_t i = 0; type == GGUF_BOOL && i < count; i++) {
            if (value->array.bytes[i] > 1) return sy_fail(err, SY_ERR_INTERNAL, "a bool is neither 0 nor 1");
        }
        return true;
    }
    if (count > room - *items) {
        return sy_fail(err, SY_ERR_LIMIT, "the arrays hold more than %lld strings, the limit",
                       (long long)GGUF_ITEMS_MAX);
    }
    *items += count;
    for (int64_t i = 0; i < count; i++) {
        if (value->array.items[i].type != type)
            return sy_fail(err, SY_ERR_INTERNAL, "an array holds values of several types");
        if (!check(&value->array.items[i], depth + 1, room, items, err)) return false;
    }
    return true;
}

bool gguf_value_check(const struct gguf_value *value, int64_t room, int64_t *items, struct sy_error *err) {
    *items = 0;
    return check(value, 1, room, items, err);
}

/* ---- putting ---- */

void gguf_put_value(struct gguf_bytes *bytes, const struct gguf_value *value) {
    uint64_t number = value->u;
    if (value->type == GGUF_STRING) {
        gguf_put_text(bytes, value->text);
    } else if (value->type == GGUF_ARRAY) {
        int64_t each = gguf_scalar_bytes(value->array.type), count = value->array.count;
        gguf_put_u32(bytes, value->array.type);
        gguf_put_u64(bytes, (uint64_t)count);
        if (each > 0) gguf_put(bytes, value->array.bytes, count * each);
        for (int64_t i = 0; each == 0 && i < count; i++) gguf_put_value(bytes, &value->array.items[i]);
    } else {
        if (value->type == GGUF_F32) {
            float narrow = (float)value->f;
            uint32_t bits;
            memcpy(&bits, &narrow, sizeof bits);
            number = bits;
        } else if (value->type == GGUF_F64) {
            memcpy(&number, &value->f, sizeof number);
        }
        put_number(bytes, number, gguf_scalar_bytes(value->type));
    }
}
