/*
 * The measuring of bench. For each number of threads the model is opened anew, read through once, and run
 * once without a clock. Then the tests take turns, so that a noisy neighbour hits all alike. The machine's
 * own limits are measured just before and, where that took long, just after; the better figure counts, since
 * a limit is what nothing passes.
 */
#include "base/checked.h"
#include "base/os.h"
#include "commands/bench/bench.h"
#include "commands/bench/report.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "commands/session_load.h"
#include "report/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX      64 /* numbers in an option */
#define RUNS          3  /* of each test, where nobody says, */
#define RUNS_COMPARED 5  /* and beside an earlier run: three beside three tell nothing (rank.h) */
#define SECONDS_LONG  5  /* of tests, after which the machine is measured again */

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
    const struct bench_args *args;
    const char *model, *tiles;
    int64_t runs;
    struct numbers threads;
    struct bench_test *tests; /* for each number of threads the same ones: `each` */
    int64_t count, each;
    struct bench_run *run;        /* what the tests note, in one piece */
    int64_t positions, sequences; /* that the largest test needs */
    struct session session;
    struct bench_work work;
    struct random random;
    struct energy energy;
    struct progress progress;
    int64_t done;
    struct bench_identity identity;
    char runs_as[160];
    int64_t layers;
    struct bench_before before; /* with --compare */
    struct session_load load;   /* with --routing: the shape, and the sum over all tests */
};

/* The tests of one number of threads: prompts, then steps. */
static void add_tests(struct job *job, const struct numbers *prompts, const struct numbers *batches,
                      int threads) {
    const struct bench_test each = { .batch = 1, .threads = threads, .profile = job->args->profile };
    for (int64_t i = 0; i < prompts->count; i++) {
        if (prompts->at[i] == 0) continue;
        struct bench_test *test = &job->tests[job->count++];
        *test = each;
        test->length = prompts->at[i];
    }
    for (int64_t i = 0; i < batches->count && job->args->steps > 0; i++) {
        struct bench_test *test = &job->tests[job->count++];
        *test = each;
        test->steps = true;
        test->length = job->args->steps;
        test->batch = batches->at[i];
    }
}

static bool plan(struct job *job, struct sy_error *err) {
    const struct bench_args *args = job->args;
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
    job->run = calloc((size_t)(most * job->runs), sizeof *job->run);
    if (!job->tests || !job->run) return sy_fail(err, SY_ERR_MEMORY, "no memory for the tests");
    for (int64_t i = 0; i < job->threads.count; i++)
        add_tests(job, &prompts, &batches, (int)job->threads.at[i]);
    if (job->count == 0) return sy_fail(err, SY_ERR_USAGE, "nothing to measure: no prompt and no step");
    job->each = job->count / job->threads.count;
    for (int64_t i = 0; i < job->count; i++) {
        job->tests[i].run = job->run + i * job->runs;
        job->positions = max_i64(job->positions, bench_positions(&job->tests[i]));
        job->sequences = max_i64(job->sequences, job->tests[i].batch);
    }
    return !args->compare || (bench_before_open(args->compare, &job->before, err) &&
                              bench_before_meets(&job->before, job->tests, job->count, err));
}

/* ---- doing it ---- */

static struct bench_bed bed_of(struct job *job) {
    return (struct bench_bed){ &job->session, &job->work, &job->random, &job->energy };
}

static bool check_room(const struct job *job, struct sy_error *err) {
    int64_t room = common_room(&job->args->common, &job->session);
    if (job->positions <= room) return true;
    sy_fail(err, SY_ERR_INPUT, "a test needs %lld positions, and there is room for %lld",
            (long long)job->positions, (long long)room);
    return sy_error_remedy(err, "give --ctx %lld, or shorter tests", (long long)job->positions);
}

/* Once without a clock: threads, caches and the kernel's tables of pages are warm then. */
static bool warm(struct job *job, struct sy_error *err) {
    struct bench_run run[1];
    struct bench_test tests[] = {
        { .length = min_i64(32, job->positions), .batch = 1, .run = run },
        { .length = 1, .batch = 1, .steps = true, .run = run },
    };
    const struct bench_bed bed = bed_of(job);
    bool done = bench_work_touch(&job->session) || sy_fail(err, SY_ERR_STOPPED, "interrupted");
    for (int i = 0; i < 2 && done; i++)
        if (bench_positions(&tests[i]) <= job->positions) done = bench_once(&bed, &tests[i], err);
    free(tests[1].step_seconds);
    return done;
}

static bool measure(struct job *job, struct bench_test *tests, struct sy_error *err) {
    const struct bench_bed bed = bed_of(job);
    if (!warm(job, err)) return false;
    for (int64_t run = 0; run < job->runs; run++)
        for (int64_t i = 0; i < job->each; i++) {
            if (!bench_once(&bed, &tests[i], err)) return false;
            progress_show(&job->progress, ++job->done, os_seconds());
        }
    return true;
}

/* What this machine can do with the threads of these tests: the better of what is known and what is now. */
static bool measure_limits(const struct job *job, struct bench_test *tests, struct sy_error *err) {
    struct machine_limits now, best = tests->limits;
    if (!machine_measure_limits(tests->threads, job->session.kernels.level, &now, err)) return false;
    if (now.read_bytes > best.read_bytes) best.read_bytes = now.read_bytes, best.read_loop = now.read_loop;
    for (int a = 0; a < ARITHMETIC_COUNT; a++) best.products[a] = fmax(best.products[a], now.products[a]);
    for (int64_t i = 0; i < job->each; i++) tests[i].limits = best;
    return true;
}

