/*
 * GGUF to GGUF: the same tensors in the same order and arrangement, in other types; what keeps its type is
 * copied to the byte. Metadata come along whole, also what nobody here knows. Split files become one.
 */
#include "commands/convert/convert.h"

#include "commands/convert/types.h"
#include "formats/gguf.h"

#include <stdlib.h>
#include <string.h>

struct making {
    const struct model *model;
    const struct convert_options *options;
    struct convert_result *result;
    struct arena arena;
    struct checkpoint checkpoint; /* the file once more, for its keys */
    struct gguf gguf;
    struct planned_tensor *plan; /* [planned], by name as the checkpoint has them */
    int64_t planned;
    struct convert_tensor *tensors; /* [count] */
    int64_t count;
    struct gguf_writer *writer;
};

/* ---- tensors ---- */

/* Those that hold weights say what they are; others stay as they are. */
static bool add_tensor(struct making *m, const struct tensor *tensor, const struct planned_tensor *plan,
                       struct sy_error *err) {
    struct convert_tensor *out = &m->tensors[m->count++];
    enum dtype dtype = tensor->dtype;
    if (dtype == DTYPE_COUNT) {
        sy_fail(err, SY_ERR_FORMAT, "stored as %s, which is not read here", tensor_type(tensor));
        return sy_error_at(err, "%s", tensor->name);
    }
    if (plan && m->options->typed)
        dtype = convert_gguf_dtype(plan, &m->options->dtype, tensor->dtype, &m->result->fell_back);
    if (dtype == tensor->dtype) return convert_copy(tensor, plan != NULL, out, err);
    return convert_prepare(m->model, &m->model->spec, plan, dtype, out, err);
}

static int by_place(const void *a, const void *b) {
    const struct tensor *left = *(const struct tensor *const *)a, *right = *(const struct tensor *const *)b;
    int order = strcmp(left->file, right->file);
    if (order != 0) return order;
    return ((const char *)left->data > (const char *)right->data) -
           ((const char *)left->data < (const char *)right->data);
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, ((const struct planned_tensor *)b)->name);
}

static bool plan_all(struct making *m, struct sy_error *err) {
    const struct checkpoint *checkpoint = &m->model->checkpoint;
    const char *const *names;
    const struct tensor **order = arena_new(&m->arena, const struct tensor *, checkpoint->count, err);
    m->tensors = arena_new(&m->arena, struct convert_tensor, checkpoint->count, err);
    if (!order || !m->tensors || !convert_names(m->model, &m->arena, &names, &m->planned, err) ||
        !plan_named(m->model->family, &m->model->spec, names, m->planned, &m->arena, &m->plan, err))
        return false;
    for (int64_t i = 0; i < checkpoint->count; i++) order[i] = &checkpoint->tensors[i];
    qsort(order, (size_t)checkpoint->count, sizeof *order, by_place);
    for (int64_t i = 0; i < checkpoint->count; i++) {
        const struct planned_tensor *plan =
            bsearch(order[i]->name, m->plan, (size_t)m->planned, sizeof *m->plan, by_name);
        if (!add_tensor(m, order[i], plan, err)) return false;
    }
    return true;
}

/* ---- keys ---- */

/* The writer's own, and what says the type of the weights. */
static bool is_replaced(const struct making *m, const char *name) {
    if (strncmp(name, "split.", 6) == 0 || strcmp(name, "general.alignment") == 0) return true;
    return m->options->typed &&
           (strcmp(name, "general.file_type") == 0 || strcmp(name, "general.quantization_version") == 0);
}

static bool set_keys(struct making *m, struct sy_error *err) {
    for (int64_t i = 0; i < m->gguf.key_count; i++) {
        const struct gguf_key *key = &m->gguf.keys[i];
        if (!is_replaced(m, key->name) && !gguf_set(m->writer, key->name, &key->value, err)) return false;
    }
    return !m->options->typed ||
           (gguf_set_u32(m->writer, "general.file_type", convert_file_type(m->options->dtype), err) &&
            gguf_set_u32(m->writer, "general.quantization_version", 2, err));
}

/* ---- all of it ---- */

static bool write_bytes(void *writer, const void *bytes, int64_t size, struct sy_error *err) {
    return gguf_write(writer, bytes, size, err);
}

static bool retype(void *writer, enum dtype dtype, struct sy_error *err) {
    return gguf_retype(writer, dtype, err);
}

static bool write_all(struct making *m, struct sy_error *err) {
    if (!set_keys(m, err)) return false;
    for (int64_t i = 0; i < m->count; i++) {
        const struct convert_tensor *t = &m->tensors[i];
        if (!gguf_declare(m->writer, t->plan.name, t->dtype, t->plan.rank, t->plan.shape, err)) return false;
        m->result->bytes += t->bytes;
    }
    m->result->tensors = m->count;
    const struct convert_sink sink = { m->writer, write_bytes, retype };
    return convert_stream(m->tensors, m->count, m->options->threads, &sink, m->result, err);
}

bool convert_requantize(const struct model *model, const char *path, const struct convert_options *options,
                        struct convert_result *result, struct sy_error *err) {
    struct making m = { .model = model, .options = options, .result = result };
    const struct os_rule rule = convert_rule(options->force);
    if (!gguf_open(path, &m.checkpoint, &m.gguf, err)) return false;
    arena_open(&m.arena);
    bool ok = plan_all(&m, err) && gguf_writer_open_by(&rule, options->out, &m.writer, err);
    if (ok) {
        ok = write_all(&m, err);
        if (ok)
            ok = gguf_writer_commit(m.writer, err);
        else
            gguf_writer_abandon(m.writer);
    }
    arena_close(&m.arena);
    checkpoint_close(&m.checkpoint);
    return ok;
}
