/*
 * A folder becomes one GGUF file. Keys first (the spec's, then ours, then side files), then the tensors that
 * the family has in GGUF, streamed row by row.
 *
 * Types without --dtype: matrices keep theirs; vectors and routers, which other programs want in F32, are
 * widened to it when they are BF16 or F16, and listed, so that the way back narrows them again.
 */
#include "commands/convert/convert.h"

#include "base/os.h"
#include "commands/convert/types.h"
#include "formats/gguf.h"
#include "model/meta_write.h"
#include "text/vocab_keys/vocab_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
    const struct model *model;
    const struct convert_options *options;
    struct convert_result *result;
    struct arena arena;
    struct gguf_description described;
    struct convert_tensor *tensors;
    int64_t count;
    const char **narrow, **half; /* [count] */
    int64_t narrow_count, half_count;
    struct gguf_writer *writer;
};

/* ---- tensors ---- */

static bool add_tensor(struct making *m, const struct planned_tensor *plan, struct sy_error *err) {
    enum dtype source;
    uint32_t id;
    const struct spec *target = &m->described.spec;
    if (!convert_source_dtype(m->model, target, plan, m->options->typed, &source, err)) return false;
    const enum dtype *chosen = m->options->typed ? &m->options->dtype : NULL;
    enum dtype dtype = convert_gguf_dtype(plan, chosen, source, &m->result->fell_back);
    if (!gguf_type_of(dtype, &id)) {
        sy_fail(err, SY_ERR_FORMAT, "stored as %s, which GGUF has no place for", dtype_name(dtype));
        sy_error_remedy(err, "choose a type: --dtype bf16, f16, f32, q8_0 or another");
        return sy_error_at(err, "%s", plan->name);
    }
    if (!m->options->typed && dtype != source && source == DTYPE_BF16)
        m->narrow[m->narrow_count++] = plan->name;
    if (!m->options->typed && dtype != source && source == DTYPE_F16) m->half[m->half_count++] = plan->name;
    return convert_prepare(m->model, target, plan, dtype, &m->tensors[m->count++], err);
}

static bool plan_all(struct making *m, struct sy_error *err) {
    struct planned_tensor *plan;
    int64_t count;
    if (!plan_tensors(m->described.family, &m->described.spec, &m->arena, &plan, &count, err)) return false;
    m->tensors = arena_new(&m->arena, struct convert_tensor, count, err);
    m->narrow = arena_new(&m->arena, const char *, count, err);
    m->half = arena_new(&m->arena, const char *, count, err);
    if (!m->tensors || !m->narrow || !m->half) return false;
    for (int64_t i = 0; i < count; i++)
        if (!add_tensor(m, &plan[i], err)) return false;
    return true;
}

/* ---- keys ---- */

/* What most of the weights have. */
static enum dtype main_type(const struct making *m) {
    const struct census *census = &m->model->census;
    enum dtype most = DTYPE_F32;
    for (int d = 0; d < DTYPE_COUNT; d++)
        if (census->dtype_bytes[d] > census->dtype_bytes[most]) most = (enum dtype)d;
    return m->options->typed ? m->options->dtype : most == DTYPE_U8 ? DTYPE_MXFP4 : most;
}

