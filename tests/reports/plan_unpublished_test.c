/*
 * Models that articles name and whose makers publish no architecture.
 */
#include "model/presets.h"
#include "plan/unpublished.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

/* One line, exit 1, and a remedy that works. */
static void told_of(const char *word, const struct unpublished *model) {
    struct test_output got = test_run("plan", word);
    char remedy[128];
    if (got.status != 1 || got.out_bytes > 0) fail_msg("%s: exit %d", word, got.status);
    assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1);
    snprintf(remedy, sizeof remedy, "; `switchyard plan %s` is the nearest that is open\n", model->nearest);
    if (!strstr(got.err, remedy)) fail_msg("%s: %s", word, got.err);
    if (!model->open[0] && !strstr(got.err, model->maker)) fail_msg("%s: %s", word, got.err);
    if (model->said[0] && !strstr(got.err, model->said)) fail_msg("%s: %s", word, got.err);
    if (model->rumour[0] && !model->said[0] &&
        !(strstr(got.err, "rumour") && strstr(got.err, model->rumour) && strstr(got.err, model->by)))
        fail_msg("%s: %s", word, got.err);
    if (test_run("plan", model->nearest).status != 0) fail_msg("%s: %s", word, remedy);
    if (strstr(got.err, "no preset is called so")) fail_msg("%s: %s", word, got.err);
}

/* `plan gpt-4` said that no preset is called so, as if another spelling would do. */
TEST(plan_tells_what_is_known_of_unpublished_models) {
    struct unpublished model, found;
    int entries = 0;
    for (; unpublished_at(entries, 0, &model); entries++) {
        if (!preset_find(model.nearest)) fail_msg("%s: no preset %s", model.name, model.nearest);
        assert_true((model.rumour[0] != 0) == (model.by[0] != 0)); /* a rumour has its source */
        assert_true(model.maker[0]);
        for (int n = 0; unpublished_at(entries, n, &model); n++) {
            char word[48];
            snprintf(word, sizeof word, "%.*s", (int)strcspn(model.name, "*"), model.name);
            if (!unpublished_find(word, &found)) fail_msg("%s is not found", word);
            if (strcmp(found.name, model.name) != 0) fail_msg("%s is found as %s", word, found.name);
            assert_null(preset_find(word));
            if (n == 0) told_of(word, &model);
        }
    }
    assert_true(entries >= 30);
}

TEST(unpublished_models_are_found_however_they_are_written) {
    static const char *const words[][2] = {
        { "GPT-4", "gpt-4" },
        { "gpt4", "gpt-4" },
        { "openai/gpt-4-turbo", "gpt-4-turbo" },
        { "gpt-4-0613", "gpt-4" },
        { "gpt-4o-2024", "gpt-4o" },
        { "Claude 3 Opus", "claude*" },
        { "claude3", "claude*" },
        { "gemini-pro", "gemini*" },
        { "gemini-1.5-pro", "gemini-1.5*" },
        { "o1-preview", "o1" },
        { "o1-mini", "o1-mini" },
        { "gpt-5.1", "gpt-5*" },
        { "Qwen2.5-Max", "qwen2.5-max" },
        { "grok-4-fast", "grok-4*" },
        { "gpt-4.1-mini", "gpt-4.1" },
    };
    static const char *const others[] = {
        "gpt-oss-20b", "gpt-2",     "o10",         "",       "/",          "claude.json",  "grok-1",
        "./gpt-4",     "a/b/gpt-4", "mixtral-8x7", "gpt-4x", "gpt-4.gguf", "/models/gpt-4"
    };
    struct unpublished found;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!unpublished_find(words[i][0], &found)) fail_msg("%s is not found", words[i][0]);
        if (strcmp(found.name, words[i][1]) != 0) fail_msg("%s is found as %s", words[i][0], found.name);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (unpublished_find(others[i], &found)) fail_msg("'%s' is found as %s", others[i], found.name);
}

/* `run gpt-4` said that there is no such file, as if it could be fetched somewhere. */
TEST(run_tells_what_is_known_of_unpublished_models) {
    struct test_output got = test_run("run", "gpt-4", "-p", "a");
    assert_int_equal(got.status, 1);
    assert_non_null(strstr(got.err, "OpenAI has published no architecture of it"));
    assert_non_null(strstr(test_run("run", "gpt-oss-20b", "-p", "a").err, "hf download"));
}
