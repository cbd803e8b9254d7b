/*
 * What ends an answer: every file of a model may say it, and chats went on and on because another file was
 * read than the one that knew.
 */
#include "base/json.h"
#include "converted.h"
#include "gguf_rewrite.h"
#include "speaker.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <switchyard.h>

static void write_text(const char *folder, const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static struct sy_engine *open_engine(const char *path) {
    const struct sy_options options = { .struct_bytes = sizeof options, .context = 64, .threads = 1 };
    struct sy_engine *engine;
    struct sy_error err;
    char line[1024];
    if (!sy_engine_open(path, &options, &engine, &err))
        fail_msg("%s", sy_error_text(&err, line, sizeof line));
    return engine;
}

/* Fails unless the token is an end that comes from there. */
static void ends_by(const struct sy_engine *engine, int64_t token, const char *source) {
    struct sy_end end;
    assert_true(sy_is_end(engine, token));
    for (int64_t i = 0; sy_engine_end(engine, i, &end); i++) {
        if (end.token != token) continue;
        if (strcmp(end.source, source) != 0) fail_msg("%lld comes from %s", (long long)token, end.source);
        return;
    }
    fail_msg("%lld is not listed", (long long)token);
}

/* The turn's end was named by one file, and only another one was asked. */
TEST(ends_of_all_files_together) {
    char folder[TEST_PATH_MAX];
    struct sy_end end;
    test_temp_path(folder, "speaker");
    speaker_make(folder); /* config.json says <|end|> */
    write_text(folder, "generation_config.json", "{\"eos_token_id\":[5,7]}");
    write_text(folder, "tokenizer_config.json",
               "{\"eos_token\":\"<|user|>\",\"added_tokens_decoder\":{\"100\":{\"content\":\"x\"}}}");
    struct sy_engine *engine = open_engine(folder);
    ends_by(engine, SPEAKER_END, "config.json: eos_token_id");
    ends_by(engine, 5, "generation_config.json: eos_token_id");
    ends_by(engine, 7, "generation_config.json: eos_token_id");
    ends_by(engine, SPEAKER_USER, "tokenizer_config.json: eos_token");
    assert_false(sy_is_end(engine, SPEAKER_ASSISTANT));
    assert_true(sy_engine_end(engine, 3, &end));
    assert_string_equal(end.text, "<|user|>");
    assert_false(sy_engine_end(engine, 4, &end) || sy_engine_end(engine, -1, NULL) || end.token != -1);
    sy_engine_close(engine);
}

/* A special token called <|im_end|> that no file named as an end let the model talk to itself. */
TEST(turn_marks_are_ends_by_their_names) {
    static const char *const marks[] = { "<|im_end|>", "<|eot_id|>", "<|eom_id|>",   "<end_of_turn>",
                                         "<|return|>", "<|call|>",   "<|endoftext|>" };
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 32];
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    FILE *file = fopen(path, "rb");
    static char text[1 << 16], made[1 << 16];
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    char *at = strstr(text, "<|user|>");
    assert_non_null(at);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        snprintf(made, sizeof made, "%.*s%s%s", (int)(at - text), text, marks[i], at + strlen("<|user|>"));
        write_text(folder, "tokenizer.json", made);
        struct sy_engine *engine = open_engine(folder);
        ends_by(engine, SPEAKER_USER, "vocabulary: its name");
        /* <|end|> ends a message only, where there is <|return|> to end the turn; here config.json says it */
        ends_by(engine, SPEAKER_END, "config.json: eos_token_id");
        sy_engine_close(engine);
    }
}

