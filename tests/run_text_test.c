/*
 * run with words: what goes in, what comes out, and where. The model speaks nonsense of 61 letters, one token
 * each (text_model.h), so ids tell what its text must be.
 */
#include "base/json.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static json_t *json_of(struct test_output output) {
    if (output.status != 0) fail_msg("status %d: %s", output.status, output.err);
    json_t *root =
        json_parse(output.out, (int64_t)output.out_bytes, (struct json_limits){ 1 << 20, 16 }, NULL);
    assert_non_null(root);
    return root;
}

/* The text of the object's tokens. */
static const char *text_of(const json_t *root) {
    static char text[512];
    const json_t *tokens = json_object_get(root, "tokens");
    size_t count = json_array_size(tokens);
    assert_true(count < sizeof text);
    for (size_t i = 0; i < count; i++)
        text[i] = text_model_letter(json_integer_value(json_array_get(tokens, i)));
    text[count] = 0;
    return text;
}

TEST(text_goes_in_and_comes_out) {
    const char *model = text_model();
    json_t *root = json_of(test_run("run", model, "-p", "Ab c", "-n", "12", "--ignore-eos", "--json"));
    assert_int_equal(json_integer_value(json_object_get(root, "prompt_tokens")), 4);
    assert_string_equal(json_string_value(json_object_get(root, "text")), text_of(root));
    assert_string_equal(json_string_value(json_object_get(root, "finish_reason")), "length");
    /* the same as ids, and from a file and standard input */
    json_t *ids = json_of(test_run("run", model, "--ids", "28,3,0,4", "-n", "12", "--ignore-eos", "--json"));
    assert_true(json_equal(json_object_get(root, "tokens"), json_object_get(ids, "tokens")));
    assert_string_equal(json_string_value(json_object_get(ids, "text")), text_of(ids));
    char path[TEST_PATH_MAX];
    test_temp_path(path, "prompt");
    FILE *file = fopen(path, "w");
    assert_true(file && fputs("Ab c", file) >= 0 && fclose(file) == 0);
    struct test_output streamed = test_run("run", model, "-f", path, "-n", "12", "--ignore-eos");
    char want[600];
    snprintf(want, sizeof want, "%s\n", text_of(root));
    if (strchr(text_of(root), '\n') == text_of(root) + 11) want[12] = 0;
    assert_string_equal(streamed.out, want); /* the answer alone */
    assert_string_equal(streamed.err, "");   /* nobody looks at a pipe */
    json_decref(root);
    json_decref(ids);
}

TEST(an_answer_ends_before_its_stop_text) {
    const char *model = text_model();
    json_t *root = json_of(test_run("run", model, "-p", "Ab c", "-n", "20", "--ignore-eos", "--json"));
    char whole[600], stop[4];
    snprintf(whole, sizeof whole, "%s", text_of(root));
    memcpy(stop, whole + 9, 3); /* spans three tokens */
    stop[3] = 0;
    size_t before = (size_t)(strstr(whole, stop) - whole);
    json_t *cut = json_of(test_run("run", model, "-p", "Ab c", "-n", "20", "--ignore-eos", "--stop", "never",
                                   "--stop", stop, "--json"));
    assert_string_equal(json_string_value(json_object_get(cut, "finish_reason")), "stop");
    assert_int_equal(strlen(json_string_value(json_object_get(cut, "text"))), before);
    assert_memory_equal(json_string_value(json_object_get(cut, "text")), whole, before);
    json_decref(root);
    json_decref(cut);
}

TEST(the_same_seed_gives_the_same_text) {
    const char *model = text_model();
    const char *out[4];
    static const char *const seeds[] = { "7", "7", "8", "9" };
    for (int i = 0; i < 4; i++)
        out[i] = test_run("run", model, "-p", "Ab", "-n", "30", "--temp", "1.5", "--top-p", "0.99", "--seed",
                          seeds[i], "--ignore-eos")
                     .out;
    assert_string_equal(out[0], out[1]);
    assert_true(strcmp(out[0], out[2]) != 0 && strcmp(out[2], out[3]) != 0);
}

