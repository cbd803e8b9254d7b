/*
 * Reading what is wrong: each way of breaking a file is refused in one line that names file, place and
 * remedy. Reports (docs/hostile.md) are named beside the test that they became.
 */
#include "formats/safetensors_parts.h"

#include "formats/safetensors_test.h"

#include <stdio.h>

static void refuse(const char *header, int64_t data_bytes, const char *place, const char *message) {
    struct sy_error err;
    struct bytes file = file_make(header, data_bytes);
    if (opens_bytes(file, &err)) fail_msg("accepted: %s", header);
    assert_says(&err, place, message);
    assert_string_equal(err.file, "m.safetensors");
    free(file.at);
}

#define T(name, dtype, shape, offsets)                                                                       \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const char valid[] = "{\"__metadata__\":{\"format\":\"pt\"}," T("a", "F32", "[2,3]", "[0,24]") "," T(
    "b", "BF16", "[5]", "[24,34]") "," T("c", "U8", "[0,7]", "[34,34]") "}  ";
enum { VALID_DATA = 34 };

TEST(files_cut_at_every_byte) {
    struct sy_error err;
    struct bytes file = file_make(valid, VALID_DATA);
    assert_true(opens_bytes(file, &err));
    for (int64_t size = 0; size < file.size; size++) {
        struct bytes cut = { malloc((size_t)size + (size == 0)), size }; /* so that ASan sees the end */
        memcpy(cut.at, file.at, (size_t)size);
        assert_false(opens_bytes(cut, &err));
        assert_true(err.place[0]);
        free(cut.at);
    }
    struct bytes longer = { calloc(1, (size_t)file.size + 1), file.size + 1 };
    memcpy(longer.at, file.at, (size_t)file.size);
    assert_false(opens_bytes(longer, &err));
    assert_says(&err, "byte ", "end at byte 34 of the data, but the file holds 35");
    free(longer.at);
    free(file.at);
}

/* "8-byte header length unbounded" (qvac #4595). */
TEST(header_lengths) {
    static const uint64_t lengths[] = { 0,
                                        1,
                                        2,
                                        sizeof valid,
                                        1ull << 31,
                                        1ull << 32,
                                        (1ull << 42) + 1,
                                        1ull << 63,
                                        UINT64_MAX,
                                        UINT64_MAX - 7,
                                        100ull << 20,
                                        (100ull << 20) + 1 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct sy_error err;
        struct bytes file = file_make(valid, VALID_DATA);
        for (int k = 0; k < 8; k++) file.at[k] = (unsigned char)(lengths[i] >> 8 * k);
        assert_false(opens_bytes(file, &err));
        assert_true(err.place[0]);
        if (lengths[i] > 100ull << 20) assert_int_equal(err.code, SY_ERR_LIMIT);
        free(file.at);
    }
}

TEST(broken_json) {
    refuse("", 0, "byte 8", "must begin with");
    refuse(" {}", 0, "byte 8", "must begin with");
    refuse("[]", 0, "byte 8", "must begin with");
    refuse("{", 0, "byte 9", "key in quotes");
    refuse("{}x", 0, "byte 10", "something follows");
    refuse("{}{}", 0, "byte 10", "something follows");
    refuse("{,}", 0, "byte 9", "key in quotes");
    refuse("{" T("a", "U8", "[1]", "[0,1]") ",}", 1, "byte", "key in quotes");
    refuse("{" T("a", "U8", "[1]", "[0,1]") " " T("b", "U8", "[1]", "[1,2]") "}", 2, "a", "no valid JSON");
    refuse("{" T("a", "U8", "[1]", "[0,1]") "]", 1, "byte", "',' or '}'");
    refuse("{a:1}", 0, "byte 9", "key in quotes"); /* colibri GHSA-2qrj: object key without quote */
    refuse("{\"a\":{dtype:\"U8\"}}", 0, "tensor \"a\"", "no valid JSON");
    refuse("{\"a", 0, "byte", "':' must stand");
    refuse("{\"a\\", 0, "byte", "':' must stand");
    refuse("{\"a\"}", 0, "byte", "':' must stand");
    refuse("{\"a\":", 0, "a", "JSON");
    refuse("{\"a\":}", 0, "a", "JSON");
    refuse("{\"a\":{}", 0, "a", "no object of dtype");
    refuse("{\"\xff\":{}}", 0, "byte 9", "no valid JSON");
    refuse("{\"\\ud800\":{}}", 0, "byte 9", "no valid JSON");
    refuse("{\"a\\u0000b\":{}}", 0, "byte 9", "no valid JSON");
}

