/*
 * plan: what a model costs, from its config, its checkpoint's headers, or a preset's name.
 */
#include "base/checked.h"
#include "base/memory_limit.h"
#include "commands/command.h"
#include "commands/console.h"
#include "commands/machine.h"
#include "commands/plan/asked.h"
#include "commands/plan/drawing.h"
#include "commands/plan/report.h"
#include "commands/plan/trace.h"

#include <string.h>

static const struct plan_args defaults = PLAN_DEFAULTS;

struct job { /* one model's plan */
    struct plan_source source;
    struct arena arena; /* of the trace */
    struct trace trace;
    struct plan plan;
    struct plan_facts facts;
};

static bool make(const struct plan_args *args, const struct plan_asked *asked, const char *word, bool traced,
                 struct job *job, struct sy_error *err) {
    struct weights weights;
    if (!plan_source_open(word, args->ignore_unknown, &job->source, err)) return false;
    enum types_from types = plan_source_weights(&job->source, asked->recipe, &weights);
    struct plan_input input = plan_input_for(args, asked, &weights);
    arena_open(&job->arena);
    bool ok = true;
    if (traced && args->trace) {
        ok = plan_trace_read(args->trace, job->source.spec, &job->arena, &job->trace, err);
        input.memory.traffic.trace = &job->trace;
    }
    ok = ok && (plan_make(&input, &job->plan, err) || sy_error_in(err, word));
    job->facts =
        (struct plan_facts){ &job->source, &job->plan, types, asked->named ? &asked->machine : NULL };
    if (ok) return true;
    arena_close(&job->arena);
    plan_source_close(&job->source);
    return false;
}

static void drop(struct job *job) {
    arena_close(&job->arena);
    plan_source_close(&job->source);
}

static bool report(const struct plan_args *args, const struct job *job, const struct job *other,
                   struct sy_error *err) {
    struct text text = { 0 };
    struct style style = console_style(stdout);
    const struct plan_facts *second = other ? &other->facts : NULL;
    bool ok = true;
    if (args->explain)
        ok = plan_explain(&job->facts, args->explain, &text, err);
    else if (args->json)
        plan_report_json(&job->facts, second, &text);
    else if (other)
        plan_report_versus(&job->facts, &other->facts, &style, &text);
    else
        plan_report_human(&job->facts, &style, &text);
    ok = ok && (!args->svg || plan_draw(&job->facts, second, DRAW_SVG, args->svg, args->force, err)) &&
         (!args->png || plan_draw(&job->facts, second, DRAW_PNG, args->png, args->force, err));
    if (ok) return console_print(&text, err);
    text_free(&text);
    return false;
}

static bool run_one(const struct plan_args *args, const struct plan_asked *asked, const char *word,
                    struct sy_error *err) {
    struct job job = { 0 }, other = { 0 };
    if (!make(args, asked, word, true, &job, err)) return false;
    bool ok = !args->versus || make(args, asked, args->versus, false, &other, err);
    ok = ok && report(args, &job, args->versus ? &other : NULL, err);
    if (ok) plan_source_warn(&job.source);
    if (ok && args->versus) plan_source_warn(&other.source);
    if (args->versus && other.source.spec) drop(&other);
    drop(&job);
    return ok;
}

static bool measure(const struct plan_args *args, struct plan_asked *asked, struct sy_error *err) {
    struct machine machine;
    if (args->bandwidth > 0 && args->flops > 0) return true; /* nothing is left to be measured */
    if (!machine_measure(asked->input.memory.threads, LEVEL_COUNT - 1, &machine, err)) return false;
    if (args->bandwidth <= 0) {
        asked->input.rates.read = machine.all.read_bytes;
        asked->input.rates.read_source = RATES_MEASURED;
    }
    asked->flops[RATE_F32].value = machine.all.f32_flops;
    asked->flops[RATE_BF16].value = machine.all.bf16_flops;
    return true;
}

/* What stands for no one model. */
static bool run_all(const struct plan_args *args, const struct plan_asked *asked, struct sy_error *err) {
    struct text text = { 0 };
    struct style style = console_style(stdout);
    bool ok;
    if (args->fit)
        ok = plan_fit(args, asked, &style, &text, err);
    else if (args->list)
        ok = plan_list(&text, err);
    else
        ok = plan_table(args, asked, &style, &text, err);
    if (ok) return console_print(&text, err);
    text_free(&text);
    return false;
}

