/*
 * What has gone wrong elsewhere with safetensors files, by report: one test for each report of
 * docs/hostile.md that concerns them. The bad input is the report's; where that is of another format, its
 * idea in ours. hostile_files_reports_test.c has those about config.json and paths.
 */
#include "hostile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEIGHTS "model.safetensors"

#define EMBED       "model.embed_tokens.weight"
#define EMBED_ENTRY "{\"dtype\":\"BF16\",\"shape\":[11,8],\"data_offsets\":[0,176]}"

/* The embedding's entry replaced by another text: refused. */
static struct sy_error refuse_entry(const struct hostile *h, const char *entry) {
    char *header = hostile_header(h), *changed = hostile_replace(header, EMBED_ENTRY, entry);
    print_message("%s\n", entry);
    hostile_write_header(h, changed);
    struct sy_error err = hostile_refused(WEIGHTS, NULL);
    free(header);
    free(changed);
    return err;
}

static void refuse_shape(const struct hostile *h, const char *shape) {
    char entry[320];
    snprintf(entry, sizeof entry, "{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[0,176]}", shape);
    struct sy_error err = refuse_entry(h, entry);
    assert_non_null(strstr(err.place, EMBED));
}

static void refuse_offsets(const struct hostile *h, const char *offsets) {
    char entry[320];
    snprintf(entry, sizeof entry, "{\"dtype\":\"BF16\",\"shape\":[11,8],\"data_offsets\":[%s]}", offsets);
    refuse_entry(h, entry);
}

static void open_tiny(struct hostile *h) {
    hostile_open(h);
    hostile_write(h);
    hostile_accepted();
}

/* The file's first eight bytes, the length of its header, are replaced. */
static void refuse_length(const struct hostile *h, uint64_t length) {
    char path[TEST_PATH_MAX];
    hostile_write(h);
    test_temp_path(path, WEIGHTS);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, &length, sizeof length, 0), sizeof length);
    close(file);
    hostile_refused(WEIGHTS, NULL);
}

/* The lesson of the list: boundary integers in every size field. */
static const char *const boundaries[] = {
    "0",
    "1",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "4398046511105",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-1",
    "-9223372036854775808",
    "1e308",
    "1.5",
    "88.0",
    "\"11\"",
    "null",
    "[]",
};

TEST(hostile_boundary_integers_in_size_fields) {
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof boundaries / sizeof *boundaries; i++) {
        char text[200];
        const char *b = boundaries[i];
        snprintf(text, sizeof text, "%s,8", b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "11,%s", b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "%s,%s", b, b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "%s,0,%s", b, b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "0,%s", b), refuse_offsets(&h, text);
        if (strcmp(b, "0") != 0) snprintf(text, sizeof text, "%s,176", b), refuse_offsets(&h, text);
        snprintf(text, sizeof text, "%s,%s", b, b), refuse_offsets(&h, text);
    }
    hostile_close(&h);
}

/* LiteRT #9255, qvac #4595: the eight bytes of the header's length, unbounded. */
TEST(hostile_litert_9255_length_of_the_header) {
    static const uint64_t lengths[] = { 0,
                                        1,
                                        2,
                                        7,
                                        1 << 20,
                                        100 << 20,
                                        1u << 31,
                                        1ull << 32,
                                        1ull << 42,
                                        1ull << 63,
                                        UINT64_MAX,
                                        UINT64_MAX - 7,
                                        UINT64_MAX - 8,
                                        INT64_MAX,
                                        INT64_MAX - 7 };
    struct hostile h;
    open_tiny(&h);
    char *header = hostile_header(&h);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) refuse_length(&h, lengths[i]);
    for (uint64_t near = strlen(header) - 9; near < strlen(header) + 9; near++)
        if (near != strlen(header)) refuse_length(&h, near);
    free(header);
    hostile_close(&h);
}