static bool set_list(struct making *m, const char *key, const char *const *names, int64_t count,
                     struct sy_error *err) {
    struct gguf_value value = { .type = GGUF_ARRAY };
    if (count == 0) return true;
    struct gguf_value *items = arena_new(&m->arena, struct gguf_value, count, err);
    if (!items) return false;
    for (int64_t i = 0; i < count; i++) {
        items[i].type = GGUF_STRING;
        items[i].text = (struct gguf_text){ names[i], (int64_t)strlen(names[i]) };
    }
    value.array.type = GGUF_STRING;
    value.array.count = count;
    value.array.items = items;
    return gguf_set(m->writer, key, &value, err);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the source's tensors, unless they are the published ones. */
static bool set_names(struct making *m, struct sy_error *err) {
    struct planned_tensor *plan;
    const char *const *names;
    int64_t planned, count;
    const struct spec *spec = &m->model->spec;
    if (!plan_tensors(m->model->family, spec, &m->arena, &plan, &planned, err) ||
        !convert_names(m->model, &m->arena, &names, &count, err))
        return false;
    const char **published = arena_new(&m->arena, const char *, planned, err);
    if (!published) return false;
    for (int64_t i = 0; i < planned; i++) published[i] = plan[i].name;
    qsort(published, (size_t)planned, sizeof *published, by_text);
    bool same = count == planned;
    for (int64_t i = 0; i < count && same; i++) same = strcmp(names[i], published[i]) == 0;
    return same || set_list(m, CONVERT_NAMES, names, count, err);
}

static bool set_side(void *argument, const char *name, const char *text, int64_t size, struct sy_error *err) {
    struct making *m = argument;
    char key[192];
    snprintf(key, sizeof key, CONVERT_FILE "%s", name);
    return gguf_set_text(m->writer, strcmp(name, "tokenizer.json") == 0 ? CONVERT_TOKENIZER : key, text, size,
                         err);
}

/* What other programs read of the tokenizer. */
static bool make_vocab(struct making *m, const char *path, struct vocab_keys *keys, struct sy_error *err) {
    const struct spec *spec = &m->described.spec;
    const struct vocab_wanted wanted = { .rows = spec->vocab,
                                         .bos = spec->tokens.bos,
                                         .pad = spec->tokens.pad,
                                         .eos = spec->tokens.eos,
                                         .eos_count = spec->tokens.eos_count };
    if (!vocab_keys_make(path, &wanted, &m->arena, keys, err)) return false;
    snprintf(m->result->text, sizeof m->result->text, "%s", keys->warning);
    return true;
}

/* The model's keys, then the tokenizer's, whose word on special tokens counts more than the config's. */
static bool set_keys(struct making *m, const char *path, struct sy_error *err) {
    const struct gguf_description *d = &m->described;
    struct vocab_keys vocab;
    if (!make_vocab(m, path, &vocab, err)) return false;
    const struct gguf made = { .keys = vocab.keys, .key_count = vocab.count };
    for (int64_t i = 0; i < d->count; i++)
        if (!gguf_find(&made, d->keys[i].name) &&
            !gguf_set(m->writer, d->keys[i].name, &d->keys[i].value, err))
            return false;
    for (int64_t i = 0; i < vocab.count; i++)
        if (!gguf_set(m->writer, vocab.keys[i].name, &vocab.keys[i].value, err)) return false;
    return gguf_set_u32(m->writer, "general.file_type", convert_file_type(main_type(m)), err) &&
           gguf_set_u32(m->writer, "general.quantization_version", 2, err) &&
           set_list(m, CONVERT_NARROW, m->narrow, m->narrow_count, err) &&
           set_list(m, CONVERT_HALF, m->half, m->half_count, err) && set_names(m, err) &&
           convert_each_side(path, set_side, m, err);
}

/* ---- all of it ---- */

static bool write_bytes(void *writer, const void *bytes, int64_t size, struct sy_error *err) {
    return gguf_write(writer, bytes, size, err);
}

static bool retype(void *writer, enum dtype dtype, struct sy_error *err) {
    return gguf_retype(writer, dtype, err);
}

static bool write_all(struct making *m, const char *path, struct sy_error *err) {
    const struct gguf_description *d = &m->described;
    if (!set_keys(m, path, err)) return false;
    for (int i = 0; i < d->vector_count; i++)
        if (!gguf_declare(m->writer, d->vectors[i].name, DTYPE_F32, 1, &d->vectors[i].count, err))
            return false;
    for (int64_t i = 0; i < m->count; i++) {
        const struct convert_tensor *t = &m->tensors[i];
        if (!gguf_declare(m->writer, t->plan.name, t->dtype, t->plan.rank, t->plan.shape, err)) return false;
        m->result->bytes += t->bytes;
    }
    m->result->tensors = m->count + d->vector_count;
    for (int i = 0; i < d->vector_count; i++)
        if (!gguf_write(m->writer, d->vectors[i].values, d->vectors[i].count * 4, err)) return false;
    const struct convert_sink sink = { m->writer, write_bytes, retype };
    return convert_stream(m->tensors, m->count, m->options->threads, &sink, m->result, err);
}

bool convert_to_gguf(const struct model *model, const char *path, const struct convert_options *options,
                     struct convert_result *result, struct sy_error *err) {
    if (os_is_file(path) && gguf_is_file(path)) return convert_requantize(model, path, options, result, err);
    struct making m = { .model = model, .options = options, .result = result };
    const struct os_rule rule = convert_rule(options->force);
    arena_open(&m.arena);
    bool ok = gguf_describe(model->family, &model->spec, &m.arena, &m.described, err) && plan_all(&m, err) &&
              gguf_writer_open_by(&rule, options->out, &m.writer, err);
    if (ok) {
        const struct gguf_description *d = &m.described;
        result->left_out = model->census.ignored + model->census.unknown;
        result->ours = d->ours;
        if (d->ours > 0)
            snprintf(result->first_ours, sizeof result->first_ours, "%s", d->keys[d->count - d->ours].name);
        if (write_all(&m, path, err)) {
            ok = gguf_writer_commit(m.writer, err);
        } else {
            gguf_writer_abandon(m.writer);
            ok = false;
        }
    }
    arena_close(&m.arena);
    return ok;
}