static bool list_machines(const struct plan_args *args, struct sy_error *err) {
    struct text text = { 0 };
    struct style style = console_style(stdout);
    plan_machines(args->json, &style, &text);
    return console_print(&text, err);
}

/* `--fit 24G`: the word is a memory. */
static bool take_fit_word(const char *word, struct plan_args *args, struct sy_error *err) {
    if (args->memory == -1 && parse_bytes(word, &args->memory)) return true;
    if (args->memory == -1)
        return sy_fail(err, SY_ERR_USAGE, "--fit %s: a memory is wanted, such as 24G", word);
    sy_fail(err, SY_ERR_USAGE, "--fit takes one memory: %s or that of --memory", word);
    return sy_error_remedy(err, "leave one of them out; --dtype TYPE shows one type alone");
}

/* `--machine here`: its rates are measured, its memory is what is free. `--fit` alone asks for the latter. */
static bool take_here(struct plan_args *args) {
    struct memory_limit limit = memory_limit("");
    int64_t free = min_i64(limit.bytes, limit.available);
    bool here = args->machine && strcmp(args->machine, "here") == 0;
    if (here) args->machine = NULL, args->measure = true;
    if (args->memory != -1 || free == INT64_MAX || !(here || (args->fit && !args->machine))) return false;
    args->memory = free;
    return true;
}

static bool run(const struct call *call, struct sy_error *err) {
    struct plan_args args = *(const struct plan_args *)call->args;
    struct plan_asked asked;
    bool machines = args.machine && strcmp(args.machine, "list") == 0;
    bool all = args.list || args.table || machines;
    if (args.fit && call->word_count == 1 && !take_fit_word(call->words[0], &args, err)) return false;
    if (!args.fit && all != (call->word_count == 0)) {
        sy_fail(err, SY_ERR_USAGE,
                all ? "--list, --table and --machine list take no model" : "no model to plan");
        return sy_error_remedy(err, "usage: switchyard plan %s", call->command->text.usage);
    }
    if (machines) return list_machines(&args, err);
    bool here = take_here(&args);
    if (args.machine && args.measure) { /* one of them says the rates */
        sy_fail(err, SY_ERR_USAGE, "--measure and --machine %s do not go together", args.machine);
        return sy_error_remedy(err, "leave one of them out");
    }
    if (!plan_asked(&args, &asked, err) || (args.measure && !measure(&args, &asked, err))) return false;
    asked.memory_here = here;
    return all || args.fit ? run_all(&args, &asked, err) : run_one(&args, &asked, call->words[0], err);
}

const struct command command_plan = {
    .text = {
        .name = "plan",
        .summary = "what a model costs, before a byte is downloaded",
        .usage = "MODEL | CONFIG.json | PRESET | --fit SIZE | --list | --table",
        .details =
            "Parameters in all and acting on a token, memory by type and part, compute and traffic at each\n"
            "batch, the roofline, drafting, a cluster, training, and a verdict. It reads a config, a\n"
            "checkpoint's headers or a preset, and takes milliseconds.\n"
            "\n"
            "Weights are counted in the types that a model is published in (deepseek-v3 in float8), or as a\n"
            "checkpoint stores them, unless --dtype asks for another.\n"
            "\n"
            "Figures of a token are those at position ctx - 1 of a sequence, at --batch. Rates are those of\n"
            "a --machine, given, or measured; else those of two cores of an ordinary computer are assumed.\n"
            "Q4_K_M and its like are mixed tensor by tensor as llama.cpp does.\n"
            "\n"
            "--fit takes a memory instead of a model (else what is free here), and lists which presets\n"
            "run in it; with --price also what a million tokens cost.\n"
            "\n"
            "A trace is what run --routing --json prints, or what logits --routing writes.",
        .examples = "switchyard plan --fit 24G\n"
                    "switchyard plan deepseek-v3 --machine h200x8 --batch 64 --price 30\n"
                    "switchyard plan mixtral-8x7b --dtype q4_k_m --memory 24G\n"
                    "switchyard plan deepseek-v3 --ranks 64 --batch 1024 --link 400Gbit\n"
                    "switchyard plan qwen3-30b-a3b --vs qwen3-32b --measure\n"
                    "switchyard plan olmoe-1b-7b --train tokens=5T,batch=1024\n"
                    "switchyard plan mixtral-8x7b --explain bytes_per_token --batch 8\n"
                    "switchyard plan --table --format markdown",
    },
    .table = &plan_options,
    .args_size = sizeof(struct plan_args),
    .defaults = &defaults,
    .words_max = 1,
    .run = run,
};
