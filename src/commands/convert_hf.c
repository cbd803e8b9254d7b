/*
 * A GGUF file becomes a folder: config.json, model.safetensors and the side files that it carries. The config
 * is the one that travelled with the weights, else what the metadata amounts to; tensors have the names that
 * they came with, else the published ones. config.json is written last.
 */
#include "commands/convert.h"

#include "base/os.h"
#include "commands/synth_files.h"
#include "formats/gguf.h"
#include "model/gguf_form.h"
#include "model/meta_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
    const struct model *model;
    const struct convert_options *options;
    struct convert_result *result;
    const char *path;
    struct arena arena;
    struct checkpoint checkpoint; /* the file once more, for its keys */
    struct gguf gguf;
    struct gguf_model described;
    char *config_text; /* malloc'ed */
    int64_t config_size;
    const struct family *family;
    struct spec spec; /* of the new folder */
    struct convert_tensor *tensors;
    int64_t count;
    struct safetensors_writer *writer;
};

/* ---- config.json ---- */

/* Does the config that travelled with the weights describe another model than the metadata? Arrangements may
 * differ, and what one of the two can only say in its own way. */
static bool contradicts(struct making *m, char *field, size_t size, struct sy_error *err) {
    struct spec wanted, found = m->spec;
    json_t *fields = NULL, *covered = json_object(), *value;
    const char *name;
    if (!spec_copy(&m->model->spec, &wanted, &m->arena, err)) return true;
    wanted.family = found.family;
    wanted.rope.interleaved = found.rope.interleaved;
    wanted.attention.split_kv_b = found.attention.split_kv_b;
    wanted.scale_block_rows = found.scale_block_rows;
    wanted.scale_block_cols = found.scale_block_cols;
    wanted.mtp_layers = found.mtp_layers;
    wanted.tokens = found.tokens; /* in GGUF they are the tokenizer's, which may differ from the config's */
    if (wanted.rope.scaling == ROPE_FACTORS) wanted.rope = found.rope;
    bool ok = meta_fields_missing(&wanted, &found, covered, 1e-6, &fields, err);
    snprintf(field, size, "%s", "");
    json_object_foreach(fields, name, value) {
        snprintf(field, size, "%s", name);
        break;
    }
    json_decref(fields);
    json_decref(covered);
    return !ok || *field;
}

static bool copy_text(struct making *m, const char *text, int64_t size, struct sy_error *err) {
    m->config_text = malloc((size_t)size + 1);
    if (!m->config_text) return sy_fail(err, SY_ERR_MEMORY, "no memory for config.json");
    memcpy(m->config_text, text, (size_t)size);
    m->config_text[size] = 0;
    m->config_size = size;
    return true;
}

static const char *type_word(const struct making *m) {
    enum dtype dtype = m->options->dtype;
    if (!m->options->typed) /* what most of the weights have */
        dtype = m->model->census.dtype_bytes[DTYPE_BF16] > m->model->census.dtype_bytes[DTYPE_F32]
                    ? DTYPE_BF16
                    : DTYPE_F32;
    return dtype == DTYPE_F32 ? "float32" : dtype == DTYPE_F16 ? "float16" : "bfloat16";
}

