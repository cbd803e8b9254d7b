/*
 * Texts that can never fit are refused before anything is made of them, and what texts take is in the sum.
 */
#include "base/os.h"
#include "converted.h"
#include "speaker.h"
#include "test.h"
#include "text/model_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <switchyard.h>

#define MIB ((int64_t)1 << 20)

static struct sy_engine *open_engine(const char *folder, int64_t context, int64_t memory) {
    const struct sy_options options = {
        .struct_bytes = sizeof options, .context = context, .threads = 1, .memory_bytes = memory
    };
    struct sy_engine *engine;
    struct sy_error err;
    char line[1024];
    if (!sy_engine_open(folder, &options, &engine, &err))
        fail_msg("%s", sy_error_text(&err, line, sizeof line));
    return engine;
}

static char *many(const char *piece, int64_t size) {
    char *text = malloc((size_t)size + 1);
    int64_t length = (int64_t)strlen(piece);
    assert_non_null(text);
    for (int64_t i = 0; i < size; i++) text[i] = piece[i % length];
    text[size] = 0;
    return text;
}

/* A file of 98 MB took more than a gigabyte before it was refused for its length. */
TEST(a_text_that_can_never_fit_is_refused_at_once) {
    char folder[TEST_PATH_MAX];
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    struct sy_error err;
    int64_t *ids, count;
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    struct sy_engine *engine = open_engine(folder, 64, 0);
    sy_engine_facts(engine, &facts);
    assert_int_equal(facts.text_bytes, 64 * (int64_t)strlen("<|assistant|>"));
    char *text = many("the hen in ", 64 * MIB);
    int64_t before = os_peak_rss_bytes();
    assert_false(sy_encode(engine, text, 64 << 20, 0, &ids, &count, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_non_null(strstr(err.message, "67108864 bytes"));
    assert_non_null(strstr(err.message, "at most 832 can fit"));
    assert_string_equal(err.remedy, "give less text, or a larger sy_options.context");
    assert_true(os_peak_rss_bytes() - before < MIB);
    /* what might fit by its bytes is encoded, but no further than it can matter */
    assert_true(sy_encode(engine, text, 832, 0, &ids, &count, &err));
    sy_free(ids);
    assert_false(sy_encode(engine, text, 833, 0, &ids, &count, &err));
    char *message = many("x", 64 * MIB);
    memcpy(message, "[{\"role\":\"user\",\"content\":\"", 27);
    memcpy(message + 64 * MIB - 3, "\"}]", 3);
    before = os_peak_rss_bytes();
    size_t size;
    char *prompt;
    assert_false(sy_chat(engine, message, NULL, &prompt, &size, &err));
    assert_true(os_peak_rss_bytes() - before < MIB);
    free(message);
    sy_engine_close(engine);
    engine = open_engine(folder, 128, 0);
    assert_true(sy_encode(engine, text, 833, 0, &ids, &count, &err));
    sy_free(ids);
    free(text);
    sy_engine_close(engine);
}

/* Encoding stops where there are more ids than could matter, though the bytes alone might fit. */
TEST(encoding_stops_at_more_ids_than_can_matter) {
    char folder[TEST_PATH_MAX];
    struct sy_error err;
    int64_t *ids, count;
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    struct sy_engine *engine = open_engine(folder, 512, 0);
    char *text = many("x", 512 * 13);
    assert_false(sy_encode(engine, text, 512 * 13, 0, &ids, &count, &err));
    assert_non_null(strstr(err.message, "more than 5120 ids"));
    assert_true(sy_encode(engine, text, 5119, 0, &ids, &count, &err)); /* and bos */
    assert_int_equal(count, 5120);
    sy_free(ids);
    free(text);
    sy_engine_close(engine);
}

static void refuses_message(struct sy_engine *engine, const char *piece, int64_t times, enum sy_code code) {
    struct sy_error err;
    struct text message = { 0 };
    char *prompt = NULL;
    size_t size;
    int64_t *ids, count;
    text_add(&message, "[{\"role\":\"user\",\"content\":\"");
    for (int64_t i = 0; i < times; i++) text_add(&message, "%s", piece);
    text_add(&message, "\"}]");
    assert_false(message.failed);
    bool made = sy_chat(engine, message.data, NULL, &prompt, &size, &err);
    bool encoded = made && sy_encode(engine, prompt, size, 0, &ids, &count, &err);
    assert_true(!encoded && err.code == code);
    assert_int_equal(made, code == SY_ERR_INPUT); /* a text of too many ids is found when it is encoded */
    if (made) sy_free(prompt);
    text_free(&message);
}

/* With room for a megabyte: not by the bytes of JSON that it takes to say it. */
static void messages_are_bounded_by_what_they_say(struct sy_engine *engine) {
    refuses_message(engine, "x", 1200 << 10, SY_ERR_MEMORY);
    refuses_message(engine, "\\u0078", 900 << 10, SY_ERR_INPUT);
    refuses_message(engine, "\\n", 900 << 10, SY_ERR_INPUT);
}

/* A paste of some megabytes into a chat with little memory left took tens of megabytes more than allowed. */
TEST(a_text_may_not_outgrow_what_is_allowed) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 32];
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    struct sy_error err;
    int64_t *ids, count;
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder); /* a long piece: bytes alone bound little */
    FILE *file = fopen(path, "r+b");
    static char json[1 << 16], made[1 << 18];
    json[fread(json, 1, sizeof json - 1, file)] = 0;
    fclose(file);
    char *at = strstr(json, "\"<|user|>\"");
    char *piece = many("u", 100000);
    piece[60000] = 0;
    assert_non_null(at);
    snprintf(made, sizeof made, "%.*s\"%s\"%s", (int)(at - json), json, piece, at + strlen("\"<|user|>\""));
    file = fopen(path, "wb");
    assert_int_equal(fwrite(made, 1, strlen(made), file), strlen(made));
    fclose(file);
    free(piece);
    struct sy_engine *engine = open_engine(folder, 512, 0);
    sy_engine_facts(engine, &facts);
    int64_t sum = facts.weight_bytes + facts.kv_bytes + facts.step_bytes + facts.other_bytes;
    sy_engine_close(engine);
    engine = open_engine(folder, 512, sum + 6 * MIB);
    sy_engine_facts(engine, &facts);
    assert_int_equal(facts.text_bytes, 512 * 16 + MIB);
    char *text = many("the hen in ", 20 * MIB);
    int64_t before = os_peak_rss_bytes();
    assert_false(sy_encode(engine, text, 20 << 20, 0, &ids, &count, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_string_equal(err.remedy, "give less text, or a larger sy_options.memory_bytes");
    assert_true(os_peak_rss_bytes() - before < MIB);
    assert_true(sy_encode(engine, text, 900, 0, &ids, &count, &err));
    sy_free(ids);
    messages_are_bounded_by_what_they_say(engine);
    sy_engine_close(engine);
    engine = open_engine(folder, 512, sum + 200 * MIB); /* the context bounds it now, not the memory */
    assert_false(sy_encode(engine, text, 20 << 20, 0, &ids, &count, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    free(text);
    sy_engine_close(engine);
}

/* 60 MB under --memory 135M took 710 MB: a prompt is in the sum. */
TEST(a_prompt_is_in_the_sum) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX];
    test_temp_path(folder, "speaker");
    test_temp_path(path, "long.txt");
    speaker_make(folder);
    char *text = many("the hen in ", 60 * MIB);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(text, 1, 60 << 20, file), 60 << 20);
    assert_int_equal(fclose(file), 0);
    free(text);
    must_refuse(test_run("run", folder, "-f", path, "--memory", "60M"), "more than --memory allows");
    must_refuse(test_run("run", folder, "-f", path), "a text of 62914560 bytes");
    must_refuse(test_run("run", folder, "--chat", "-f", path), "can fit");
}

