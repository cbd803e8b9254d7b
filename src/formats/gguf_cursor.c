/*
 * A cursor over hostile bytes (gguf_cursor.h): little-endian fields, one byte at a time, at any alignment.
 */
#include "formats/gguf_cursor.h"

#include "formats/gguf_parts.h"

static bool take(struct gguf_cursor *cursor, int64_t size, const unsigned char **out, struct sy_error *err) {
    int64_t left = cursor->size - cursor->at;
    if (size > left) {
        sy_fail(err, SY_ERR_FORMAT, "%lld bytes are wanted at byte %lld, where only %lld are left",
                (long long)size, (long long)cursor->at, (long long)left);
        return sy_error_remedy(err, GGUF_REMEDY_CUT);
    }
    *out = cursor->bytes + cursor->at;
    cursor->at += size;
    return true;
}

bool gguf_take_u32(struct gguf_cursor *cursor, uint32_t *out, struct sy_error *err) {
    const unsigned char *b = cursor->bytes;
    if (!take(cursor, 4, &b, err)) return false;
    *out = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return true;
}

bool gguf_take_u64(struct gguf_cursor *cursor, uint64_t *out, struct sy_error *err) {
    const unsigned char *b = cursor->bytes;
    if (!take(cursor, 8, &b, err)) return false;
    *out = 0;
    for (int i = 7; i >= 0; i--) *out = *out << 8 | b[i];
    return true;
}

bool gguf_count_check(const struct gguf_cursor *cursor, uint64_t count, int64_t each, const char *what,
                      struct sy_error *err) {
    int64_t left = cursor->size - cursor->at;
    if (count <= (uint64_t)(left / each)) return true;
    return sy_fail(err, SY_ERR_FORMAT, "%llu %s cannot lie in the %lld bytes from byte %lld on",
                   (unsigned long long)count, what, (long long)left, (long long)cursor->at);
}

bool gguf_take_text(struct gguf_cursor *cursor, struct gguf_text *out, struct sy_error *err) {
    uint64_t size = 0;
    if (!gguf_take_u64(cursor, &size, err) || !gguf_count_check(cursor, size, 1, "bytes of a string", err))
        return false;
    *out = (struct gguf_text){ (const char *)cursor->bytes + cursor->at, (int64_t)size };
    cursor->at += (int64_t)size;
    return true;
}
