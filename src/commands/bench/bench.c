/*
 * bench: how fast prompts and steps are on this machine, and what share that is of what it could do.
 */
#include "commands/bench/bench.h"
#include "commands/command.h"
#include "commands/console.h"

static const struct bench_args defaults = {
    .common = COMMON_DEFAULTS, .prompts = "512", .batches = "1", .steps = 64
};

static const struct option options[] = {
    { "prompt", 'p', OPTION_STRING, "128,512", "lengths of prompts (default: 512; 0: none)",
      offsetof(struct bench_args, prompts) },
    { "steps", 'n', OPTION_COUNT, "N", "steps of each sequence (default: 64; 0: none)",
      offsetof(struct bench_args, steps) },
    { "batch", 'b', OPTION_STRING, "1,4,16", "sequences that take steps at once (default: 1)",
      offsetof(struct bench_args, batches) },
    { "threads", 't', OPTION_STRING, "1,2", "threads (default: the physical cores it may use)",
      offsetof(struct bench_args, threads) },
    { "runs", 'r', OPTION_COUNT, "N",
      "runs of each test, of which the median counts (default: 3, with --compare 5)",
      offsetof(struct bench_args, runs) },
    { "routing", 0, OPTION_FLAG, NULL, "count how often each expert was chosen, within the clock",
      offsetof(struct bench_args, routing) },
    { "profile", 0, OPTION_FLAG, NULL, "show where the time of each test went",
      offsetof(struct bench_args, profile) },
    { "compare", 0, OPTION_STRING, "FILE", "beside an earlier run, which --json printed",
      offsetof(struct bench_args, compare) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON list", offsetof(struct bench_args, json) },
    OPTION_BETWEEN("steps", "0 to 16777216"),
    OPTION_BETWEEN("runs", "1 to 1000"),
    OPTION_END,
};
static const struct option_table table = { options, &common_table };

static bool run(const struct call *call, struct sy_error *err) {
    struct style style = console_style(stdout);
    struct text text = { 0 };
    bool done = bench_measure(call->args, call->words[0], BENCH_TILES, &style, &text, err);
    bool printed = !text.data || console_print(&text, done ? err : NULL);
    return done && printed;
}

const struct command command_bench = {
    .text = {
        .name = "bench",
        .summary = "how fast prompts and steps are, beside what the machine can do",
        .usage = "MODEL [-p 128,512] [-n 64] [-b 1,4,16] [-t 1,2] [-r 3]",
        .details =
            "Runs prompts of random ids (pp512) and steps (tg64) that follow a prompt of 32 ids, or of 8\n"
            "with several sequences. Rates are of all sequences together. Loading, and reading the file for\n"
            "the first time, are outside the clock.\n"
            "\n"
            "The last column says how near that is to this machine's limit, measured in the same run: a\n"
            "step must read every weight that acts on it, those of the experts that were chosen among them,\n"
            "and the keys and values that it sees, so it is held against the bandwidth of reading; a prompt\n"
            "must multiply, so it is held against the rate of the instructions that multiply weights of its\n"
            "kind. Both are worked out for every test, and the one that is nearer its limit is shown.\n"
            "\n"
            "--compare FILE puts an earlier run beside this one and says of each test whether it changed by\n"
            "more than the noise of both. Where energy counters can be read, the energy of a token is shown.",
        .examples = "switchyard bench models/olmoe\n"
                    "switchyard bench models/olmoe -p 128,512 -b 1,4,16 -t 1,2\n"
                    "switchyard bench models/olmoe --json | jq '.[] | {test, tok_per_s}'\n"
                    "switchyard bench models/olmoe --json > before.json\n"
                    "switchyard bench models/olmoe --compare before.json  # is it faster now?",
    },
    .table = &table,
    .args_size = sizeof(struct bench_args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
