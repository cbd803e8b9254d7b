/*
 * run, as people meet it: prompts from pipes, counts that do not fit, many prompts at once.
 */
#include "base/json.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct ran {
    int status;
    char out[1 << 16];
};

/* The output, errors too, of `INPUT | switchyard run MODEL OPTIONS`, by the shell. */
static struct ran *run_with(const char *input, const char *options) {
    static struct ran ran;
    char command[4 * TEST_PATH_MAX];
    snprintf(command, sizeof command, "%s '%s/switchyard' run '%s' -t 1 %s 2>&1", input, SY_BUILD_ROOT,
             text_model(), options);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    ran.out[fread(ran.out, 1, sizeof ran.out - 1, pipe)] = 0;
    int status = pclose(pipe);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return &ran;
}

static char *said(const char *input, const char *options) {
    struct ran *ran = run_with(input, options);
    if (ran->status != 0) fail_msg("status %d: %s", ran->status, ran->out);
    char *copy = strdup(ran->out);
    assert_non_null(copy);
    return copy;
}

/* Piping a prompt into run was answered with "no prompt given". */
TEST(standard_input_is_the_prompt_where_nothing_else_is_given) {
    char *plain = said("</dev/null", "-p 'Ab c' -n 9 --ignore-eos"),
         *piped = said("printf 'Ab c' |", "-n 9 --ignore-eos");
    assert_true(strlen(plain) >= 9);
    assert_string_equal(piped, plain);
    free(plain);
    free(piped);
    struct ran *nothing = run_with("</dev/null", "-n 9");
    assert_int_equal(nothing->status, 2);
    nothing = run_with("printf '' |", "-n 9");
    assert_int_equal(nothing->status, 2);
    assert_non_null(strstr(nothing->out, "empty"));
}

/* A text piped beside -p was dropped without a word. */
TEST(standard_input_follows_the_prompt_of_the_command_line) {
    char *whole = said("</dev/null", "-p \"$(printf 'Ab\\nc d')\" -n 9 --ignore-eos"),
         *piped = said("printf 'c d' |", "-p Ab -n 9 --ignore-eos"),
         *other = said("</dev/null", "-p Ab -n 9 --ignore-eos");
    assert_string_equal(piped, whole);
    assert_string_not_equal(piped, other);
    free(whole);
    free(piped);
    free(other);
}

/* A program that keeps a silent pipe open at standard input made others wait for ever. */
TEST(a_silent_pipe_is_left_out_and_that_is_said) {
    char *plain = said("</dev/null", "-p Ab -n 9 --ignore-eos"),
         *silent = said("{ sleep 8; } |", "-p Ab -n 9 --ignore-eos");
    assert_non_null(strstr(silent, "standard input is open"));
    assert_memory_equal(silent, plain, strlen(plain));
    free(plain);
    free(silent);
}

static int64_t tokens_of(const char *options) {
    struct ran *ran = run_with("</dev/null", options);
    if (ran->status != 0) fail_msg("status %d: %s", ran->status, ran->out);
    const char *begin = strchr(ran->out, '{'); /* --verbose says more before it */
    assert_non_null(begin);
    json_t *root = json_parse(begin, (int64_t)strlen(begin), (struct json_limits){ 1 << 20, 16 }, NULL);
    assert_non_null(root);
    int64_t count = (int64_t)json_array_size(json_object_get(root, "tokens"));
    json_decref(root);
    return count;
}

/* A prompt that left less room than the default number of tokens was refused. */
TEST(without_n_what_fits_is_generated) {
    assert_int_equal(tokens_of("-p 'Ab c' --ctx 20 --ignore-eos --json"), 17); /* the last is not run */
    assert_int_equal(tokens_of("-p 'Ab c' --ctx 4 --ignore-eos --json"), 1);
    assert_int_equal(tokens_of("--ids 1,2,3 --ctx 20 --ignore-eos --json"), 18);
    assert_int_equal(tokens_of("-p 'Ab c' -n -1 --ctx 30 --ignore-eos --json"), 27);
    struct ran *ran = run_with("</dev/null", "-p 'Ab c' --ctx 20 --ignore-eos --verbose");
    assert_non_null(strstr(ran->out, "at most 17"));
    ran = run_with("</dev/null", "-p 'Ab c' -n 30 --ctx 20");
    assert_int_equal(ran->status, 1); /* what was asked for is not cut without a word */
    assert_non_null(strstr(ran->out, "-n -1"));
    ran = run_with("</dev/null", "-p 'Ab cd' --ctx 4");
    assert_int_equal(ran->status, 1);
    assert_non_null(strstr(ran->out, "--ctx 5"));
    ran = run_with("</dev/null", "-p Ab -n -2");
    assert_int_equal(ran->status, 2);
}