static bool dump_config(struct making *m, const json_t *config, struct sy_error *err) {
    char *text = json_dumps(config, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    bool ok = text ? copy_text(m, text, (int64_t)strlen(text), err)
                   : sy_fail(err, SY_ERR_MEMORY, "no memory for config.json");
    free(text);
    return ok;
}

/* To the letter, but for what it says of the storage, where that is another now. */
static bool keep_config(struct making *m, const struct gguf_text *text, struct sy_error *err) {
    static const struct json_limits limits = { .bytes = 16 << 20, .depth = 32 };
    json_t *config = json_parse(text->data, text->size, limits, err);
    if (!config) return sy_error_at(err, CONVERT_FILE "config.json");
    const json_t *method = json_object_get(json_object_get(config, "quantization_config"), "quant_method");
    const char *word = json_string_value(method);
    bool float8 = word && strcmp(word, "fp8") == 0, mxfp4 = word && strcmp(word, "mxfp4") == 0, ok;
    if (m->options->typed || float8) {
        if (float8 || mxfp4) json_object_del(config, "quantization_config");
        const char *key = json_object_get(config, "dtype") ? "dtype" : "torch_dtype";
        json_object_set_new(config, key, json_string(type_word(m)));
        ok = dump_config(m, config, err);
    } else {
        ok = copy_text(m, text->data, text->size, err);
    }
    json_decref(config);
    return ok;
}

/* Divisors of the frequencies, which a config.json can say as a longrope of one length. */
static void add_factors(struct making *m) {
    const struct rope_spec *rope = &m->model->spec.rope;
    json_t *scaling =
        json_pack("{s:s, s:f, s:f, s:I}", "rope_type", "longrope", "factor", 1.0, "attention_factor", 1.0,
                  "original_max_position_embeddings", (json_int_t)m->model->spec.context);
    json_t *list = json_array();
    for (int64_t i = 0; i < rope->factor_count; i++)
        json_array_append_new(list, json_real(rope->short_factor[i]));
    json_object_set(scaling, "short_factor", list);
    json_object_set_new(scaling, "long_factor", list);
    json_object_set_new(m->described.config, "rope_scaling", scaling);
}

/* The one that came with the weights, else what the metadata amounts to. */
static bool read_config(struct making *m, struct sy_error *err) {
    const struct gguf_value *kept = gguf_find(&m->gguf, CONVERT_FILE "config.json");
    struct config config;
    bool ok;
    if (kept && kept->type == GGUF_STRING) {
        ok = keep_config(m, &kept->text, err);
    } else {
        if (m->model->spec.rope.scaling == ROPE_FACTORS) add_factors(m);
        json_object_set_new(m->described.config, "torch_dtype", json_string(type_word(m)));
        ok = dump_config(m, m->described.config, err);
    }
    if (!ok ||
        !config_parse(m->config_text, m->config_size, CONVERT_FILE "config.json", &m->arena, &config, err))
        return false;
    char field[96];
    ok = spec_from_config(&config, &m->arena, &m->family, &m->spec, err);
    config_close(&config);
    if (!ok || !contradicts(m, field, sizeof field, err)) return ok;
    if (!*field) return false;
    sy_fail(err, SY_ERR_SHAPE, "describes another model than the metadata beside it: %s", field);
    return sy_error_at(err, CONVERT_FILE "config.json");
}

/* ---- tensors ---- */

/* Tensors that no slot takes, but for those that the config says. */
static int64_t left_out(const struct census *census) {
    int64_t count = census->unknown;
    for (int64_t i = 0; i < census->ignored; i++)
        count += strncmp(census->ignored_names[i], "rope_f", 6) != 0;
    return count;
}

static bool lists(const struct making *m, const char *key, const char *name) {
    const struct gguf_value *list = gguf_find(&m->gguf, key);
    size_t length = strlen(name);
    if (!list || list->type != GGUF_ARRAY || list->array.type != GGUF_STRING) return false;
    for (int64_t i = 0; i < list->array.count; i++)
        if (list->array.items[i].text.size == (int64_t)length &&
            memcmp(list->array.items[i].text.data, name, length) == 0)
            return true;
    return false;
}

/* The name of the tensor of the file that holds a slot. */
static const char *held_by(const struct making *m, const struct planned_tensor *plan) {
    const struct weight *w =
        slot_is_expert(plan->slot)
            ? binding_expert(&m->model->binding, plan->layer, plan->slot, plan->expert < 0 ? 0 : plan->expert)
            : binding_weight(&m->model->binding, plan->layer, plan->slot);
    return w->name ? w->name : "";
}

static bool refuse_type(const struct planned_tensor *plan, enum dtype dtype, struct sy_error *err) {
    sy_fail(err, SY_ERR_FORMAT, "stored as %s, which safetensors has no place for", dtype_name(dtype));
    sy_error_remedy(err, "choose a type: --dtype bf16, f16 or f32");
    return sy_error_at(err, "%s", plan->name);
}

static bool add_tensor(struct making *m, const struct planned_tensor *plan, struct sy_error *err) {
    enum dtype source, dtype;
    bool mx = plan->layout == LAYOUT_MX_BLOCKS || plan->layout == LAYOUT_MX_BLOCKS_ALTERNATE;
    if (!convert_source_dtype(m->model, &m->spec, plan, m->options->typed, &source, err)) return false;
    dtype = m->options->typed ? m->options->dtype : source;
    if (m->options->typed && plan->slot == SLOT_SELECTION_BIAS) dtype = DTYPE_F32;
    if (!m->options->typed && source == DTYPE_F32) {
        if (lists(m, CONVERT_NARROW, held_by(m, plan))) dtype = DTYPE_BF16;
        if (lists(m, CONVERT_HALF, held_by(m, plan))) dtype = DTYPE_F16;
    }
    if (mx && source != DTYPE_MXFP4) return refuse_type(plan, source, err);
    if (mx) dtype = DTYPE_F4_E2M1;
    if (dtype_is_block(dtype)) return refuse_type(plan, dtype, err);
    return convert_prepare(m->model, &m->spec, plan, dtype, &m->tensors[m->count++], err);
}

static bool names_of(struct making *m, const char *const **names, int64_t *count, struct sy_error *err) {
    const struct gguf_value *list = gguf_find(&m->gguf, CONVERT_NAMES);
    *count = 0;
    if (m->options->typed || !list || list->type != GGUF_ARRAY || list->array.type != GGUF_STRING)
        return true;
    const char **all = arena_new(&m->arena, const char *, list->array.count, err);
    for (int64_t i = 0; i < list->array.count && all; i++) {
        const struct gguf_text *text = &list->array.items[i].text;
        all[i] = arena_string(&m->arena, text->data, (size_t)text->size, err);
        if (!all[i]) return false;
    }
    *names = all;
    *count = list->array.count;
    return all != NULL;
}

/* Are the experts in MXFP4, and does the family publish them so? */
static bool in_mxfp4(const struct making *m) {
    const struct binding *b = &m->model->binding;
    for (int64_t layer = 0; layer < b->layers; layer++) {
        const struct weight *w = binding_expert(b, layer, SLOT_EXPERT_DOWN, 0);
        if (weight_exists(w))
            return w->dtype == DTYPE_MXFP4 && family_has_mxfp4(m->family) && !m->options->typed;
    }
    return false;
}

static bool plan_all(struct making *m, struct sy_error *err) {
    struct planned_tensor *plan;
    const char *const *names = NULL;
    int64_t count, named;
    if (!names_of(m, &names, &named, err)) return false;
    bool ok = named > 0     ? plan_named(m->family, &m->spec, names, named, &m->arena, &plan, err)
              : in_mxfp4(m) ? plan_tensors_mxfp4(m->family, &m->spec, &m->arena, &plan, &count, err)
                            : plan_tensors(m->family, &m->spec, &m->arena, &plan, &count, err);
    if (!ok) return false;
    if (named > 0) count = named;
    m->tensors = arena_new(&m->arena, struct convert_tensor, count, err);
    for (int64_t i = 0; i < count && m->tensors; i++)
        if (!add_tensor(m, &plan[i], err)) return false;
    return m->tensors != NULL;
}

/* ---- files ---- */

static void path_in(const struct making *m, const char *name, char *path, size_t size) {
    snprintf(path, size, "%.4000s/%.180s", m->options->out, name);
}

static bool write_file(const struct making *m, const char *name, const char *text, int64_t size,
                       struct sy_error *err) {
    char path[4200];
    struct os_writer *writer;
    path_in(m, name, path, sizeof path);
    if (!os_writer_open(path, false, &writer, err)) return false;
    if (os_writer_write(writer, text, size, err)) return os_writer_commit(writer, err);
    os_writer_abandon(writer);
    return false;
}

/* A plain name within the folder, which is none of ours. */
static bool is_safe(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > 127 || name[0] == '.' || strcmp(name, "config.json") == 0) return false;
    if (strstr(name, ".safetensors")) return false;
    for (const char *c = name; *c; c++)
        if (*c == '/' || *c == '\\' || *c <= ' ' || *c > '~') return false;
    return true;
}

