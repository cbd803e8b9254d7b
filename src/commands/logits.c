/*
 * logits: run given ids and write what comes out, for programs that compare or study it.
 */
#include "base/os.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "commands/ids.h"
#include "commands/logits_file.h"
#include "report/number.h"
#include "report/progress.h"

#include <stdlib.h>
#include <string.h>

struct args {
    struct common common;
    const char *ids, *batch, *out;
    int64_t chunk, steps;
    bool routing, force;
};

static const struct args defaults = { .common = COMMON_DEFAULTS };

static const struct option options[] = {
    { "ids", 0, OPTION_STRING, "1,2,3", "token ids of one sequence", offsetof(struct args, ids) },
    { "batch", 0, OPTION_STRING, "F.jsonl", "several sequences, run together: one JSON list of ids a line",
      offsetof(struct args, batch) },
    { "out", 'o', OPTION_STRING, "F", "the safetensors file to write; - is stdout",
      offsetof(struct args, out) },
    { "routing", 0, OPTION_FLAG, NULL, "also write router logits, choices and weights",
      offsetof(struct args, routing) },
    { "force", 0, OPTION_FLAG, NULL, "write over a file that is no output of this command",
      offsetof(struct args, force) },
    { "chunk", 0, OPTION_COUNT, "N", "at most N prompt rows of a sequence at a time",
      offsetof(struct args, chunk) },
    { "steps", 0, OPTION_COUNT, "N", "run the last N ids one by one, as generation does",
      offsetof(struct args, steps) },
    OPTION_NOT_WITH("ids", "batch"),
    OPTION_BETWEEN("chunk", "1 to 1000000000"),
    OPTION_BETWEEN("steps", "1 to 1000000000"),
    OPTION_END,
};
static const struct option_table table = { options, &common_table };

/* ---- running ---- */

struct job {
    struct logits_file file;
    struct progress progress;
    int64_t rows; /* whose logits are written */
};

static bool take_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    struct job *job = argument;
    progress_show(&job->progress, ++job->rows, os_seconds());
    return logits_file_row(&job->file, feed, index, logits, err);
}

static bool take_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct job *job = argument;
    return logits_file_routing(&job->file, row, err);
}

static bool open_feeds(const struct args *args, const struct id_lists *lists, struct session *session,
                       struct feed *feeds, struct sy_error *err) {
    for (int64_t i = 0; i < lists->count; i++) {
        const struct id_list *list = &lists->lists[i];
        feeds[i] = (struct feed){
            .ids = list->ids,
            .count = list->count,
            .steps = args->steps < list->count ? args->steps : list->count,
            .every_logits = true,
            .routing = args->routing,
        };
        if (!session_sequence(session, list->count, &feeds[i].sequence, err)) return false;
    }
    return true;
}

static bool run_feeds(const struct args *args, const struct id_lists *lists, struct session *session,
                      struct job *job, struct sy_error *err) {
    struct feed *feeds = calloc((size_t)lists->count, sizeof *feeds);
    if (!feeds) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld sequences", (long long)lists->count);
    struct feed_sink sink = { job, take_logits, args->routing ? take_routing : NULL };
    bool done = open_feeds(args, lists, session, feeds, err) &&
                session_feed(session, feeds, lists->count, args->chunk, &sink, err);
    for (int64_t i = 0; i < lists->count; i++) kv_sequence_close(feeds[i].sequence);
    free(feeds);
    return done;
}

static bool to_stdout(const struct args *args) {
    return strcmp(args->out, "-") == 0 || strcmp(args->out, "/dev/stdout") == 0;
}

static bool write_logits(const struct args *args, const struct id_lists *lists, struct session *session,
                         struct sy_error *err) {
    struct job job = { 0 };
    struct style style = console_style(stderr);
    const char *path = to_stdout(args) ? "/dev/stdout" : args->out;
    if (!logits_file_open(path, lists, &session->model.spec, args->routing, args->force, &job.file, err))
        return false;
    int64_t moe_count = args->routing ? job.file.moe_count : 0;
    double start = os_seconds();
    job.progress = progress_begin(console_progress(), &style, "running", lists->total, "tok/s", start);
    bool done = run_feeds(args, lists, session, &job, err);
    double seconds = os_seconds() - start;
    progress_end(&job.progress);
    if (!done) return logits_file_abandon(&job.file), false;
    if (!logits_file_commit(&job.file, err)) return false;
    if (to_stdout(args)) return true;

    struct text text = { 0 };
    char rate[NUMBER_TEXT], precision[160];
    text_add(&text, "%s: logits of %lld tokens", args->out, (long long)lists->total);
    if (lists->count > 1) text_add(&text, " in %lld sequences", (long long)lists->count);
    if (moe_count > 0) text_add(&text, " and the routing of %lld layers", (long long)moe_count);
    text_add(&text, ", %s (%s)\n", number_rate((double)lists->total / seconds, "tok/s", rate),
             session_runs_as(session, precision, sizeof precision));
    return console_print(&text, err);
}

static bool run_session(const struct call *call, const struct id_lists *lists, struct sy_error *err) {
    const struct args *args = call->args;
    struct session_options wanted;
    struct session session;
    if (!common_options(&args->common, true, lists->longest, &wanted, err)) return false;
    wanted.sequences = lists->count;
    if (!common_open(&args->common, call->words[0], &wanted, &session, err)) return false;
    bool done = id_lists_check(lists, &session, common_room(&args->common, &session), err) &&
                write_logits(args, lists, &session, err);
    if (done) common_warn(&args->common, &session, lists->longest);
    session_close(&session);
    return done;
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    struct id_lists lists;
    if (!args->out) {
        sy_fail(err, SY_ERR_USAGE, "nowhere to write the logits");
        return sy_error_remedy(err, "give --out FILE.safetensors");
    }
    const struct os_rule rule = logits_file_rule(args->routing, args->force);
    if (args->batch && os_is_same(args->batch, args->out)) {
        sy_fail(err, SY_ERR_USAGE, "--out is the file of --batch");
        return sy_error_remedy(err, "write to another file");
    }
    if (!to_stdout(args) && !os_may_write(args->out, &rule, err)) return false;
    if (!id_lists_read(args->ids, args->batch, &lists, err)) return false;
    bool done = run_session(call, &lists, err);
    id_lists_free(&lists);
    return done;
}

const struct command command_logits = {
    .text = {
        .name = "logits",
        .summary = "run given token ids and write their logits and routing",
        .usage = "MODEL (--ids 1,2,3 | --batch F.jsonl) --out F.safetensors",
        .details =
            "Writes `logits` [T, V] in f32. With --routing, for each MoE layer L also `router.L.logits`\n"
            "[T, E], `router.L.topk_ids` [T, K] in i32 and `router.L.topk_weights` [T, K], best first.\n"
            "With --batch each sequence has its own tensors: `logits.0`, `router.L.logits.0`, and so on.\n"
            "F is replaced where this command wrote it, and nothing else is without --force.\n"
            "\n"
            "Exact by default. The bits depend on the model, the ids, which of them are steps, and the\n"
            "precision; not on --chunk, --threads, --cpu, or on what else is in the batch.",
        .examples = "switchyard logits models/olmoe --ids 1,2,3 --out o.safetensors\n"
                    "switchyard logits models/olmoe --batch b.jsonl --routing --out o.safetensors\n"
                    "switchyard logits models/olmoe --ids 1,2,3,4 --steps 2 --out o.safetensors",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
