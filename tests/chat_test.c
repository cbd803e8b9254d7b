/*
 * chat through a pipe: each line a message, commands between them, and what a conversation leaves behind.
 */
#include "base/json.h"
#include "speaker.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct talked {
    int status;
    char out[16384];
};

/* What chat says to these lines; errors too. */
static struct talked talk(const char *model, const char *options, const char *lines) {
    char input[TEST_PATH_MAX], command[3 * TEST_PATH_MAX];
    struct talked talked = { 0 };
    test_temp_path(input, "lines.txt");
    FILE *file = fopen(input, "w");
    assert_non_null(file);
    fputs(lines, file);
    fclose(file);
    snprintf(command, sizeof command, "'%s/switchyard' chat '%s' -t 1 --commands %s < '%s' 2>&1",
             SY_BUILD_ROOT, model, options, input);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t size = fread(talked.out, 1, sizeof talked.out - 1, pipe);
    talked.out[size] = 0;
    int status = pclose(pipe);
    talked.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return talked;
}

static void make_model(char model[TEST_PATH_MAX]) {
    test_temp_path(model, "speaker");
    speaker_make(model);
}

TEST(chat_answers_each_line_of_a_pipe) {
    char model[TEST_PATH_MAX];
    make_model(model);
    struct talked both = talk(model, "--temp 0 -n 12", "the hen\nand then\n");
    struct talked first = talk(model, "--temp 0 -n 12", "the hen\n");
    assert_int_equal(both.status, 0);
    assert_int_equal(first.status, 0);
    assert_true(strlen(first.out) > 1 && strlen(both.out) > strlen(first.out));
    assert_memory_equal(both.out, first.out, strlen(first.out));
}

TEST(chat_answers_by_seed) {
    char model[TEST_PATH_MAX];
    make_model(model);
    struct talked one = talk(model, "--seed 5 -n 20", "the hen\n"),
                  same = talk(model, "--seed 5 -n 20", "the hen\n");
    struct talked other = talk(model, "--seed 6 -n 20", "the hen\n");
    assert_string_equal(one.out, same.out);
    assert_string_not_equal(one.out, other.out); /* generation_config.json asks for sampling */
}

TEST(a_conversation_is_saved_and_goes_on) {
    char model[TEST_PATH_MAX], path[TEST_PATH_MAX], lines[2 * TEST_PATH_MAX];
    struct stat facts;
    struct sy_error err;
    make_model(model);
    test_temp_path(path, "talk.json");
    snprintf(lines, sizeof lines, "the hen\n/save %s\nand then\n", path);
    struct talked whole = talk(model, "--temp 0 -n 12 --system ant", lines);
    assert_int_equal(whole.status, 0);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    json_t *saved = json_parse_file(path, (struct json_limits){ 1 << 20, 8 }, &err);
    assert_non_null(saved);
    json_t *messages = json_object_get(saved, "messages");
    assert_int_equal(json_array_size(messages), 3); /* system, user, assistant */
    assert_string_equal(json_string_value(json_object_get(json_array_get(messages, 0), "content")), "ant");
    json_decref(saved);
    snprintf(lines, sizeof lines, "/load %s\nand then\n", path);
    struct talked later = talk(model, "--temp 0 -n 12", lines);
    assert_int_equal(later.status, 0);
    const char *loaded = strstr(later.out, "loaded 3 messages"), *answer = strstr(loaded ? loaded : "", "\n");
    assert_non_null(answer);
    size_t length = strlen(answer + 1);
    assert_true(length > 1 && strlen(whole.out) > length);
    assert_string_equal(whole.out + strlen(whole.out) - length, answer + 1);
}

TEST(commands_of_a_conversation) {
    char model[TEST_PATH_MAX];
    make_model(model);
    struct talked t = talk(model, "--temp 0 -n 6",
                           "/help\nthe hen\n/routing 1\n/stats\n/regen\n/clear\n/system be short\n"
                           "/system\n/quit\nnever answered\n");
    assert_int_equal(t.status, 0);
    assert_non_null(strstr(t.out, "/routing [LAYER]"));
    assert_non_null(strstr(t.out, "layer 1, first choice of 5 tokens"));
    assert_non_null(strstr(t.out, "not computed again"));
    assert_non_null(strstr(t.out, "experts used with evenness 0."));
    assert_non_null(strstr(t.out, "be short\n"));
    t = talk(model, "--temp 0", "/regn\n");
    assert_int_equal(t.status, 2);
    assert_non_null(strstr(t.out, "/regen"));
    t = talk(model, "--temp 0", "/load /nowhere.json\n");
    assert_int_equal(t.status, 1);
    assert_non_null(strstr(t.out, "/nowhere.json"));
    t = talk(model, "--temp 0", "/routing\n");
    assert_int_equal(t.status, 1);
}

/* Each answer follows in the pages of the one before: nothing is held twice, and the whole context may be
 * filled. */
TEST(a_conversation_takes_the_pages_of_one_sequence) {
    char model[TEST_PATH_MAX], line[400], lines[2000];
    make_model(model);
    const char *options = "--temp 0 -n 40 --ctx 512 --verbose";
    snprintf(line, sizeof line, "%060d", 0);
    snprintf(lines, sizeof lines, "%s\n%s\n/regen\n%s\n/stats\n", line, line, line);
    struct talked t = talk(model, options, lines);
    print_message("%s\n", t.out);
    assert_int_equal(t.status, 0);
    struct test_output run =
        test_run("run", model, "--ids", "1", "-n", "1", "-t", "1", "--ctx", "512", "--verbose");
    const char *cache = strstr(run.err, "cache "), *end = strchr(cache ? cache : "", ';');
    assert_non_null(end);
    snprintf(line, sizeof line, "%.*s", (int)(end - cache), cache);
    assert_non_null(strstr(t.out, line)); /* as one sequence of 512 positions takes */
}

TEST(a_model_without_a_tokenizer_cannot_talk) {
    char model[TEST_PATH_MAX];
    test_source(model, "tests/golden/mixtral_fused");
    struct talked t = talk(model, "", "hello\n");
    assert_int_equal(t.status, 1);
    assert_non_null(strstr(t.out, "tokenizer"));
}