/* run --routing told the last token's weights only, and its JSON had none. */
TEST(every_token_has_its_experts_and_weights) {
    struct ran *ran = run_with("</dev/null", "-p 'Ab c' -n 5 --ignore-eos --routing=tokens");
    assert_int_equal(ran->status, 0);
    char *table = strdup(ran->out), *rest = table, *line = strsep(&rest, "\n");
    assert_string_equal(line, "index\ttoken\ttext\trole\tlayer\trank\texpert\tweight");
    ran = run_with("</dev/null", "-p 'Ab c' -n 5 --ignore-eos --routing=tokens --json");
    json_t *root = json_parse(ran->out, (int64_t)strlen(ran->out), (struct json_limits){ 1 << 20, 16 }, NULL);
    json_t *routing = json_object_get(root, "routing"), *tokens = json_object_get(routing, "tokens");
    assert_int_equal(json_array_size(tokens), 8); /* four of the prompt, and four of those generated */
    int rows = 0;
    for (size_t t = 0; t < json_array_size(tokens); t++) {
        json_t *token = json_array_get(tokens, t), *layers = json_object_get(token, "layers");
        json_t *choices = json_array_get(json_object_get(routing, "choices"), t);
        for (size_t i = 0; i < json_array_size(layers); i++) {
            json_t *experts = json_object_get(json_array_get(layers, i), "experts");
            json_t *weights = json_object_get(json_array_get(layers, i), "weights");
            assert_true(json_equal(experts, json_array_get(choices, i)));
            double sum = 0;
            for (size_t k = 0; k < json_array_size(experts); k++, rows++) {
                double weight = json_real_value(json_array_get(weights, k));
                line = strsep(&rest, "\n");
                assert_non_null(line);
                const char *cells[8];
                for (int c = 0; c < 8; c++) assert_non_null(cells[c] = strsep(&line, "\t"));
                assert_int_equal(atoll(cells[0]), t);
                assert_int_equal(atoll(cells[4]), i);
                assert_int_equal(atoll(cells[5]), k);
                assert_int_equal(atoll(cells[6]), json_integer_value(json_array_get(experts, k)));
                assert_true(strtod(cells[7], NULL) == weight);
                sum += weight;
            }
            assert_true(sum > 0.999 && sum < 1.001); /* mixtral's are renormalised */
        }
    }
    assert_string_equal(rest, "");
    assert_true(rows >= 8 * 2);
    free(table);
    json_decref(root);
}

TEST(the_table_of_routing_is_of_chosen_layers_and_may_go_to_a_file) {
    char path[TEST_PATH_MAX], options[TEST_PATH_MAX + 100], line[512];
    test_temp_path(path, "routes.tsv");
    snprintf(options, sizeof options,
             "-p 'Ab c' -n 5 --ignore-eos --routing=tokens --layers 1 --routing-out '%s'", path);
    char *plain = said("</dev/null", "-p 'Ab c' -n 5 --ignore-eos"), *other = said("</dev/null", options);
    assert_memory_equal(other, plain, strlen(plain)); /* the answer, as ever */
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int rows = -1;
    for (; fgets(line, sizeof line, file); rows++)
        if (rows >= 0) assert_non_null(strstr(line, "\t1\t"));
    fclose(file);
    assert_int_equal(rows, 8 * 3);
    free(plain);
    free(other);
    struct ran *ran = run_with("</dev/null", "-p 'Ab c' -n 1 --routing=tokens --layers 1 --json");
    json_t *root = json_parse(ran->out, (int64_t)strlen(ran->out), (struct json_limits){ 1 << 20, 16 }, NULL);
    json_t *tokens = json_object_get(json_object_get(root, "routing"), "tokens");
    assert_int_equal(json_array_size(tokens), 4);
    json_t *layers = json_object_get(json_array_get(tokens, 0), "layers");
    assert_int_equal(json_array_size(layers), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(layers, 0), "layer")), 1);
    json_decref(root);
    assert_int_equal(run_with("</dev/null", "-p Ab --routing=tokens --layers 0-9")->status, 1);
    assert_int_equal(run_with("</dev/null", "-p Ab --routing=tokens --layers 0..9")->status, 2);
    assert_int_equal(run_with("</dev/null", "-p Ab --layers 0")->status, 2);
    assert_int_equal(run_with("</dev/null", "-p Ab --routing=loud")->status, 2);
}