/* "deep nesting"; "deep header" of accept.py. */
TEST(deep_nesting) {
    enum { LEVELS = 40000 };
    char *header = malloc(LEVELS * 5 + 1);
    for (int i = 0; i < LEVELS; i++) memcpy(header + 5 * i, "{\"a\":", 6);
    refuse(header, 0, "a", "limit");
    header[5 * 20] = 0;
    refuse(header, 0, "a", "nested deeper than 8");
    memset(header, '[', LEVELS * 5);
    memcpy(header, "{\"a\":", 5);
    header[20000] = 0;
    refuse(header, 0, "a", "nested deeper than 8");
    free(header);
}

TEST(entries_of_a_wrong_kind) {
    static const char *const entries[] = { "1", "null", "[]", "\"F32\"", "{}", "true" };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        char header[100];
        snprintf(header, sizeof header, "{\"a\":%s}", entries[i]);
        refuse(header, 0, "tensor \"a\"", "no object of dtype");
    }
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "a", "no object of dtype");
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"offsets\":[0,1]}}", 1, "a", "no object of dtype");
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, "a", "alone");
    refuse("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "a",
           "JSON");
}

TEST(wrong_dtypes) {
    refuse("{" T("a", "f 32", "[1]", "[0,4]") "}", 4, "tensor \"a\"", "\"f 32\"");
    refuse("{" T("a", "", "[1]", "[0,4]") "}", 4, "tensor \"a\"", "\"\"");
    refuse("{" T("a", "F32,F32,F32,F32,F32,F32,F32,F32,F32", "[4]", "[0,4]") "}", 4, "tensor \"a\"",
           "names no type");
    refuse("{" T("a", "F33", "[1]", "[0,8]") "}", 4, "tensor \"a\"", "end at byte 8");
    refuse("{" T("a", "F33", "[4294967296,4294967296]", "[0,4]") "}", 4, "tensor \"a\"", "addressed");
    refuse("{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "tensor \"a\"", "no string");
}