/* LiteRT #9255, colibri #413: shapes whose product wraps to the right number of bytes. */
TEST(hostile_litert_9255_wrapped_shape) {
    struct hostile h;
    open_tiny(&h);
    refuse_shape(&h, "9223372036854775896,1");   /* 2^63 + 88 */
    refuse_shape(&h, "4294967296,4294967296");   /* 2^64 = 0 */
    refuse_shape(&h, "4611686018427387915,8");   /* (2^62 + 11) * 8 = 88 mod 2^64 */
    refuse_shape(&h, "2305843009213693963,8");   /* (2^61 + 11) * 8 = 88 mod 2^64 */
    refuse_shape(&h, "2147483648,4294967296,2"); /* 2^64 */
    refuse_shape(&h, "65536,65536,65536,65536,88");
    refuse_shape(&h, "11,8,1,1,1,1,1,1,1"); /* more sides than any tensor */
    refuse_shape(&h, "0,9223372036854775807,9223372036854775807");
    hostile_close(&h);
}

/* colibri #413: the product of the shape against the span of bytes. */
TEST(hostile_colibri_413_shape_against_span) {
    static const char *const spans[] = { "0,175", "0,177", "0,174",     "0,178", "0,88",
                                         "0,352", "1,177", "2,178",     "0,0",   "176,176",
                                         "176,0", "0",     "0,176,176", "",      "0,176.0" };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) refuse_offsets(&h, spans[i]);
    refuse_shape(&h, "11,9");
    refuse_shape(&h, "88");
    refuse_shape(&h, "");
    hostile_close(&h);
}

/* colibri GHSA-gf38 and its like: a span of bytes that fits no dtype must not be read as if it were two
 * bits. */
TEST(hostile_colibri_bytes_of_an_unknown_type) {
    static const char *const types[] = { "INT2", "I2", "U2", "Q2_K", "F4", "I4", "BOOL", "U8", "F8_E4M3" };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (int bytes = 22; bytes <= 176; bytes *= 2) {
            char entry[320];
            if (bytes == 88 && strcmp(types[i], "F8_E4M3") == 0) continue; /* sound but for the next span */
            snprintf(entry, sizeof entry, "{\"dtype\":\"%s\",\"shape\":[11,8],\"data_offsets\":[0,%d]}",
                     types[i], bytes);
            refuse_entry(&h, entry);
        }
    hostile_close(&h);
}

/* colibri: the first expert's size is not that of all experts. */
TEST(hostile_colibri_experts_of_unequal_size) {
    static const char *const names[] = { "w1", "w2", "w3" };
    for (int expert = 0; expert < HOSTILE_EXPERTS; expert++)
        for (int w = 0; w < 3; w++)
            for (int step = -1; step <= 2; step++) {
                char name[96];
                struct hostile h;
                if (step == 0) continue;
                hostile_open(&h);
                snprintf(name, sizeof name, "model.layers.0.block_sparse_moe.experts.%d.%s.weight", expert,
                         names[w]);
                struct hostile_tensor *t = hostile_tensor(&h, name);
                t->shape[w == 1] += step;
                t->bytes = 2 * t->shape[0] * t->shape[1];
                free(t->data);
                t->data = calloc((size_t)t->bytes, 1);
                hostile_write(&h);
                hostile_refused(WEIGHTS, name);
                hostile_close(&h);
            }
}

/* colibri GHSA-2qrj-xjmh-mv74: a key without quotes, read past the end. */
TEST(hostile_ghsa_2qrj_keys_without_quotes) {
    static const char *const headers[] = {
        "{a",
        "{a:1}",
        "{a\":{}}",
        "{\"a",
        "{\"a\\",
        "{\"a\\\"",
        "{\"a\":",
        "{\"a\":{",
        "{\"a\":{\"dtype",
        "{'a':{}}",
        "{",
        "{,}",
        "{\"a\"}",
        "{\"a\" {}}",
        "{1:{}}",
        "{null:{}}",
        "{\"a\":{}",
        "{\"a\":\"",
        "{\"a\":[",
        "{\"a\":{}}}",
        "{\"a\":{}}x",
        "{\"\\u0000\":{}}",
        "{\"\\ud800\":{}}",
        "{\"\xff\":{}}",
        "",
        " ",
        "x",
        "\"",
        "\\",
        "[]",
        "null",
        "{\"a\":{dtype:\"BF16\"}}",
        "{\"__metadata__\":",
        "{\"__metadata__\":{a",
        "{\"__metadata__\":{\"a",
    };
    struct hostile h;
    open_tiny(&h);
    while (h.count) hostile_remove(&h, h.tensors[0].name); /* the file ends with the header */
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        print_message("%s\n", headers[i]);
        hostile_write_header(&h, headers[i]);
        hostile_refused(WEIGHTS, NULL);
    }
    hostile_close(&h);
}

