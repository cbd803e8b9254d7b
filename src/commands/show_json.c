/*
 * show --json. The spec is walked by its list of fields, so that a new field shows without a line here.
 */
#include "commands/emit.h"
#include "commands/show_report.h"

#include <string.h>

static void emit_field(struct emit *e, const struct spec_field *field, const void *record,
                       int64_t factor_count) {
    const char *at = (const char *)record + field->offset;
    switch (field->type) {
    case FIELD_BOOL: emit_bool(e, field->name, *(const bool *)at); break;
    case FIELD_INT: emit_int(e, field->name, *(const int64_t *)(const void *)at); break;
    case FIELD_REAL: emit_real(e, field->name, *(const double *)(const void *)at); break;
    case FIELD_ENUM: emit_string(e, field->name, field->words[*(const unsigned *)(const void *)at]); break;
    case FIELD_FLAGS:
        emit_list(e, field->name);
        for (int bit = 0; field->words[bit]; bit++)
            if (*(const unsigned *)(const void *)at >> bit & 1) emit_string(e, NULL, field->words[bit]);
        emit_end(e);
        break;
    case FIELD_REALS: {
        const double *reals = *(double *const *)(const void *)at;
        emit_list(e, field->name);
        for (int64_t i = 0; reals && i < factor_count; i++) emit_real(e, NULL, reals[i]);
        emit_end(e);
        break;
    }
    case FIELD_EOS: {
        const struct tokens_spec *tokens = &((const struct spec *)record)->tokens;
        emit_list(e, field->name);
        for (int64_t i = 0; i < tokens->eos_count; i++) emit_int(e, NULL, tokens->eos[i]);
        emit_end(e);
        break;
    }
    }
}

static void emit_section(struct emit *e, const char *section, const void *record, int64_t factor_count) {
    for (int i = 0; i < spec_field_count; i++)
        if (strcmp(spec_fields[i].section, section) == 0)
            emit_field(e, &spec_fields[i], record, factor_count);
}

static void emit_layers(struct emit *e, const char *key, const struct stack_spec *stack) {
    emit_list(e, key);
    for (int64_t l = 0; l < stack->layer_count; l++) {
        emit_object(e, NULL);
        emit_section(e, "layer", &stack->layers[l], 0);
        emit_end(e);
    }
    emit_end(e);
}

static void emit_spec(struct emit *e, const struct spec *spec) {
    emit_object(e, "spec");
    emit_section(e, "", spec, 0);
    emit_int(e, "layer_count", spec->decoder.layer_count);
    const char *last = "";
    for (int i = 0; i < spec_field_count; i++) {
        const char *section = spec_fields[i].section;
        if (!section[0] || strcmp(section, "layer") == 0 || strcmp(section, last) == 0) continue;
        if (strcmp(section, "encoder") == 0 && spec->encoder.layer_count == 0) continue;
        emit_object(e, section);
        emit_section(e, section, spec, spec->rope.factor_count);
        emit_end(e);
        last = section;
    }
    emit_layers(e, "layers", &spec->decoder);
    if (spec->encoder.layer_count > 0) emit_layers(e, "encoder_layers", &spec->encoder);
    emit_end(e);
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

static void emit_tensors(struct emit *e, const struct checkpoint *checkpoint) {
    emit_list(e, "tensors");
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = &checkpoint->tensors[i];
        emit_object(e, NULL);
        emit_string(e, "name", tensor->name);
        emit_string(e, "dtype", dtype_name(tensor->dtype));
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
    emit_object(&e, "dtypes");
    for (enum dtype dtype = 0; dtype < DTYPE_COUNT; dtype++) {
        if (census->dtype_tensors[dtype] == 0) continue;
        emit_object(&e, dtype_name(dtype));
        emit_int(&e, "tensors", census->dtype_tensors[dtype]);
        emit_int(&e, "bytes", census->dtype_bytes[dtype]);
        emit_end(&e);
    }
    emit_end(&e);
    emit_object(&e, "census");
    emit_int(&e, "bound", census->bound);
    emit_reasons(&e, census);
    emit_names(&e, "unknown", census->unknown_names, census->unknown);
    emit_names(&e, "unknown_keys", census->unknown_keys, census->unknown_key_count);
    emit_end(&e);
    if (facts->tensors) emit_tensors(&e, &model->checkpoint);
    emit_end(&e);
}
