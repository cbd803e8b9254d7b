/*
 * chat, as people meet it: on a terminal, and through a pipe.
 */
#include "base/json.h"
#include "speaker.h"
#include "terminal.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *speaker(void) {
    static char model[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    speaker_make(model);
    return model;
}

static struct terminal *start(const char *model, int columns) {
    struct terminal *t =
        terminal_start(columns, (const char *const[]){ "chat", model, "-t", "1", "--temp", "0", "-n", "6",
                                                       "--ctx", "256", NULL });
    terminal_wait(t, "> ");
    return t;
}

/* The conversation, as /save writes it. */
static json_t *saved(struct terminal *t) {
    char path[TEST_PATH_MAX], line[TEST_PATH_MAX + 16];
    test_temp_path(path, "talk.json");
    snprintf(line, sizeof line, "/save! %s\r", path);
    terminal_type(t, line);
    terminal_wait(t, " messages to ");
    terminal_wait(t, "> ");
    json_t *root = json_parse_file(path, (struct json_limits){ 1 << 20, 8 }, NULL);
    assert_non_null(root);
    json_t *messages = json_incref(json_object_get(root, "messages"));
    json_decref(root);
    return messages;
}

static const char *said(const json_t *messages, size_t index) {
    return json_string_value(json_object_get(json_array_get(messages, index), "content"));
}

/* Each line of a pasted text was sent as a message of its own, and answered. */
TEST(a_pasted_text_is_one_message) {
    struct terminal *t = start(speaker(), 80);
    terminal_type(t, "\033[200~one line\r/save victim\r\tthree\033[201~\r");
    terminal_wait(t, "\r\n\r\n");
    terminal_wait(t, "> ");
    json_t *messages = saved(t);
    assert_int_equal(json_array_size(messages), 2);
    assert_string_equal(said(messages, 0), "one line\n/save victim\n\tthree");
    json_decref(messages);
    assert_int_equal(terminal_end(t), 0);
}

/* There was no way back from a message sent too early, nor to say one that begins with a slash. */
TEST(a_message_is_taken_back_edited_and_may_begin_with_a_slash) {
    struct terminal *t = start(speaker(), 80);
    terminal_type(t, "//help me\r");
    terminal_wait(t, "\r\n\r\n");
    terminal_wait(t, "> ");
    terminal_type(t, "the hen\r");
    terminal_wait(t, "\r\n\r\n");
    terminal_wait(t, "> ");
    terminal_type(t, "/edit\r");
    terminal_wait(t, "> the hen"); /* in the line, to go on with */
    terminal_type(t, "s\r");
    terminal_wait(t, "\r\n\r\n");
    terminal_wait(t, "> ");
    json_t *messages = saved(t);
    assert_int_equal(json_array_size(messages), 4);
    assert_string_equal(said(messages, 0), "/help me");
    assert_string_equal(said(messages, 2), "the hens");
    json_decref(messages);
    terminal_type(t, "/undo\r");
    terminal_wait(t, "took back");
    terminal_wait(t, "> ");
    messages = saved(t);
    assert_int_equal(json_array_size(messages), 2);
    json_decref(messages);
    assert_int_equal(terminal_end(t), 0);
}

/* A temperature could not be changed without leaving. */
TEST(settings_change_while_one_talks) {
    struct terminal *t = start(speaker(), 80);
    terminal_type(t, "/set temp 0.8\r");
    terminal_wait(t, "\n");
    terminal_wait(t, "> ");
    terminal_type(t, "/set\r");
    terminal_wait(t, "temp");
    terminal_wait(t, "0.8");
    terminal_type(t, "/set temp -3\r");
    terminal_wait(t, "takes a number from 0");
    terminal_type(t, "/set tmp 3\r");
    terminal_wait(t, "did you mean /set temp?");
    terminal_wait(t, "> ");
    terminal_type(t, "/set top-p x\r");
    terminal_wait(t, "takes a number");
    terminal_wait(t, "> ");
    assert_int_equal(terminal_end(t), 0);
}

static void type(struct terminal *t, const char *line, const char *answer) {
    terminal_type(t, line);
    terminal_wait(t, answer);
    terminal_wait(t, "> ");
}

