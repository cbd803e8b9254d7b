/*
 * GGUF's keys made from tokenizers of every kind, read back as anybody's file: the same ids on all the texts
 * of tests/golden/tokenizers, or else the warning that says so.
 */
#include "base/os.h"
#include "base/random.h"
#include "test.h"
#include "text/load/load.h"
#include "text/pretokenize/names.h"
#include "text/sentencepiece/spm_sample.h"
#include "text/tokenizer.h"
#include "text/vocab_keys/vocab_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = { 1 << 20, 16 };

struct made {
    struct arena arena;
    struct vocab_keys keys;
    struct tokenizer *from, *to; /* as the file has it; as the keys do, NULL where they hold none */
};

static const struct gguf_value *find(const struct made *made, const char *name) {
    struct gguf gguf = { .keys = made->keys.keys, .key_count = made->keys.count };
    return gguf_find(&gguf, name);
}

static bool says(const struct made *made, const char *name, const char *want) {
    const struct gguf_value *value = find(made, name);
    return value && value->type == GGUF_STRING && value->text.size == (int64_t)strlen(want) &&
           memcmp(value->text.data, want, strlen(want)) == 0;
}

static void make(const char *path, int64_t more, struct made *made) {
    struct vocab_wanted wanted = { .bos = -1, .pad = -1 };
    struct sy_error err = { .code = SY_OK };
    char line[1024];
    *made = (struct made){ .to = NULL };
    arena_open(&made->arena);
    if (!tokenizer_open(path, NULL, NULL, &made->from, &err))
        fail_msg("%s", sy_error_line(&err, line, sizeof line));
    wanted.rows = tokenizer_facts(made->from).count + more;
    assert_true(vocab_keys_make(path, &wanted, &made->arena, &made->keys, &err));
    if (says(made, "tokenizer.ggml.model", "none")) return;
    struct gguf gguf = { .keys = made->keys.keys, .key_count = made->keys.count };
    made->to = tokenizer_blank("", NULL, &err);
    assert_non_null(made->to);
    if (!load_gguf(made->to, &gguf, &err)) fail_msg("%s", sy_error_line(&err, line, sizeof line));
}

static void unmake(struct made *made) {
    tokenizer_close(made->from);
    tokenizer_close(made->to);
    arena_close(&made->arena);
}

/* How many of three ways to encode a text differ. */
static int differences(const struct made *made, const char *text, int64_t size) {
    static const struct encode_options ways[] = { { .no_special = true, .parse_special = true },
                                                  { .no_special = true },
                                                  { .parse_special = true } };
    int count = 0;
    for (int way = 0; way < 3; way++) {
        struct id_buffer a = { 0 }, b = { 0 };
        assert_true(tokenizer_encode(made->from, text, size, ways[way], &a, NULL));
        assert_true(tokenizer_encode(made->to, text, size, ways[way], &b, NULL));
        bool same = a.count == b.count &&
                    (a.count == 0 || memcmp(a.data, b.data, (size_t)a.count * sizeof *a.data) == 0);
        if (!same && !count) print_message("differs: \"%.*s\"\n", (int)(size < 100 ? size : 100), text);
        count += !same;
        id_buffer_free(&a);
        id_buffer_free(&b);
    }
    return count;
}

static int differences_of_cases(const struct made *made, const char *name, int *texts) {
    char path[TEST_PATH_MAX], file[128], *rows;
    int64_t size;
    int count = 0;
    snprintf(file, sizeof file, "tests/golden/tokenizers/%s.cases.jsonl", name);
    test_source(path, file);
    assert_true(os_read_file(path, 1 << 20, &rows, &size, NULL));
    *texts = 0;
    for (const char *at = rows; at < rows + size; ++*texts) {
        const char *end = memchr(at, '\n', (size_t)(rows + size - at));
        json_t *row = json_parse_nul(at, end - at, limits, NULL);
        const json_t *text = json_object_get(row, "text");
        count += differences(made, json_string_value(text), (int64_t)json_string_length(text));
        json_decref(row);
        at = end + 1;
    }
    free(rows);
    return count;
}

/* ---- tokenizer.json ---- */

