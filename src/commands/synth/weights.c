#include "commands/synth/weights.h"

#include "base/checked.h"
#include "base/random.h"

#include <math.h>

#define ELEMENT_MAX 3.47 /* no element is larger */
#define F8_MAX      448.0
#define MX_SPREAD   2.0 /* standard deviation of what nibbles hold */

/* Mean 0, variance 1: four uniform numbers of variance (2^32 - 1) / 12 each. */
static inline float element(struct random *random) {
    uint64_t r = random_u64(random);
    uint32_t sum = (uint32_t)(r & 0xffff) + (uint32_t)(r >> 16 & 0xffff) + (uint32_t)(r >> 32 & 0xffff) +
                   (uint32_t)(r >> 48);
    return ((float)sum - 131070.0f) * (1 / 37837.2f);
}

static struct random block_random(const struct synth_tensor *tensor, int64_t block) {
    return random_seed(tensor->key ^ random_mix((uint64_t)block + 1));
}

/* ---- scales ---- */

static float f8_scale(const struct synth_tensor *tensor, int64_t index) {
    double u = (double)(random_mix(tensor->key + 0x5ca1e + (uint64_t)index) >> 11) * 0x1p-53;
    return (float)(tensor->std * ELEMENT_MAX / F8_MAX * (1 + u / 2));
}

static uint8_t mx_scale(const struct synth_tensor *tensor, int64_t index) {
    int exponent = (int)lrint(log2(tensor->std / MX_SPREAD));
    return (uint8_t)(127 + exponent + (int)(random_mix(tensor->key + 0x5ca1e + (uint64_t)index) >> 63));
}

/* Divide elements [first, first + count) of a float8 matrix by their scales. */
static void divide_by_scales(const struct synth_tensor *tensor, int64_t first, int64_t count, float *values) {
    int64_t across = ceil_div(tensor->cols, tensor->scale_cols);
    for (int64_t i = 0; i < count;) {
        int64_t row = (first + i) / tensor->cols, col = (first + i) % tensor->cols;
        int64_t edge = min_i64((col / tensor->scale_cols + 1) * tensor->scale_cols, tensor->cols);
        int64_t end = min_i64(count, i + edge - col);
        float scale = f8_scale(tensor, row / tensor->scale_rows * across + col / tensor->scale_cols);
        for (; i < end; i++) values[i] /= scale;
    }
}

/* ---- elements ---- */

static void fill_block(const struct synth_tensor *tensor, int64_t first, int64_t count, void *out) {
    float values[SYNTH_BLOCK];
    struct random random = block_random(tensor, first / SYNTH_BLOCK);
    float mean = (float)tensor->mean, std = (float)tensor->std;
    for (int64_t i = 0; i < count; i++) values[i] = mean + std * element(&random);
    if (tensor->fill == SYNTH_F8) divide_by_scales(tensor, first, count, values);
    dtype_from_f32(tensor->dtype, values, count, out);
}

/* The nearest of 0 .5 1 1.5 2 3 4 6, with its sign in bit 3. */
static unsigned nibble(float value) {
    static const float middle[] = { 0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5.0f };
    float size = fabsf(value);
    unsigned code = 0;
    for (int i = 0; i < 7; i++) code += size > middle[i];
    return code | (value < 0 ? 8u : 0u);
}

static void fill_nibbles(const struct synth_tensor *tensor, int64_t first, int64_t count, uint8_t *out) {
    struct random random = block_random(tensor, first / SYNTH_BLOCK);
    for (int64_t i = 0; i < count; i++) {
        unsigned low = nibble((float)MX_SPREAD * element(&random));
        out[i] = (uint8_t)(low | nibble((float)MX_SPREAD * element(&random)) << 4);
    }
}

void synth_fill(const struct synth_tensor *tensor, int64_t first, int64_t count, void *out) {
    int64_t width = dtype_bits(tensor->dtype) / 8;
    for (int64_t at = 0; at < count; at += SYNTH_BLOCK) {
        int64_t n = min_i64(SYNTH_BLOCK, count - at);
        char *to = (char *)out + at * width;
        switch (tensor->fill) {
        case SYNTH_NORMAL:
        case SYNTH_F8: fill_block(tensor, first + at, n, to); break;
        case SYNTH_MX_BLOCKS: fill_nibbles(tensor, first + at, n, (uint8_t *)to); break;
        case SYNTH_MX_SCALES:
            for (int64_t i = 0; i < n; i++) to[i] = (char)mx_scale(tensor, first + at + i);
            break;
        case SYNTH_F8_SCALES:
            for (int64_t i = 0; i < n; i++) ((float *)(void *)to)[i] = f8_scale(tensor, first + at + i);
            break;
        }
    }
}