static bool write_sides(struct making *m, struct sy_error *err) {
    for (int64_t i = 0; i < m->gguf.key_count; i++) {
        const struct gguf_key *key = &m->gguf.keys[i];
        const char *name = key->name + strlen(CONVERT_FILE);
        if (strcmp(key->name, CONVERT_TOKENIZER) == 0)
            name = "tokenizer.json";
        else if (strncmp(key->name, CONVERT_FILE, strlen(CONVERT_FILE)) != 0 || !is_safe(name))
            continue;
        if (key->value.type != GGUF_STRING) continue;
        if (!write_file(m, name, key->value.text.data, key->value.text.size, err)) return false;
    }
    return true;
}

static bool write_bytes(void *writer, const void *bytes, int64_t size, struct sy_error *err) {
    return safetensors_write(writer, bytes, size, err);
}

static bool write_weights(struct making *m, struct sy_error *err) {
    if (!safetensors_metadata(m->writer, "format", "pt", err)) return false;
    for (int64_t i = 0; i < m->count; i++) {
        const struct convert_tensor *t = &m->tensors[i];
        enum dtype dtype = t->dtype == DTYPE_F4_E2M1 ? DTYPE_U8 : t->dtype;
        if (!safetensors_declare(m->writer, t->plan.name, dtype, t->plan.rank, t->plan.shape, err))
            return false;
        m->result->bytes += t->bytes;
    }
    m->result->tensors = m->count;
    return convert_stream(m->tensors, m->count, m->options->threads, write_bytes, m->writer, err);
}

