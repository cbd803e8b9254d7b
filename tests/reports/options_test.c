/*
 * Options that did nothing, and values that meant nothing: both were taken without a word.
 */
#include "../speaker.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

/* Wrong usage: status 2, one line, with all of these words. */
static void wrong(const char *const *arguments, const char *first, const char *second) {
    struct test_output run = test_run_program(arguments);
    char line[400] = "";
    for (int i = 0; arguments[i]; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s ", arguments[i]);
    if (run.status != 2) fail_msg("%s: status %d: %s", line, run.status, run.err);
    assert_ptr_equal(strchr(run.err, '\n'), run.err + run.err_bytes - 1);
    if (!strstr(run.err, first) || !strstr(run.err, second))
        fail_msg("%s: %s and %s are not both in: %s", line, first, second, run.err);
    assert_int_equal(run.out_bytes, 0);
}
#define refused(first, second, ...) wrong((const char *const[]){ __VA_ARGS__, NULL }, first, second)

/* Somebody asked for a picture of the table of presets, for a table of a model, a link without ranks, a
 * picture of two models: nothing of it was said to be left out. */
TEST(options_that_do_not_apply_are_refused) {
    refused("--table and --png do not go together", "leave one", "plan", "--table", "--png", "t.png");
    refused("--table and MODEL", "leave one", "plan", "olmoe-1b-7b", "--table");
    refused("--table and --vs", "leave one", "plan", "--table", "--vs", "x");
    refused("--list and --json", "leave one", "plan", "--list", "--json");
    refused("--format goes with --table or --fit", "add one of them", "plan", "olmoe-1b-7b", "--format",
            "csv");
    refused("--link goes with --ranks or --machine", "add one of them", "plan", "olmoe-1b-7b", "--link",
            "25G");
    refused("--latency goes with --ranks or --machine", "add one of them", "plan", "olmoe-1b-7b", "--latency",
            "5");
    refused("--replicas goes with --ranks or --machine", "add one of them", "plan", "olmoe-1b-7b",
            "--replicas", "5");
    refused("--explain and --json", "leave one", "plan", "olmoe-1b-7b", "--explain", "ranks", "--json");
    refused("--exact and --fast", "leave one", "run", "m", "--ids", "1", "--exact", "--fast");
    refused("--exact and --regime bf16", "leave one", "logits", "m", "--ids", "1", "--exact", "--regime",
            "bf16");
    refused("--ids and --batch", "leave one", "logits", "m", "--ids", "1", "--batch", "b.jsonl");
    refused("--prompt and --ids", "leave one", "run", "m", "--ids", "1", "-p", "a");
    refused("--ids and --chat", "leave one", "run", "m", "--ids", "1", "--chat");
    refused("--system goes with --chat", "add --chat", "run", "m", "-p", "a", "--system", "b");
    refused("--think and --no-think", "leave one", "chat", "m", "--think", "--no-think");
    refused("--stride goes with --method stride", "add", "eval", "ppl", "m", "-f", "t", "--stride", "5");
    refused("--method goes with ppl", "add ppl", "eval", "choice", "m", "-f", "t", "--method", "halves");
    refused("--count goes with --text or --file", "add one", "tokenize", "m", "--lines", "f", "--count");
    refused("--no-special and --ids", "leave one", "tokenize", "m", "--ids", "1", "--no-special");
    refused("--text and --file", "leave one", "tokenize", "m", "--text", "a", "--file", "f");
    refused("--decode goes with --ids or --lines", "add one", "tokenize", "m", "--text", "a", "--decode");
    refused("--template goes with MODEL", "add MODEL", "template", "--template", "x", "-m", "c.json");
    refused("--tools goes with --messages", "add --messages", "template", "m", "--tools", "t.json");
    refused("--messages and --context", "leave one", "template", "m", "-m", "c.json", "-c", "d.json");
    refused("--shard-size goes with a folder", "leave it out", "convert", "m", "-o", "x.gguf", "--shard-size",
            "1G");
    refused("--machine and MODEL", "leave one", "show", "m", "--machine");
    refused("--threads goes with --machine", "add --machine", "show", "m", "-t", "1");
}

/* A word of an option that an update had replaced was called wrong, and not what it had become. */
TEST(words_of_before_name_their_successors) {
    refused("--regime is one of integer|bf16, not 'step'", "give integer", "run", "m", "--ids", "1",
            "--regime", "step");
    refused("--regime is one of integer|bf16, not 'role'", "give bf16", "bench", "m", "--regime=role");
    refused("--regime is one of integer|bf16, not 'steps'", "integer", "bench", "m", "--regime=steps");
}

/* Somebody typed -t 0, --ranks 0, --link 5: all passed. The option is named, and what it takes. */
TEST(values_that_mean_nothing_are_refused) {
    static const char *const threads[][6] = {
        { "run", "m", "--ids", "1" }, { "logits", "m", "--ids", "1" },
        { "eval", "ppl", "m" },       { "convert", "m", "-o", "x.gguf" },
        { "synth", "c", "-o", "x" },  { "chat", "m" },
        { "show", "--machine" },      { "plan", "olmoe-1b-7b" }
    };
    static const char *const counts[] = { "0", "257", "99999", "-1", "1.5", "" };
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            const char *words[10];
            int count = 0;
            while (threads[i][count]) words[count] = threads[i][count], count++;
            words[count++] = "-t";
            words[count++] = counts[j];
            words[count] = NULL;
            wrong(words, "-t takes a whole number from 1 to 256, not", counts[j]);
        }
    refused("--ranks takes a whole number from 1 to 4096, not", "'0'", "plan", "olmoe-1b-7b", "--ranks", "0");
    refused("--link takes a rate", "not '5'", "plan", "olmoe-1b-7b", "--ranks", "4", "--link", "5");
    refused("--latency takes a number from 0", "'-1'", "plan", "olmoe-1b-7b", "--ranks", "4", "--latency",
            "-1");
    refused("--batch takes a whole number from 1", "'0'", "plan", "olmoe-1b-7b", "--batch", "0");
    refused("--bandwidth takes a rate", "'20'", "plan", "olmoe-1b-7b", "--bandwidth", "20");
    refused("--memory takes a size", "'5'", "plan", "olmoe-1b-7b", "--memory", "5");
    refused("--memory takes a size", "'5'", "run", "m", "--ids", "1", "--memory", "5");
    refused("--memory takes a size", "'-5G'", "run", "m", "--ids", "1", "--memory", "-5G");
    refused("--ctx takes a whole number, 1 or more", "'0'", "run", "m", "--ids", "1", "--ctx", "0");
    refused("--chunk takes a whole number from 1", "'0'", "logits", "m", "--ids", "1", "--chunk", "0");
    refused("--top-p takes a number from 0 to 1, not", "'1.5'", "run", "m", "--ids", "1", "--top-p", "1.5");
    refused("--temp takes a number from 0", "'-1'", "chat", "m", "--temp", "-1");
    refused("--logprobs takes a whole number from 0 to 64", "'65'", "run", "m", "--ids", "1", "--logprobs",
            "65");
    refused("--experts-per-token takes a whole number from 1", "'0'", "run", "m", "--ids", "1",
            "--experts-per-token", "0");
    refused("-r takes a whole number from 1", "'0'", "bench", "m", "-r", "0");
}

/* A name for how text is cut was taken beside a tokenizer that says so itself, and did nothing. */
TEST(a_name_that_changes_nothing_is_refused) {
    char model[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    speaker_make(model);
    struct test_output got = test_run("tokenize", model, "--text", "the", "--pre", "llama4");
    assert_int_equal(got.status, 1);
    assert_non_null(strstr(got.err, "says itself how text is cut"));
    assert_non_null(strstr(got.err, "leave that name out: it is for bare files of ranks"));
    assert_int_equal(test_run("tokenize", model, "--text", "the").status, 0);
}
