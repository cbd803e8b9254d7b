/*
 * Which presets run in a memory, in which types, how fast: a row for each, the largest models first, wide
 * types before narrow ones.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "plan/predict.h"
#include "report/number.h"
#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 1024

/* What people keep models in; the published types come first. */
static const char *const kept_in[] = { "q8_0", "q6_k", "q5_k_m", "q4_k_m", "mxfp4", "q3_k_m", "q2_k", NULL };

struct fit_row {
    char model[32], dtype[48];
    bool published, planned_only; /* no family here runs it */
    int64_t total, active, weights, context;
    struct prediction p;
};

struct fitting {
    const struct plan_args *args;
    const struct plan_asked *asked;
    struct fit_row *rows; /* [ROWS_MAX] */
    int count;
};

static bool try_type(struct fitting *f, const struct plan_source *source, const struct weights *weights,
                     bool published, struct sy_error *err) {
    struct plan_input input = plan_input_for(f->args, f->asked, weights);
    struct fit_row row = { .published = published,
                           .planned_only = family_is_described_only(source->family),
                           .context = input.memory.traffic.context };
    struct param_count count;
    if (!spec_count(source->spec, &count, err) || !weights_bytes(weights, &row.weights, err) ||
        !plan_predict(&input.memory, &input.rates, &input.cluster, &row.p, err))
        return false;
    if (!row.p.fits || f->count == ROWS_MAX) return true;
    snprintf(row.model, sizeof row.model, "%.31s", source->name);
    snprintf(row.dtype, sizeof row.dtype, "%s", weights_name(weights));
    row.total = count.total;
    row.active = count.active;
    f->rows[f->count++] = row;
    return true;
}

/* The published types, and what is narrower. */
static bool try_preset(struct fitting *f, const struct plan_source *source, struct sy_error *err) {
    struct weights weights;
    int64_t published, bytes;
    enum types_from types = plan_source_weights(source, f->asked->recipe, &weights);
    if (!try_type(f, source, &weights, types == TYPES_PUBLISHED, err)) return false;
    if (f->args->dtype) return true; /* that type alone */
    if (!weights_bytes(&weights, &published, err)) return false;
    for (int i = 0; kept_in[i]; i++) {
        weights.recipe = recipe_find(kept_in[i]);
        if (!weights_bytes(&weights, &bytes, err)) return false;
        if (bytes < published && !try_type(f, source, &weights, false, err)) return false;
    }
    return true;
}

static int by_size(const void *a, const void *b) {
    const struct fit_row *x = a, *y = b;
    if (x->total != y->total) return x->total < y->total ? 1 : -1;
    int names = strcmp(x->model, y->model);
    if (names) return names;
    return (x->weights < y->weights) - (x->weights > y->weights);
}

static bool find_rows(struct fitting *f, struct sy_error *err) {
    const struct preset *preset;
    for (int i = 0; (preset = preset_at(i)) != NULL; i++) {
        struct plan_source source;
        if (!plan_source_open(preset->name, false, &source, err)) return false;
        bool ok = try_preset(f, &source, err) || sy_error_in(err, preset->name);
        plan_source_close(&source);
        if (!ok) return false;
    }
    qsort(f->rows, (size_t)f->count, sizeof *f->rows, by_size);
    return true;
}

/* ---- shown ---- */

static void show_json(const struct fitting *f, struct text *out) {
    struct emit e = { .text = out };
    const struct plan_input *input = &f->asked->input;
    emit_object(&e, NULL);
    emit_int(&e, "memory_bytes", input->memory.memory);
    emit_int(&e, "ranks", input->cluster.ranks > 1 ? input->cluster.ranks : 1);
    emit_int(&e, "batch", input->memory.batch);
    if (f->asked->named) {
        emit_object(&e, "machine");
        plan_machine_json(&f->asked->machine, &e);
        emit_end(&e);
    } else {
        emit_string(&e, "machine", NULL);
    }
    emit_list(&e, "fits");
    for (int i = 0; i < f->count; i++) {
        const struct fit_row *row = &f->rows[i];
        emit_object(&e, NULL);
        emit_string(&e, "model", row->model);
        emit_string(&e, "dtype", row->dtype);
        emit_bool(&e, "published", row->published);
        emit_bool(&e, "runs_here", !row->planned_only);
        emit_int(&e, "total_params", row->total);
        emit_int(&e, "active_params", row->active);
        emit_int(&e, "ctx", row->context);
        emit_int(&e, "weights_bytes", row->weights);
        emit_real(&e, "resident_bytes", round(row->p.resident));
        emit_real(&e, "tok_per_s", row->p.tokens);
        emit_real(&e, "prompt_tok_per_s", row->p.prompt_tokens);
        if (input->price.an_hour > 0)
            emit_real(&e, "output_per_million", price_million(input->price.an_hour, row->p.tokens));
        emit_end(&e);
    }
    emit_end(&e);
    emit_end(&e);
}

static void show_csv(const struct fitting *f, struct text *out) {
    double price = f->asked->input.price.an_hour;
    text_add(out,
             "model,dtype,published,runs_here,total_params,active_params,ctx,resident_bytes,tok_per_s%s\n",
             price > 0 ? ",output_per_million" : "");
    for (int i = 0; i < f->count; i++) {
        const struct fit_row *row = &f->rows[i];
        text_add(out, "%s,%s,%d,%d,%lld,%lld,%lld,%.0f,%.3f", row->model, row->dtype, row->published,
                 !row->planned_only, (long long)row->total, (long long)row->active, (long long)row->context,
                 row->p.resident, row->p.tokens);
        if (price > 0) text_add(out, ",%.6g", price_million(price, row->p.tokens));
        text_add(out, "\n");
    }
}