/* A golden tokenizer; `plain`: without the added tokens that take spaces along or want whole words, which
 * GGUF has no key for. */
static void make_golden(const char *name, bool plain, const char *prepend, struct made *made) {
    static const char *const flags[] = { "lstrip", "rstrip", "single_word", "normalized" };
    char path[TEST_PATH_MAX], file[128];
    snprintf(file, sizeof file, "tests/golden/tokenizers/%s.json", name);
    test_source(path, file);
    json_t *root = json_parse_file(path, limits, NULL), *list = json_object_get(root, "added_tokens");
    assert_non_null(root);
    for (size_t i = 0; plain && i < json_array_size(list); i++)
        for (int flag = 0; flag < 4; flag++)
            json_object_set_new(json_array_get(list, i), flags[flag], json_false());
    if (prepend) { /* as Llama's and Mixtral's files say it; Metaspace itself has rules of its own */
        json_object_set_new(root, "pre_tokenizer", json_null());
        json_object_set_new(root, "normalizer", json_loads(prepend, 0, NULL));
    }
    test_temp_path(path, "tokenizer.json");
    assert_int_equal(json_dump_file(root, path, 0), 0);
    json_decref(root);
    make(path, 5, made);
}

/* make_golden asks for five rows more than there are tokens. */
static void padded(const struct made *made) {
    const struct gguf_value *tokens = find(made, "tokenizer.ggml.tokens"),
                            *types = find(made, "tokenizer.ggml.token_type");
    int64_t count = tokenizer_facts(made->from).count, type;
    char name[32];
    assert_int_equal(tokens->array.count, count + 5);
    for (int64_t id = count; id < count + 5; id++) {
        struct gguf_text text = tokens->array.items[id].text;
        snprintf(name, sizeof name, "[PAD%lld]", (long long)id);
        assert_int_equal(text.size, strlen(name));
        assert_memory_equal(text.data, name, strlen(name));
        assert_true(gguf_item_int(types, id, &type) && type == SPM_UNUSED);
    }
}

static void same_as_file(const char *name, const char *prepend, const char *model, const char *pre) {
    struct made made;
    int texts;
    print_message("%s\n", name);
    make_golden(name, true, prepend, &made);
    assert_string_equal(made.keys.warning, "");
    assert_true(says(&made, "tokenizer.ggml.model", model));
    assert_true(says(&made, "tokenizer.ggml.pre", pre));
    assert_int_equal(differences_of_cases(&made, name, &texts), 0);
    assert_true(texts > 100);
    padded(&made);
    unmake(&made);
}

TEST(keys_of_byte_level_bpe_say_all_of_it) {
    same_as_file("byte_level", NULL, "gpt2", "gpt-2");
    same_as_file("byte_level_digits", NULL, "gpt2", "starcoder");
    same_as_file("byte_level_split", NULL, "gpt2", "qwen2");
}

TEST(keys_of_bpe_with_byte_pieces_say_all_of_it) {
    same_as_file("fallback_whole",
                 "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\u2581\"},"
                 "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}]}",
                 "llama", "default");
    same_as_file("fallback_whole",
                 "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}", "llama",
                 "default");
}

/* Whatever the keys cannot say is told; and where nothing is told, nothing differs. */
TEST(what_keys_cannot_say_is_told) {
    static const struct {
        const char *name, *warning; /* NULL: either */
    } cases[] = {
        { "byte_level", "cannot say all" }, /* lstrip, single words */
        { "byte_level_prefix", "cannot say all" },
        { "byte_level_digits", "cannot say all" },
        { "byte_level_split", "cannot say all" },
        { "fallback_whole", "cannot say all" },
        { "fallback_split", "cannot say all" }, /* NFKC */
        { "unigram", "cannot say all" },        /* NFKC */
        { "bert", "cannot hold" },
        { "contiguous", "cannot hold" },
        { "inverted", "cannot hold" },
        { "removed", "cannot hold" },
        { "whitespace", "cannot hold" },
        { "with_next", "cannot hold" },
        { "with_previous", "cannot hold" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made made;
        int texts;
        make_golden(cases[i].name, false, NULL, &made);
        print_message("%s: %s\n", cases[i].name, made.keys.warning);
        assert_non_null(strstr(made.keys.warning, cases[i].warning));
        assert_true((made.to == NULL) == (strstr(cases[i].warning, "hold") != NULL));
        if (made.to) assert_true(differences_of_cases(&made, cases[i].name, &texts) > 0);
        unmake(&made);
    }
}

static void make_from(const char *name, const char *text, struct made *made) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    make(path, 0, made);
}

