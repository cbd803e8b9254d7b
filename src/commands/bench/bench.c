/*
 * bench: how fast prompts and steps are on this machine, and what share that is of what it could do.
 *
 * For each number of threads the model is opened anew, read through once, and run once without a clock. Then
 * the tests take turns, so that a noisy neighbour hits all alike. The machine's own rates are measured just
 * before.
 */
#include "base/checked.h"
#include "base/os.h"
#include "commands/bench/report.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "commands/machine.h"
#include "commands/session_load.h"
#include "report/progress.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST_MAX 64 /* numbers in an option */

struct args {
    struct common common;
    const char *prompts, *batches, *threads;
    int64_t steps, runs;
    bool routing, json;
};

static const struct args defaults = {
    .common = COMMON_DEFAULTS, .prompts = "512", .batches = "1", .steps = 64, .runs = 3
};

static const struct option options[] = {
    { "prompt", 'p', OPTION_STRING, "128,512", "lengths of prompts (default: 512; 0: none)",
      offsetof(struct args, prompts) },
    { "steps", 'n', OPTION_COUNT, "N", "steps of each sequence (default: 64; 0: none)",
      offsetof(struct args, steps) },
    { "batch", 'b', OPTION_STRING, "1,4,16", "sequences that take steps at once (default: 1)",
      offsetof(struct args, batches) },
    { "threads", 't', OPTION_STRING, "1,2", "threads (default: the physical cores it may use)",
      offsetof(struct args, threads) },
    { "runs", 'r', OPTION_COUNT, "N", "runs of each test, of which the median counts (default: 3)",
      offsetof(struct args, runs) },
    { "routing", 0, OPTION_FLAG, NULL, "count how often each expert was chosen, within the clock",
      offsetof(struct args, routing) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON list", offsetof(struct args, json) },
    OPTION_BETWEEN("steps", "0 to 16777216"),
    OPTION_BETWEEN("runs", "1 to 1000"),
    OPTION_END,
};
static const struct option_table table = { options, &common_table };

/* ---- what to do ---- */

struct numbers {
    int64_t count, at[LIST_MAX];
};

static bool read_numbers(const char *text, const char *option, int64_t least, int64_t most,
                         struct numbers *out, struct sy_error *err) {
    int64_t *list, count;
    if (!parse_ids(text, &list, &count, NULL))
        return sy_fail(err, SY_ERR_USAGE, "--%s %.40s: wants numbers such as 1,4,16", option, text);
    bool good = count <= LIST_MAX;
    for (int64_t i = 0; i < count && good; i++) {
        good = list[i] >= least && list[i] <= most;
        out->at[i] = list[i];
    }
    out->count = count;
    free(list);
    if (good) return true;
    return sy_fail(err, SY_ERR_USAGE, "--%s %.40s: at most %d numbers, each from %lld to %lld", option, text,
                   LIST_MAX, (long long)least, (long long)most);
}

struct job {
    struct numbers threads;
    struct bench_test *tests; /* for each number of threads the same ones: `each` */
    int64_t count, each;
    double *rates;                /* what the tests note, in one piece */
    int64_t positions, sequences; /* that the largest test needs */
    struct session session;
    struct bench_work work;
    struct random random;
    struct progress progress;
    int64_t done;
    char model[600], runs_as[160];
    struct session_load load; /* with --routing: the shape, and the sum over all tests */
};

/* The tests of one number of threads: prompts, then steps. */
static void add_tests(struct job *job, const struct numbers *prompts, const struct numbers *batches,
                      int64_t steps, int threads) {
    for (int64_t i = 0; i < prompts->count; i++)
        if (prompts->at[i] > 0)
            job->tests[job->count++] =
                (struct bench_test){ .length = prompts->at[i], .batch = 1, .threads = threads };
    for (int64_t i = 0; i < batches->count && steps > 0; i++)
        job->tests[job->count++] = (struct bench_test){
            .steps = true, .length = steps, .batch = batches->at[i], .threads = threads
        };
}

static bool plan(const struct args *args, struct job *job, struct sy_error *err) {
    struct numbers prompts, batches;
    const int64_t long_enough = 1 << 24;
    char cores[16];
    snprintf(cores, sizeof cores, "%d", team_default_count());
    if (!read_numbers(args->prompts, "prompt", 0, long_enough, &prompts, err) ||
        !read_numbers(args->batches, "batch", 1, 4096, &batches, err) ||
        !read_numbers(args->threads ? args->threads : cores, "threads", 1, TEAM_MAX, &job->threads, err))
        return false;
    int64_t most = (prompts.count + batches.count) * job->threads.count;
    job->tests = calloc((size_t)most, sizeof *job->tests);
    job->rates = calloc((size_t)(most * args->runs), 2 * sizeof *job->rates);
    if (!job->tests || !job->rates) return sy_fail(err, SY_ERR_MEMORY, "no memory for the tests");
    for (int64_t i = 0; i < job->threads.count; i++)
        add_tests(job, &prompts, &batches, args->steps, (int)job->threads.at[i]);
    if (job->count == 0) return sy_fail(err, SY_ERR_USAGE, "nothing to measure: no prompt and no step");
    job->each = job->count / job->threads.count;
    for (int64_t i = 0; i < job->count; i++) {
        struct bench_test *test = &job->tests[i];
        test->rate = job->rates + 2 * i * args->runs;
        test->work = test->rate + args->runs;
        job->positions = max_i64(job->positions, bench_positions(test));
        job->sequences = max_i64(job->sequences, test->batch);
    }
    return true;
}

/* ---- doing it ---- */

static bool check_room(const struct args *args, const struct job *job, struct sy_error *err) {
    int64_t room = common_room(&args->common, &job->session);
    if (job->positions <= room) return true;
    sy_fail(err, SY_ERR_INPUT, "a test needs %lld positions, and there is room for %lld",
            (long long)job->positions, (long long)room);
    return sy_error_remedy(err, "give --ctx %lld, or shorter tests", (long long)job->positions);
}

/* Once without a clock: threads, caches and the kernel's tables of pages are warm then. */
static bool warm(struct job *job, struct sy_error *err) {
    double rate[1], work[1];
    struct bench_test tests[] = {
        { .length = min_i64(32, job->positions), .batch = 1, .rate = rate, .work = work },
        { .length = 1, .batch = 1, .steps = true, .rate = rate, .work = work },
    };
    if (!bench_work_touch(&job->session)) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
    for (int i = 0; i < 2; i++)
        if (bench_positions(&tests[i]) <= job->positions &&
            !bench_once(&job->session, &job->work, &job->random, &tests[i], err))
            return false;
    return true;
}

static bool measure(const struct args *args, struct job *job, struct bench_test *tests,
                    struct sy_error *err) {
    if (!warm(job, err)) return false;
    for (int64_t run = 0; run < args->runs; run++)
        for (int64_t i = 0; i < job->each; i++) {
            if (!bench_once(&job->session, &job->work, &job->random, &tests[i], err)) return false;
            progress_show(&job->progress, ++job->done, os_seconds());
        }
    return true;
}

/* The limits of one number of threads. */
static bool measure_limits(const struct session *session, struct bench_test *tests, int64_t count,
                           struct sy_error *err) {
    struct machine_rates rates;
    if (!machine_measure_rates(tests->threads, session->kernels.level, &rates, err)) return false;
    double products = session->numerics.compute == COMPUTE_BF16 ? rates.bf16_flops : rates.f32_flops;
    for (int64_t i = 0; i < count; i++) tests[i].limit = tests[i].steps ? rates.read_bytes : products;
    return true;
}

/* With --routing: room for the counts of each test, and of all together. */
static bool open_loads(const struct args *args, struct job *job, struct bench_test *tests,
                       struct sy_error *err) {
    if (!args->routing) return true;
    if (!job->load.counts && !session_load_open(&job->session, &job->load, err)) return false;
    int64_t cells = job->load.table.layers * job->load.table.experts;
    for (int64_t i = 0; i < job->each; i++) {
        tests[i].load = calloc((size_t)cells + 1, sizeof *tests[i].load);
        if (!tests[i].load) return sy_fail(err, SY_ERR_MEMORY, "no memory for the load of experts");
    }
    return true;
}

static void sum_loads(struct job *job) {
    struct expert_table *sum = &job->load.table;
    for (int64_t i = 0; i < job->count; i++) {
        sum->tokens += job->tests[i].routed;
        for (int64_t c = 0; job->tests[i].load && c < sum->layers * sum->experts; c++)
            job->load.counts[c] += job->tests[i].load[c];
    }
}

static bool measure_in_session(const struct args *args, const char *word, struct job *job,
                               struct bench_test *tests, struct sy_error *err) {
    struct session_options wanted;
    if (!common_options(&args->common, false, job->positions, &wanted, err)) return false;
    wanted.threads = tests->threads;
    wanted.sequences = job->sequences;
    if (!common_open(&args->common, word, &wanted, &job->session, err)) return false;
    snprintf(job->model, sizeof job->model, "%s (%s)", job->session.model.path,
             job->session.model.family->name);
    session_runs_as(&job->session, job->runs_as, sizeof job->runs_as);
    bool done = bench_work_open(&job->session, &job->work, err) && check_room(args, job, err) &&
                open_loads(args, job, tests, err) && measure_limits(&job->session, tests, job->each, err) &&
                measure(args, job, tests, err);
    if (done && tests + job->each == job->tests + job->count)
        common_warn(&args->common, &job->session, job->positions);
    bench_work_close(&job->work);
    session_close(&job->session);
    return done;
}

static bool print(const struct args *args, struct job *job, struct sy_error *err) {
    if (args->routing) sum_loads(job);
    struct text text = { 0 };
    struct style style = console_style(stdout);
    struct bench_facts facts = {
        .tests = job->tests,
        .count = job->count,
        .model = job->model,
        .runs_as = job->runs_as,
        .load = args->routing && job->load.counts ? &job->load.table : NULL,
    };
    if (args->json)
        bench_report_json(&facts, &text);
    else
        bench_report_human(&facts, &style, &text);
    return console_print(&text, err);
}

static bool run_job(const struct call *call, struct job *job, struct sy_error *err) {
    const struct args *args = call->args;
    struct style style = console_style(stderr);
    bool done = plan(args, job, err);
    job->random = random_seed(1);
    job->progress = progress_begin(console_progress(), &style, "measuring", job->count * args->runs, "tests",
                                   os_seconds());
    for (int64_t i = 0; i < job->threads.count && done; i++) {
        struct bench_test *tests = job->tests + i * job->each;
        done = measure_in_session(args, call->words[0], job, tests, err);
    }
    progress_end(&job->progress);
    if (done) return print(args, job, err);
    bool keep = err->code == SY_ERR_STOPPED && job->done > 0; /* Ctrl-C keeps what is finished */
    return keep && print(args, job, NULL) && false;
}

static bool run(const struct call *call, struct sy_error *err) {
    struct job job = { 0 };
    bool done = run_job(call, &job, err);
    for (int64_t i = 0; job.tests && i < job.count; i++) free(job.tests[i].load);
    session_load_close(&job.load);
    free(job.tests);
    free(job.rates);
    return done;
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
            "so it is held against the bandwidth of reading; a prompt must multiply, so it is held against\n"
            "the rate of products.",
        .examples = "switchyard bench models/olmoe\n"
                    "switchyard bench models/olmoe -p 128,512 -b 1,4,16 -t 1,2\n"
                    "switchyard bench models/olmoe --json | jq '.[] | {test, tok_per_s}'",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
