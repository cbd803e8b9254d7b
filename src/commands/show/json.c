/*
 * show --json. The spec is what model/spec_json.c makes of it, so that a new field shows without a line here.
 */
#include "commands/emit.h"
#include "commands/show/report.h"
#include "model/spec_json.h"

#include <string.h>

static void emit_spec(struct emit *e, const struct spec *spec) {
    json_t *json = NULL;
    if (spec_to_json(spec, &json, NULL)) emit_json(e, "spec", json);
    if (!json) e->text->failed = true;
    json_decref(json);
}

static void emit_reasons(struct emit *e, const struct census *census) {
    emit_object(e, "ignored");
    for (int64_t i = 0; i < census->ignored; i++) {
        bool counted = false;
        int64_t count = 0;
        for (int64_t j = 0; j < i && !counted; j++)
            counted = strcmp(census->ignored_reasons[j], census->ignored_reasons[i]) == 0;
        if (counted) continue;
        for (int64_t j = i; j < census->ignored; j++)
            count += strcmp(census->ignored_reasons[j], census->ignored_reasons[i]) == 0;
        emit_int(e, census->ignored_reasons[i], count);
    }
    emit_end(e);
}

static void emit_names(struct emit *e, const char *key, const char *const *names, int64_t count) {
    emit_list(e, key);
    for (int64_t i = 0; i < count; i++) emit_string(e, NULL, names[i]);
    emit_end(e);
}

/* By type; of types that are not read each by its own name. */
static void emit_type(struct emit *e, const char *name, int64_t tensors, int64_t bytes) {
    if (tensors == 0) return;
    emit_object(e, name);
    emit_int(e, "tensors", tensors);
    emit_int(e, "bytes", bytes);
    emit_end(e);
}

static void emit_types(struct emit *e, const struct model *model) {
    const struct census *census = &model->census;
    emit_object(e, "dtypes");
    for (enum dtype d = 0; d < DTYPE_COUNT; d++)
        emit_type(e, dtype_name(d), census->dtype_tensors[d], census->dtype_bytes[d]);
    for (int64_t i = 0, tensors, bytes; i < model->checkpoint.count; i++)
        if (show_unread_type(&model->checkpoint, i, &tensors, &bytes))
            emit_type(e, model->checkpoint.tensors[i].type, tensors, bytes);
    emit_end(e);
}

static void emit_tensors(struct emit *e, const struct checkpoint *checkpoint) {
    emit_list(e, "tensors");
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        emit_object(e, NULL);
        emit_string(e, "name", tensor->name);
        emit_string(e, "dtype", tensor_type(tensor));
        emit_list(e, "shape");
        for (int d = 0; d < tensor->rank; d++) emit_int(e, NULL, tensor->shape[d]);
        emit_end(e);
        emit_int(e, "bytes", tensor->bytes);
        emit_end(e);
    }
    emit_end(e);
}

void show_report_json(const struct show_facts *facts, struct text *out) {
    const struct model *model = facts->model;
    const struct census *census = &model->census;
    struct emit e = { .text = out };
    emit_object(&e, NULL);
    emit_string(&e, "family", model->family->name);
    emit_spec(&e, &model->spec);
    emit_int(&e, "total_params", facts->params.total);
    emit_int(&e, "active_params", facts->params.active);
    emit_int(&e, "active_params_no_embed", facts->params.active_no_embed);
    emit_object(&e, "params_by_part");
    for (enum part part = 0; part < PART_COUNT; part++)
        emit_int(&e, part_name(part), part == PART_MTP ? census->mtp_params : facts->params.part[part]);
    emit_end(&e);
    emit_types(&e, model);
    emit_object(&e, "census");
    emit_int(&e, "bound", census->bound);
    emit_reasons(&e, census);
    emit_names(&e, "unknown", census->unknown_names, census->unknown);
    emit_names(&e, "unknown_keys", census->unknown_keys, census->unknown_key_count);
    emit_end(&e);
    show_account_json(facts->account, &e);
    if (facts->tensors) emit_tensors(&e, &model->checkpoint);
    emit_end(&e);
}