TEST(a_pattern_without_a_name_is_told) {
    struct made made;
    make_from(
        "tokenizer.json",
        "{\"added_tokens\":[],\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":"
        "\"Split\",\"pattern\":{\"Regex\":\"[ab]+|[^ab]\"},\"behavior\":\"Isolated\",\"invert\":false},"
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}]},\"decoder\":"
        "{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"ab\":"
        "3},\"merges\":[\"a b\"]}}",
        &made);
    assert_true(says(&made, "tokenizer.ggml.model", "gpt2"));
    assert_null(find(&made, "tokenizer.ggml.pre"));
    assert_non_null(strstr(made.keys.warning, "no name is known"));
    unmake(&made);
}

/* ---- patterns ---- */

static const char *name_of(const char *pattern, bool nfc, bool whole_first) {
    static char name[64];
    struct pretokenizer pre = { .count = 0 };
    assert_true(pretokenizer_add_pattern(&pre, pattern, (int64_t)strlen(pattern), PATTERN_ONIGURUMA, NULL));
    const struct pre_name *found = pre_name_of(&pre, nfc, whole_first);
    snprintf(name, sizeof name, "%.*s", found ? (int)strcspn(found->names, " ") : 4,
             found ? found->names : "none");
    pretokenizer_close(&pre);
    return name;
}

TEST(names_are_found_by_pattern) {
    static const char qwen[] = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
                               "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static const char respelled[] = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\p{N}\\p{L}\\n\\r]?\\p{L}+|\\p{N}|\\x20"
                                    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\n\\r]+|\\s+(?!\\S)|\\s+";
    assert_string_equal(name_of(qwen, true, false), "qwen2");
    assert_string_equal(name_of(respelled, true, false), "qwen2");
    assert_string_equal(name_of(qwen, false, false), "stablelm2");
    assert_string_equal(name_of("\\p{N}|\\p{L}+", false, false), "none");
}

/* Each name of the table leads back to its own patterns, and none of ours is ever written. */
TEST(names_lead_back_to_their_patterns) {
    for (int i = 0; pre_name_at(i); i++) {
        const struct pre_name *name = pre_name_at(i);
        struct pretokenizer pre = { .count = 0 };
        for (int k = 0; k < PRE_PATTERNS_MAX && name->patterns[k]; k++)
            assert_true(pretokenizer_add_pattern(&pre, name->patterns[k], (int64_t)strlen(name->patterns[k]),
                                                 PATTERN_RUST, NULL));
        const struct pre_name *found = pre_name_of(&pre, name->nfc, name->whole_first);
        pretokenizer_close(&pre);
        if (!found) {
            assert_true(name->ours);
            continue;
        }
        assert_false(found->ours);
        assert_true(found->nfc == name->nfc && found->whole_first == name->whole_first);
        for (int k = 0; k < PRE_PATTERNS_MAX; k++)
            assert_true(!name->patterns[k] ? !found->patterns[k]
                                           : strcmp(name->patterns[k], found->patterns[k]) == 0);
    }
}

/* ---- SentencePiece ---- */

static const char *const pieces[] = {
    "\xe2\x96\x81the",
    "\xe2\x96\x81",
    "th",
    "he",
    "t",
    "h",
    "e",
    "a",
    "an",
    "and",
    "n",
    "d",
    "i",
    "ng",
    "in",
    "g",
};

/* Texts made of what the pieces are made of, spaces, and what no piece has. */
static void random_text(struct random *random, char *out, size_t size) {
    static const char *const parts[] = { "the", " ",  "  ", "and", "a",        "ing", "th",           "he",
                                         "x",   "\n", "7",  "d",   "\xc3\xa9", "\t",  "\xe4\xbd\xa0", "<s>" };
    out[0] = 0;
    for (int left = 1 + (int)random_below(random, 14); left > 0; left--)
        strncat(out, parts[random_below(random, 16)], size - strlen(out) - 1);
}

