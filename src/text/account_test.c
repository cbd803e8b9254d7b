/*
 * What files say of text has an account: no key of the golden tokenizers, and none of the shared ones, is in
 * no table; and every line says what becomes of its key.
 */
#include "gguf_rewrite.h"
#include "speaker.h"
#include "test.h"
#include "text/account.h"
#include "text/meanings.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void write_text(const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static void take(const char *path, const struct ends_known *known, struct arena *arena,
                 struct account *account) {
    struct sy_error err;
    char line[1024];
    arena_open(arena);
    account_open(account, arena);
    if (!text_account(path, known, account, &err)) fail_msg("%s", sy_error_line(&err, line, sizeof line));
}

static const struct account_line *find(const struct account *account, const char *file, const char *what) {
    for (int64_t i = 0; i < account->count; i++)
        if (strcmp(account->lines[i].file, file) == 0 && strcmp(account->lines[i].what, what) == 0)
            return &account->lines[i];
    fail_msg("no line on %s: %s", file, what);
    return NULL;
}

/* Fails for a key that no table knows, and for one that cannot be read. */
static void all_known(const char *path) {
    struct arena arena;
    struct account account;
    take(path, NULL, &arena, &account);
    assert_true(account.count > 0);
    for (int64_t i = 0; i < account.count; i++)
        if (account.lines[i].fate == FATE_UNKNOWN || account.lines[i].fate == FATE_REFUSED)
            fail_msg("%s: %s: %s is %s", path, account.lines[i].file, account.lines[i].what,
                     fate_name(account.lines[i].fate));
    arena_close(&arena);
}

static void copy(const char *from, const char *to) {
    static char text[1 << 16];
    char path[TEST_PATH_MAX];
    FILE *in = fopen(from, "rb");
    test_temp_path(path, to);
    FILE *out = fopen(path, "wb");
    assert_true(in && out);
    for (size_t size; (size = fread(text, 1, sizeof text, in)) > 0;)
        assert_int_equal(fwrite(text, 1, size, out), size);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

TEST(no_key_of_the_golden_tokenizers_is_unknown) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 300];
    int found = 0;
    snprintf(folder, sizeof folder, "%s/tests/golden/tokenizers", SY_SOURCE_ROOT);
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        copy(path, "tokenizer.json");
        all_known(test_temp_dir());
        found++;
    }
    closedir(list);
    assert_true(found > 10);
}

/* The keys that published files have. */
TEST(no_key_of_published_side_files_is_unknown) {
    write_text("tokenizer.json", "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"model\":{"
                                 "\"type\":\"BPE\",\"vocab\":{\"a\":0},"
                                 "\"merges\":[],\"dropout\":null}}");
    write_text(
        "tokenizer_config.json",
        "{\"add_bos_token\":false,\"add_prefix_space\":false,\"added_tokens_decoder\":{},"
        "\"additional_special_tokens\":[],\"bos_token\":null,\"chat_template\":\"x\","
        "\"clean_up_tokenization_spaces\":false,\"eos_token\":\"a\",\"errors\":\"replace\",\"legacy\":true,"
        "\"model_max_length\":1,\"pad_token\":\"a\",\"split_special_tokens\":false,\"sp_model_kwargs\":{},"
        "\"tokenizer_class\":\"Qwen2Tokenizer\",\"unk_token\":null,\"padding_side\":\"left\","
        "\"truncation_side\":\"left\",\"use_default_system_prompt\":false,\"model_input_names\":[],"
        "\"spaces_between_special_tokens\":false,\"extra_special_tokens\":{},\"auto_map\":{},"
        "\"name_or_path\":\"x\",\"special_tokens_map_file\":null,\"processor_class\":\"X\","
        "\"image_token\":\"x\",\"backend\":\"tokenizers\",\"is_local\":true}");
    write_text(
        "generation_config.json",
        "{\"_from_model_config\":true,\"bos_token_id\":1,\"do_sample\":true,\"eos_token_id\":[1],"
        "\"max_length\":20,\"max_new_tokens\":9,\"pad_token_id\":0,\"repetition_penalty\":1.05,"
        "\"temperature\":0.6,\"top_k\":20,\"top_p\":0.95,\"transformers_version\":\"4.51.0\",\"use_cache\":"
        "true,"
        "\"cache_implementation\":\"hybrid\",\"min_p\":0.1,\"num_beams\":1,\"trust_remote_code\":true}");
    write_text("preprocessor_config.json", "{}");
    write_text("special_tokens_map.json", "{}");
    all_known(test_temp_dir());
}

