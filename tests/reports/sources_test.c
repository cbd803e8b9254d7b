/*
 * Files of one model that contradict each other (docs/sources.md): which counts, and that it is said.
 */
#include "converted.h"
#include "gguf_rewrite.h"
#include "speaker.h"
#include "test.h"
#include "text/model_text.h"

#include <stdio.h>
#include <string.h>

static void write_text(const char *folder, const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static void open_text(const char *path, struct model_text *text) {
    struct sy_error err;
    char line[1024];
    if (!model_text_open(path, text, &err)) fail_msg("%s", sy_error_line(&err, line, sizeof line));
}

/* Fails unless there is a note on this key, and no other one. */
static void noted_alone(const struct model_text *text, const char *file, const char *what) {
    if (text->notes.count == 1 && strcmp(text->notes.list[0].file, file) == 0 &&
        strcmp(text->notes.list[0].what, what) == 0)
        return;
    for (int i = 0; i < text->notes.count; i++)
        print_message("%s: %s: %s\n", text->notes.list[i].file, text->notes.list[i].what,
                      text->notes.list[i].why);
    fail_msg("%d notes, wanted one on %s: %s", text->notes.count, file, what);
}

static void make_both(char folder[TEST_PATH_MAX], char file[TEST_PATH_MAX]) {
    test_temp_path(folder, "speaker");
    test_temp_path(file, "speaker.gguf");
    speaker_make(folder);
    must_run(test_run("convert", folder, "--out", file));
}

static void open_changed(const char *file, const struct gguf_change *change, struct model_text *text) {
    char changed[TEST_PATH_MAX];
    test_temp_path(changed, "changed.gguf");
    gguf_rewrite(file, changed, change, 1);
    open_text(changed, text);
}

/* Somebody corrected bos in a GGUF file, and the tokenizer kept inside still put the former one in front. */
TEST(keys_of_the_container_count_and_it_is_said) {
    const struct gguf_change bos = { "tokenizer.ggml.bos_token_id", gguf_number_of(SPEAKER_USER), false },
                             add = { "tokenizer.ggml.add_bos_token", { .type = GGUF_BOOL, .u = 0 }, false },
                             eos = { "tokenizer.ggml.eos_token_id", gguf_number_of(5), false },
                             chat = { "tokenizer.chat_template", gguf_text_of("mine"), false },
                             none = { "tokenizer.ggml.padding_token_id", gguf_number_of(4294967295u), false };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX];
    struct model_text text;
    struct id_buffer ids = { 0 };
    make_both(folder, file);
    open_text(file, &text);
    assert_int_equal(text.notes.count, 0); /* what convert writes agrees */
    model_text_close(&text);

    open_changed(file, &bos, &text);
    noted_alone(&text, "metadata", "tokenizer.ggml.bos_token_id");
    assert_true(tokenizer_encode(text.tokenizer, "a", 1, (struct encode_options){ 0 }, &ids, NULL));
    assert_true(ids.count == 2 && ids.data[0] == SPEAKER_USER);
    model_text_close(&text);

    open_changed(file, &add, &text);
    noted_alone(&text, "metadata", "tokenizer.ggml.add_bos_token");
    ids.count = 0;
    assert_true(tokenizer_encode(text.tokenizer, "a", 1, (struct encode_options){ 0 }, &ids, NULL));
    assert_int_equal(ids.count, 1);
    model_text_close(&text);

    open_changed(file, &eos, &text);
    noted_alone(&text, "metadata", "tokenizer.ggml.eos_token_id");
    assert_int_equal(tokenizer_facts(text.tokenizer).eos, 5);
    model_text_close(&text);

    open_changed(file, &chat, &text);
    noted_alone(&text, "metadata", "chat template");
    assert_string_equal(text.templates[0].source, "mine");
    model_text_close(&text);

    open_changed(file, &none, &text);
    assert_int_equal(text.notes.count, 0);
    model_text_close(&text);
    id_buffer_free(&ids);
}

/* The tokens of a GGUF file were others than those of the tokenizer.json inside, and nobody said which
 * count. */
TEST(other_tokens_than_the_file_kept_has) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX];
    struct gguf_value tokens[SPEAKER_VOCAB];
    struct model_text text;
    char names[SPEAKER_VOCAB][8];
    for (int i = 0; i < SPEAKER_VOCAB; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        tokens[i] = gguf_text_of(names[i]);
    }
    const struct gguf_change change = { "tokenizer.ggml.tokens",
                                        gguf_array_of(GGUF_STRING, SPEAKER_VOCAB, NULL, tokens), false };
    make_both(folder, file);
    open_changed(file, &change, &text);
    noted_alone(&text, "metadata", "tokenizer.ggml.tokens");
    assert_int_equal(tokenizer_find(text.tokenizer, "<|user|>", 8), SPEAKER_USER);
    model_text_close(&text);
}

/* In a folder: chat_template.jinja and tokenizer_config.json had different templates; a flag said bos and the
 * post-processor did not. */
TEST(files_of_a_folder_that_differ) {
    char folder[TEST_PATH_MAX];
    struct model_text text;
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    open_text(folder, &text);
    assert_int_equal(text.notes.count, 0);
    model_text_close(&text);
    write_text(folder, "chat_template.jinja", "other");
    open_text(folder, &text);
    noted_alone(&text, "chat_template.jinja", "chat template");
    assert_string_equal(text.templates[0].source, "other");
    model_text_close(&text);
    write_text(folder, "tokenizer_config.json", "{\"bos_token\":\"<s>\",\"add_bos_token\":false}");
    open_text(folder, &text);
    noted_alone(&text, "tokenizer_config.json", "add_bos_token");
    model_text_close(&text);
    write_text(folder, "tokenizer_config.json",
               "{\"added_tokens_decoder\":{\"7\":{\"content\":\"<|user|>\",\"special\":true}}}");
    open_text(folder, &text);
    noted_alone(&text, "tokenizer_config.json", "<|user|>");
    assert_int_equal(tokenizer_find(text.tokenizer, "<|user|>", 8), SPEAKER_USER);
    model_text_close(&text);
}
