/*
 * Checkpoints in shards: the index against the shards, and every way in which they can contradict each other.
 */
#include "formats/safetensors_parts.h"

#include "base/json.h"
#include "formats/safetensors_test.h"

#include <stdio.h>

/* Two shards: a and b in the first, c in the second; opened with this index. */
static bool opens_with(const char *index, struct sy_error *err) {
    struct bytes one = file_make("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                                 "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
                                 3);
    struct bytes two = file_make("{\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    size_t length = strlen(index);
    char *text = malloc(length + 1); /* exactly, so that ASan sees a read beyond */
    memcpy(text, index, length);
    struct memory_file files[] = {
        { "d/index.json", text, (int64_t)length },
        { "d/1.safetensors", one.at, one.size },
        { "d/2.safetensors", two.at, two.size },
        { "1.safetensors", one.at, one.size }, /* not beside the index */
    };
    bool good = opens(files, 4, err);
    free(text);
    free(one.at);
    free(two.at);
    return good;
}

static void refuse(const char *index, const char *file, const char *place, const char *message) {
    struct sy_error err;
    if (opens_with(index, &err)) fail_msg("accepted: %s", index);
    assert_says(&err, place, message);
    assert_string_equal(err.file, file);
}

#define MAP(members) "{\"weight_map\":{" members "}}"
#define GOOD         "\"a\":\"1.safetensors\",\"b\":\"1.safetensors\",\"c\":\"2.safetensors\""

TEST(indices_that_agree) {
    struct sy_error err;
    assert_true(opens_with(MAP(GOOD), &err));
    assert_true(opens_with("{\"weight_map\":{}}", &err)); /* no shard at all */
    assert_true(opens_with(" \n{\"metadata\":{\"total_size\":-5,\"x\":[1.5]},"
                           "\"weight_map\" : { \"c\" : \"2.safetensors\" } } \n",
                           &err));
    assert_true(
        opens_with("{\"metadata\":null,\"other\":[[1]],\"weight_map\":{\"c\":\"2.safetensors\"}}", &err));
}

TEST(indices_cut_at_every_byte) {
    struct sy_error err;
    static const char index[] = "{\"metadata\":{\"total_size\":4},\"weight_map\":{" GOOD "}}";
    char cut[sizeof index];
    assert_true(opens_with(index, &err));
    for (size_t size = 0; size < sizeof index - 1; size++) {
        memcpy(cut, index, size);
        cut[size] = 0;
        assert_false(opens_with(cut, &err));
        assert_string_equal(err.file, "d/index.json");
    }
}

TEST(shards_that_contradict_the_index) {
    refuse(MAP("\"a\":\"1.safetensors\",\"b\":\"1.safetensors\",\"c\":\"2.safetensors\",\"d\":\"2."
               "safetensors\""),
           "d/2.safetensors", "tensor \"d\"", "does not hold it");
    refuse(MAP("\"A\":\"1.safetensors\"," GOOD), "d/1.safetensors", "tensor \"A\"", "does not hold it");
    refuse(MAP("\"a\":\"1.safetensors\",\"c\":\"2.safetensors\""), "d/1.safetensors", "tensor \"b\"",
           "does not list it");
    refuse(MAP("\"a\":\"1.safetensors\",\"b\":\"1.safetensors\",\"d\":\"2.safetensors\""), "d/2.safetensors",
           "tensor \"c\"", "does not list it");
    refuse(MAP("\"a\":\"1.safetensors\",\"b\":\"2.safetensors\",\"c\":\"2.safetensors\""), "d/1.safetensors",
           "tensor \"b\"", "places it in \"2.safetensors\"");
    refuse(MAP(GOOD ",\"d\":\"3.safetensors\""), "d/3.safetensors", "", "no such file");
}

TEST(a_tensor_in_two_shards) {
    struct sy_error err;
    struct bytes shard = file_make("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2);
    static const char index[] = MAP("\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"");
    struct memory_file files[] = { { "i.json", index, sizeof index - 1 },
                                   { "1.safetensors", shard.at, shard.size },
                                   { "2.safetensors", shard.at, shard.size } };
    assert_false(opens(files, 3, &err));
    assert_says(&err, "tensor \"a\"", "also in");
    free(shard.at);
}

/* "digest path traversal" (CVE-2024-37032): a shard is a file beside its index. */
TEST(shard_names_that_lead_elsewhere) {
    static const char *const names[] = { "../1.safetensors",
                                         "/etc/1.safetensors",
                                         "d/../1.safetensors",
                                         "./1.safetensors",
                                         "..",
                                         "",
                                         ".safetensors",
                                         ".1.safetensors",
                                         "1.bin",
                                         "1.safetensors/",
                                         "1.safetensors.json",
                                         "1.SAFETENSORS",
                                         "a\\u0000.safetensors",
                                         "a\\n.safetensors",
                                         "a\\u009b.safetensors" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char index[200];
        snprintf(index, sizeof index, MAP("\"a\":\"%s\""), names[i]);
        refuse(index, "d/index.json", "tensor \"a\"", "");
    }
    char index[700], name[300];
    memset(name, 'x', sizeof name);
    memcpy(name + 250, ".safetensors", 13);
    snprintf(index, sizeof index, MAP("\"a\":\"%s\""), name);
    refuse(index, "d/index.json", "tensor \"a\"", "no name");
    static const char *const others[] = { "1", "null", "[\"1.safetensors\"]", "{}", "" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(index, sizeof index, MAP("\"a\":%s"), others[i]);
        refuse(index, "d/index.json", "tensor \"a\"", "");
    }
}

TEST(broken_indices) {
    refuse("", "d/index.json", "byte 0", "is empty");
    refuse("[]", "d/index.json", "byte 0", "object must begin");
    refuse("{}", "d/index.json", "", "no weight_map");
    refuse("{\"architectures\":[\"X\"],\"vocab_size\":5}", "d/index.json", "",
           "no weight_map"); /* a config.json */
    refuse("{\"weight_map\":[]}", "d/index.json", "byte 14", "object must begin");
    refuse("{\"weight_map\":null}", "d/index.json", "byte 14", "object must begin");
    refuse("{\"weight_map\":{},\"weight_map\":{}}", "d/index.json", "", "twice");
    refuse("{\"weight_map\":{},\"weight\\u005fmap\":{}}", "d/index.json", "", "twice");
    refuse("{\"weight_map\":{}}{}", "d/index.json", "byte 17", "something follows");
    refuse("{\"weight_map\":{},\"x\":[[[[[[[[[1]]]]]]]]]}", "d/index.json", "", "nested");
    refuse("{\"x\":tru,\"weight_map\":{}}", "d/index.json", "", "JSON");
    refuse("{\"x\" 1,\"weight_map\":{}}", "d/index.json", "byte 5", "':'");
    refuse(MAP(GOOD ",\"a\":\"1.safetensors\""), "d/index.json", "tensor \"a\"", "twice");
    refuse(MAP(GOOD ",\"\\u0061\":\"1.safetensors\""), "d/index.json", "tensor \"a\"", "twice");
    refuse(MAP("a:\"1.safetensors\""), "d/index.json", "byte 15", "key in quotes");
    refuse(MAP("\"a\":\"1.safetensors"), "d/index.json", "", "JSON");
    refuse(MAP("\"\":\"1.safetensors\""), "d/index.json", "byte 15", "empty name");
    refuse(MAP("\"a\\tb\":\"1.safetensors\""), "d/index.json", "byte 15", "control character");
}

TEST(shards_that_are_damaged) {
    struct sy_error err;
    static const char index[] = MAP("\"a\":\"1.safetensors\"");
    struct memory_file files[] = { { "i.json", index, sizeof index - 1 },
                                   { "1.safetensors", "\1\0\0\0\0\0\0\0{", 9 } };
    assert_false(opens(files, 2, &err));
    assert_string_equal(err.file, "1.safetensors");
}

TEST(too_many_shards) {
    struct text text = { .data = NULL };
    struct sy_error err;
    for (int i = 0; i <= SAFETENSORS_SHARDS_MAX; i++) {
        text_add(&text, "%s\"t%d\":\"%d.safetensors\"", i == 0 ? "{\"weight_map\":{" : ",", i, i);
    }
    text_add(&text, "}}");
    assert_false(opens_with(text.data, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    text_free(&text);
}

TEST(too_large_an_index) {
    char *text = malloc(SAFETENSORS_INDEX_MAX + 2);
    struct sy_error err;
    memset(text, ' ', SAFETENSORS_INDEX_MAX + 1);
    text[0] = '{';
    text[SAFETENSORS_INDEX_MAX + 1] = 0;
    assert_false(opens_with(text, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    free(text);
}
