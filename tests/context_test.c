/*
 * --ctx: beyond what the model was made for it is warned of, once, on stderr, by every command that takes it,
 * and only with success; numbers that are no context are refused in one line. And chat: a whole conversation
 * in the pages of one sequence.
 */
#include "base/json.h"
#include "speaker.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The speaker was made for 512 positions. */
static const char *speaker(void) {
    static char model[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    speaker_make(model);
    return model;
}

/* Three texts in this test's folder: a sentence, one of more than 513 tokens, and a question. */
struct texts {
    char sentence[TEST_PATH_MAX], page[TEST_PATH_MAX], questions[TEST_PATH_MAX], out[TEST_PATH_MAX];
};

static void write_text(char path[TEST_PATH_MAX], const char *name, const char *content) {
    test_temp_path(path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void write_texts(struct texts *texts) {
    char page[4000];
    for (int i = 0; i < 3999; i++) page[i] = "then "[i % 5];
    page[3999] = 0;
    write_text(texts->sentence, "sentence.txt", "the hen ran in to the inn");
    write_text(texts->page, "page.txt", page);
    write_text(texts->questions, "q.jsonl", "{\"context\":\"the hen\",\"choices\":[\" ran\",\" sat\"]}\n");
    test_temp_path(texts->out, "o.safetensors");
}

static const char warning[] = "switchyard: warning: a context of 513 positions is more than the 512 that the "
                              "model was made for\n";

/* Each command that takes --ctx, and what is given to it beside MODEL. */
struct use {
    const char *words[12];
};

static struct test_output run_with(const struct use *use, const char *model, const char *context) {
    const char *all[20];
    int n = 0;
    for (int i = 0; use->words[i]; i++) all[n++] = strcmp(use->words[i], "MODEL") ? use->words[i] : model;
    all[n++] = "--ctx";
    all[n++] = context;
    all[n] = NULL;
    return test_run_program(all);
}

/* On stderr alone: what is JSON stays JSON. */
TEST(a_context_beyond_the_model_is_warned_of_by_every_command) {
    const char *model = speaker();
    struct texts texts;
    write_texts(&texts);
    const struct use uses[] = {
        { { "run", "MODEL", "--ids", "1,2", "-n", "2", "--json", NULL } },
        { { "run", "MODEL", "-p", "the", "-n", "2", NULL } },
        { { "chat", "MODEL", "-n", "2", NULL } }, /* nobody says anything */
        { { "logits", "MODEL", "--ids", "1,2", "--out", texts.out, NULL } },
        { { "eval", "ppl", "MODEL", "--file", texts.page, "--json", NULL } },
        { { "eval", "choice", "MODEL", "--file", texts.questions, "--json", NULL } },
        { { "bench", "MODEL", "-p", "3", "-n", "2", "-r", "1", "-t", "1", "--json", NULL } },
    };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        struct test_output got = run_with(&uses[i], model, "513");
        print_message("%s: %s", uses[i].words[0], got.err);
        assert_int_equal(got.status, 0);
        assert_string_equal(got.err, warning);
        if (strcmp(uses[i].words[0], "logits") && strcmp(uses[i].words[0], "chat") && i != 1) {
            json_t *root =
                json_parse(got.out, (int64_t)got.out_bytes, (struct json_limits){ 1 << 24, 16 }, NULL);
            assert_non_null(root);
            json_decref(root);
        }
        got = run_with(&uses[i], model, "512");
        assert_int_equal(got.status, 0);
        assert_string_equal(got.err, "");
    }
}

/* The windows of eval ppl have a length of their own where nobody gives --ctx. */
TEST(windows_beyond_the_model_are_warned_of) {
    char model[TEST_PATH_MAX], from[TEST_PATH_MAX], to[TEST_PATH_MAX], line[4096];
    struct texts texts;
    test_temp_path(model, "speaker");
    speaker_make(model);
    snprintf(from, sizeof from, "%.4000s/config.json", model); /* made for less */
    test_temp_path(to, "config.json");
    FILE *in = fopen(from, "r");
    assert_non_null(in);
    size_t size = fread(line, 1, sizeof line - 1, in);
    line[size] = 0;
    fclose(in);
    char *at = strstr(line, "\"max_position_embeddings\"");
    assert_non_null(at);
    at = strstr(at, "512");
    assert_non_null(at);
    memcpy(at, "511", 3);
    FILE *file = fopen(from, "w");
    fputs(line, file);
    fclose(file);
    write_texts(&texts);
    struct test_output got = test_run("eval", "ppl", model, "--file", texts.page);
    assert_int_equal(got.status, 0);
    assert_non_null(strstr(got.err, "a context of 512 positions is more than the 511"));
}

static void expect_refusal(struct test_output got, int status, const char *words) {
    print_message("%s", got.err);
    assert_int_equal(got.status, status);
    assert_string_equal(got.out, "");
    assert_non_null(strstr(got.err, words));
    assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1); /* one line */
}

TEST(numbers_that_are_no_context_are_refused) {
    const char *model = speaker();
    struct texts texts;
    write_texts(&texts);
    const struct use uses[] = {
        { { "run", "MODEL", "--ids", "1,2", "-n", "2", NULL } },
        { { "chat", "MODEL", NULL } },
        { { "logits", "MODEL", "--ids", "1,2", "--out", texts.out, NULL } },
        { { "eval", "ppl", "MODEL", "--file", texts.sentence, NULL } },
        { { "eval", "choice", "MODEL", "--file", texts.questions, NULL } },
        { { "bench", "MODEL", "-p", "3", "-n", "2", "-r", "1", "-t", "1", NULL } },
        { { "plan", "MODEL", NULL } },
    };
    static const char *const no_numbers[] = { "0", "-1", "1e18", "9223372036854775808", "4k", "" };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        for (size_t j = 0; j < sizeof no_numbers / sizeof *no_numbers; j++)
            expect_refusal(run_with(&uses[i], model, no_numbers[j]), 2, "--ctx takes a whole number");
        static const char *const huge[] = { "1000000000000000000", "9223372036854775807" };
        bool planned = strcmp(uses[i].words[0], "plan") == 0; /* it has bounds, for it costs nothing to ask */
        for (int j = 0; j < 2; j++)
            expect_refusal(run_with(&uses[i], model, huge[j]), planned ? 2 : 1,
                           planned ? "--ctx" : "counted; ask for");
    }
}

/* Warnings come with success only: an error stays one line. */
TEST(an_error_comes_without_warnings) {
    const char *model = speaker();
    expect_refusal(test_run("run", model, "--ids", "1,2", "-n", "600", "--ctx", "513"), 1, "601 positions");
    expect_refusal(test_run("run", model, "--ids", "1,999", "--ctx", "513", "--experts-per-token", "3"), 1,
                   "999");
    struct test_output got =
        test_run("run", model, "--ids", "1,2", "-n", "2", "--ctx", "513", "--experts-per-token", "3");
    assert_int_equal(got.status, 0);
    assert_non_null(strstr(got.err, "warning: 3 of 6 experts a token"));
    assert_non_null(strstr(got.err, warning));
}