static const char *prompts_file(const char *text) {
    static char path[TEST_PATH_MAX];
    test_temp_path(path, "prompts.jsonl");
    FILE *file = fopen(path, "w");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

static json_t *line_of(char **rest) {
    char *line = strsep(rest, "\n");
    assert_non_null(line);
    json_t *root = json_parse(line, (int64_t)strlen(line), (struct json_limits){ 1 << 20, 16 }, NULL);
    if (!root) fail_msg("no JSON: %s", line);
    return root;
}

/* Many prompts took as many loads of the model. */
TEST(many_prompts_run_with_one_load_in_order) {
    char options[TEST_PATH_MAX + 64];
    const char *file =
        prompts_file("{\"prompt\": \"Ab c\", \"id\": \"first\", \"n\": 60}\n\n"
                     "{\"ids\": [28,3,0,4], \"n\": 9}\n"
                     "{\"prompt\": \"Ab c\", \"n\": 12}\n{\"prompt\": \"d\", \"id\": {\"x\": 1}}\n");
    snprintf(options, sizeof options, "--prompts '%s' -n 5 --ignore-eos --parallel 3", file);
    struct ran *ran = run_with("</dev/null", options);
    assert_int_equal(ran->status, 0);
    char *all = strdup(ran->out), *rest = all;
    static const int64_t counts[] = { 60, 9, 12, 5 };
    json_t *first = NULL;
    for (int64_t i = 0; i < 4; i++) {
        json_t *answer = line_of(&rest), *tokens = json_object_get(answer, "tokens");
        assert_int_equal(json_integer_value(json_object_get(answer, "index")), i);
        assert_int_equal(json_array_size(tokens), counts[i]);
        if (i == 0) first = json_incref(tokens);
        for (size_t t = 0; i > 0 && i < 3 && t < json_array_size(tokens); t++) /* what each says alone */
            assert_true(json_equal(json_array_get(tokens, t), json_array_get(first, t)));
        if (i == 3)
            assert_int_equal(json_integer_value(json_object_get(json_object_get(answer, "id"), "x")), 1);
        json_decref(answer);
    }
    json_decref(first);
    assert_string_equal(rest, "");
    free(all);
}

/* One prompt among many that was too long ended them all. */
TEST(a_prompt_that_cannot_be_run_does_not_stop_the_others) {
    char options[TEST_PATH_MAX + 64];
    const char *file =
        prompts_file("{\"prompt\": \"Ab\"}\n{\"ids\": [1,2,999]}\n{\"prompt\": \"Abcdefghijklmnop\"}\n"
                     "{\"prompt\": \"Ab\", \"n\": 100}\n{\"prompt\": \"b\"}\n");
    snprintf(options, sizeof options, "--prompts '%s' -n 3 --ignore-eos --ctx 10", file);
    struct ran *ran = run_with("</dev/null", options);
    assert_int_equal(ran->status, 1);
    char *all = strdup(ran->out), *rest = all;
    for (int64_t i = 0; i < 5; i++) {
        json_t *answer = line_of(&rest);
        assert_int_equal(json_object_get(answer, "error") != NULL, i >= 1 && i <= 3);
        json_decref(answer);
    }
    assert_non_null(strstr(rest,
                           "3 of 5 prompts could not be run; the line that was printed for each says why, as "
                           "\"error\""));
    free(all);
    snprintf(options, sizeof options, "--prompts '%s'",
             prompts_file("{\"prompt\": \"Ab\"}\n{\"promt\": \"b\"}\n"));
    ran = run_with("</dev/null", options);
    assert_int_equal(ran->status, 1);
    assert_non_null(strstr(ran->out, "line 2: 'promt' is not known"));
    snprintf(options, sizeof options, "--prompts '%s'",
             prompts_file("{\"messages\": [{\"role\": \"user\", \"content\": \"Ab\"}]}\n"));
    ran = run_with("</dev/null", options);
    assert_non_null(strstr(ran->out, "; give plain text, or --template\"")); /* as the program calls it */
    snprintf(options, sizeof options, "-p Ab --prompts '%s'", file);
    assert_int_equal(run_with("</dev/null", options)->status, 2);
}

/* Ctrl-C lost the answers that were there already. */
TEST(interrupted_prompts_keep_what_is_finished) {
    char command[4 * TEST_PATH_MAX], out[1 << 14];
    if (system("command -v timeout >/dev/null 2>&1") != 0) test_skip("no timeout here");
    const char *file = prompts_file("{\"prompt\": \"Ab\", \"n\": 1000000}\n{\"prompt\": \"b\", \"n\": 4}\n");
    snprintf(command, sizeof command,
             "timeout --preserve-status -s INT %d '%s/switchyard' run '%s' --prompts '%s' --ctx 1000004 "
             "--ignore-eos 2>/dev/null; echo \" $?\"",
             TEST_SANITIZED ? 40 : 8, SY_BUILD_ROOT, text_model(), file); /* also beside other work */
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    out[fread(out, 1, sizeof out - 1, pipe)] = 0;
    pclose(pipe);
    char *rest = out;
    json_t *answer = line_of(&rest);
    assert_int_equal(json_integer_value(json_object_get(answer, "index")), 1); /* the other was not done */
    json_decref(answer);
    assert_string_equal(rest, " 130\n");
}
