/*
 * show: what a checkpoint is, without running it; or what this machine can do.
 */
#include "base/team.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "commands/emit.h"
#include "commands/machine.h"
#include "commands/show/report.h"
#include "model/model_account.h"
#include "report/number.h"
#include "report/table.h"
#include "text/account.h"

#include <stdio.h>

struct args {
    bool machine, tensors, all, json, ignore_unknown;
    int64_t threads;
};

static const struct option options[] = {
    { "tensors", 0, OPTION_FLAG, NULL, "also list every tensor of the checkpoint",
      offsetof(struct args, tensors) },
    { "all", 0, OPTION_FLAG, NULL, "also list, by name, all that its files say and what is made of it",
      offsetof(struct args, all) },
    { "machine", 0, OPTION_FLAG, NULL, "measure this machine instead: memory and products",
      offsetof(struct args, machine) },
    { "json", 0, OPTION_FLAG, NULL, "print one JSON object", offsetof(struct args, json) },
    { "ignore-unknown", 0, OPTION_FLAG, NULL, "in spite of tensors that the family does not know",
      offsetof(struct args, ignore_unknown) },
    { "threads", 't', OPTION_COUNT, "N", "threads to measure with (default: the physical cores)",
      offsetof(struct args, threads) },
    OPTION_NOT_WITH("machine", "MODEL|tensors|ignore-unknown"),
    OPTION_ONLY_WITH("threads", "machine"),
    OPTION_BETWEEN("threads", COMMON_THREADS),
    OPTION_END,
};
static const struct option_table table = { options, NULL };

/* ---- the machine ---- */

static void machine_json(const struct machine *machine, struct text *out) {
    struct emit e = { .text = out };
    emit_object(&e, NULL);
    emit_int(&e, "cores", machine->threads);
    emit_string(&e, "level", level_name(machine->level));
    emit_real(&e, "read_gb_per_s", machine->all.read_bytes / 1e9);
    emit_real(&e, "f32_gflop_per_s", machine->all.f32_flops / 1e9);
    emit_real(&e, "bf16_gflop_per_s", machine->all.bf16_flops / 1e9);
    emit_object(&e, "one_thread");
    emit_real(&e, "read_gb_per_s", machine->one.read_bytes / 1e9);
    emit_real(&e, "f32_gflop_per_s", machine->one.f32_flops / 1e9);
    emit_real(&e, "bf16_gflop_per_s", machine->one.bf16_flops / 1e9);
    emit_end(&e);
    emit_end(&e);
}

static void machine_row(struct table *rows, const char *what, double one, double all, const char *unit) {
    char one_text[NUMBER_TEXT], all_text[NUMBER_TEXT];
    table_row(rows, what, number_rate(one, unit, one_text), number_rate(all, unit, all_text));
}

static void machine_human(const struct machine *machine, const struct style *style, struct text *out) {
    char threads[32];
    struct table rows = { .columns = 3, .align = "lrr", .head = true };
    snprintf(threads, sizeof threads, "%d thread%s", machine->threads, machine->threads == 1 ? "" : "s");
    text_add(out, "%s kernels, %d core%s\n\n", level_name(machine->level), machine->threads,
             machine->threads == 1 ? "" : "s");
    table_row(&rows, "", "1 thread", threads);
    machine_row(&rows, "reading memory", machine->one.read_bytes, machine->all.read_bytes, "B/s");
    machine_row(&rows, "products in f32", machine->one.f32_flops, machine->all.f32_flops, "FLOP/s");
    machine_row(&rows, "products in bf16", machine->one.bf16_flops, machine->all.bf16_flops, "FLOP/s");
    table_print(&rows, style, out);
    table_free(&rows);
}

static bool show_machine(const struct args *args, struct sy_error *err) {
    struct machine machine;
    struct text text = { 0 };
    struct style style = console_style(stdout);
    int threads = args->threads > 0 ? (int)args->threads : team_default_count();
    if (!machine_measure(threads, LEVEL_COUNT - 1, &machine, err)) return false;
    if (args->json)
        machine_json(&machine, &text);
    else
        machine_human(&machine, &style, &text);
    return console_print(&text, err);
}

/* ---- a model ---- */

static bool show_model(const struct args *args, const char *word, struct sy_error *err) {
    struct model model;
    struct given given;
    struct text text = { 0 };
    struct style style = console_style(stdout);
    unsigned flags = MODEL_DESCRIBE | (args->ignore_unknown ? MODEL_IGNORE_UNKNOWN : 0);
    if (!common_model(word, GIVEN_AS_MODEL, &given, err)) return false;
    if (!model_open(given.path, flags, &model, err)) return false;
    struct arena arena;
    struct account account;
    struct show_facts facts = {
        .model = &model, .account = &account, .tensors = args->tensors, .all = args->all
    };
    arena_open(&arena);
    account_open(&account, &arena);
    const struct tokens_spec *tokens = &model.spec.tokens;
    const struct ends_known known = { tokens->eos, tokens->eos_count, model.spec.vocab };
    bool done = spec_count(&model.spec, &facts.params, err) && model_account(&model, &account, err) &&
                text_account(given.path, &known, &account, err);
    if (done && args->json)
        show_report_json(&facts, &text);
    else if (done)
        show_report_human(&facts, &style, &text);
    arena_close(&arena);
    model_close(&model);
    return done && console_print(&text, err);
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    if (args->machine && call->word_count == 0) return show_machine(args, err);
    if (!args->machine && call->word_count == 1) return show_model(args, call->words[0], err);
    sy_fail(err, SY_ERR_USAGE, args->machine ? "--machine takes no model" : "no model to show");
    return sy_error_remedy(err, "usage: switchyard show %s", call->command->text.usage);
}

const struct command command_show = {
    .text = {
        .name = "show",
        .summary = "what a checkpoint is, or what this machine can do",
        .usage = "MODEL | --machine",
        .details =
            "Reads config.json and the checkpoint's header, and tells shape, router, attention, parameters\n"
            "by part, types, and the account of its files: what of each key and tensor is used, what\n"
            "is ignored and why, what is warned of, what cannot be read, and what nobody knows.",
        .examples = "switchyard show models/olmoe\n"
                    "switchyard show models/olmoe --tensors | less\n"
                    "switchyard show models/olmoe --all     # every key of its files\n"
                    "switchyard show --machine  # bandwidth and matrix rates, measured now",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .words_max = 1,
    .run = run,
};