TEST(wrong_shapes) {
    refuse("{" T("a", "U8", "1", "[0,1]") "}", 1, "tensor \"a\"", "no list");
    refuse("{" T("a", "U8", "{}", "[0,1]") "}", 1, "tensor \"a\"", "no list");
    refuse("{" T("a", "U8", "[-1]", "[0,1]") "}", 1, "tensor \"a\"", "side 0");
    refuse("{" T("a", "U8", "[1,1.0]", "[0,1]") "}", 1, "tensor \"a\"", "side 1");
    refuse("{" T("a", "U8", "[1e0]", "[0,1]") "}", 1, "tensor \"a\"", "side 0");
    refuse("{" T("a", "U8", "[\"1\"]", "[0,1]") "}", 1, "tensor \"a\"", "side 0");
    refuse("{" T("a", "U8", "[9223372036854775808]", "[0,1]") "}", 1, "tensor \"a\"", "side 0");
    refuse("{" T("a", "U8", "[18446744073709551617]", "[0,1]") "}", 1, "tensor \"a\"", "side 0");
    refuse("{" T("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, "tensor \"a\"", "9 sides");
}

/* "shape product wraps" (colibri, LiteRT #9255), "ne*stride wraps, 2^42 + 1" (CVE-2026-33298), product
 * against span. */
TEST(sizes_that_overflow_or_contradict) {
    refuse("{" T("a", "F32", "[4398046511105,4398046511104]", "[0,4]") "}", 4, "tensor \"a\"", "addressed");
    refuse("{" T("a", "F32", "[4294967296,4294967296]", "[0,0]") "}", 0, "tensor \"a\"", "addressed");
    refuse("{" T("a", "F32", "[2305843009213693952]", "[0,0]") "}", 0, "tensor \"a\"", "addressed");
    refuse("{" T("a", "F64", "[1152921504606846976]", "[0,0]") "}", 0, "tensor \"a\"", "addressed");
    refuse("{" T("a", "F32", "[4611686018427387905]", "[0,4]") "}", 4, "tensor \"a\"", "addressed");
    refuse("{" T("a", "U8", "[0,9223372036854775807,2]", "[0,0]") "}", 0, "tensor \"a\"", "addressed");
    refuse("{" T("a", "F4", "[9223372036854775807,2]", "[0,0]") "}", 0, "tensor \"a\"", "addressed");
    refuse("{" T("a", "F4", "[3]", "[0,1]") "}", 1, "tensor \"a\"", "odd number of half bytes");
    refuse("{" T("a", "F4", "[3]", "[0,2]") "}", 2, "tensor \"a\"", "odd number of half bytes");
    refuse("{" T("a", "F32", "[2]", "[0,4]") "}", 4, "tensor \"a\"",
           "needs 8 bytes, its data_offsets span 4");
    refuse("{" T("a", "F32", "[2]", "[0,12]") "}", 12, "tensor \"a\"",
           "needs 8 bytes, its data_offsets span 12");
    refuse("{" T("a", "F32", "[]", "[0,0]") "}", 0, "tensor \"a\"", "needs 4 bytes");
    refuse("{" T("a", "F32", "[0]", "[0,4]") "}", 4, "tensor \"a\"", "needs 0 bytes");
}

TEST(wrong_offsets) {
    static const char *const lists[] = { "1",        "[]",        "[0]",
                                         "[0,1,2]",  "[0,\"1\"]", "[0.0,1]",
                                         "[0,null]", "{}",        "[0,18446744073709551615]" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char header[200];
        snprintf(header, sizeof header, "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":%s}}",
                 lists[i]);
        refuse(header, 1, "tensor \"a\"", "two integers");
    }
    refuse("{" T("a", "U8", "[1]", "[1,0]") "}", 1, "tensor \"a\"", "negative or reversed");
    refuse("{" T("a", "U8", "[1]", "[-1,0]") "}", 1, "tensor \"a\"", "negative or reversed");
    refuse("{" T("a", "U8", "[1]", "[-9223372036854775808,9223372036854775807]") "}", 1, "a",
           "negative or reversed");
    refuse("{" T("a", "U8", "[1]", "[1,2]") "}", 1, "tensor \"a\"", "end at byte 2");
    refuse("{" T("a", "U8", "[1]", "[9223372036854775806,9223372036854775807]") "}", 1, "tensor \"a\"",
           "end at byte");
}

TEST(overlaps_and_holes) {
    refuse("{" T("a", "U8", "[4]", "[0,4]") "," T("b", "U8", "[4]", "[3,7]") "}", 7, "tensor \"b\"",
           "inside those of \"a\"");
    refuse("{" T("a", "U8", "[4]", "[0,4]") "," T("b", "U8", "[4]", "[0,4]") "}", 4, "tensor \"b\"",
           "inside those of \"a\"");
    refuse("{" T("a", "U8", "[4]", "[0,4]") "," T("b", "U8", "[0]", "[2,2]") "}", 4, "tensor \"b\"",
           "inside those of \"a\"");
    refuse("{" T("b", "U8", "[4]", "[5,9]") "," T("a", "U8", "[4]", "[0,4]") "}", 9, "tensor \"b\"",
           "hole from byte 4");
    refuse("{" T("a", "U8", "[4]", "[1,5]") "}", 5, "tensor \"a\"", "hole from byte 0");
    refuse("{" T("a", "U8", "[4]", "[0,4]") "}", 5, "byte ", "the file holds 5");
    refuse("{}", 1, "byte 10", "the file holds 1");
}

