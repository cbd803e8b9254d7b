/*
 * What holds of any text, on random ones, for small tokenizers of every kind (tests/golden/tokenizers):
 *
 *     decode(encode(x)) = x                          where nothing is lost on the way
 *     encode(a S b) = encode(a) S encode(b)          S special; white space beside S where S takes it along
 *     encode(a S b) = encode(a S) + encode(S b) - S  also where only the beginning of all is prefixed
 *     encode(a S b S b): the same once more
 *     encode(x) holds no special id                  unless specials are asked for
 */
#include "base/random.h"
#include "base/utf8.h"
#include "test.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 400, PARTS_MAX = 14 };

struct law_case {
    const char *name;
    bool lossless; /* of text in NFC without U+2581 or a space in front */
    bool first;    /* the beginning of all is prefixed, and nothing else */
};

static const struct law_case cases[] = {
    { "byte_level", true, false },       { "byte_level_digits", true, false },
    { "byte_level_split", true, false }, { "byte_level_prefix", false, false },
    { "fallback_whole", true, true },    { "fallback_split", false, false },
    { "unigram", false, false },         { "bert", false, false },
    { "contiguous", false, false },      { "inverted", false, false },
    { "removed", false, false },         { "whitespace", false, false },
    { "with_next", false, false },       { "with_previous", false, false },
};

static struct tokenizer *open_case(const char *name) {
    char file[128], path[TEST_PATH_MAX];
    struct tokenizer *t;
    struct sy_error err;
    snprintf(file, sizeof file, "tests/golden/tokenizers/%s.json", name);
    test_source(path, file);
    if (!tokenizer_open(path, NULL, NULL, &t, &err)) fail_msg("%s: %s", name, err.message);
    return t;
}

/* Words, white space, digits, scripts, marks and any characters; neither begins nor ends with white space. */
static void add_random(struct random *random, struct text *out) {
    static const char *const parts[] = {
        "the",
        "then",
        "it's",
        "word",
        "NORM",
        "we'LL",
        "a",
        "Aa",
        "12",
        "3",
        "-",
        "...",
        "(x)",
        "\xc3\xa9",
        "\xd0\x96\xd0\xb0",
        "\xe4\xb8\x96\xe7\x95\x8c",
        "\xe0\xa4\xb9\xe0\xa4\xbf",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
        "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
    };
    static const char *const spaces[] = { " ", "  ", "\n", "\r\n", "\t", "   \n " };
    uint64_t count = random_below(random, PARTS_MAX);
    for (uint64_t i = 0; i < count; i++) {
        char point[5] = "";
        if (i > 0 && random_below(random, 2)) text_add(out, "%s", spaces[random_below(random, 6)]);
        if (random_below(random, 5)) {
            text_add(out, "%s", parts[random_below(random, sizeof parts / sizeof parts[0])]);
        } else { /* Hangul, CJK, emoji: each its own normal form, and none of them white space */
            static const uint32_t from[] = { 0xac00, 0x4e00, 0x1f300 };
            point[utf8_encode(from[random_below(random, 3)] + (uint32_t)random_below(random, 512), point)] =
                0;
            text_add(out, "%s", point);
        }
    }
}

static void encode(const struct tokenizer *t, const struct text *text, bool specials, struct id_buffer *ids) {
    struct encode_options how = { .no_special = true, .parse_special = specials };
    struct sy_error err;
    assert_true(tokenizer_encode(t, text->size ? text->data : "", (int64_t)text->size, how, ids, &err));
}

static bool same_ids(const struct id_buffer *a, const struct id_buffer *b) {
    return a->count == b->count && (a->count == 0 || memcmp(a->data, b->data, (size_t)a->count * 4) == 0);
}

static void must_equal(const struct id_buffer *got, const struct id_buffer *want, const char *name,
                       const struct text *text) {
    if (!same_ids(got, want))
        fail_msg("%s: %lld ids and not %lld of: %.*s", name, (long long)got->count, (long long)want->count,
                 (int)text->size, text->data);
}

