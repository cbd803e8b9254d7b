/*
 * Small tokenizers of every kind, each against what Hugging Face's tokenizers made of tricky texts with it
 * (tests/golden/tokenizers, made by tools/golden/make_tokenizers.py): ids in three ways, and what they decode
 * to, at once and one by one.
 */
#include "base/os.h"
#include "test.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = { 1 << 20, 8 };

static void assert_ids(const struct tokenizer *t, const json_t *row, const char *key,
                       struct encode_options how) {
    const json_t *text = json_object_get(row, "text"), *want = json_object_get(row, key);
    struct id_buffer ids = { 0 };
    struct sy_error err;
    if (!want) want = json_object_get(row, "ids");
    assert_true(
        tokenizer_encode(t, json_string_value(text), (int64_t)json_string_length(text), how, &ids, &err));
    bool same = (size_t)ids.count == json_array_size(want);
    for (int64_t i = 0; same && i < ids.count; i++)
        same = json_integer_value(json_array_get(want, (size_t)i)) == ids.data[i];
    if (!same) {
        char *line = json_dumps(row, JSON_ENSURE_ASCII);
        printf("%s\n%s, got:", line, key);
        for (int64_t i = 0; i < ids.count; i++) printf(" %d", ids.data[i]);
        printf("\n");
        free(line);
    }
    assert_true(same);
    id_buffer_free(&ids);
}

/* A stream gives the same as all at once, and never ends within a character. */
static void assert_streams(const struct tokenizer *t, const int32_t *ids, int64_t count,
                           const struct text *want) {
    struct token_stream stream = token_stream_begin(t);
    struct text out = { 0 };
    struct sy_error err;
    for (int64_t i = 0; i < count; i++) {
        assert_true(token_stream_next(&stream, ids[i], &out, &err));
        assert_true(i + 1 < count || out.size + 4 >= want->size);
    }
    token_stream_end(&stream, &out);
    assert_int_equal(out.size, want->size);
    if (out.size > 0) assert_memory_equal(out.data, want->data, out.size);
    text_free(&out);
}

static void assert_decodes(const struct tokenizer *t, const json_t *row) {
    const json_t *want = json_object_get(row, "decoded"), *list = json_object_get(row, "ids");
    int32_t ids[4096];
    int64_t count = (int64_t)json_array_size(list);
    struct text out = { 0 };
    struct sy_error err;
    assert_true(count < 4096);
    for (int64_t i = 0; i < count; i++) ids[i] = (int32_t)json_integer_value(json_array_get(list, (size_t)i));
    assert_true(tokenizer_decode(t, ids, count, &out, &err));
    bool same = out.size == json_string_length(want) &&
                (out.size == 0 || memcmp(out.data, json_string_value(want), out.size) == 0);
    if (!same) {
        char *line = json_dumps(row, JSON_ENSURE_ASCII);
        printf("%s\ngot '%s'\n", line, out.data ? out.data : "");
        free(line);
    }
    assert_true(same);
    assert_streams(t, ids, count, &out);
    text_free(&out);
}

static void run_rows(const struct tokenizer *t, const char *text, int64_t size) {
    static const struct encode_options special = { .no_special = true, .parse_special = true },
                                       plain = { .no_special = true }, framed = { .parse_special = true };
    struct sy_error err;
    int rows = 0;
    for (const char *at = text; at < text + size; rows++) {
        const char *end = memchr(at, '\n', (size_t)(text + size - at));
        json_t *row = json_parse_nul(at, end - at, limits, &err);
        assert_non_null(row);
        assert_ids(t, row, "ids", special);
        assert_ids(t, row, "plain", plain);
        if (rows < 12) assert_ids(t, row, "framed", framed);
        assert_decodes(t, row);
        json_decref(row);
        at = end + 1;
    }
    assert_true(rows > 100);
}

static void run_golden(void **state) {
    char name[128], path[TEST_PATH_MAX], line[1024], *text;
    int64_t size;
    struct tokenizer *t;
    struct sy_error err = { .code = SY_OK };
    (void)state;
    snprintf(name, sizeof name, "tests/golden/tokenizers/%s.json", test_name() + strlen("golden_tokenizer_"));
    test_source(path, name);
    if (!tokenizer_open(path, NULL, NULL, &t, &err)) fail_msg("%s", sy_error_line(&err, line, sizeof line));
    memcpy(path + strlen(path) - 5, ".cases.jsonl", 13);
    assert_true(os_read_file(path, 1 << 20, &text, &size, &err));
    run_rows(t, text, size);
    free(text);
    tokenizer_close(t);
}

#define GOLDEN(name)                                                                                         \
    TEST(golden_tokenizer_##name) {                                                                          \
        run_golden(state);                                                                                   \
    }
GOLDEN(byte_level)
GOLDEN(byte_level_prefix)
GOLDEN(byte_level_split)
GOLDEN(byte_level_digits)
GOLDEN(fallback_whole)
GOLDEN(fallback_split)
GOLDEN(unigram)
GOLDEN(removed)
GOLDEN(contiguous)
GOLDEN(with_next)
GOLDEN(with_previous)
GOLDEN(inverted)
GOLDEN(bert)
GOLDEN(whitespace)