static bool write_all(struct making *m, struct sy_error *err) {
    char path[4200];
    if (!synth_folder(m->options->out, m->options->force, err)) return false;
    path_in(m, "config.json", path, sizeof path);
    remove(path); /* from here on, and until the end, this is no model */
    path_in(m, "model.safetensors", path, sizeof path);
    if (!safetensors_writer_open(path, false, &m->writer, err)) return false;
    if (!write_weights(m, err)) {
        safetensors_writer_abandon(m->writer);
        return false;
    }
    return safetensors_writer_commit(m->writer, err) && write_sides(m, err) &&
           write_file(m, "config.json", m->config_text, m->config_size, err);
}

static void note_lacks(struct making *m) {
    bool whole = gguf_find(&m->gguf, CONVERT_FILE "config.json") != NULL;
    bool tokens = gguf_find(&m->gguf, CONVERT_TOKENIZER) != NULL;
    if (whole) return;
    snprintf(m->result->lacks, sizeof m->result->lacks, "config.json has what the metadata says%s",
             tokens ? "" : "; there is no tokenizer.json in it to write");
}

bool convert_to_folder(const struct model *model, const char *path, const struct convert_options *options,
                       struct convert_result *result, struct sy_error *err) {
    struct making m = { .model = model, .options = options, .result = result, .path = path };
    if (!gguf_open(path, &m.checkpoint, &m.gguf, err)) return false;
    arena_open(&m.arena);
    bool ok = spec_from_gguf(&m.gguf, &m.checkpoint, path, true, &m.arena, &m.described, err);
    if (ok) {
        result->left_out = left_out(&model->census);
        note_lacks(&m);
        ok = read_config(&m, err) && plan_all(&m, err) && write_all(&m, err);
        gguf_model_free(&m.described);
    }
    free(m.config_text);
    arena_close(&m.arena);
    checkpoint_close(&m.checkpoint);
    return ok;
}
