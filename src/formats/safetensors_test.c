/*
 * Reading what is right: golden bytes by hand, folders, shards, and everything that the format allows.
 */
#include "formats/safetensors.h"

#include "base/json.h"
#include "formats/safetensors_test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The example of upstream's own tests, byte by byte: F32 [1, 2, 3] of 0 to 5. */
static const unsigned char golden[] = {
    64,  0,   0,   0,   0,   0,   0,   0,   '{', '"', 'a', 't', 't', 'n', '.', '0', '"', ':', '{', '"',
    'd', 't', 'y', 'p', 'e', '"', ':', '"', 'F', '3', '2', '"', ',', '"', 's', 'h', 'a', 'p', 'e', '"',
    ':', '[', '1', ',', '2', ',', '3', ']', ',', '"', 'd', 'a', 't', 'a', '_', 'o', 'f', 'f', 's', 'e',
    't', 's', '"', ':', '[', '0', ',', '2', '4', ']', '}', '}', 0,   0,   0,   0,   0,   0,   128, 63,
    0,   0,   0,   64,  0,   0,   64,  64,  0,   0,   128, 64,  0,   0,   160, 64,
};

void test_file(char path[TEST_PATH_MAX], const char *name, const void *bytes, int64_t size) {
    test_temp_path(path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, (size_t)size, file), size);
    assert_int_equal(fclose(file), 0);
}

TEST(golden_bytes_are_read) {
    char path[TEST_PATH_MAX];
    struct checkpoint checkpoint;
    struct sy_error err;
    test_file(path, "golden.safetensors", golden, sizeof golden);
    assert_true(checkpoint_open(path, &checkpoint, &err));
    assert_int_equal(checkpoint.count, 1);
    const struct tensor *tensor = checkpoint_find(&checkpoint, "attn.0");
    assert_non_null(tensor);
    assert_int_equal(tensor->dtype, DTYPE_F32);
    assert_int_equal(tensor->rank, 3);
    assert_true(tensor->shape[0] == 1 && tensor->shape[1] == 2 && tensor->shape[2] == 3 &&
                tensor->bytes == 24);
    for (int i = 0; i < 6; i++) assert_true(dtype_get(tensor->dtype, tensor->data, i) == (float)i);
    assert_string_equal(tensor->file, path);
    assert_null(checkpoint_find(&checkpoint, "attn.1"));
    assert_null(checkpoint_find(&checkpoint, ""));
    checkpoint_close(&checkpoint);
    assert_null(checkpoint_find(&checkpoint, "attn.0"));
}

static void assert_opens(const char *header, int64_t data_bytes) {
    struct sy_error err;
    struct bytes file = file_make(header, data_bytes);
    if (!opens_bytes(file, &err)) fail_msg("%s: %s: %s", header, err.place, err.message);
    free(file.at);
}