TEST(wrong_names) {
    char header[2000], name[600];
    refuse("{" T("a", "U8", "[1]", "[0,1]") "," T("a", "U8", "[1]", "[1,2]") "}", 2, "tensor \"a\"", "twice");
    refuse("{" T("a", "U8", "[1]", "[0,1]") "," T("\\u0061", "U8", "[1]", "[1,2]") "}", 2, "tensor \"a\"",
           "twice");
    refuse("{" T("", "U8", "[1]", "[0,1]") "}", 1, "byte 9", "empty name");
    refuse("{" T("a\\nb", "U8", "[1]", "[0,1]") "}", 1, "byte 9", "control character");
    refuse("{" T("\x7f", "U8", "[1]", "[0,1]") "}", 1, "byte 9", "control character");
    refuse("{" T("\\u009b", "U8", "[1]", "[0,1]") "}", 1, "byte 9", "control character");
    memset(name, 'n', sizeof name);
    name[SAFETENSORS_NAME_MAX] = 0;
    struct sy_error err;
    snprintf(header, sizeof header, "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", name);
    struct bytes file = file_make(header, 1);
    assert_true(opens_bytes(file, &err));
    free(file.at);
    snprintf(header, sizeof header, "{\"%sx\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
             name);
    refuse(header, 1, "byte 9", "513 bytes");
    char *huge = malloc(SAFETENSORS_ENTRY_MAX + 100);
    memset(huge, 'n', SAFETENSORS_ENTRY_MAX + 100);
    memcpy(huge, "{\"", 2);
    memcpy(huge + SAFETENSORS_ENTRY_MAX + 10, "\":1}", 5);
    refuse(huge, 0, "byte 9", "limit");
    free(huge);
}

TEST(wrong_metadata) {
    refuse("{\"__metadata__\":[]}", 0, "__metadata__", "object of strings");
    refuse("{\"__metadata__\":null}", 0, "__metadata__", "object of strings");
    refuse("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__", "object of strings");
    refuse("{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "__metadata__", "nested deeper than 1");
    refuse("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__", "twice");
    refuse("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "__metadata__", "JSON");
    char *huge = malloc(SAFETENSORS_METADATA_MAX + 100);
    memset(huge, 'm', SAFETENSORS_METADATA_MAX + 100);
    memcpy(huge, "{\"__metadata__\":{\"k\":\"", 22);
    memcpy(huge + SAFETENSORS_METADATA_MAX + 50, "\"}}", 4);
    refuse(huge, 0, "__metadata__", "limit");
    free(huge);
}

/* Every number of a valid header, and its length, replaced by every boundary: refused and told, or sound. */
TEST(boundary_integers_everywhere) {
    static const char *const boundaries[] = {
        "0",
        "1",
        "-1",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "4398046511105",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e308",
        "1e999",
        "0.5",
        "-0",
        "NaN",
        "null",
        "\"7\"",
        "[]",
        "{}",
        "",
        "00",
        "1,1",
    };
    int accepted = 0, refused = 0;
    for (size_t at = 0; at < sizeof valid - 1; at++) {
        bool starts = strchr("[,", valid[at]) && valid[at + 1] >= '0' && valid[at + 1] <= '9';
        if (!starts) continue;
        size_t length = strspn(valid + at + 1, "0123456789");
        for (size_t i = 0; i < sizeof boundaries / sizeof *boundaries; i++) {
            char header[sizeof valid + 64];
            struct sy_error err;
            snprintf(header, sizeof header, "%.*s%s%s", (int)at + 1, valid, boundaries[i],
                     valid + at + 1 + length);
            struct bytes file = file_make(header, VALID_DATA);
            *(opens_bytes(file, &err) ? &accepted : &refused) += 1;
            free(file.at);
        }
    }
    assert_true(refused > 200 && accepted > 0 && accepted < 40); /* "0" for a 0; other sides beside a 0 */
}

/* Every byte of the header replaced by every other, and by nothing. */
TEST(every_byte_changed) {
    struct sy_error err;
    struct bytes file = file_make(valid, VALID_DATA);
    int64_t end = 8 + (int64_t)sizeof valid - 1;
    for (int64_t at = 0; at < end; at++) {
        unsigned char right = file.at[at];
        for (int value = 0; value < 256; value += at < 8 ? 1 : 5) {
            file.at[at] = (unsigned char)value;
            opens_bytes(file, &err);
        }
        file.at[at] = right;
    }
    free(file.at);
}
