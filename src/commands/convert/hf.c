/*
 * A folder out of a GGUF file, or out of another folder: config.json, weights, and side files. The config is
 * the one that travelled with the weights, else what the metadata amounts to; tensors have the names that
 * they came with, else (and with --dtype) the published ones.
 */
#include "commands/convert/convert.h"

#include "base/os.h"
#include "commands/shards.h"
#include "formats/gguf.h"
#include "model/gguf_form.h"
#include "model/meta_fields.h"
#include "text/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
    const struct model *model;
    const struct convert_options *options;
    struct convert_result *result;
    const char *path;
    struct arena arena;
    bool from_gguf;               /* the next three are of a GGUF file; of a folder they are empty */
    struct checkpoint checkpoint; /* the file once more, for its keys */
    struct gguf gguf;
    struct gguf_model described;
    char *config_text; /* malloc'ed */
    int64_t config_size;
    const struct family *family;
    struct spec spec; /* of the new folder */
    struct convert_tensor *tensors;
    int64_t count;
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
    char *text = json_text(config, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    bool ok = text ? copy_text(m, text, (int64_t)strlen(text), err)
                   : sy_fail(err, SY_ERR_MEMORY, "no memory for config.json");
    free(text);
    return ok;
}

/* A flag that the file contradicts (model/head.c) would lose the head of the new folder. */
static bool untie(const struct making *m, json_t *config) {
    json_t *const scopes[] = { config, json_object_get(config, "text_config") };
    bool untied = false;
    for (int i = 0; i < 2 && !m->model->spec.tied; i++) {
        if (!json_is_true(json_object_get(scopes[i], "tie_word_embeddings"))) continue;
        json_object_set_new(scopes[i], "tie_word_embeddings", json_false());
        untied = true;
    }
    return untied;
}