/* Somebody typed what the program had said to type. */
TEST(remedies_that_are_typed_help) {
    char path[TEST_PATH_MAX], line[TEST_PATH_MAX + 16];
    struct terminal *t = start(speaker(), 120);
    type(t, "/zzzzzz\r", "; /help lists them");
    type(t, "/help\r", "/routing [LAYER]");
    type(t, "/undoo\r", "; did you mean /undo?");
    type(t, "the hen\r", "\r\n\r\n");
    type(t, "/undo\r", "took back");
    type(t, "/save\r", "; /save talk.json");
    test_temp_path(path, "talk.json");
    snprintf(line, sizeof line, "/save %s\r", path);
    type(t, line, "saved 0 messages");
    type(t, "/set zzzzzzzz 3\r", "; /set alone lists what there is");
    type(t, "/set\r", "top-k");
    type(t, "/set tempp 1\r", "; did you mean /set temp?");
    type(t, "/set temp 1.25\r", "\n");
    type(t, "/set temp\r", "; /set temp - takes it back");
    type(t, "/set temp -\r", "\n");
    terminal_type(t, "/set\r");
    terminal_wait(t, "top-k");
    if (strstr(terminal_wait(t, "> "), "1.25")) fail_msg("it was not taken back");
    assert_int_equal(terminal_end(t), 0);
}

/* Words were cut in two at the edge of the terminal, and what was typed ahead stood in the middle of them. */
TEST(words_wrap_and_what_is_typed_ahead_stays_out_of_answers) {
    const char *model = speaker();
    struct terminal *t =
        terminal_start(20, (const char *const[]){ "chat", model, "-t", "1", "--temp", "0", "-n", "200",
                                                  "--ctx", "512", "--logit-bias", "220=20", NULL });
    terminal_wait(t, "> ");
    terminal_type(t, "hi\r");
    terminal_wait(t, "\n");
    terminal_type(t, "zqzqzq"); /* while it speaks */
    const char *answer = terminal_wait(t, "> ");
    if (strstr(answer, "zqzqzq")) fail_msg("%s", answer);
    terminal_wait(t, "zqzqzq"); /* and now it stands in the line */
    terminal_type(t, "\025");
    assert_int_equal(terminal_end(t), 0);
}