/* ../shared/data: the side files that are there as they are, and the metadata of GGUF files. */
TEST(no_key_of_the_shared_files_is_unknown) {
    static const char *const names[] = { "deepseek_v3.tokenizer_config.json", "qwen3.tokenizer_config.json" };
    char shared[TEST_PATH_MAX], path[TEST_PATH_MAX + 600];
    write_text("tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}");
    test_needs_data(shared, "vectors");
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/tokenizers/%s", shared, names[i]);
        copy(path, "tokenizer_config.json");
        all_known(test_temp_dir());
    }
    snprintf(path, sizeof path, "%s/gguf", shared);
    DIR *list = opendir(path);
    assert_non_null(list);
    int found = 0;
    for (struct dirent *entry; (entry = readdir(list));) {
        snprintf(path, sizeof path, "%s/gguf/%.200s/f32.gguf", shared, entry->d_name);
        if (access(path, R_OK) != 0) continue;
        all_known(path);
        found++;
    }
    closedir(list);
    assert_true(found > 5);
}

TEST(an_account_says_what_becomes_of_each_key) {
    static const int64_t eos[] = { 0, 77 };
    const struct ends_known known = { eos, 2, 4 };
    struct arena arena;
    struct account account;
    write_text(
        "tokenizer.json",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[],\"dropout\":null,\"odd\":1},"
        "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"}]},\"added_tokens\":[{"
        "\"id\":2,"
        "\"content\":\"<|im_end|>\",\"special\":true,\"strange\":0}]}");
    write_text("tokenizer.model", "not read");
    write_text("tokenizer_config.json",
               "{\"eos_token\":\"b\",\"pad_token\":\"zz\",\"what\":1,\"added_tokens_decoder\":{}}");
    write_text("added_tokens.json", "{\"x\":9}");
    write_text("generation_config.json", "{\"num_beams\":4,\"no_repeat_ngram_size\":0,\"top_k\":5}");
    write_text("preprocessor_config.json", "{}");
    write_text("strange_config.json", "{}");
    take(test_temp_dir(), &known, &arena, &account);
    assert_int_equal(find(&account, "tokenizer.json", "")->fate, FATE_USED);
    assert_int_equal(find(&account, "tokenizer.json", "model.vocab")->fate, FATE_USED);
    assert_int_equal(find(&account, "tokenizer.json", "model.dropout")->fate, FATE_IGNORED);
    assert_int_equal(find(&account, "tokenizer.json", "model.odd")->fate, FATE_UNKNOWN);
    assert_int_equal(find(&account, "tokenizer.json", "normalizer.type")->fate, FATE_USED);
    assert_int_equal(find(&account, "tokenizer.json", "added_tokens.strange")->fate, FATE_UNKNOWN);
    assert_int_equal(find(&account, "tokenizer.model", "")->fate, FATE_IGNORED);
    assert_int_equal(find(&account, "added_tokens.json", "")->fate, FATE_IGNORED);
    assert_int_equal(find(&account, "tokenizer_config.json", "what")->fate, FATE_UNKNOWN);
    assert_int_equal(find(&account, "tokenizer_config.json", "pad_token")->fate, FATE_WARNED);
    assert_int_equal(find(&account, "generation_config.json", "num_beams")->fate, FATE_WARNED);
    assert_int_equal(find(&account, "generation_config.json", "no_repeat_ngram_size")->fate, FATE_IGNORED);
    assert_int_equal(find(&account, "generation_config.json", "top_k")->fate, FATE_USED);
    assert_int_equal(find(&account, "preprocessor_config.json", "")->fate, FATE_IGNORED);
    assert_int_equal(find(&account, "strange_config.json", "")->fate, FATE_UNKNOWN);
    assert_int_equal(find(&account, "config.json", "eos_token_id")->fate, FATE_WARNED); /* 77 */
    assert_string_equal(find(&account, ACCOUNT_ENDS, "a 0")->reason, "config.json: eos_token_id");
    assert_string_equal(find(&account, ACCOUNT_ENDS, "<|im_end|> 2")->reason, "vocabulary: its name");
    arena_close(&arena);
}

