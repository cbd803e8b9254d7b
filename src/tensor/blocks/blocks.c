/*
 * The table of block formats, and rows of blocks.
 */
#include "tensor/blocks/blocks.h"

#include "base/checked.h"
#include "tensor/blocks/formats.h"
#include "tensor/decode.h"

#include <assert.h>

enum { BLOCK_MAX = 256 }; /* elements */

/* A whole block of each format, run by run. */
#define FORMAT(TYPE, name, elements, encoder)                                                                \
    static void name##_decode(const unsigned char *block, float *out) {                                      \
        for (int run = 0; run < (elements) / BLOCK_RUN; run++)                                               \
            name##_decode_run(block, run, out + run * BLOCK_RUN);                                            \
    }
BLOCK_FORMAT_LIST(FORMAT)
#undef FORMAT

static const struct block_format formats[DTYPE_COUNT - DTYPE_PLAIN_COUNT] = {
#define FORMAT(TYPE, name, elements, encoder)                                                                \
    [DTYPE_##TYPE -                                                                                          \
        DTYPE_PLAIN_COUNT] = { DTYPE_##TYPE, elements, (int)sizeof(struct name), name##_decode, encoder },
    BLOCK_FORMAT_LIST(FORMAT)
#undef FORMAT
};

const struct block_format *block_format_of(enum dtype dtype) {
    return dtype_is_block(dtype) ? &formats[dtype - DTYPE_PLAIN_COUNT] : NULL;
}

void blocks_to_f32(const struct block_format *format, const void *data, int64_t first, int64_t count,
                   float *out) {
    float whole[BLOCK_MAX];
    const unsigned char *from = data;
    for (int64_t done = 0, length; done < count; done += length) {
        int64_t into = (first + done) % format->elements;
        const unsigned char *block = from + (first + done) / format->elements * format->bytes;
        length = min_i64(format->elements - into, count - done);
        if (length == format->elements) {
            format->decode(block, out + done);
        } else {
            format->decode(block, whole);
            memcpy(out + done, whole + into, (size_t)length * sizeof *out);
        }
    }
}

void blocks_from_f32(const struct block_format *format, const float *in, int64_t count, void *out) {
    unsigned char *to = out;
    assert(format->encode && count % format->elements == 0);
    for (int64_t i = 0; i < count / format->elements; i++)
        format->encode(in + i * format->elements, to + i * format->bytes);
}