/* A long prompt was read in silence, as if the program hung. */
TEST(a_long_prompt_shows_that_it_is_read) {
    const char *model = speaker();
    char prompt[200], message[220];
    memset(prompt, 'x', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = 0;
    snprintf(message, sizeof message, "%s\r", prompt);
    struct terminal *t = start(model, 80);
    terminal_type(t, message);
    terminal_wait(t, "reading 20"); /* and some: the template's */
    terminal_wait(t, " tokens\r\033[K");
    terminal_wait(t, "> ");
    terminal_type(t, "short\r"); /* what is there already is not read anew */
    if (strstr(terminal_wait(t, "\r\n> "), "reading")) fail_msg("a short one has none");
    assert_int_equal(terminal_end(t), 0);
    t = terminal_start(80, (const char *const[]){ "run", model, "-p", prompt, "-n", "3", "-t", "1", NULL });
    terminal_wait(t, "reading 20");
    terminal_wait(t, " tokens\r\033[K");
    assert_int_equal(terminal_end(t), 0);
}

/* ~ in a path was taken for a folder of that name. */
TEST(a_tilde_is_the_home_folder) {
    setenv("HOME", test_temp_dir(), 1);
    struct terminal *t = start(speaker(), 80);
    for (int over = 0; over < 2; over++) {
        terminal_type(t, over ? "/save! ~/tilde.json\r" : "/save ~/tilde.json\r");
        terminal_wait(t, "saved 0 messages");
        terminal_wait(t, "> ");
    }
    assert_int_equal(terminal_end(t), 0);
    char path[TEST_PATH_MAX];
    test_temp_path(path, "tilde.json");
    assert_int_equal(access(path, R_OK), 0);
}

/* ---- through a pipe ---- */

struct talked {
    int status;
    char out[1 << 15];
};

static struct talked *talk(const char *model, const char *options, const char *lines) {
    static struct talked talked;
    char input[TEST_PATH_MAX], command[4 * TEST_PATH_MAX];
    test_temp_path(input, "lines.txt");
    FILE *file = fopen(input, "w");
    assert_true(file && fputs(lines, file) >= 0 && fclose(file) == 0);
    snprintf(command, sizeof command, "cd '%s' && '%s/switchyard' chat '%s' -t 1 --temp 0 %s < '%s' 2>&1",
             test_temp_dir(), SY_BUILD_ROOT, model, options, input);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    talked.out[fread(talked.out, 1, sizeof talked.out - 1, pipe)] = 0;
    int status = pclose(pipe);
    talked.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return &talked;
}

/* A line "/save victim" in a text that was piped into chat overwrote a file. */
TEST(piped_text_is_text_whatever_it_begins_with) {
    const char *model = speaker();
    char path[TEST_PATH_MAX];
    test_temp_path(path, "victim");
    assert_int_equal(talk(model, "-n 4", "/save victim\n")->status, 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(talk(model, "-n 4", "/nonsense\n")->status, 0);
    assert_int_equal(talk(model, "-n 4 --commands", "/save victim\n")->status, 0);
    assert_int_equal(access(path, F_OK), 0);
}

/* A long conversation ended with an error once its context was full, and what was typed last was gone. */
TEST(a_full_context_loses_its_oldest_turns) {
    const char *model = speaker(), *line = "twenty-eight letters of text";
    char lines[4096] = "";
    for (int i = 0; i < 8; i++) snprintf(lines + strlen(lines), 64, "%d %s\n", i, line);
    struct talked *t = talk(model, "-n 8 --ctx 96", lines);
    assert_int_equal(t->status, 0);
    const char *told = strstr(t->out, "the oldest turns are left out");
    assert_non_null(told);
    assert_null(strstr(told + 1, "the oldest turns")); /* once */
    /* all of it is there still, and goes on */
    snprintf(lines + strlen(lines), 64, "/save long.json\n");
    assert_int_equal(talk(model, "-n 8 --ctx 96 --commands", lines)->status, 0);
    char path[TEST_PATH_MAX];
    test_temp_path(path, "long.json");
    json_t *root = json_parse_file(path, (struct json_limits){ 1 << 20, 8 }, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "messages")), 16);
    json_decref(root);
    t = talk(model, "-n 8 --ctx 96 --keep-all", lines);
    assert_int_equal(t->status, 1);
    assert_non_null(
        strstr(t->out, "; /clear or /undo, or start with a larger --ctx or without --keep-all\n"));
    assert_int_equal(talk(model, "-n 8 --ctx 512 --keep-all", lines)->status, 0);
    assert_int_equal(talk(model, "-n 8 --ctx 96 --keep-all --commands", "a\n/clear\nb\n/undo\nc\n")->status,
                     0);
    t = talk(model, "-n 8 --ctx 20", "a message that has no room on its own, however much is left out\n");
    assert_int_equal(t->status, 1);
    assert_non_null(strstr(t->out, "the message has"));
    assert_non_null(strstr(t->out, "; shorten it, or start with a larger --ctx\n"));
    assert_int_equal(talk(model, "-n 8 --ctx 20", "short\n")->status, 0);
    t = talk(model, "-n 8 --ctx 128", "a message that has no room on its own, however much is left out\n");
    assert_int_equal(t->status, 0);
}

/* chat took a model that only continues text, and failed at the first message with advice that did not
 * help. */
TEST(a_model_without_a_template_is_refused_with_two_ways_out) {
    const char *model = text_model();
    struct talked *t = talk(model, "", "Ab\n");
    assert_int_equal(t->status, 1);
    assert_non_null(
        strstr(t->out, "; continue a text with `switchyard run MODEL -p TEXT`, or give --template FILE\n"));
    assert_int_equal(test_run("run", model, "-p", "Ab", "-n", "4").status, 0); /* the first */
    char path[TEST_PATH_MAX], options[TEST_PATH_MAX + 32];
    test_temp_path(path, "plain.jinja");
    FILE *file = fopen(path, "w");
    assert_true(file && fputs("{% for m in messages %}{{ m.content }}.{% endfor %}", file) >= 0 &&
                fclose(file) == 0);
    snprintf(options, sizeof options, "-n 4 --template '%s'", path);
    assert_int_equal(talk(model, options, "Ab\n")->status, 0); /* the second */
    const char *plain = test_run("run", model, "-p", "Ab.", "-n", "9").out;
    assert_string_equal(test_run("run", model, "--chat", "--template", path, "-p", "Ab", "-n", "9").out,
                        plain);
    struct test_output none = test_run("run", model, "--chat", "-p", "Ab");
    assert_int_equal(none.status, 1);
    assert_non_null(
        strstr(none.err, "; leave --chat out, and the text is continued; or give --template FILE\n"));
    file = fopen(path, "w");
    assert_true(file && fputs("{% for m in %}", file) >= 0 && fclose(file) == 0);
    t = talk(model, options, "Ab\n");
    assert_int_equal(t->status, 1); /* at the start, with its place */
    assert_non_null(strstr(t->out, "line 1"));
}
