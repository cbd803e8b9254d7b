/*
 * run: a prompt in, what the model makes of it out, and the way that it took through the experts. A client of
 * the public library with one sequence.
 *
 *               stdout                                   stderr
 *     text      the answer alone, as it is made          rates, where somebody looks; what else is asked for
 *     --ids     the ids, the rates, what is asked for
 *     --json    one object
 */
#include "commands/talk/run.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/command.h"
#include "commands/console.h"
#include "commands/talk/engine_options.h"
#include "commands/talk/reading.h"
#include "commands/talk/run_count.h"
#include "commands/talk/run_prompts.h"
#include "commands/talk/run_report.h"
#include "report/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(struct run_args, field)

static const struct run_args defaults = {
    .speaking = SPEAKING_DEFAULTS, .count = COUNT_DEFAULT, .experts = -1, .logprobs = -1
};

static const struct option options[] = {
    { "prompt", 'p', OPTION_STRING, "TEXT", "the prompt", AT(prompt) },
    { "file", 'f', OPTION_STRING, "FILE", "the prompt from a file; - is standard input", AT(file) },
    { "ids", 0, OPTION_STRING, "1,2,3", "the prompt as token ids", AT(ids) },
    { "prompts", 0, OPTION_STRING, "F.jsonl",
      "many prompts, a JSON object a line, - for standard input; answers as JSON lines, in order",
      AT(prompts) },
    { "parallel", 0, OPTION_SIZE, "N", "with --prompts: so many at the same time (default: 4)",
      AT(parallel) },
    { "chat", 0, OPTION_FLAG, NULL, "the prompt is a message: apply the model's chat template", AT(chat) },
    { "system", 0, OPTION_STRING, "TEXT", "with --chat: the system message", AT(system) },
    { "count", 'n', OPTION_INT, "N",
      "generate at most N tokens (default: 32 after ids, 256 after text, fewer where there is no room); -1: "
      "to the end of the context",
      AT(count) },
    { "ignore-eos", 0, OPTION_FLAG, NULL, "go on after the model's end token", AT(ignore_eos) },
    { "experts-per-token", 0, OPTION_COUNT, "N", "experts a token instead of the model's own number",
      AT(experts) },
    { "logprobs", 0, OPTION_COUNT, "N", "log-probabilities of the tokens and of the N likeliest (at most 64)",
      AT(logprobs) },
    { "routing", 0, OPTION_MODE, "tokens",
      "show which experts the tokens went to; =tokens: a table of every token, its experts and weights",
      AT(routing) },
    { "routing-out", 0, OPTION_STRING, "FILE",
      "with --routing=tokens: write the table there, instead of on standard output", AT(routing_out) },
    { "force", 0, OPTION_FLAG, NULL, "write it over a file that is no such table", AT(force) },
    { "layers", 0, OPTION_STRING, "0,3-5", "with --routing=tokens: of these layers alone", AT(layers) },
    { "profile", 0, OPTION_FLAG, NULL, "show where the time went", AT(profile) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON object", AT(json) },
    OPTION_NOT_WITH("prompt", "file|ids"),
    OPTION_NOT_WITH("file", "ids"),
    OPTION_NOT_WITH("ids", "chat|system"),
    OPTION_ONLY_WITH("system", "chat"),
    OPTION_ONLY_WITH("force", "routing-out"),
    OPTION_ONLY_WITH("template", "chat"),
    OPTION_BETWEEN("experts-per-token", "1 to 1000000"),
    OPTION_BETWEEN("logprobs", "0 to 64"),
    OPTION_END,
};
static const struct option_table table = { options, &speaking_table };

struct job {
    const struct run_args *args;
    struct sy_engine *engine;
    struct sy_facts facts;
    struct run_prompt prompt;
    struct sampling_given given;
    int64_t new_count;
    struct routing_log log;
    struct expert_load load;
    struct progress progress;
    struct reading reading;   /* of the prompt */
    struct run_token *tokens; /* [new_count + 1] */
    struct text text;         /* of the answer */
    struct sy_event end;      /* the sequence's last event */
    bool *shown;              /* by --layers; NULL: all */
    bool streams;             /* text goes out as it comes */
    bool table;               /* standard output is the table of --routing=tokens alone */
};

/* ---- what comes ---- */

static void take_routing(void *argument, const struct sy_routed_row *row) {
    struct job *job = argument;
    routing_log_add(&job->log, row);
}

static bool keep_token(struct job *job, const struct sy_event *event, struct sy_error *err) {
    struct run_token *token = &job->tokens[event->index];
    token->token = event->token;
    reading_end(&job->reading);
    token->likeliest_count = event->likeliest_count;
    if (event->likeliest_count > 0) {
        size_t bytes = (size_t)event->likeliest_count * sizeof *token->likeliest;
        token->likeliest = malloc(bytes);
        if (!token->likeliest) return sy_fail(err, SY_ERR_MEMORY, "no memory for log-probabilities");
        memcpy(token->likeliest, event->likeliest, bytes);
    }
    job->end.token_count = event->index + 1; /* until the end says so itself */
    progress_show(&job->progress, event->index + 1, os_seconds());
    return true;
}

static bool take_event(struct job *job, const struct sy_event *event, struct sy_error *err) {
    if (event->kind == SY_EVENT_TOKEN && !keep_token(job, event, err)) return false;
    if (event->kind == SY_EVENT_FINISHED) job->end = *event;
    if (event->text_size == 0) return true;
    text_add_bytes(&job->text, event->text, event->text_size);
    if (job->text.failed) return sy_fail(err, SY_ERR_MEMORY, "no memory for the answer");
    return !job->streams || console_stream(event->text, event->text_size, err);
}

/* Steps until the sequence has finished. Ctrl-C cancels it; what was generated stays. */
static bool generate(struct job *job, int64_t sequence, struct sy_error *err) {
    reading_show(&job->reading, 0, job->prompt.count, os_seconds());
    for (;;) {
        struct sy_event event = { .struct_bytes = sizeof event };
        int64_t active;
        if (os_interrupted()) sy_cancel(job->engine, sequence);
        if (!sy_step(job->engine, &active, err)) return false;
        if (job->end.token_count == 0)
            reading_show(&job->reading, sy_length(job->engine, sequence), job->prompt.count, os_seconds());
        do {
            if (!sy_poll(job->engine, sequence, &event, err) || !take_event(job, &event, err)) return false;
        } while (event.kind == SY_EVENT_TOKEN);
        if (event.kind == SY_EVENT_FINISHED) return true;
    }
}

static bool submit_and_generate(struct job *job, struct sy_error *err) {
    const struct run_args *args = job->args;
    const struct option_list *stops = &args->speaking.sampling.stops;
    struct sy_request request = {
        .struct_bytes = sizeof request,
        .flags = (args->ignore_eos ? SY_IGNORE_END : 0u) | (args->routing ? SY_WANT_ROUTING : 0u) |
                 (args->logprobs >= 0 ? SY_WANT_LOGPROBS : 0u),
        .ids = job->prompt.ids,
        .count = job->prompt.count,
        .new_count = job->new_count,
        .sampling = job->given.sampling,
        .stops = stops->words,
        .stop_count = stops->count,
        .argument = job,
        .on_routing = args->routing ? take_routing : NULL,
    };
    struct style style = console_style(stderr);
    int64_t sequence;
    FILE *shown = job->streams ? NULL : console_progress();
    if (!sy_submit(job->engine, &request, &sequence, err)) return false;
    job->reading = reading_begin(console_progress(), &style, os_seconds());
    job->progress = progress_begin(shown, &style, "generating", job->new_count, "tok/s", os_seconds());
    bool done = generate(job, sequence, err);
    reading_end(&job->reading);
    progress_end(&job->progress);
    return done;
}

/* ---- what is shown ---- */

static bool print_report(const struct job *job, const struct run_facts *facts, struct sy_error *err) {
    struct text text = { 0 };
    if (job->args->json) {
        return run_report_json(facts, &text, console_print, err) && console_print(&text, err);
    }
    if (job->table && !(run_report_table(facts, &text, console_print, err) && console_print(&text, err)))
        return false;
    if (!job->streams && !job->table) {
        struct style style = console_style(stdout);
        run_report_ids(facts, &style, &text);
        run_report_rest(facts, &style, &text);
        return console_print(&text, err);
    }
    struct style style = console_style(stderr);
    bool asked = (job->args->routing && !job->table) || job->args->profile || job->args->logprobs >= 0 ||
                 job->args->speaking.common.verbose;
    size_t size = job->streams ? job->text.size : 0;
    if (size > 0 && job->text.data[size - 1] != '\n' && !console_stream("\n", 1, err)) return false;
    if (asked || isatty(STDERR_FILENO)) {
        text_add(&text, "\n");
        run_report_rest(facts, &style, &text);
        console_tell(&text);
    }
    text_free(&text);
    return true;
}

static bool report(struct job *job, struct sy_error *err) {
    char name[600];
    const struct sy_event *end = &job->end;
    struct sy_profile profile = { .struct_bytes = sizeof profile };
    snprintf(name, sizeof name, "%s (%s)", job->facts.path, job->facts.family);
    if (job->args->profile) sy_engine_profile(job->engine, &profile);
    if (job->args->routing) expert_load_read(&job->load, job->engine);
    const struct run_routing every = {
        .log = &job->log,
        .shown = job->shown,
        .prompt = job->prompt.ids,
        .prompt_count = job->prompt.count,
        .tokens = job->tokens,
        .engine = job->facts.tokenizer ? job->engine : NULL,
    };
    const bool tokens = job->args->routing == ROUTING_TOKENS;
    struct run_facts facts = {
        .tokens = job->tokens,
        .token_count = end->token_count,
        .prompt_count = job->prompt.count,
        .text = job->facts.tokenizer ? &job->text : NULL,
        .prefill_rate = end->prompt_seconds > 0 ? (double)end->prompt_count / end->prompt_seconds : 0,
        .decode_rate = end->step_seconds > 0 ? (double)end->step_count / end->step_seconds : 0,
        .load_seconds = job->facts.load_seconds,
        .peak_bytes = os_peak_rss_bytes(),
        .finish = end->finish,
        .logprobs = job->args->logprobs >= 0,
        .drawn = job->given.sampling.temperature > 0 ? &job->given.sampling : NULL,
        .model = name,
        .runs_as = job->facts.runs_as,
        .departure = job->facts.departure,
        .routing = job->args->routing ? &job->log : NULL,
        .every = tokens ? &every : NULL,
        .load = &job->load,
        .profile = job->args->profile ? &profile : NULL,
    };
    if (job->args->routing_out && !run_routing_write(&every, job->args->routing_out, job->args->force, err))
        return false;
    if (!print_report(job, &facts, err)) return false;
    if (job->prompt.input_left)
        console_warn(
            "standard input is open, but was silent for %d s: it is no part of the prompt; -f - waits",
            RUN_INPUT_SECONDS);
    if (end->prefilled_anew)
        console_warn(
            "the text outgrew the model's original %lld positions, and was run anew with long factors",
            (long long)job->facts.context_before);
    engine_warn(&job->args->speaking.common, job->engine, job->prompt.count + end->step_count);
    return true;
}

/* ---- from options to an engine ---- */

/* What is wrong whatever the model is said before it is opened. */
static bool check_args(struct job *job, struct sy_error *err) {
    const struct run_args *args = job->args;
    struct sy_sampling greedy = { 0 };
    if (!count_check("-n", args->count, err)) return false;
    job->new_count = count_most(args->count, job->prompt.text != NULL);
    if ((args->layers || args->routing_out) && args->routing != ROUTING_TOKENS)
        return sy_fail(err, SY_ERR_USAGE, "%s goes with --routing=tokens",
                       args->layers ? "--layers" : "--routing-out");
    return sampling_given(&args->speaking.sampling, &greedy, &job->given, err);
}

/* The most positions that can be asked for, before anything is opened. */
static int64_t positions_bound(const struct job *job) {
    return run_prompt_bound(job->args, &job->prompt) + max_i64(0, job->new_count - 1);
}

/* What is kept for the report: tokens, the likeliest beside them (the engine has the same once more, until
 * the sequence is released), the routing. */
static int64_t report_bytes(void *argument, const struct sy_facts *facts) {
    const struct job *job = argument;
    int64_t ids = min_i64(positions_bound(job), facts->context),
            tokens = min_i64(job->new_count, facts->context),
            likeliest = max_i64(0, min_i64(job->args->logprobs, SY_LOGPROBS_MAX)), bytes = 0;
    int64_t load = 0,
            a_token = (int64_t)sizeof *job->tokens + 2 * likeliest * (int64_t)sizeof *job->tokens->likeliest;
    if (job->args->routing && !(routing_log_bytes(facts, ids, job->args->routing == ROUTING_TOKENS, &bytes) &&
                                expert_load_bytes(facts, &load)))
        return -1;
    /* the prompt is there already; as a message it is spelled as JSON, and rendered */
    if (!size_mul_add((int64_t)job->prompt.size, job->args->chat ? 4 : 1, bytes, &bytes)) return -1;
    return size_add(bytes, load, &bytes) && size_mul_add(tokens, a_token, bytes, &bytes) ? bytes : -1;
}

static bool open_engine(struct job *job, const char *word, struct sy_error *err) {
    const struct run_args *args = job->args;
    struct engine_words words;
    struct sy_options wanted;
    struct sy_sampling recommended;
    int64_t most = positions_bound(job);
    engine_options(&args->speaking.common, &words, &wanted);
    if (!wanted.context && most < CONTEXT_MOST) wanted.context = most;
    if (args->experts > 0) wanted.experts_per_token = args->experts;
    wanted.beside = report_bytes;
    wanted.argument = job;
    if (args->profile) wanted.flags |= SY_PROFILE;
    char *source;
    if (!engine_template(args->speaking.template_file, &source, err)) return false;
    wanted.chat_template = source;
    bool opened = engine_open(&args->speaking.common, word, &wanted, &job->engine, err);
    free(source);
    if (!opened) return false;
    job->facts.struct_bytes = sizeof job->facts;
    sy_engine_facts(job->engine, &job->facts);
    if (args->chat && job->facts.tokenizer && job->facts.chat_templates == 0) {
        sy_fail(err, SY_ERR_INPUT, "the model brings no chat template");
        sy_error_in(err, job->facts.path);
        return sy_error_remedy(err, "leave --chat out, and the text is continued; or give --template FILE");
    }
    sy_recommended(job->engine, &recommended);
    if (!sampling_given(&args->speaking.sampling, &recommended, &job->given, err)) return false;
    job->given.sampling.logprobs = max_i64(0, args->logprobs);
    return true;
}

static bool check_room(struct job *job, struct sy_error *err) {
    const struct common *common = &job->args->speaking.common;
    int64_t room = count_room(common, &job->facts), most = job->new_count;
    if (!count_fit(job->args->count, job->prompt.count, room, &job->new_count, err)) return false;
    if (common->verbose && job->new_count < most)
        console_note("tokens     at most %lld: what %lld prompt ids leave of %lld positions",
                     (long long)job->new_count, (long long)job->prompt.count, (long long)room);
    return true;
}

static bool prepare(struct job *job, const char *word, struct sy_error *err) {
    if (!run_prompt_read(job->args, &job->prompt, err) || !check_args(job, err) ||
        !open_engine(job, word, err) || !run_prompt_encode(job->args, job->engine, &job->prompt, err) ||
        !check_room(job, err))
        return false;
    job->table = job->args->routing == ROUTING_TOKENS && !job->args->json && !job->args->routing_out;
    job->streams = job->prompt.text && !job->args->json && !job->table;
    job->tokens = calloc((size_t)job->new_count + 1, sizeof *job->tokens);
    if (!job->tokens)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld tokens", (long long)job->new_count);
    int64_t positions = job->prompt.count + max_i64(0, job->new_count - 1);
    if (!job->args->routing) return true;
    return routing_log_open(&job->facts, positions, job->args->routing == ROUTING_TOKENS, &job->log, err) &&
           expert_load_open(&job->facts, &job->load, err) &&
           (!job->args->layers || run_routing_layers(job->args->layers, &job->log, &job->shown, err));
}

static void clean_up(struct job *job) {
    for (int64_t i = 0; job->tokens && i < job->new_count; i++) free(job->tokens[i].likeliest);
    free(job->tokens);
    text_free(&job->text);
    free(job->shown);
    routing_log_close(&job->log);
    expert_load_close(&job->load);
    run_prompt_free(&job->prompt);
    sy_engine_close(job->engine);
}

static bool run(const struct call *call, struct sy_error *err) {
    struct job job = { .args = call->args };
    if (job.args->prompts) return run_prompts(job.args, call->words[0], err);
    if (job.args->parallel) return sy_fail(err, SY_ERR_USAGE, "--parallel goes with --prompts");
    bool done = prepare(&job, call->words[0], err) && submit_and_generate(&job, err);
    if (done && job.end.finish == SY_FINISH_CANCELLED) { /* keep what is finished */
        done = (job.end.token_count == 0 || report(&job, err)) && sy_fail(err, SY_ERR_STOPPED, "interrupted");
    } else {
        done = done && report(&job, err);
    }
    clean_up(&job);
    return done;
}

const struct command command_run = {
    .text = {
        .name = "run",
        .summary = "run a prompt and generate from it",
        .usage = "MODEL [-p TEXT | -f FILE | --ids 1,2,3 | --prompts F.jsonl] [-n N]",
        .details =
            "The prompt is what -p, -f or --ids gives; without any, standard input, where that is no\n"
            "terminal. With -p, text that a pipe or a file brings at standard input follows the prompt on a\n"
            "new line.\n"
            "\n"
            "With text, prints what the model makes of it, as it is made, and nothing else on\n"
            "standard output; rates go to standard error where that is a terminal. With --ids,\n"
            "prints the generated ids and the rates. With --routing also, for each MoE layer, how\n"
            "often each expert was used, and the way of the last token through its experts.\n"
            "\n"
            "--routing=tokens prints, instead of all that, a table (tab-separated) of every token that ran,\n"
            "with the experts that it went to and their weights, best first: one row a choice. The last\n"
            "token that is generated is not run, so it has none.\n"
            "\n"
            "--prompts runs many prompts with one load. Each line of F.jsonl is an object with one of\n"
            "\"prompt\" (a text; with --chat a message), \"messages\" (a conversation) and \"ids\", and if\n"
            "wanted \"id\" (any value, given back), \"n\" and \"seed\" (default: --seed plus the prompt's\n"
            "number, from 0). Each answer is an object on a line of its own, in the same order; a prompt\n"
            "that cannot be run has \"error\" instead, the others go on, and the exit status is then 1.\n"
            "\n"
            "Sampling follows what the model's own files recommend, and takes the likeliest token where\n"
            "they say nothing; every option overrides it.\n"
            "\n"
            "Fast by default: bf16 products where the weights are bf16 or narrower, f32 otherwise. --exact\n"
            "decodes every weight exactly and keeps everything else in f32.",
        .examples = "switchyard run models/olmoe -p \"The first railway\" -n 40\n"
                    "switchyard run models/olmoe --chat -p 'What does this do?' < src/moe/moe.c\n"
                    "switchyard run models/olmoe --chat -f question.txt --temp 0.7 --seed 1\n"
                    "switchyard run models/olmoe --chat --prompts questions.jsonl > answers.jsonl\n"
                    "switchyard run models/olmoe --ids 1,2,3 --routing  # and where the tokens went\n"
                    "switchyard run models/olmoe -p Hi --routing=tokens --layers 0,3-5 > r.tsv\n"
                    "switchyard run models/olmoe --ids 1,2,3 --profile  # and where the time did\n"
                    "switchyard run models/olmoe --ids 1,2,3 --json | jq .tokens",
    },
    .table = &table,
    .args_size = sizeof(struct run_args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