/* GGUF's end of a turn and of a message were not among the ends, nor were lists of ids. */
TEST(ends_of_gguf_keys) {
    static const int32_t list[] = { 9, 11 };
    const struct gguf_change keys[] = {
        gguf_no_files[0],
        gguf_no_files[1],
        { "tokenizer.ggml.eos_token_id", gguf_array_of(GGUF_I32, 2, list, NULL), false },
        { "tokenizer.ggml.eot_token_id", gguf_number_of(13), false },
        { "tokenizer.ggml.eom_token_id", gguf_number_of(15), false },
        { "tokenizer.ggml.padding_token_id", gguf_number_of(4294967295u), false },
    };
    char folder[TEST_PATH_MAX], made[TEST_PATH_MAX], file[TEST_PATH_MAX];
    test_temp_path(folder, "speaker");
    test_temp_path(made, "made.gguf");
    test_temp_path(file, "m.gguf");
    speaker_make(folder);
    must_run(test_run("convert", folder, "--out", made));
    gguf_rewrite(made, file, keys, 6);
    struct sy_engine *engine = open_engine(file);
    ends_by(engine, 9, "metadata: tokenizer.ggml.eos_token_id");
    ends_by(engine, 11, "metadata: tokenizer.ggml.eos_token_id");
    ends_by(engine, 13, "metadata: tokenizer.ggml.eot_token_id");
    ends_by(engine, 15, "metadata: tokenizer.ggml.eom_token_id");
    sy_engine_close(engine);
    struct test_output shown = must_run(test_run("show", file));
    const char *ends = strstr(shown.out, "ends of an answer: ");
    assert_non_null(ends);
    assert_non_null(strstr(ends, " 13: metadata: tokenizer.ggml.eot_token_id"));
    assert_non_null(strstr(ends, " 15: metadata: tokenizer.ggml.eom_token_id"));
}

/* A padding id of -1, stored unsigned, was refused; an end that no vocabulary has went unnoticed. */
TEST(ids_that_are_none) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX + 32];
    const struct json_limits limits = { 1 << 20, 16 };
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    snprintf(file, sizeof file, "%s/config.json", folder);
    json_t *config = json_parse_file(file, limits, NULL);
    json_object_set_new(config, "pad_token_id", json_integer(4294967295));
    json_object_set_new(config, "eos_token_id", json_pack("[i, I, i]", 3, (json_int_t)4294967295, -1));
    assert_int_equal(json_dump_file(config, file, 0), 0);
    write_text(folder, "generation_config.json", "{\"eos_token_id\":[4294967295, -1, 99999]}");
    struct sy_engine *engine = open_engine(folder);
    struct sy_end end;
    ends_by(engine, 3, "config.json: eos_token_id");
    ends_by(engine, SPEAKER_END, "tokenizer_config.json: eos_token");
    assert_false(sy_engine_end(engine, 2, &end));
    assert_false(sy_is_end(engine, 99999));
    assert_non_null(sy_engine_warning(engine, 0));
    assert_non_null(strstr(sy_engine_warning(engine, 0), "99999 is no id of the vocabulary"));
    sy_engine_close(engine);
    json_decref(config);
}

/* The end was known, and the answer went on all the same. */
TEST(an_end_by_name_ends_an_answer) {
    char folder[TEST_PATH_MAX], text[64];
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    write_text(folder, "generation_config.json", "{}");
    struct test_output all =
        must_run(test_run("run", folder, "-p", "the", "-n", "8", "--json", "--ignore-eos"));
    const char *at = strstr(all.out, "\"tokens\":[");
    int first = -1, second = -1, third = -1;
    assert_int_equal(sscanf(at, "\"tokens\":[%d,%d,%d", &first, &second, &third), 3);
    assert_true(third != first && third != second);
    snprintf(text, sizeof text, "{\"eos_token_id\":[%d]}", third);
    write_text(folder, "generation_config.json", text);
    struct test_output some = must_run(test_run("run", folder, "-p", "the", "-n", "8", "--json"));
    snprintf(text, sizeof text, "\"tokens\":[%d,%d,%d]", first, second, third);
    if (!strstr(some.out, text)) fail_msg("no %s in %s", text, some.out);
}
