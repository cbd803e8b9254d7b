/* Reading what is expected (golden_expected.h). */
#include "golden_expected.h"

#include "base/json.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static void must(bool ok, const struct sy_error *err) {
    char line[1024];
    if (!ok) fail_msg("%s", sy_error_line(err, line, sizeof line));
}

void golden_open(struct golden *golden, const char *folder) {
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX];
    *golden = (struct golden){ .tolerance = 1e-4 }; /* where expected.json says none */
    arena_open(&golden->arena);
    snprintf(path, sizeof path, "%s/expected.json", folder);
    golden->meta = json_parse_file(path, (struct json_limits){ 64 << 20, 8 }, &err);
    must(golden->meta != NULL, &err);
    snprintf(path, sizeof path, "%s/expected.safetensors", folder);
    must(checkpoint_open(path, &golden->expected, &err), &err);
    const json_t *tolerance = json_object_get(golden->meta, "tolerance");
    if (tolerance) golden->tolerance = json_number_value(tolerance);
    golden->ids = golden_numbers(golden, "input_ids", &golden->count);
    golden->layers = golden_numbers(golden, "moe_layers", &golden->layer_count);
    assert_true(golden->count > 0 && golden->tolerance > 0 && golden->tolerance < 1e-3);
}

void golden_close(struct golden *golden) {
    checkpoint_close(&golden->expected);
    json_decref(golden->meta);
    arena_close(&golden->arena);
}

int64_t *golden_numbers(struct golden *golden, const char *key, int64_t *count) {
    const json_t *list = json_object_get(golden->meta, key);
    *count = (int64_t)json_array_size(list);
    if (!json_is_array(list)) return NULL;
    int64_t *numbers = arena_new(&golden->arena, int64_t, *count, NULL);
    assert_non_null(numbers);
    for (int64_t i = 0; i < *count; i++)
        assert_true(json_to_i64(json_array_get(list, (size_t)i), &numbers[i]));
    return numbers;
}

static const void *tensor_copy(struct golden *golden, enum dtype dtype, int64_t count, const char *format,
                               va_list args) {
    char name[128];
    int64_t elements;
    vsnprintf(name, sizeof name, format, args);
    const struct tensor *tensor = checkpoint_find(&golden->expected, name);
    if (!tensor) fail_msg("expected.safetensors: no tensor %s", name);
    assert_int_equal(tensor->dtype, dtype);
    assert_true(tensor_elements(tensor, &elements));
    if (elements != count)
        fail_msg("%s: %lld elements expected, %lld computed", name, (long long)elements, (long long)count);
    void *copy = arena_take(&golden->arena, tensor->bytes, 1, NULL);
    assert_non_null(copy);
    memcpy(copy, tensor->data, (size_t)tensor->bytes);
    return copy;
}

const float *golden_f32(struct golden *golden, int64_t count, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const float *values = tensor_copy(golden, DTYPE_F32, count, format, args);
    va_end(args);
    return values;
}

const int32_t *golden_i32(struct golden *golden, int64_t count, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int32_t *values = tensor_copy(golden, DTYPE_I32, count, format, args);
    va_end(args);
    return values;
}
