/*
 * The presets: their names, and all of them in one table (text, Markdown, CSV).
 */
#include "report/table.h"
#include "commands/plan/report.h"
#include "report/number.h"

#include <stdio.h>
#include <string.h>

/* Calls `take` for each preset's plan. */
typedef bool take_fn(void *argument, const struct plan_facts *facts, struct sy_error *err);

static bool each_preset(const struct plan_args *args, const struct plan_asked *asked, take_fn *take,
                        void *argument, struct sy_error *err) {
    const struct preset *preset;
    bool ok = true;
    for (int i = 0; ok && (preset = preset_at(i)) != NULL; i++) {
        struct plan_source source;
        struct plan plan;
        struct weights weights;
        if (!plan_source_open(preset->name, false, &source, err)) return false;
        enum types_from types = plan_source_weights(&source, asked->recipe, &weights);
        struct plan_input own = plan_input_for(args, asked, &weights);
        ok = plan_make(&own, &plan, err) &&
             take(argument, &(struct plan_facts){ &source, &plan, types, NULL }, err);
        plan_source_close(&source);
    }
    return ok;
}

/* ---- list ---- */

bool plan_list(struct text *out, struct sy_error *err) {
    const struct preset *preset;
    for (int i = 0; (preset = preset_at(i)) != NULL; i++) {
        struct plan_source source;
        struct param_count count;
        char total[NUMBER_TEXT], active[NUMBER_TEXT];
        if (!plan_source_open(preset->name, false, &source, err)) return false;
        bool ok = spec_count(source.spec, &count, err);
        if (ok)
            text_add(out, "%-22s %8s  %8s active  %s\n", preset->name, number_count(count.total, total),
                     number_count(count.active, active), source.family->name);
        plan_source_close(&source);
        if (!ok) return false;
    }
    return true;
}

/* ---- table ---- */

#define COLUMNS 9

struct making {
    struct table table;
    struct text *out;
    int format;
    bool any;
};

static void add_row(struct making *m, const char *const *cells) {
    if (m->format == FORMAT_TEXT) { /* 80 columns have no room for the share and the FLOPs of a step */
        table_row(&m->table, cells[0], cells[1], cells[2], cells[4], cells[8], cells[5], cells[7]);
        return;
    }
    for (int i = 0; i < COLUMNS; i++) {
        const char *before = m->format == FORMAT_MARKDOWN ? (i ? " | " : "| ") : i ? "," : "";
        text_add(m->out, "%s%s", before, cells[i]);
    }
    text_add(m->out, m->format == FORMAT_MARKDOWN ? " |\n" : "\n");
    if (m->format == FORMAT_MARKDOWN && !m->any) {
        for (int i = 0; i < COLUMNS; i++) text_add(m->out, i ? " ---: |" : "| --- |");
        text_add(m->out, "\n");
    }
    m->any = true;
}

static bool take_row(void *argument, const struct plan_facts *f, struct sy_error *err) {
    struct making *m = argument;
    const struct plan *p = f->plan;
    char cells[COLUMNS][NUMBER_TEXT + 16];
    const char *row[COLUMNS];
    const struct param_count *count = &p->parameters.count;
    struct prediction predicted; /* the roofline, but over several devices */
    if (!plan_predict(&p->input.memory, &p->input.rates, &p->input.cluster, &predicted, err)) return false;
    snprintf(cells[0], sizeof cells[0], "%.31s", f->source->name);
    snprintf(cells[8], sizeof cells[8], "%s", weights_name(&p->input.memory.traffic.weights));
    if (m->format == FORMAT_CSV) {
        const double values[] = {
            (double)count->total,      (double)count->active,          (double)count->active_no_embed,
            (double)p->memory.weights, (double)p->memory.kv_per_token, p->traffic.flops,
            predicted.tokens
        };
        for (int i = 1; i <= 7; i++)
            snprintf(cells[i], sizeof cells[i], i < 7 ? "%.0f" : "%.3f", values[i - 1]);
    } else {
        char shown[NUMBER_TEXT];
        number_count(count->total, cells[1]);
        number_count(count->active, cells[2]);
        snprintf(cells[3], sizeof cells[3], "%s",
                 number_share((double)count->active, (double)count->total, shown));
        number_bytes(p->memory.weights, cells[4]);
        number_bytes(p->memory.kv_per_token, cells[5]);
        number_rate(p->traffic.flops, "FLOP", cells[6]);
        number_rate(predicted.tokens, "tok/s", cells[7]);
        *strchr(cells[7], ' ') = 0; /* the head has the unit */
    }
    for (int i = 0; i < COLUMNS; i++) row[i] = cells[i];
    add_row(m, row);
    return true;
}

bool plan_table(const struct plan_args *args, const struct plan_asked *asked, const struct style *style,
                struct text *out, struct sy_error *err) {
    int format = args->format;
    struct making m = { .table = { .columns = 7, .align = "lrrrlrr", .head = true },
                        .out = out,
                        .format = format };
    static const char *const heads[COLUMNS] = { "model",      "total",  "active", "share", "weights",
                                                "KV a token", "a step", "tok/s",  "in" };
    static const char *const keys[COLUMNS] = {
        "model",         "total_params",       "active_params",   "active_params_no_embed",
        "weights_bytes", "kv_bytes_per_token", "flops_per_token", "roofline_tok_per_s",
        "dtype"
    };
    add_row(&m, format == FORMAT_CSV ? keys : heads);
    bool ok = each_preset(args, asked, take_row, &m, err);
    if (ok && format == FORMAT_TEXT) table_print(&m.table, style, out);
    table_free(&m.table);
    return ok;
}
