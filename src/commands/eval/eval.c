#include "commands/eval/eval.h"

#include "commands/command.h"

#include <stdlib.h>
#include <string.h>

static const struct eval_args defaults = { .common = COMMON_DEFAULTS, .method = -1 };

static const struct option options[] = {
    { "file", 'f', OPTION_STRING, "F", "the text (ppl), or the questions (choice); - is stdin",
      offsetof(struct eval_args, file) },
    { "method", 0, OPTION_CHOICE, "halves|stride", "ppl: which windows (default: halves)",
      offsetof(struct eval_args, method) },
    { "stride", 0, OPTION_COUNT, "N", "ppl --method stride: from window to window (default: half of --ctx)",
      offsetof(struct eval_args, stride) },
    { "routing", 0, OPTION_FLAG, NULL, "count how often each expert was chosen",
      offsetof(struct eval_args, routing) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON object", offsetof(struct eval_args, json) },
    OPTION_ONLY_WITH("method", "=ppl"),
    OPTION_ONLY_WITH("stride", "=ppl"),
    OPTION_ONLY_WITH("stride", "method=stride"),
    OPTION_BETWEEN("stride", "1 to 1000000000"),
    OPTION_END,
};
static const struct option_table table = { options, &common_table };

static bool run(const struct call *call, struct sy_error *err) {
    const struct eval_args *args = call->args;
    bool ppl = strcmp(call->words[0], "ppl") == 0, choice = strcmp(call->words[0], "choice") == 0;
    if (!ppl && !choice) {
        sy_fail(err, SY_ERR_USAGE, "there is no eval %.40s", call->words[0]);
        return sy_error_remedy(err, "eval ppl MODEL, or eval choice MODEL");
    }
    if (!args->file) {
        sy_fail(err, SY_ERR_USAGE, ppl ? "no text to read" : "no questions to read");
        return sy_error_remedy(err, "give --file F, or --file - for standard input");
    }
    return ppl ? eval_ppl(args, call->words[1], err) : eval_choice(args, call->words[1], err);
}

const struct command command_eval = {
    .text = {
        .name = "eval",
        .summary = "perplexity of a text, or answers to multiple choice",
        .usage = "ppl MODEL --file F.txt | choice MODEL --file F.jsonl",
        .details =
            "ppl: --method halves cuts the text into windows of --ctx tokens (default 512) and scores the\n"
            "second half of each, with the model's bos in front, as llama.cpp does; --method stride moves\n"
            "a window on by --stride tokens and scores each token once. Perplexity, nats a token, and bits\n"
            "a byte of what was scored.\n"
            "\n"
            "choice: each line is {\"context\": TEXT, \"choices\": [TEXT, ...], \"label\": INDEX};\n"
            "the label may be missing. The likeliest continuation is the answer, by its\n"
            "log-likelihood and by that a character, as lm-evaluation-harness counts. White space at\n"
            "the end of a context is moved to the continuations.\n"
            "\n"
            "With --routing also the load of the experts, of all tokens that were run.\n"
            "\n"
            "Exact by default.",
        .examples = "switchyard eval ppl models/olmoe --file wiki.test.txt\n"
                    "switchyard eval ppl models/olmoe --file t.txt --method stride --ctx 1024 --stride 512\n"
                    "switchyard eval choice models/olmoe --file questions.jsonl --json",
    },
    .table = &table,
    .args_size = sizeof(struct eval_args),
    .defaults = &defaults,
    .words_min = 2,
    .words_max = 2,
    .run = run,
};
