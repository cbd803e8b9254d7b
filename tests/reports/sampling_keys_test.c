/*
 * The sampling that a GGUF file recommends (general.sampling.*), as the folder beside it recommends it in
 * generation_config.json.
 */
#include "base/json.h"
#include "base/os.h"
#include "converted.h"
#include "gguf_rewrite.h"
#include "speaker.h"
#include "test.h"
#include "text/model_text.h"

#include <stdio.h>
#include <string.h>

static struct gguf_value real(double number) {
    return (struct gguf_value){ .type = GGUF_F32, .f = number };
}

static struct gguf_value whole(int64_t number) {
    return (struct gguf_value){ .type = GGUF_I32, .i = number };
}

static void write_file(const char *folder, const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    snprintf(path, sizeof path, "%.4000s/%s", folder, name);
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, text, (int64_t)strlen(text), NULL));
    assert_true(os_writer_commit(writer, NULL));
}

/* The file that convert makes of a speaker that says how it wants to be sampled. */
static void make(const char *generation, char folder[TEST_PATH_MAX], char file[TEST_PATH_MAX]) {
    test_temp_path(folder, "speaker");
    test_temp_path(file, "speaker.gguf");
    speaker_make(folder);
    write_file(folder, "generation_config.json", generation);
    must_run(test_run("convert", folder, "--out", file));
}

/* The same without the files that convert keeps in it, and with other keys. */
static void rewrite(const char *file, char bare[TEST_PATH_MAX], const struct gguf_change *changes,
                    int count) {
    struct gguf_change all[12] = { gguf_no_files[0], gguf_no_files[1] };
    if (count > 0) memcpy(all + 2, changes, (size_t)count * sizeof *changes);
    test_temp_path(bare, "bare.gguf");
    gguf_rewrite(file, bare, all, count + 2);
}

static const char *tokens_of(struct test_output output, char text[512]) {
    const char *at = strstr(must_run(output).out, "\"tokens\""), *end = at ? strchr(at, ']') : NULL;
    assert_true(end != NULL);
    snprintf(text, 512, "%.*s", (int)(end - at), at);
    return text;
}

/* A file recommended temperature and top-k, and the likeliest token was taken without a word. */
TEST(sampling_keys_are_defaults) {
    static const struct gguf_change keys[] = {
        { "general.sampling.temp", { .type = GGUF_F32, .f = 1.5 }, false },
        { "general.sampling.top_k", { .type = GGUF_I32, .i = 40 }, false },
        { "general.sampling.top_p", { .type = GGUF_F32, .f = 0.95f }, false },
        { "general.sampling.penalty_repeat", { .type = GGUF_F32, .f = 1.25 }, false },
    };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bare[TEST_PATH_MAX], one[512], two[512];
    make("{}", folder, file);
    rewrite(file, bare, keys, 4);
    tokens_of(test_run("run", bare, "-p", "the", "-n", "24", "--seed", "3", "--json"), one);
    tokens_of(test_run("run", file, "-p", "the", "-n", "24", "--seed", "3", "--json", "--temp", "1.5",
                       "--top-k", "40", "--top-p", "0.95", "--repeat-penalty", "1.25"),
              two);
    assert_string_equal(one, two);
    tokens_of(
        test_run("run", bare, "-p", "the", "-n", "24", "--temp", "0", "--repeat-penalty", "1", "--json"),
        one); /* what the user asks counts more */
    tokens_of(test_run("run", file, "-p", "the", "-n", "24", "--json"), two);
    assert_string_equal(one, two);
}

/* convert left the authors' settings out of GGUF's keys, so other programs sampled in a way of their own. */
TEST(convert_writes_sampling_keys_and_reads_them_back) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bare[TEST_PATH_MAX], again[TEST_PATH_MAX];
    struct model_text text;
    struct sy_error err;
    make("{\"do_sample\":true,\"temperature\":0.6,\"top_k\":20,\"top_p\":0.95,\"min_p\":0.05,"
         "\"repetition_penalty\":1.05,\"presence_penalty\":0.5,\"eos_token_id\":[263,262]}",
         folder, file);
    rewrite(file, bare, NULL, 0);
    assert_true(model_text_open(bare, &text, &err));
    const struct generation_defaults *g = &text.generation;
    assert_true(g->sample && g->temperature == 0.6 && g->top_k == 20 && g->top_p == 0.95 && g->min_p == 0.05);
    assert_true(g->repeat_penalty == 1.05 && g->presence_penalty == 0.5 && g->penalty_last == 0);
    model_text_close(&text);
    test_temp_path(again, "again");
    must_run(test_run("convert", bare, "--out", again));
    assert_true(model_text_open(again, &text, &err));
    assert_true(g->sample && g->temperature == 0.6 && g->top_k == 20 && g->top_p == 0.95 && g->min_p == 0.05);
    assert_true(g->repeat_penalty == 1.05 && g->presence_penalty == 0.5);
    assert_int_equal(g->eos_count, 2);
    model_text_close(&text);
}

/* Somebody changed a key of a converted file, and the file kept inside it still said the former value. */
TEST(a_changed_key_counts_more_than_the_file_inside) {
    const struct gguf_change change = { "general.sampling.temp", real(0.25), false };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], changed[TEST_PATH_MAX], again[TEST_PATH_MAX];
    struct model_text text;
    struct sy_error err;
    make("{\"do_sample\":true,\"temperature\":0.6,\"top_k\":20,\"max_new_tokens\":99}", folder, file);
    test_temp_path(changed, "changed.gguf");
    gguf_rewrite(file, changed, &change, 1);
    assert_true(model_text_open(changed, &text, &err));
    assert_true(text.generation.temperature == 0.25 && text.generation.top_k == 20);
    model_text_close(&text);
    test_temp_path(again, "again");
    must_run(test_run("convert", changed, "--out", again));
    assert_true(model_text_open(again, &text, &err));
    assert_true(text.generation.temperature == 0.25 && text.generation.top_k == 20);
    model_text_close(&text);
}

/* Settings that have no counterpart here (mirostat, beams) were passed over in silence. */
TEST(sampling_that_is_not_there_is_warned_of) {
    const struct gguf_change keys[] = {
        { "general.sampling.temp", real(1), false },
        { "general.sampling.mirostat", whole(2), false },
        { "general.sampling.xtc_probability", real(0.5), false },
        { "general.sampling.sequence", gguf_text_of("top_k;top_p;temperature"), false },
        { "general.sampling.min_p", real(7), false },
    };
    static const char *const named[] = { "general.sampling.mirostat: ", "general.sampling.xtc_probability: ",
                                         "general.sampling.sequence: ", "general.sampling.min_p: is 7" };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bare[TEST_PATH_MAX];
    make("{\"num_beams\":4,\"a_new_way\":2,\"no_repeat_ngram_size\":3,\"suppress_tokens\":[],\"guidance_"
         "scale\":1}",
         folder, file);
    struct test_output said = must_run(test_run("run", folder, "-p", "the", "-n", "1"));
    assert_non_null(strstr(said.err, "generation_config.json: num_beams: "));
    assert_non_null(strstr(said.err, "no_repeat_ngram_size: "));
    assert_non_null(strstr(said.err, "a_new_way: is not known here"));
    assert_null(strstr(said.err, "suppress_tokens"));
    assert_null(strstr(said.err, "guidance_scale"));
    rewrite(file, bare, keys, 5);
    said = must_run(test_run("run", bare, "-p", "the", "-n", "1"));
    for (int i = 0; i < 4; i++)
        if (!strstr(said.err, named[i])) fail_msg("no '%s' in: %s", named[i], said.err);
}