/* CVE-2026-7482: a tensor whose data lie beyond the end of the file. */
TEST(hostile_cve_2026_7482_data_beyond_the_end) {
    static const char *const offsets[] = { "1000000,1000176",
                                           "9223372036854775631,9223372036854775807",
                                           "18446744073709551440,18446744073709551616",
                                           "-176,0",
                                           "4294967296,4294967472",
                                           "1099511627776,1099511627952" };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) refuse_offsets(&h, offsets[i]);
    /* the last tensor, by exactly its own size, and by one element */
    struct hostile_tensor last = h.tensors[h.count - 1];
    int64_t begin = 0;
    for (int i = 0; i < h.count - 1; i++) begin += h.tensors[i].bytes;
    for (int64_t by = 2; by <= last.bytes; by += last.bytes - 2) {
        char from[64], to[64], *header = hostile_header(&h);
        snprintf(from, sizeof from, "[%lld,%lld]", (long long)begin, (long long)(begin + last.bytes));
        snprintf(to, sizeof to, "[%lld,%lld]", (long long)(begin + by), (long long)(begin + by + last.bytes));
        char *changed = hostile_replace(header, from, to);
        hostile_write_header(&h, changed);
        hostile_refused(WEIGHTS, last.name);
        free(header);
        free(changed);
    }
    hostile_close(&h);
}

/* CVE-2025-53630, CVE-2026-27940: sums of sizes that wrap. */
TEST(hostile_cve_2025_53630_sizes_whose_sum_wraps) {
    struct hostile h;
    open_tiny(&h);
    char *header = hostile_header(&h);
    char *changed =
        hostile_replace(header, "{\"" EMBED "\":",
                        "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,"
                        "9223372036854775807]},\"b\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],"
                        "\"data_offsets\":[9223372036854775807,18446744073709551614]},\"" EMBED "\":");
    hostile_write_header(&h, changed);
    hostile_refused(WEIGHTS, NULL);
    free(changed);
    changed = hostile_replace(header, "{\"" EMBED "\":",
                              "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,"
                              "9223372036854775807]},\"" EMBED "\":");
    hostile_write_header(&h, changed);
    hostile_refused(WEIGHTS, "\"a\"");
    free(changed);
    free(header);
    hostile_close(&h);
}

/* CVE-2026-33298: 2^42 + 1 elements of a side, an exabyte that wraps to four megabytes. */
TEST(hostile_cve_2026_33298_exabytes) {
    struct hostile h;
    open_tiny(&h);
    refuse_shape(&h, "4398046511105,4194304");
    refuse_shape(&h, "4194304,4398046511105");
    refuse_shape(&h, "4398046511105,4398046511105");
    refuse_shape(&h, "1,4398046511105");
    hostile_close(&h);
}

/* CVE-2024-21802: negative sides. */
TEST(hostile_cve_2024_21802_negative_sides) {
    struct hostile h;
    open_tiny(&h);
    refuse_shape(&h, "-11,-8");
    refuse_shape(&h, "-1,88");
    refuse_shape(&h, "11,-8");
    refuse_shape(&h, "-9223372036854775808,-9223372036854775808");
    refuse_shape(&h, "-9223372036854775808,2");
    hostile_close(&h);
}
