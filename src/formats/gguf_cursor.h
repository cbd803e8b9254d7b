/*
 * Private to formats/: a cursor over a file's bytes, which anybody may have written.
 *
 *     [bytes ....... at ....... size)        each take moves `at` behind what it took
 *
 * Invariant: 0 <= at <= size. What the file does not hold to its end is refused, with the byte at which it
 * was wanted. A count is held against the bytes that are left before anything is allocated for what it
 * counts, so no file can ask for much more memory than it has bytes.
 */
#ifndef FORMATS_GGUF_CURSOR_H
#define FORMATS_GGUF_CURSOR_H

#include "formats/gguf.h"

struct gguf_cursor {
    const unsigned char *bytes;
    int64_t size, at;
};

SY_MUST_CHECK bool gguf_take_u32(struct gguf_cursor *cursor, uint32_t *out, struct sy_error *err);
SY_MUST_CHECK bool gguf_take_u64(struct gguf_cursor *cursor, uint64_t *out, struct sy_error *err);
/* A length, then as many bytes, which stay where they lie. */
SY_MUST_CHECK bool gguf_take_text(struct gguf_cursor *cursor, struct gguf_text *out, struct sy_error *err);
/* A count of things that take `each` bytes at least, held against what is left. */
SY_MUST_CHECK bool gguf_count_check(const struct gguf_cursor *cursor, uint64_t count, int64_t each,
                                    const char *what, struct sy_error *err);

#endif
