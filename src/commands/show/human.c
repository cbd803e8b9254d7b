/*
 * show, for people: what it is, in lines of at most 80 columns.
 */
#include "commands/show/report.h"
#include "report/heat.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_COLUMNS 24

static int64_t moe_layers(const struct spec *spec) {
    int64_t count = 0;
    for (int64_t l = 0; l < spec->decoder.layer_count; l++) count += spec->decoder.layers[l].ffn == FFN_MOE;
    return count;
}

static void add_shape(const struct spec *spec, const struct style *style, struct text *out) {
    struct text words = { 0 };
    char number[NUMBER_TEXT];
    int64_t moe = moe_layers(spec), layers = spec->decoder.layer_count;
    text_add(&words, "%lld of width %lld", (long long)layers, (long long)spec->width);
    if (moe == layers) text_add(&words, ", all with experts");
    if (moe > 0 && moe < layers) text_add(&words, ", %lld of them with experts", (long long)moe);
    text_add(&words, "; vocabulary %s", number_exact(spec->vocab, number));
    text_add(&words, "; context %s", number_exact(spec->context, number));
    if (spec->tied) text_add(&words, "; the head is the embedding");
    show_line("layers", &words, style, out);
    show_attention(spec, &words);
    show_line("attention", &words, style, out);
    if (moe == 0) return;
    show_router(&spec->router, &words);
    show_line("router", &words, style, out);
    text_add(&words, "%lld of width %lld", (long long)spec->router.experts, (long long)spec->expert_width);
    if (spec->shared_width > 0)
        text_add(&words, "; shared by all tokens: width %lld%s", (long long)spec->shared_width,
                 spec->shared_gate ? ", gated" : "");
    show_line("experts", &words, style, out);
}

bool show_unread_type(const struct checkpoint *checkpoint, int64_t index, int64_t *tensors, int64_t *bytes) {
    const struct tensor *list = checkpoint->tensors;
    if (list[index].dtype != DTYPE_COUNT) return false;
    *tensors = *bytes = 0;
    for (int64_t i = 0; i < checkpoint->count; i++) {
        if (list[i].dtype != DTYPE_COUNT || strcmp(list[i].type, list[index].type) != 0) continue;
        if (i < index) return false;
        *tensors += 1;
        *bytes += list[i].bytes;
    }
    return true;
}

static void add_weights(const struct model *model, const struct style *style, struct text *out) {
    const struct census *census = &model->census;
    struct text words = { 0 };
    char number[NUMBER_TEXT];
    int64_t all = 0, tensors, bytes;
    for (int d = 0; d <= DTYPE_COUNT; d++) all += census->dtype_bytes[d];
    text_add(&words, "%s in %lld tensors:", number_bytes(all, number), (long long)census->bound);
    const char *comma = " ";
    for (enum dtype d = 0; d < DTYPE_COUNT; d++) {
        if (census->dtype_tensors[d] == 0) continue;
        text_add(&words, "%s%s in %lld", comma, dtype_name(d), (long long)census->dtype_tensors[d]);
        comma = ", ";
    }
    for (int64_t i = 0; i < model->checkpoint.count && census->dtype_tensors[DTYPE_COUNT] > 0; i++) {
        if (!show_unread_type(&model->checkpoint, i, &tensors, &bytes)) continue;
        text_add(&words, "%s%s (not read: `run` refuses) in %lld", comma, model->checkpoint.tensors[i].type,
                 (long long)tensors);
        comma = ", ";
    }
    show_line("weights", &words, style, out);
}

/* What is skipped is told by its reasons in the account; of MTP layers, how much it is. */
static void add_skipped(const struct census *census, const struct style *style, struct text *out) {
    struct text words = { 0 };
    char number[NUMBER_TEXT];
    if (census->mtp_params == 0) return;
    text_add(&words, "%s parameters of multi-token prediction (MTP), which is not run",
             number_count(census->mtp_params, number));
    show_line("skipped", &words, style, out);
}

static void add_parts(const struct param_count *params, const struct style *style, struct text *out) {
    struct table table = { .columns = 4, .align = "lrrl", .head = true };
    table_row(&table, "part", "parameters", "share", NULL);
    for (enum part part = 0; part < PART_COUNT; part++) {
        if (params->part[part] == 0) continue;
        char name[32], count[NUMBER_TEXT], share[NUMBER_TEXT];
        struct text drawn = { 0 };
        snprintf(name, sizeof name, "%s", part_name(part));
        for (char *at = name; *at; at++)
            if (*at == '_') *at = ' ';
        bar((double)params->part[part], (double)params->total, BAR_COLUMNS, style, &drawn);
        table_row(&table, name, number_exact(params->part[part], count),
                  number_share((double)params->part[part], (double)params->total, share), drawn.data);
        text_free(&drawn);
    }
    text_add(out, "\n");
    table_print(&table, style, out);
    table_free(&table);
}

static void add_tensors(const struct checkpoint *checkpoint, const struct style *style, struct text *out) {
    struct table table = { .columns = 4, .align = "lllr", .head = true };
    table_row(&table, "tensor", "type", "shape", "size");
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        char shape[TENSOR_RANK_MAX * 24], size[NUMBER_TEXT];
        table_row(&table, tensor->name, tensor_type(tensor),
                  tensor_shape_text(tensor->shape, tensor->rank, shape, sizeof shape),
                  number_bytes(tensor->bytes, size));
    }
    text_add(out, "\n");
    table_print(&table, style, out);
    table_free(&table);
}

void show_report_human(const struct show_facts *facts, const struct style *style, struct text *out) {
    const struct model *model = facts->model;
    const struct param_count *params = &facts->params;
    struct text words = { 0 };
    char total[NUMBER_TEXT], active[NUMBER_TEXT], bare[NUMBER_TEXT];
    text_add(out, "%s%s%s, a %s: %s parameters", style_begin(style, TINT_BOLD), model->path,
             style_end(style, TINT_BOLD), model->family->name, number_count(params->total, total));
    if (params->active != params->total)
        text_add(out, ", %s active for a token", number_count(params->active, active));
    text_add(out, "\n\n");
    add_shape(&model->spec, style, out);
    add_weights(model, style, out);
    add_skipped(&model->census, style, out);
    add_parts(params, style, out);
    text_add(&words, "%s in all, %s active", number_exact(params->total, total),
             number_exact(params->active, active));
    if (params->active_no_embed != params->active)
        text_add(&words, ", %s without the embedding table", number_exact(params->active_no_embed, bare));
    text_add(out, "%s\n", words.data ? words.data : "");
    text_free(&words);
    show_account_human(facts->account, facts->all, style, out);
    if (facts->tensors) add_tensors(&model->checkpoint, style, out);
}
