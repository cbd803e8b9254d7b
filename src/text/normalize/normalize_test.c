#include "base/json.h"
#include "base/os.h"
#include "test.h"
#include "text/normalize/charsmap.h"
#include "text/normalize/normalize.h"
#include "text/normalize/unicode_form.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A character map of three keys, as sentencepiece lays it out: "a" -> "b", "ab" -> "xyz", and U+FFFD -> "b".
 * Node 1 ^ 'a' = 0x60 etc. are spelt out by hand. */
static int64_t small_map(unsigned char *bytes) {
    enum { UNITS = 256 };
    uint32_t units[UNITS] = { 0 };
    units[0] = 1u << 10;                       /* root: children at 1 ^ byte */
    units[1 ^ 'a'] = 4u << 10 | 1u << 8 | 'a'; /* has a value, and children at 0x64 ^ byte */
    units[(1 ^ 'a') ^ 4] = 0x80000000u | 0;    /* its value: replacement at 0 */
    units[((1 ^ 'a') ^ 4) ^ 'b'] = 8u << 10 | 1u << 8 | 'b';
    units[(((1 ^ 'a') ^ 4) ^ 'b') ^ 8] = 0x80000000u | 2;
    units[0xee] = 1u << 10 | 0xef; /* 1 ^ 0xef; children at 0xef ^ byte */
    units[0x50] = 1u << 10 | 0xbf;
    units[0xec] = 1u << 10 | 1u << 8 | 0xbd;
    units[0xed] = 0x80000000u | 0;
    uint32_t size = sizeof units;
    memcpy(bytes, &size, 4);
    memcpy(bytes + 4, units, sizeof units);
    memcpy(bytes + 4 + sizeof units, "b\0xyz", 6);
    return (int64_t)(4 + sizeof units + 6);
}

static struct normalizer *opened(const char *json) {
    struct normalizer *normalizer = NULL;
    struct sy_error err;
    char line[1024];
    json_t *value =
        json_parse(json, (int64_t)strlen(json), (struct json_limits){ .bytes = 1 << 20, .depth = 32 }, &err);
    assert_non_null(value);
    if (!normalizer_open(value, &normalizer, &err))
        fail_msg("%s: %s", json, sy_error_line(&err, line, sizeof line));
    json_decref(value);
    return normalizer;
}

static const char *applied(const struct normalizer *normalizer, const char *text, bool first) {
    static char line[4096];
    struct text out = { 0 };
    text_add(&out, "%s", "before "); /* appended, and nothing before it changed */
    assert_true(normalizer_apply(normalizer, text, (int64_t)strlen(text), first, &out, NULL));
    assert_memory_equal(out.data, "before ", 7);
    snprintf(line, sizeof line, "%s", out.data + 7);
    text_free(&out);
    return line;
}

static void becomes(const char *json, const char *text, const char *want) {
    struct normalizer *normalizer = opened(json);
    assert_string_equal(applied(normalizer, text, true), want);
    normalizer_close(normalizer);
}

TEST(no_normaliser_leaves_text_alone) {
    becomes("null", "A\xcc\x81  b", "A\xcc\x81  b");
    becomes("{\"type\":\"Sequence\",\"normalizers\":[]}", "a ", "a ");
    struct normalizer *none;
    assert_true(normalizer_open(NULL, &none, NULL));
    assert_true(normalizer_is_identity(none));
    normalizer_close(none);
    struct normalizer *some = opened("{\"type\":\"NFC\"}");
    assert_false(normalizer_is_identity(some));
    normalizer_close(some);
}

