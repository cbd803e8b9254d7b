/*
 * run: ids in, ids out, and the way that they took through the experts.
 */
#include "base/os.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "commands/ids.h"
#include "commands/routing_log.h"
#include "commands/run_report.h"
#include "engine/generate.h"
#include "report/progress.h"

#include <stdio.h>
#include <stdlib.h>

struct args {
    struct common common;
    const char *ids;
    int64_t count;
    double temperature;
    bool ignore_eos, routing, json;
};

static const struct args defaults = { .common = COMMON_DEFAULTS, .count = 32 };

static const struct option options[] = {
    { "ids", 0, OPTION_STRING, "1,2,3", "token ids of the prompt", offsetof(struct args, ids) },
    { "count", 'n', OPTION_COUNT, "N", "generate at most N tokens (default: 32)",
      offsetof(struct args, count) },
    { "temp", 0, OPTION_REAL, "T", "temperature; 0, the only one today: the likeliest token",
      offsetof(struct args, temperature) },
    { "ignore-eos", 0, OPTION_FLAG, NULL, "go on after the model's end token",
      offsetof(struct args, ignore_eos) },
    { "routing", 0, OPTION_FLAG, NULL, "show which experts the tokens went to",
      offsetof(struct args, routing) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON object", offsetof(struct args, json) },
    OPTION_END,
};
static const struct option_table table = { options, &common_table };

struct job {
    struct session session;
    struct routing_log log;
    struct progress progress;
    int64_t *tokens; /* [count] */
};

static bool take_token(void *argument, int64_t index, int64_t token, struct sy_error *err) {
    struct job *job = argument;
    (void)err;
    job->tokens[index] = token;
    progress_show(&job->progress, index + 1, os_seconds());
    return true;
}

static bool take_routing(void *argument, int64_t index, int64_t layer, const int32_t *ids,
                         const float *weights, int64_t n, struct sy_error *err) {
    struct job *job = argument;
    (void)err;
    routing_log_add(&job->log, index, layer, ids, weights, n);
    return true;
}

static bool print(const struct args *args, const struct job *job, int64_t prompt_count,
                  const struct generate_result *result, struct sy_error *err) {
    char name[600], precision[160];
    struct text text = { 0 };
    struct style style = console_style(stdout);
    snprintf(name, sizeof name, "%s (%s)", job->session.model.path, job->session.model.family->name);
    struct run_facts facts = {
        .tokens = job->tokens,
        .token_count = result->tokens,
        .prompt_count = prompt_count,
        .prefill_rate = result->prefill_seconds > 0 ? (double)prompt_count / result->prefill_seconds : 0,
        .decode_rate = result->decode_seconds > 0 ? (double)result->steps / result->decode_seconds : 0,
        .load_seconds = job->session.load_seconds,
        .peak_bytes = os_peak_rss_bytes(),
        .ended = result->ended,
        .model = name,
        .runs_as = common_precision(&job->session, precision, sizeof precision),
        .routing = args->routing ? &job->log : NULL,
    };
    if (args->json)
        run_report_json(&facts, &text);
    else
        run_report_human(&facts, &style, &text);
    if (result->prefilled_anew)
        console_warn(
            "the text outgrew the model's original %lld positions, and was run anew with long factors",
            (long long)job->session.model.spec.rope.original_context);
    common_warn_beyond(&job->session, prompt_count + result->steps);
    return console_print(&text, err);
}

static bool generate_and_print(const struct args *args, const struct id_list *prompt, struct job *job,
                               struct sy_error *err) {
    struct generate_request request = {
        .prompt = prompt->ids,
        .prompt_count = prompt->count,
        .new_count = args->count,
        .ignore_eos = args->ignore_eos,
    };
    struct generate_sink sink = { job, take_token, args->routing ? take_routing : NULL };
    struct generate_result result;
    struct style style = console_style(stderr);
    const struct spec *spec = &job->session.model.spec;
    job->tokens = calloc((size_t)args->count + 1, sizeof *job->tokens);
    if (!job->tokens) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld tokens", (long long)args->count);
    if (args->routing && !routing_log_open(spec, generate_positions(&request), &job->log, err)) return false;
    job->progress =
        progress_begin(console_progress(), &style, "generating", args->count, "tok/s", os_seconds());
    bool done = generate(&job->session, &request, &sink, NULL, &result, err);
    progress_end(&job->progress);
    if (done) return print(args, job, prompt->count, &result, err);
    bool keep = err->code == SY_ERR_STOPPED && result.tokens > 0; /* Ctrl-C keeps what is finished */
    return keep && print(args, job, prompt->count, &result, NULL) && false;
}

static bool check_room(const struct args *args, const struct id_lists *lists, const struct session *session,
                       int64_t needed, struct sy_error *err) {
    int64_t room = common_room(&args->common, session);
    if (!id_lists_check(lists, session, room, err)) return false;
    if (needed <= room) return true;
    sy_fail(err, SY_ERR_INPUT,
            "%lld prompt ids and %lld new ones need %lld positions, and there is room for %lld",
            (long long)lists->longest, (long long)args->count, (long long)needed, (long long)room);
    return sy_error_remedy(err, "give --ctx %lld, or a smaller -n", (long long)needed);
}

static bool run_lists(const struct call *call, const struct id_lists *lists, struct sy_error *err) {
    const struct args *args = call->args;
    struct session_options wanted;
    struct job job = { 0 };
    int64_t needed = lists->longest + (args->count > 0 ? args->count - 1 : 0);
    if (!common_options(&args->common, false, needed, &wanted, err)) return false;
    if (!common_open(&args->common, call->words[0], &wanted, &job.session, err)) return false;
    bool done = check_room(args, lists, &job.session, needed, err) &&
                generate_and_print(args, &lists->lists[0], &job, err);
    free(job.tokens);
    routing_log_close(&job.log);
    session_close(&job.session);
    return done;
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    struct id_lists lists;
    if (args->temperature != 0) {
        sy_fail(err, SY_ERR_USAGE, "--temp %g: the samplers come later", args->temperature);
        return sy_error_remedy(err, "leave it out: the likeliest token is taken");
    }
    if (args->count > ((int64_t)1 << 40))
        return sy_fail(err, SY_ERR_USAGE, "-n %lld: at most %lld", (long long)args->count, 1ll << 40);
    if (!id_lists_read(args->ids, NULL, &lists, err)) return false;
    bool done = run_lists(call, &lists, err);
    id_lists_free(&lists);
    return done;
}

const struct command command_run = {
    .text = {
        .name = "run",
        .summary = "run a prompt of token ids and generate from it",
        .usage = "MODEL --ids 1,2,3 [-n N]",
        .details =
            "Prints the generated ids and the rates. With --routing also, for each MoE layer, how often\n"
            "each expert was used, and the way of the last token through its experts.\n"
            "\n"
            "Fast by default: bf16 products where the weights are bf16 or narrower, f32 otherwise. --exact\n"
            "decodes every weight exactly and keeps everything else in f32.",
        .examples = "switchyard run models/olmoe --ids 1,2,3 -n 16\n"
                    "switchyard run models/olmoe --ids 1,2,3 --routing  # and where the tokens went\n"
                    "switchyard run models/olmoe --ids 1,2,3 --json | jq .tokens",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