TEST(what_the_format_allows) {
    assert_opens("{}", 0);
    assert_opens("{}      ", 0);
    assert_opens("{ \"__metadata__\" : {} }\n\t\r ", 0);
    assert_opens("{\"__metadata__\":{\"format\":\"pt\",\"x\":\"\\u00e9\\n\"}}", 0);
    assert_opens("{\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4);
    assert_opens("{\"e\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[0,0]}}", 0);
    assert_opens("{\"f\":{\"dtype\":\"F4\",\"shape\":[3,2],\"data_offsets\":[0,3]}}", 3);
    assert_opens("{\"r\":{\"data_offsets\":[0,1],\"shape\":[1,1,1,1,1,1,1,1],\"dtype\":\"BOOL\"}}", 1);
    assert_opens(
        "{\"\xc3\xa9 \\\"quoted\\\" {[,:]}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    /* any order, data at odd addresses, an empty tensor at a border, white space everywhere */
    assert_opens("{\"b\": {\"dtype\": \"F64\", \"shape\": [1], \"data_offsets\": [3, 11]} ,\n"
                 " \"a\": {\"dtype\": \"U8\", \"shape\": [3], \"data_offsets\": [0, 3]},\n"
                 " \"n\": {\"dtype\": \"F64\", \"shape\": [0], \"data_offsets\": [3, 3]},\n"
                 " \"z\": {\"dtype\": \"F64\", \"shape\": [0], \"data_offsets\": [11, 11]} }",
                 11);
}

TEST(every_dtype_is_read) {
    for (int i = 0; i < DTYPE_PLAIN_COUNT; i++) {
        char header[200];
        int64_t bytes = 6 * dtype_bits((enum dtype)i) / 8;
        snprintf(header, sizeof header, "{\"t\":{\"dtype\":\"%s\",\"shape\":[2,3],\"data_offsets\":[0,%d]}}",
                 dtype_name((enum dtype)i), (int)bytes);
        assert_opens(header, bytes);
    }
}

static const char *const one_tensor = "{\"%s\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";

static void disc_file(char path[TEST_PATH_MAX], const char *name, const char *tensor) {
    char header[200];
    snprintf(header, sizeof header, one_tensor, tensor);
    struct bytes file = file_make(header, 4);
    test_file(path, name, file.at, file.size);
    free(file.at);
}

static void assert_holds(const char *path, const char *tensor, int64_t count) {
    struct checkpoint checkpoint;
    struct sy_error err;
    if (!checkpoint_open(path, &checkpoint, &err)) fail_msg("%s: %s: %s", err.file, err.place, err.message);
    assert_sound(&checkpoint);
    assert_int_equal(checkpoint.count, count);
    const struct tensor *found = checkpoint_find(&checkpoint, tensor);
    assert_non_null(found);
    assert_memory_equal(found->data, "\0\1\2\3", 4);
    checkpoint_close(&checkpoint);
}

static void assert_refused(const char *path, const char *file, const char *message) {
    struct checkpoint checkpoint;
    struct sy_error err = { .code = SY_OK };
    assert_false(checkpoint_open(path, &checkpoint, &err));
    assert_told(&err);
    assert_non_null(strstr(err.file, file));
    assert_non_null(strstr(err.message, message));
}

TEST(a_folder_is_looked_up_in_order) {
    char path[TEST_PATH_MAX];
    const char *folder = test_temp_dir();
    assert_refused(folder, folder, "no .safetensors");
    disc_file(path, "x.safetensors", "x");
    disc_file(path, ".hidden.safetensors", "hidden");
    assert_holds(folder, "x", 1);
    disc_file(path, "y.safetensors", "y");
    assert_refused(folder, folder, "2 .safetensors files");
    static const char index[] = "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"y\":\"y.safetensors\","
                                "\"x\":\"x.safetensors\"}}";
    test_file(path, "model.safetensors.index.json", index, sizeof index - 1);
    assert_holds(folder, "x", 2);
    assert_holds(folder, "y", 2);
    assert_holds(path, "y", 2); /* the index itself */
    char slash[TEST_PATH_MAX + 2];
    snprintf(slash, sizeof slash, "%s/", folder);
    assert_holds(slash, "y", 2);
    disc_file(path, "model.safetensors", "whole");
    assert_holds(folder, "whole", 1);
    assert_holds(path, "whole", 1);
}

TEST(what_is_no_file_is_refused) {
    char path[TEST_PATH_MAX], other[TEST_PATH_MAX];
    test_temp_path(path, "missing.safetensors");
    assert_refused(path, "missing.safetensors", "No such file");
    test_file(path, "empty.safetensors", "", 0);
    assert_refused(path, "empty.safetensors", "0 bytes");
    test_temp_path(path, "model.safetensors");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(path, "model.safetensors", "pipe");
    assert_refused(test_temp_dir(), "model.safetensors",
                   "pipe"); /* and does not fall back on the next name */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(test_temp_dir(), "model.safetensors", "folder");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_refused(test_temp_dir(), "model.safetensors", "No such file");
    assert_int_equal(unlink(path), 0);
    test_temp_path(other, "model.safetensors.index.json");
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_refused(other, "index.json", "pipe");
    assert_refused("/dev/zero", "/dev/zero", "device");
}

/* 100,000 tensors open in a moment: nothing is quadratic. */
TEST(many_tensors_open_quickly) {
    enum { COUNT = 100000 };
    struct text text = { .data = NULL };
    for (int i = 0; i < COUNT; i++) {
        text_add(&text,
                 "%s\"model.layers.%d.mlp.experts.%d.up_proj.weight\":{\"dtype\":\"BF16\",\"shape\":[1],"
                 "\"data_offsets\":[%d,%d]}",
                 i == 0 ? "{" : ",", i / 256, i % 256, 2 * (COUNT - 1 - i), 2 * (COUNT - i));
    }
    text_add(&text, "}");
    struct bytes file = file_make(text.data, 2 * COUNT);
    text_free(&text);
    struct checkpoint checkpoint;
    struct sy_error err;
    double start = os_seconds();
    assert_true(
        checkpoint_open_memory(&(struct memory_file){ "m", file.at, file.size }, 1, &checkpoint, &err));
    assert_true(os_seconds() - start < 20); /* 0.3 s here; quadratic would be an hour */
    assert_sound(&checkpoint);
    assert_int_equal(checkpoint.count, COUNT);
    checkpoint_close(&checkpoint);
    free(file.at);
}