static bool measure_beside_limits(struct job *job, struct bench_test *tests, struct sy_error *err) {
    if (!measure_limits(job, tests, err)) return false;
    double begin = os_seconds();
    if (!measure(job, tests, err)) return false;
    return os_seconds() - begin < SECONDS_LONG || measure_limits(job, tests, err);
}

/* With --routing: room for the counts of each test, and of all together. */
static bool open_loads(struct job *job, struct bench_test *tests, struct sy_error *err) {
    if (!job->args->routing) return true;
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

static void close_session(struct job *job) {
    bench_work_close(&job->work);
    session_close(&job->session);
}

static bool open_session(struct job *job, int threads, enum regime regime, struct sy_error *err) {
    const struct common *common = &job->args->common;
    struct session_options wanted;
    if (!common_options(common, false, job->positions, &wanted, err)) return false;
    wanted.threads = threads;
    wanted.sequences = job->sequences;
    wanted.regime = regime;
    if (!common_open(common, job->model, &wanted, &job->session, err)) return false;
    if (bench_work_open(&job->session, &job->work, err)) return true;
    close_session(job);
    return false;
}

/* All that is asked of one number of threads. */
static bool measure_threads(struct job *job, struct bench_test *tests, struct sy_error *err) {
    bool last = tests + job->each == job->tests + job->count;
    if (!open_session(job, tests->threads, (enum regime)job->args->common.regime, err)) return false;
    bench_identity_of(&job->session, &job->identity);
    session_runs_as(&job->session, job->runs_as, sizeof job->runs_as);
    job->layers = job->session.model.spec.decoder.layer_count;
    bool done = check_room(job, err) &&
                (!job->args->compare || bench_before_fits(&job->before, &job->identity, err)) &&
                open_loads(job, tests, err) && measure_beside_limits(job, tests, err);
    if (done && last) common_warn(&job->args->common, &job->session, job->positions);
    close_session(job);
    return done;
}

/* ---- the other regime ---- */

/* Would --regime bf16 be another arithmetic for these prompts, and has the machine tiles for it? */
static bool other_regime_asked(const struct job *job, const struct bench_test *tests) {
    enum level tiles, level;
    return level_from_name(job->tiles, &tiles) && strcmp(level_name(tiles), job->tiles) == 0 &&
           level_from_name(job->identity.level, &level) && level >= tiles && !tests->steps &&
           strcmp(job->identity.regime, "integer") == 0;
}

/* Each prompt once more, in a session of that regime; what it costs stays outside all other figures. */
static bool measure_other_regime(struct job *job, struct bench_test *tests, struct sy_error *err) {
    if (!other_regime_asked(job, tests)) return true;
    if (!open_session(job, tests->threads, REGIME_BF16, err)) return false;
    bool done = warm(job, err);
    for (int64_t i = 0; done && i < job->each && !tests[i].steps; i++) {
        const struct bench_bed bed = bed_of(job);
        struct bench_run run;
        struct bench_test once = { .length = tests[i].length, .batch = 1, .run = &run };
        done = bench_once(&bed, &once, err);
        if (done) tests[i].other_rate = bench_rate(&once, 0);
    }
    close_session(job);
    return done;
}

/* ---- all of it ---- */

static void report(struct job *job, const struct style *style, struct text *out) {
    if (job->args->routing) sum_loads(job);
    struct bench_facts facts = {
        .tests = job->tests,
        .count = job->count,
        .identity = &job->identity,
        .runs_as = job->runs_as,
        .layers = job->layers,
        .load = job->args->routing && job->load.counts ? &job->load.table : NULL,
        .before = job->args->compare ? &job->before : NULL,
    };
    if (job->args->json)
        bench_report_json(&facts, out);
    else
        bench_report_human(&facts, style, out);
}

static bool run_job(struct job *job, struct sy_error *err) {
    struct style style = console_style(stderr);
    if (!plan(job, err)) return false;
    energy_open(ENERGY_ROOT, &job->energy);
    job->progress = progress_begin(console_progress(), &style, "measuring", job->count * job->runs, "tests",
                                   os_seconds());
    bool done = true;
    for (int64_t i = 0; i < job->threads.count && done; i++)
        done = measure_threads(job, job->tests + i * job->each, err);
    done = done && measure_other_regime(job, job->tests + job->count - job->each, err);
    progress_end(&job->progress);
    return done;
}

bool bench_measure(const struct bench_args *args, const char *model, const char *tiles,
                   const struct style *style, struct text *out, struct sy_error *err) {
    struct job job = { .args = args, .model = model, .tiles = tiles, .random = random_seed(1) };
    job.runs = args->runs > 0 ? args->runs : args->compare ? RUNS_COMPARED : RUNS;
    bool done = run_job(&job, err);
    bool keep = !done && err && err->code == SY_ERR_STOPPED && job.done > 0; /* Ctrl-C keeps what is there */
    if (done || keep) report(&job, style, out);
    for (int64_t i = 0; job.tests && i < job.count; i++) {
        free(job.tests[i].load);
        free(job.tests[i].step_seconds);
    }
    session_load_close(&job.load);
    bench_before_close(&job.before);
    free(job.tests);
    free(job.run);
    return done;
}