static void decode_must_give(const struct tokenizer *t, const struct text *text, const char *name) {
    struct id_buffer ids = { 0 };
    struct text out = { 0 };
    struct sy_error err;
    encode(t, text, false, &ids);
    assert_true(tokenizer_decode(t, ids.data, ids.count, &out, &err));
    if (out.size != text->size || (out.size > 0 && memcmp(out.data, text->data, out.size) != 0))
        fail_msg("%s: '%.*s' came back as '%.*s'", name, (int)text->size, text->data, (int)out.size,
                 out.data);
    text_free(&out);
    id_buffer_free(&ids);
}

TEST(decoding_undoes_encoding) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!cases[i].lossless) continue;
        struct tokenizer *t = open_case(cases[i].name);
        struct random random = random_seed(i);
        for (int round = 0; round < ROUNDS; round++) {
            struct text text = { 0 };
            add_random(&random, &text);
            decode_must_give(t, &text, cases[i].name);
            text_free(&text);
        }
        tokenizer_close(t);
    }
}

/* ---- special tokens ---- */

struct special {
    const char *text;
    const char *before, *behind; /* white space that it takes along */
};

static const struct special specials[] = {
    { "<s>", "", "" },
    { "</s>", "", "" },
    { "<mask>", " \n", "  " },
    { "<tag>", "", "\t " },
};

static void join(const struct text *a, const struct special *special, const struct text *b,
                 struct text *out) {
    if (a) text_add_bytes(out, a->size ? a->data : "", a->size);
    if (a) text_add(out, "%s", special->before);
    text_add(out, "%s", special->text);
    if (b) text_add(out, "%s", special->behind);
    if (b) text_add_bytes(out, b->size ? b->data : "", b->size);
}

static void add_ids(const struct id_buffer *from, int64_t skip, struct id_buffer *out) {
    for (int64_t i = skip; i < from->count; i++) assert_true(id_buffer_add(out, from->data[i], NULL));
}

static void check_special(const struct tokenizer *t, const struct law_case *law,
                          const struct special *special, const struct text *a, const struct text *b) {
    struct text whole = { 0 }, front = { 0 }, back = { 0 };
    struct id_buffer got = { 0 }, want = { 0 }, left = { 0 }, right = { 0 };
    int32_t id = (int32_t)tokenizer_find(t, special->text, (int64_t)strlen(special->text));
    join(a, special, b, &whole);
    join(a, special, NULL, &front);
    join(NULL, special, b, &back);
    encode(t, &whole, true, &got);
    encode(t, a, true, &want);
    assert_true(id_buffer_add(&want, id, NULL));
    encode(t, &front, true, &left);
    must_equal(&left, &want, law->name, &front);
    encode(t, &back, true, &right);
    assert_int_equal(right.data[0], id);
    add_ids(&right, 1, &left);
    must_equal(&got, &left, law->name, &whole);
    encode(t, b, true, &want);
    if (!law->first)
        must_equal(&got, &want, law->name, &whole);
    else if (b->size > 0 && strncmp(b->data, "word", 4) != 0 && strncmp(b->data, "NORM", 4) != 0)
        assert_false(same_ids(&got, &want)); /* b alone begins with U+2581, unless with an added token */
    join(NULL, special, b, &whole);
    add_ids(&right, 0, &left);
    got.count = 0;
    encode(t, &whole, true, &got);
    must_equal(&got, &left, law->name, &whole);
    got.count = 0;
    encode(t, &whole, false, &got);
    for (int64_t i = 0; i < got.count; i++)
        assert_true(got.data[i] != id || strcmp(special->text, "<tag>") == 0);
    text_free(&whole);
    text_free(&front);
    text_free(&back);
    id_buffer_free(&got);
    id_buffer_free(&want);
    id_buffer_free(&left);
    id_buffer_free(&right);
}

TEST(special_tokens_cut_a_text_in_two) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tokenizer *t = open_case(cases[i].name);
        struct random random = random_seed(i);
        for (int round = 0; round < ROUNDS; round++) {
            struct text a = { 0 }, b = { 0 };
            add_random(&random, &a);
            add_random(&random, &b);
            check_special(t, &cases[i], &specials[round % 4], &a, &b);
            text_free(&a);
            text_free(&b);
        }
        tokenizer_close(t);
    }
}