TEST(keys_of_a_gguf_file_have_lines) {
    const struct gguf_change changes[] = {
        { "general.sampling.mirostat", { .type = GGUF_I32, .i = 2 }, false },
        { "general.sampling.odd", { .type = GGUF_I32, .i = 2 }, false },
        { "general.sampling.xtc_probability", { .type = GGUF_F32, .f = 0 }, false },
        { "tokenizer.ggml.normalizer.lowercase", { .type = GGUF_BOOL, .u = 1 }, false },
        { "tokenizer.ggml.strange", { .type = GGUF_BOOL, .u = 1 }, false },
    };
    char folder[TEST_PATH_MAX], made[TEST_PATH_MAX], kept[TEST_PATH_MAX], bare[TEST_PATH_MAX];
    struct gguf_change all[7];
    struct arena arena;
    struct account account;
    test_temp_path(folder, "speaker");
    test_temp_path(made, "made.gguf");
    test_temp_path(kept, "kept.gguf");
    test_temp_path(bare, "bare.gguf");
    speaker_make(folder);
    assert_int_equal(test_run("convert", folder, "--out", made).status, 0);
    all_known(made);
    memcpy(all, changes, sizeof changes);
    memcpy(all + 5, gguf_no_files, sizeof gguf_no_files);
    gguf_rewrite(made, kept, changes, 5);
    gguf_rewrite(made, bare, all, 7);
    take(bare, NULL, &arena, &account);
    assert_int_equal(find(&account, "metadata", "tokenizer.ggml.tokens")->fate, FATE_USED);
    assert_int_equal(find(&account, "metadata", "general.sampling.temp")->fate, FATE_USED);
    assert_int_equal(find(&account, "metadata", "general.sampling.mirostat")->fate, FATE_WARNED);
    assert_int_equal(find(&account, "metadata", "general.sampling.odd")->fate, FATE_UNKNOWN);
    assert_int_equal(find(&account, "metadata", "general.sampling.xtc_probability")->fate, FATE_IGNORED);
    assert_int_equal(find(&account, "metadata", "tokenizer.ggml.normalizer.lowercase")->fate, FATE_WARNED);
    assert_int_equal(find(&account, "metadata", "tokenizer.ggml.strange")->fate, FATE_UNKNOWN);
    arena_close(&arena);
    take(kept, NULL, &arena, &account); /* the tokenizer kept in the file has its own account */
    assert_int_equal(find(&account, "tokenizer.json", "")->fate, FATE_USED);
    assert_int_equal(find(&account, "tokenizer_config.json", "bos_token")->fate, FATE_USED);
    assert_int_equal(find(&account, "generation_config.json", "temperature")->fate, FATE_USED);
    arena_close(&arena);
}

TEST(a_tokenizer_that_cannot_be_read_is_a_line) {
    struct arena arena;
    struct account account;
    write_text("tokenizer.json", "{\"model\":{\"type\":\"WordPiece\"}}");
    take(test_temp_dir(), NULL, &arena, &account);
    assert_int_equal(account.count, 1);
    assert_int_equal(account.lines[0].fate, FATE_REFUSED);
    assert_non_null(strstr(account.lines[0].reason, "WordPiece"));
    arena_close(&arena);
}