/* Reading a tokenizer took more than was allowed, before anything was refused. */
TEST(reading_a_tokenizer_stays_within_what_is_allowed) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 32];
    const struct sy_options options = {
        .struct_bytes = sizeof options, .context = 64, .threads = 1, .memory_bytes = 24 * MIB
    };
    struct sy_engine *engine;
    struct sy_error err;
    test_temp_path(folder, "speaker");
    speaker_make(folder);
    struct text file = { 0 };
    text_add(&file, "{\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{");
    for (int i = 0; i < 120000; i++) text_add(&file, "%s\"piece number %d\":%d", i ? "," : "", i, i);
    text_add(&file, "}}}");
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    FILE *out = fopen(path, "wb");
    assert_int_equal(fwrite(file.data, 1, file.size, out), file.size);
    assert_int_equal(fclose(out), 0);
    int64_t written = (int64_t)file.size;
    text_free(&file);
    int64_t before = os_peak_rss_bytes();
    assert_false(sy_engine_open(folder, &options, &engine, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_non_null(strstr(err.message, "reading a tokenizer of"));
    assert_true(os_peak_rss_bytes() - before < 24 * MIB);
    assert_string_equal(err.remedy, "open with a larger sy_options.memory_bytes");
    engine = open_engine(folder, 64, 120 * MIB); /* it is in the sum, too: the model itself is smaller */
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(engine, &facts);
    int64_t sum = facts.weight_bytes + facts.kv_bytes + facts.step_bytes + facts.other_bytes;
    assert_true(sum > 12 * written && sum < 12 * written + 16 * MIB);
    sy_engine_close(engine);
}
