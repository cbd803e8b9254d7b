#include "golden_weights.h"

#include "base/json.h"
#include "formats/safetensors.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { RANK_MOST = 4 };

struct line { /* one of weights.json */
    const char *name, *fill;
    enum dtype dtype;
    int rank;
    int64_t shape[RANK_MOST], elements;
    float offset, scale;
    int64_t low, count;
};

/* ---- the rule ---- */

uint64_t golden_hash(const char *name) {
    uint64_t h = 0xCBF29CE484222325u;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) h = (h ^ *c) * 0x100000001B3u;
    return h;
}

uint64_t golden_mix(uint64_t state, uint64_t i) {
    uint64_t z = state + (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint16_t golden_bf16(uint64_t random, float offset, float scale) {
    float v = (float)(int16_t)(uint16_t)(random >> 48) / 32768.0f, x = offset + scale * v;
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return (uint16_t)((u + 0x7FFFu + ((u >> 16) & 1u)) >> 16);
}

static unsigned char fill_byte(const struct line *line, uint64_t r) {
    if (strcmp(line->fill, "bytes") == 0) {
        unsigned char b = (unsigned char)(r >> 56);
        if (line->dtype == DTYPE_F8_E4M3 && (b & 0x7F) == 0x7F) b &= 0xFE;
        if (line->dtype == DTYPE_F8_E5M2 && (b & 0x7C) == 0x7C) b &= 0xBF;
        return b;
    }
    unsigned char b = (unsigned char)((uint64_t)line->low + r % (uint64_t)line->count);
    if (strcmp(line->fill, "signed") == 0) b = (unsigned char)(b | (r >> 63) << 7);
    return b;
}

/* All elements of a tensor; malloc'ed. */
static unsigned char *line_bytes(const struct line *line, uint64_t seed, int64_t *size) {
    assert_true(dtype_bytes(line->dtype, line->elements, size));
    unsigned char *bytes = malloc((size_t)*size);
    assert_non_null(bytes);
    uint64_t state = golden_hash(line->name) ^ seed;
    for (int64_t i = 0; i < line->elements; i++) {
        uint64_t r = golden_mix(state, (uint64_t)i);
        if (line->fill) {
            bytes[i] = fill_byte(line, r);
            continue;
        }
        uint16_t code = golden_bf16(r, line->offset, line->scale);
        uint32_t wide = (uint32_t)code << 16;
        if (line->dtype == DTYPE_BF16)
            memcpy(bytes + 2 * i, &code, sizeof code);
        else
            memcpy(bytes + 4 * i, &wide, sizeof wide);
    }
    return bytes;
}

/* ---- weights.json ---- */

static struct line line_read(const json_t *object) {
    const char *dtype = json_string_value(json_object_get(object, "dtype"));
    const json_t *shape = json_object_get(object, "shape");
    struct line line = { .name = json_string_value(json_object_get(object, "name")),
                         .fill = json_string_value(json_object_get(object, "fill")),
                         .rank = (int)json_array_size(shape),
                         .elements = 1,
                         .offset = (float)json_number_value(json_object_get(object, "offset")),
                         .scale = (float)json_number_value(json_object_get(object, "scale")),
                         .low = json_integer_value(json_object_get(object, "low")),
                         .count = json_integer_value(json_object_get(object, "count")) };
    assert_true(line.name && dtype && dtype_from_name(dtype, &line.dtype));
    assert_in_range(line.rank, 1, RANK_MOST);
    for (int i = 0; i < line.rank; i++) {
        line.shape[i] = json_integer_value(json_array_get(shape, (size_t)i));
        line.elements *= line.shape[i];
    }
    if (line.fill) {
        bool bytes = strcmp(line.fill, "bytes") == 0;
        assert_true(bytes || strcmp(line.fill, "signed") == 0 || strcmp(line.fill, "range") == 0);
        assert_true(bytes || (line.low >= 0 && line.count > 0 && line.low + line.count <= 256));
        assert_int_equal(dtype_bits(line.dtype), 8);
    } else {
        assert_true(json_is_number(json_object_get(object, "offset")) && line.scale > 0);
        assert_true(line.dtype == DTYPE_BF16 || line.dtype == DTYPE_F32);
    }
    return line;
}

static void must(bool ok, const struct sy_error *err) {
    char line[1024];
    if (!ok) fail_msg("%s", sy_error_line(err, line, sizeof line));
}

void golden_weights_write(const char *weights_json, const char *out) {
    struct sy_error err = { 0 };
    struct safetensors_writer *writer;
    json_t *root = json_parse_file(weights_json, (struct json_limits){ 16 << 20, 8 }, &err);
    must(root != NULL, &err);
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(root, "seed"));
    const json_t *tensors = json_object_get(root, "tensors");
    size_t count = json_array_size(tensors);
    assert_true(seed > 0 && count > 0);
    must(safetensors_writer_open(out, false, &writer, &err), &err);
    for (size_t i = 0; i < count; i++) {
        struct line line = line_read(json_array_get(tensors, i));
        must(safetensors_declare(writer, line.name, line.dtype, line.rank, line.shape, &err), &err);
    }
    for (size_t i = 0; i < count; i++) {
        struct line line = line_read(json_array_get(tensors, i));
        int64_t size;
        unsigned char *bytes = line_bytes(&line, seed, &size);
        must(safetensors_write(writer, bytes, size, &err), &err);
        free(bytes);
    }
    must(safetensors_writer_commit(writer, &err), &err);
    json_decref(root);
}