TEST(normal_forms) {
    becomes("{\"type\":\"NFC\"}", "xe\xcc\x81y", "x\xc3\xa9y");
    becomes("{\"type\":\"NFC\"}", "e\xcc\xa3\xcc\x81 \xc3\xa9\xcc\xa3",
            "\xe1\xba\xb9\xcc\x81 \xe1\xba\xb9\xcc\x81");
    becomes("{\"type\":\"NFC\"}", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8\xe2\x84\xab", "\xea\xb0\x81\xc3\x85");
    becomes("{\"type\":\"NFD\"}", "\xc3\xa9\xea\xb0\x81", "e\xcc\x81\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8");
    becomes("{\"type\":\"NFKC\"}", "\xef\xac\x81\xef\xbc\xa1\xe2\x91\xa0", "fiA1");
    becomes("{\"type\":\"NFKD\"}", "\xc3\xa9\xef\xac\x81",
            "e\xcc\x81"
            "fi");
    /* what Unicode got after 9.0 is left alone: U+1AC0 (class 220, of 13.0) is not put before U+0301 */
    becomes("{\"type\":\"NFD\"}", "a\xcc\x81\xe1\xab\x80", "a\xcc\x81\xe1\xab\x80");
    becomes("{\"type\":\"NFD\"}", "a\xcc\x81\xcc\xa3", "a\xcc\xa3\xcc\x81");
    becomes("{\"type\":\"NFKC\"}", "\xe3\x8b\xbf", "\xe3\x8b\xbf"); /* U+32FF, of 12.1 */
}

TEST(a_run_of_marks_is_ordered_in_proportion_to_its_length) {
    enum { MARKS = 300000 };
    struct text out = { 0 };
    char *text = malloc(2 * MARKS + 1);
    text[0] = 'q';
    for (int i = 0; i < MARKS; i++) memcpy(text + 1 + 2 * i, i % 2 ? "\xcc\xa3" : "\xcc\x81", 2);
    double begin = os_seconds();
    assert_true(unicode_form_add(FORM_NFD, text, 2 * MARKS + 1, &out, NULL));
    assert_true(os_seconds() - begin < 5); /* sorted by insertion, minutes */
    assert_int_equal(out.size, 2 * MARKS + 1);
    assert_memory_equal(out.data + 1, "\xcc\xa3\xcc\xa3", 4);
    assert_memory_equal(out.data + MARKS - 1, "\xcc\xa3\xcc\x81", 4);
    text_free(&out);
    free(text);
}

TEST(steps_of_tokenizer_json) {
    becomes("{\"type\":\"Prepend\",\"prepend\":\"_\"}", "a", "_a");
    becomes("{\"type\":\"Prepend\",\"prepend\":\"_\"}", "", "");
    becomes("{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}", " a b",
            "\xe2\x96\x81"
            "a\xe2\x96\x81"
            "b");
    becomes("{\"type\":\"Replace\",\"pattern\":{\"String\":\".\"},\"content\":\"\"}", "a.b", "ab");
    becomes("{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}|b$\"},\"content\":\"<>\"}", "a  b",
            "a<><>");
    becomes("{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
            " \xc2\x85"
            "a b\xe3\x80\x80 ",
            "a b");
    becomes("{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true}", " a ", " a");
    becomes("{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}", "  ", "");
    becomes("{\"type\":\"Lowercase\"}", "\xc4\xb0\xce\xa3Z\xe1\xba\x9e", "i\xcc\x87\xcf\x83z\xc3\x9f");
    becomes("{\"type\":\"StripAccents\"}", "e\xcc\x81\xe0\xa4\x83x", "ex");
    becomes("{\"type\":\"Nmt\"}",
            "a\x01\t\xe2\x80\x8b\xe2\x96\x81"
            "b\x7f",
            "a   b");
    becomes("{\"type\":\"ByteLevel\"}", " \xc3\xa9", "\xc4\xa0\xc3\x83\xc2\xa9");
    becomes("{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
            "\"strip_accents\":null,\"lowercase\":true}",
            "\xc3\x89\x01\t\xe4\xb8\xadX", "e  \xe4\xb8\xad x");
    /* Bert knows marks and formats of Unicode 8.0 only: U+1734 and U+08E3 go, U+08D4 (9.0), U+1885 and
     * U+111C9 (marks since), U+08E2 (a format of 9.0) and U+0378 (nobody's) stay; for StripAccents U+08D4 is
     * one. */
    becomes("{\"type\":\"BertNormalizer\",\"lowercase\":true}", "a\xe1\x9c\xb4\xe0\xa3\xa3z", "az");
    becomes("{\"type\":\"BertNormalizer\",\"lowercase\":true}",
            "\xe0\xa3\x94\xe1\xa2\x85\xf0\x91\x87\x89\xe0\xa3\xa2\xcd\xb8",
            "\xe0\xa3\x94\xe1\xa2\x85\xf0\x91\x87\x89\xe0\xa3\xa2\xcd\xb8");
    becomes("{\"type\":\"StripAccents\"}", "a\xe0\xa3\x94", "a");
    becomes(
        "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"Sequence\",\"normalizers\":[{"
        "\"type\":\"StripAccents\"}]},{\"type\":\"Lowercase\"},{\"type\":\"Prepend\",\"prepend\":\"_\"}]}",
        "\xc3\x89", "_e");
}

TEST(what_is_not_known_is_refused_by_name) {
    static const char *const refused[][2] = {
        { "{\"type\":\"Frobnicate\"}", "'Frobnicate' is not known" },
        { "{\"type\":\"Prepend\"}", "'prepend' is missing" },
        { "{\"type\":\"Replace\",\"content\":\"x\"}", "'String' is missing" },
        { "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"x\"}", "empty" },
        { "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(\"},\"content\":\"x\"}", "no end" },
        { "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!\"}", "no base64" },
        { "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}", "cut short" },
        { "{\"type\":\"Strip\",\"strip_left\":3}", "strip_left" },
        { "{\"type\":\"Sequence\"}", "'normalizers' is missing" },
        { "[]", "no object" },
        { "{}", "'type' is missing" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct normalizer *normalizer;
        struct sy_error err = { .code = SY_OK };
        json_t *value = json_loads(refused[i][0], 0, NULL);
        print_message("%s\n", refused[i][0]);
        assert_false(normalizer_open(value, &normalizer, &err));
        assert_null(normalizer);
        assert_non_null(strstr(err.message, refused[i][1]));
        assert_true(err.place[0] && err.remedy[0]);
        json_decref(value);
    }
    struct text nested = { 0 };
    for (int i = 0; i < 20; i++) text_add(&nested, "{\"type\":\"Sequence\",\"normalizers\":[");
    text_add(&nested, "null");
    for (int i = 0; i < 20; i++) text_add(&nested, "]}");
    struct normalizer *normalizer;
    struct sy_error err = { .code = SY_OK };
    json_t *value = json_loads(nested.data, 0, NULL);
    assert_non_null(value);
    assert_false(normalizer_open(value, &normalizer, &err));
    assert_non_null(strstr(err.message, "nest too deep"));
    json_decref(value);
    text_free(&nested);
}

/* ---- the character map ---- */

TEST(a_character_map_finds_the_longest_or_the_shortest_key) {
    unsigned char bytes[2048];
    struct charsmap *map;
    const char *become;
    int64_t size;
    assert_true(charsmap_open(bytes, small_map(bytes), &map, NULL));
    assert_int_equal(charsmap_find(map, "abc", 3, false, &become, &size), 2);
    assert_int_equal(size, 3);
    assert_memory_equal(become, "xyz", 3);
    assert_int_equal(charsmap_find(map, "abc", 3, true, &become, &size), 1);
    assert_memory_equal(become, "b", 2);
    assert_int_equal(charsmap_find(map, "ac", 2, false, &become, &size), 1);
    assert_int_equal(charsmap_find(map, "ab", 1, false, &become, &size), 1);
    assert_int_equal(charsmap_find(map, "b", 1, false, &become, &size), 0);
    assert_int_equal(charsmap_find(map, "", 0, false, &become, &size), 0);
    charsmap_close(map);
}

TEST(broken_character_maps_are_refused_or_lead_nowhere) {
    unsigned char bytes[2048];
    int64_t size = small_map(bytes);
    struct charsmap *map;
    struct sy_error err;
    for (int64_t cut = 0; cut < size; cut++) {
        bool ok = charsmap_open(bytes, cut, &map, &err);
        if (ok)
            charsmap_close(map); /* only where a NUL happens to end it */
        else
            assert_string_equal(err.place, "character map");
        if (cut < 4 + 1024 + 2) assert_false(ok);
    }
    for (int i = 0; i < 4; i++) { /* a size that is too large, or crooked */
        unsigned char kept = bytes[i];
        bytes[i] = 0x7f;
        assert_false(charsmap_open(bytes, size, &map, &err));
        bytes[i] = kept;
    }
    for (int64_t i = 4; i < 4 + 1024; i++) { /* each byte of the trie, at its worst */
        const char *become;
        int64_t become_size = 0;
        unsigned char kept = bytes[i];
        bytes[i] = 0xff;
        assert_true(charsmap_open(bytes, size, &map, &err));
        if (charsmap_find(map, "abcab", 5, false, &become, &become_size) > 0)
            assert_true(strlen(become) == (size_t)become_size);
        charsmap_close(map);
        bytes[i] = kept;
    }
}

/* ---- SentencePiece's rules ---- */

static void spm_becomes(const struct spm_rules *rules, const char *text, bool first, const char *want) {
    struct normalizer *normalizer;
    assert_true(normalizer_open_spm(rules, &normalizer, NULL));
    assert_string_equal(applied(normalizer, text, first), want);
    normalizer_close(normalizer);
}

TEST(sentencepiece_s_rules_for_white_space) {
    struct spm_rules rules = { .add_dummy_prefix = true, .escape_whitespaces = true };
    spm_becomes(&rules, " a  b ", true,
                "\xe2\x96\x81\xe2\x96\x81"
                "a\xe2\x96\x81\xe2\x96\x81"
                "b\xe2\x96\x81");
    spm_becomes(&rules, "a", false, "a");
    spm_becomes(&rules, "", true, "");
    rules.remove_extra_whitespaces = true;
    spm_becomes(&rules, "  a  b ", true,
                "\xe2\x96\x81"
                "a\xe2\x96\x81"
                "b");
    spm_becomes(&rules, "   ", true, "");
    spm_becomes(&rules, "a \xe2\x96\x81", true,
                "\xe2\x96\x81"
                "a"); /* the sign itself counts as a space there */
    rules.whitespace_as_suffix = true;
    spm_becomes(&rules, " a b", true,
                "a\xe2\x96\x81"
                "b\xe2\x96\x81");
    rules.whitespace_as_suffix = rules.escape_whitespaces = false;
    spm_becomes(&rules, " a  b ", true, " a b");
    rules.add_dummy_prefix = rules.remove_extra_whitespaces = false;
    spm_becomes(&rules, " a  b ", true, " a  b ");
}

TEST(sentencepiece_s_rules_for_characters_and_the_user_s_pieces) {
    unsigned char bytes[2048];
    static const struct spm_piece pieces[] = { { "ab", 2, 0, SPM_NORMAL },
                                               { "aa", 2, 0, SPM_USER_DEFINED },
                                               { "aab", 3, 0, SPM_USER_DEFINED } };
    struct spm_rules rules = { .charsmap = bytes, .charsmap_size = small_map(bytes) };
    spm_becomes(&rules, "abcacaab\xc3\xa9", true, "xyzcbcbxyz\xc3\xa9");
    spm_becomes(&rules, "\xef\xbf\xbd\xff\xe4\xb8z", true,
                "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"); /* not the map's */
    rules.pieces = pieces;
    rules.piece_count = 3;
    spm_becomes(&rules, "abcaaaabz", true, "xyzcaaaabz"); /* aa and aab stand, the longer where both fit */
}