TEST(asked_for_reports_go_to_standard_error) {
    struct test_output got = test_run("run", text_model(), "-p", "Ab", "-n", "3", "--ignore-eos", "--routing",
                                      "--profile", "--logprobs", "2");
    assert_int_equal(got.status, 0);
    assert_in_range(got.out_bytes, 3, 4);
    assert_non_null(strstr(got.err, "Load of 6 experts"));
    assert_non_null(strstr(got.err, "Where the time went"));
    assert_non_null(strstr(got.err, "logprob"));
}

/* A reader that leaves early is no failure of anybody. */
TEST(a_closed_pipe_is_silent) {
    char command[3 * TEST_PATH_MAX];
    snprintf(command, sizeof command,
             "{ '%s/switchyard' run '%s' -p Ab -n 200 --ignore-eos 2>&1; echo $? >'%s/rc'; } | head -c 1",
             SY_BUILD_ROOT, text_model(), test_temp_dir());
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char text[256];
    size_t size = fread(text, 1, sizeof text, pipe);
    pclose(pipe);
    assert_int_equal(size, 1);
    snprintf(command, sizeof command, "%s/rc", test_temp_dir());
    FILE *file = fopen(command, "r");
    assert_true(file && fgets(text, sizeof text, file));
    assert_string_equal(text, "0\n");
    fclose(file);
}

static void write_beside(const char *model, const char *name, const char *text) {
    char path[TEST_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", model, name);
    FILE *file = fopen(path, "w");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

TEST(chat_applies_the_models_template) {
    const char *model = text_model();
    struct test_output none = test_run("run", model, "--chat", "-p", "Ab");
    assert_int_equal(none.status, 1); /* it brings none */
    write_beside(model, "chat_template.jinja",
                 "{% for m in messages %}{{ m.role[0] }}{{ m.content }}{% endfor %}"
                 "{% if add_generation_prompt %}!{% endif %}");
    const char *plain = test_run("run", model, "-p", "sxuAb!", "-n", "9", "--ignore-eos").out;
    assert_string_equal(
        test_run("run", model, "--chat", "--system", "x", "-p", "Ab", "-n", "9", "--ignore-eos").out, plain);
}

TEST(the_authors_settings_hold_unless_overridden) {
    const char *model = text_model();
    const char *greedy = test_run("run", model, "-p", "Ab", "-n", "30", "--ignore-eos").out;
    write_beside(model, "generation_config.json",
                 "{\"do_sample\": true, \"temperature\": 2.0, \"eos_token_id\": [7]}");
    const char *one = test_run("run", model, "-p", "Ab", "-n", "30", "--seed", "1", "--ignore-eos").out,
               *other = test_run("run", model, "-p", "Ab", "-n", "30", "--seed", "2", "--ignore-eos").out;
    assert_true(strcmp(one, other) != 0 && strcmp(one, greedy) != 0);
    assert_string_equal(test_run("run", model, "-p", "Ab", "-n", "30", "--temp", "0", "--ignore-eos").out,
                        greedy);
    /* token 7 is the letter f; by greedy it comes, sooner or later, after some prompt */
    json_t *root =
        json_of(test_run("run", model, "-p", "Ab", "-n", "30", "--logit-bias", "7=1000", "--json"));
    assert_string_equal(json_string_value(json_object_get(root, "finish_reason")), "end");
    assert_int_equal(json_array_size(json_object_get(root, "tokens")), 1);
    json_decref(root);
}

/* What was finished stays, and the status says that somebody interrupted. */
TEST(an_interrupted_answer_keeps_what_is_finished) {
    char command[3 * TEST_PATH_MAX], text[4096];
    if (system("command -v timeout >/dev/null 2>&1") != 0) test_skip("no timeout here");
    snprintf(command, sizeof command,
             "timeout --preserve-status -s INT 3 '%s/switchyard' run '%s' -p Ab -n 200000 --ctx 200004 "
             "--ignore-eos "
             "2>'%s/err'; echo \" $?\"",
             SY_BUILD_ROOT, text_model(), test_temp_dir());
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t size, all = 0;
    char end[8] = "";
    while ((size = fread(text, 1, sizeof text, pipe)) > 0) {
        all += size;
        if (size >= 5) memcpy(end, text + size - 5, 5);
    }
    pclose(pipe);
    assert_true(all > 10);
    assert_string_equal(end, " 130\n");
}