static void add_cells(const struct fitting *f, int i, bool markdown, struct table *table, struct text *out) {
    const struct fit_row *row = &f->rows[i];
    bool again = !markdown && i > 0 && strcmp(row->model, f->rows[i - 1].model) == 0;
    double price = f->asked->input.price.an_hour;
    char model[40], total[NUMBER_TEXT], active[NUMBER_TEXT], dtype[64], resident[NUMBER_TEXT],
        rate[NUMBER_TEXT], cost[NUMBER_TEXT];
    snprintf(model, sizeof model, "%s%s", row->model, row->planned_only ? " *" : "");
    snprintf(dtype, sizeof dtype, "%s%s", row->dtype,
             !row->published ? ""
             : markdown      ? " (published)"
                             : " +");
    number_count(row->total, total);
    number_count(row->active, active);
    plan_bytes(row->p.resident, resident);
    number_rate(row->p.tokens, "tok/s", rate);
    *strchr(rate, ' ') = 0; /* the head has the unit */
    plan_money(price_million(price, row->p.tokens), cost);
    if (markdown && price > 0)
        text_add(out, "| %s | %s | %s | %s | %s | %s | %s |\n", model, total, active, dtype, resident, rate,
                 cost);
    else if (markdown)
        text_add(out, "| %s | %s | %s | %s | %s | %s |\n", model, total, active, dtype, resident, rate);
    else if (price > 0) /* 80 columns have no room for both */
        table_row(table, again ? "" : model, again ? "" : total, dtype, resident, rate, cost);
    else
        table_row(table, again ? "" : model, again ? "" : total, again ? "" : active, dtype, resident, rate);
}

static void show_head(const struct fitting *f, const struct style *style, struct text *out) {
    const struct plan_input *input = &f->asked->input;
    char memory[NUMBER_TEXT], read[NUMBER_TEXT], context[NUMBER_TEXT], price[NUMBER_TEXT];
    struct text words = { 0 };
    text_add(&words, "What runs in %s%s", number_bytes(input->memory.memory, memory),
             f->asked->memory_here ? ", as much as is free on this machine," : "");
    if (input->cluster.ranks > 1)
        text_add(&words, " on each of %lld devices", (long long)input->cluster.ranks);
    text_add(&words, " with %lld %s of %s positions (or all that a model has), largest first; ",
             (long long)input->memory.batch, input->memory.batch > 1 ? "sequences" : "sequence",
             number_exact(f->args->context > 0 ? f->args->context : PLAN_CONTEXT, context));
    text_add(&words, "tokens a second at most, at %s (%s)", number_rate(input->rates.read, "B/s", read),
             plan_source_word(input->rates.read_source));
    if (input->price.an_hour > 0)
        text_add(&words, ", and what a million of them cost at %s an hour",
                 plan_money(input->price.an_hour, price));
    text_add(&words, ":");
    plan_paragraph(words.data ? words.data : "", 0, style, out);
    text_free(&words);
}

static void show_markdown(const struct fitting *f, struct text *out) {
    bool priced = f->asked->input.price.an_hour > 0;
    text_add(out,
             "| model | total | active | type | resident | tok/s |%s\n| --- | ---: | ---: | --- | ---: | "
             "---: |%s\n",
             priced ? " a million |" : "", priced ? " ---: |" : "");
    for (int i = 0; i < f->count; i++) add_cells(f, i, true, NULL, out);
}

static void show_text(const struct fitting *f, const struct style *style, struct text *out) {
    bool planned = false, published = false, priced = f->asked->input.price.an_hour > 0;
    struct table table = { .columns = 6, .align = priced ? "lrlrrr" : "lrrlrr", .head = true };
    show_head(f, style, out);
    if (priced)
        table_row(&table, "model", "total", "type", "resident", "tok/s", "a million");
    else
        table_row(&table, "model", "total", "active", "type", "resident", "tok/s");
    for (int i = 0; i < f->count; i++) {
        planned |= f->rows[i].planned_only;
        published |= f->rows[i].published;
        add_cells(f, i, false, &table, out);
    }
    if (f->count > 0) table_print(&table, style, out);
    table_free(&table);
    if (f->count == 0) text_add(out, "No preset fits.\n");
    if (published) text_add(out, "+ as its makers publish it\n");
    if (planned) text_add(out, "* plan alone knows this family: `run` has no code for it\n");
}

bool plan_fit(const struct plan_args *args, const struct plan_asked *asked, const struct style *style,
              struct text *out, struct sy_error *err) {
    struct fitting f = { .args = args, .asked = asked };
    if (asked->input.memory.memory == 0) {
        sy_fail(err, SY_ERR_USAGE, "--fit: no memory is said");
        return sy_error_remedy(err, "such as --fit 24G, or --fit --machine NAME");
    }
    f.rows = calloc(ROWS_MAX, sizeof *f.rows);
    if (!f.rows) return sy_fail(err, SY_ERR_MEMORY, "no memory for the rows of --fit");
    bool ok = find_rows(&f, err);
    if (ok && args->json)
        show_json(&f, out);
    else if (ok && args->format == FORMAT_CSV)
        show_csv(&f, out);
    else if (ok && args->format == FORMAT_MARKDOWN)
        show_markdown(&f, out);
    else if (ok)
        show_text(&f, style, out);
    free(f.rows);
    return ok;
}