/* To the letter, but for what it says of the storage, where that is another now. */
static bool keep_config(struct making *m, const char *text, int64_t size, struct sy_error *err) {
    static const struct json_limits limits = { .bytes = 16 << 20, .depth = 32 };
    json_t *config = json_parse_words(text, size, limits, err);
    if (!config) return sy_error_at(err, CONVERT_FILE "config.json");
    const json_t *method = json_object_get(json_object_get(config, "quantization_config"), "quant_method");
    const char *word = json_string_value(method);
    bool float8 = word && strcmp(word, "fp8") == 0, mxfp4 = word && strcmp(word, "mxfp4") == 0, ok;
    bool untied = untie(m, config);
    if (m->options->typed || float8) {
        if (float8 || mxfp4) json_object_del(config, "quantization_config");
        const char *key = json_object_get(config, "dtype") ? "dtype" : "torch_dtype";
        json_object_set_new(config, key, json_string(type_word(m)));
        ok = dump_config(m, config, err);
    } else if (untied) {
        ok = dump_config(m, config, err);
    } else {
        ok = copy_text(m, text, size, err);
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

static bool take_config(void *argument, const char *name, const char *text, int64_t size,
                        struct sy_error *err) {
    return strcmp(name, "config.json") != 0 || keep_config(argument, text, size, err);
}

/* The one that came with the weights, else what the metadata amounts to. */
static bool make_config(struct making *m, struct sy_error *err) {
    const struct gguf_value *kept = gguf_find(&m->gguf, CONVERT_FILE "config.json");
    if (!m->from_gguf) return convert_each_side(m->path, take_config, m, err);
    if (kept && kept->type == GGUF_STRING) return keep_config(m, kept->text.data, kept->text.size, err);
    if (m->model->spec.rope.scaling == ROPE_FACTORS) add_factors(m);
    json_object_set_new(m->described.config, "torch_dtype", json_string(type_word(m)));
    return dump_config(m, m->described.config, err);
}

static bool read_config(struct making *m, struct sy_error *err) {
    struct config config;
    if (!make_config(m, err) ||
        !config_parse(m->config_text, m->config_size, CONVERT_FILE "config.json", &m->arena, &config, err))
        return false;
    char field[96];
    bool ok = spec_from_config(&config, &m->arena, &m->family, &m->spec, err);
    config_close(&config);
    if (!ok || !m->from_gguf || !contradicts(m, field, sizeof field, err)) return ok;
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
    if (dtype == DTYPE_F8_E4M3 || dtype == DTYPE_F8_E5M2) { /* its scales would be lost */
        sy_fail(err, SY_ERR_FORMAT, "stored as %s", dtype_name(dtype));
        sy_error_remedy(err, "choose a type: --dtype bf16, f16 or f32");
        return sy_error_at(err, "%s", plan->name);
    }
    return convert_prepare(m->model, &m->spec, plan, dtype, &m->tensors[m->count++], err);
}

/* The names that the tensors came with; count 0: the published ones. */
static bool names_of(struct making *m, const char *const **names, int64_t *count, struct sy_error *err) {
    const struct gguf_value *list = gguf_find(&m->gguf, CONVERT_NAMES);
    *count = 0;
    if (!m->from_gguf && !m->options->typed) return convert_names(m->model, &m->arena, names, count, err);
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

/* What of a folder no slot takes (a vision tower, say) stays as it is, for the config speaks of it; but not
 * beside weights that are float8 no more, for then the config says nothing of scales. */
static bool add_ignored(struct making *m, struct sy_error *err) {
    const struct census *census = &m->model->census;
    bool float8 = census->dtype_bytes[DTYPE_F8_E4M3] > 0 || census->dtype_bytes[DTYPE_F8_E5M2] > 0;
    m->result->left_out = census->unknown + (float8 ? census->ignored : 0);
    for (int64_t i = 0; i < census->ignored && !float8; i++) {
        const struct tensor *tensor = checkpoint_find(&m->model->checkpoint, census->ignored_names[i]);
        if (!convert_copy(tensor, false, &m->tensors[m->count++], err)) return false;
    }
    return true;
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
    m->tensors = arena_new(&m->arena, struct convert_tensor, count + m->model->census.ignored, err);
    for (int64_t i = 0; i < count && m->tensors; i++)
        if (!add_tensor(m, &plan[i], err)) return false;
    return m->tensors && (m->from_gguf || add_ignored(m, err));
}

/* ---- files ---- */

static bool write_side(void *argument, const char *name, const char *text, int64_t size,
                       struct sy_error *err) {
    struct making *m = argument;
    return !convert_side_is_safe(name) || shards_write_text(m->options->out, name, text, size, err);
}

/* What the keys say of sampling and of ends, where no file kept in the container says the same. */
static bool write_generation(struct making *m, bool *written, struct sy_error *err) {
    json_t *config;
    *written = false;
    if (!generation_of_gguf(&m->gguf, &config, err)) return false;
    if (!config) return true;
    char *text = json_dumps(config, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    *written = true;
    bool ok = text ? write_side(m, "generation_config.json", text, (int64_t)strlen(text), err)
                   : sy_fail(err, SY_ERR_MEMORY, "no memory for generation_config.json");
    free(text);
    json_decref(config);
    return ok;
}

static bool write_sides(void *argument, struct sy_error *err) {
    struct making *m = argument;
    bool generation;
    if (!m->from_gguf) return convert_each_side(m->path, write_side, m, err);
    if (!write_generation(m, &generation, err)) return false;
    for (int64_t i = 0; i < m->gguf.key_count; i++) {
        const struct gguf_key *key = &m->gguf.keys[i];
        const char *name = key->name + strlen(CONVERT_FILE);
        if (strcmp(key->name, CONVERT_TOKENIZER) == 0)
            name = "tokenizer.json";
        else if (strncmp(key->name, CONVERT_FILE, strlen(CONVERT_FILE)) != 0)
            continue;
        if (key->value.type != GGUF_STRING) continue;
        if (generation && strcmp(key->name, GENERATION_FILE_KEY) == 0) continue;
        if (!write_side(m, name, key->value.text.data, key->value.text.size, err)) return false;
    }
    return true;
}

static bool write_all(struct making *m, struct sy_error *err) {
    const struct convert_folder folder = { .options = m->options,
                                           .tensors = m->tensors,
                                           .count = m->count,
                                           .config = m->config_text,
                                           .config_size = m->config_size,
                                           .sides = write_sides,
                                           .argument = m };
    return convert_write_folder(&folder, m->result, err);
}

static void note_lacks(struct making *m) {
    bool whole = gguf_find(&m->gguf, CONVERT_FILE "config.json") != NULL;
    bool tokens = gguf_find(&m->gguf, CONVERT_TOKENIZER) != NULL;
    if (whole) return;
    snprintf(m->result->lacks, sizeof m->result->lacks, "config.json has what the metadata says%s",
             tokens ? "" : "; there is no tokenizer.json in it to write");
}

static bool open_keys(struct making *m, struct sy_error *err) {
    if (!gguf_open(m->path, &m->checkpoint, &m->gguf, err)) return false;
    if (spec_from_gguf(&m->gguf, &m->checkpoint, m->path, true, &m->arena, &m->described, err)) return true;
    checkpoint_close(&m->checkpoint);
    return false;
}

bool convert_to_folder(const struct model *model, const char *path, const struct convert_options *options,
                       struct convert_result *result, struct sy_error *err) {
    struct making m = { .model = model, .options = options, .result = result, .path = path };
    m.from_gguf = os_is_file(path) && gguf_is_file(path);
    arena_open(&m.arena);
    bool ok = !m.from_gguf || open_keys(&m, err);
    if (ok) {
        result->left_out = left_out(&model->census);
        if (m.from_gguf) note_lacks(&m);
        ok = read_config(&m, err) && plan_all(&m, err) && write_all(&m, err);
        if (m.from_gguf) gguf_model_free(&m.described);
        if (m.from_gguf) checkpoint_close(&m.checkpoint);
    }
    free(m.config_text);
    arena_close(&m.arena);
    return ok;
}