static void same_as_model(unsigned kind, bool bytes, bool dummy, bool squeeze, const char *form) {
    static uint8_t room[1 << 16];
    struct spm_sample sample = { room, 0, sizeof room };
    struct random random = random_seed(11);
    struct made made;
    char path[TEST_PATH_MAX], text[256];
    sample_pieces(&sample, bytes, pieces, 16);
    sample_trainer(&sample, kind, bytes, false);
    sample_rules(&sample, NULL, 0, (const bool[3]){ dummy, squeeze, true });
    test_temp_path(path, "tokenizer.model");
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(room, 1, sample.size, file), sample.size);
    assert_int_equal(fclose(file), 0);
    make(path, 3, &made);
    assert_string_equal(made.keys.warning, "");
    assert_true(says(&made, "tokenizer.ggml.model", form));
    for (int i = 0; i < 300; i++) {
        random_text(&random, text, sizeof text);
        assert_int_equal(differences(&made, text, (int64_t)strlen(text)), 0);
    }
    unmake(&made);
}

TEST(keys_of_sentencepiece_say_all_of_it) {
    same_as_model(SPM_BPE, true, true, false, "llama");
    same_as_model(SPM_BPE, true, false, false, "llama");
    same_as_model(SPM_UNIGRAM, true, true, true, "t5");
    same_as_model(SPM_UNIGRAM, false, false, true, "t5");
}

/* ---- rank files ---- */

static void add_base64(struct text *out, const char *bytes, int size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < size; i += 3) {
        unsigned bits = 0;
        for (int k = 0; k < 3; k++) bits = bits << 8 | (i + k < size ? (unsigned char)bytes[i + k] : 0);
        for (int k = 0; k < 4; k++)
            text_add(out, "%c", i + k > size ? '=' : digits[bits >> (18 - 6 * k) & 63]);
    }
}

/* tekken.json with the 256 bytes, then these; "hat" cannot form, since "th" merges before "at" is seen. */
TEST(merges_are_derived_from_ranks) {
    static const char *const more[] = { "th", "at", "the", " the", "that", "\xc3\xa9" };
    static const char *const want[] = { "t h", "a t", "th e", "\xc4\xa0 the", "th at", "\xc3\x83 \xc2\xa9" };
    struct text json = { 0 };
    struct made made;
    char text[256];
    struct random random = random_seed(5);
    text_add(&json, "{\"config\":{\"pattern\":\"[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}"
                    "\\\\p{Lo}\\\\p{M}]*[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?"
                    "[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*|"
                    "\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|"
                    "\\\\s+\",\"default_vocab_size\":282,\"default_num_special_tokens\":20},\"vocab\":[");
    for (int rank = 0; rank < 262; rank++) {
        char byte = (char)rank;
        text_add(&json, "%s{\"rank\":%d,\"token_bytes\":\"", rank ? "," : "", rank);
        add_base64(&json, rank < 256 ? &byte : more[rank - 256],
                   rank < 256 ? 1 : (int)strlen(more[rank - 256]));
        text_add(&json, "\"}");
    }
    text_add(&json, "]}");
    make_from("tekken.json", json.data, &made);
    text_free(&json);
    assert_string_equal(made.keys.warning, "");
    assert_true(says(&made, "tokenizer.ggml.pre", "tekken"));
    const struct gguf_value *merges = find(&made, "tokenizer.ggml.merges");
    assert_int_equal(merges->array.count, 6);
    for (int i = 0; i < 6; i++) {
        struct gguf_text merge = merges->array.items[i].text;
        assert_int_equal(merge.size, strlen(want[i]));
        assert_memory_equal(merge.data, want[i], strlen(want[i]));
    }
    for (int i = 0; i < 300; i++) {
        random_text(&random, text, sizeof text);
        assert_int_equal(differences(&made, text, (int64_t)strlen(text)), 0);
    }
    unmake(&made);
}
