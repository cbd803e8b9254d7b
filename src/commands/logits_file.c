#include "commands/logits_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_LOGITS, KIND_IDS, KIND_WEIGHTS, KIND_COUNT };

static void close_file(struct logits_file *file) {
    free(file->moe_index);
    free(file->ids);
    free(file->weights);
    *file = (struct logits_file){ 0 };
}

/* Columns that any token's choices need. */
static int64_t choice_columns(const struct router_spec *router) {
    switch (router->select) {
    case SELECT_TOP_K:
    case SELECT_TOP_K_IN_GROUPS:
    case SELECT_HASH: return router->top_k;
    default: return router->experts;
    }
}

static bool declare(struct logits_file *file, const char *name, int64_t list, enum dtype dtype, int64_t rows,
                    int64_t columns, struct sy_error *err) {
    char full[80];
    int length = snprintf(full, sizeof full, "%s", name);
    if (list >= 0) snprintf(full + length, sizeof full - (size_t)length, ".%lld", (long long)list);
    return safetensors_declare(file->writer, full, dtype, 2, (int64_t[]){ rows, columns }, err);
}

static bool declare_routing(struct logits_file *file, const struct spec *spec, int64_t list, int64_t rows,
                            struct sy_error *err) {
    static const char *const kinds[KIND_COUNT] = { "logits", "topk_ids", "topk_weights" };
    for (int64_t layer = 0; layer < spec->decoder.layer_count; layer++) {
        if (file->moe_index[layer] < 0) continue;
        for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
            char name[64];
            snprintf(name, sizeof name, "router.%lld.%s", (long long)layer, kinds[kind]);
            if (!declare(file, name, list, kind == KIND_IDS ? DTYPE_I32 : DTYPE_F32, rows,
                         kind == KIND_LOGITS ? file->experts : file->top_k, err))
                return false;
        }
    }
    return true;
}

static bool declare_all(struct logits_file *file, const struct id_lists *lists, const struct spec *spec,
                        bool routing, struct sy_error *err) {
    bool named = lists->file != NULL; /* a batch numbers its tensors, also when it holds one sequence */
    for (int64_t i = 0; i < lists->count; i++)
        if (!declare(file, "logits", named ? i : -1, DTYPE_F32, lists->lists[i].count, file->vocab, err))
            return false;
    for (int64_t i = 0; i < lists->count && routing; i++)
        if (!declare_routing(file, spec, named ? i : -1, lists->lists[i].count, err)) return false;
    return true;
}

static bool is_logits(const unsigned char *head, int64_t size) {
    static const char mark[] = "{\"__metadata__\":{\"switchyard\":\"logits\"";
    int64_t length = (int64_t)strlen(mark);
    return size >= 8 + length && memcmp(head + 8, mark, (size_t)length) == 0;
}

struct os_rule logits_file_rule(bool routing, bool force) {
    static const struct os_kind kind = { "file of logits by this program", is_logits };
    /* Choices reveal the text, so nobody else may read them. */
    return (struct os_rule){ .private_mode = routing, .force = force, .kind = &kind, .ask = "add --force" };
}

bool logits_file_open(const char *path, const struct id_lists *lists, const struct spec *spec, bool routing,
                      bool force, struct logits_file *file, struct sy_error *err) {
    const struct os_rule rule = logits_file_rule(routing, force);
    *file = (struct logits_file){
        .vocab = spec->vocab,
        .experts = spec->router.experts,
        .top_k = choice_columns(&spec->router),
        .list_count = lists->count,
    };
    file->moe_index = calloc((size_t)spec->decoder.layer_count + 1, sizeof *file->moe_index);
    file->ids = calloc((size_t)file->top_k + 1, sizeof *file->ids);
    file->weights = calloc((size_t)file->top_k + 1, sizeof *file->weights);
    if (!file->moe_index || !file->ids || !file->weights) {
        close_file(file);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for the tables of an output file");
    }
    for (int64_t layer = 0; layer < spec->decoder.layer_count; layer++)
        file->moe_index[layer] = spec->decoder.layers[layer].ffn == FFN_MOE ? file->moe_count++ : -1;
    file->in_order = lists->count == 1 && !(routing && file->moe_count > 0);
    if (!safetensors_writer_open_by(&rule, path, &file->writer, err)) {
        close_file(file);
        return false;
    }
    if (safetensors_metadata(file->writer, "switchyard", "logits", err) &&
        declare_all(file, lists, spec, routing, err))
        return true;
    logits_file_abandon(file);
    return false;
}

static bool write_at(struct logits_file *file, int64_t tensor, int64_t row, const void *bytes, int64_t size,
                     struct sy_error *err) {
    if (file->in_order) return safetensors_write(file->writer, bytes, size, err);
    return safetensors_write_at(file->writer, tensor, row * size, bytes, size, err);
}

bool logits_file_row(struct logits_file *file, int64_t list, int64_t row, const float *logits,
                     struct sy_error *err) {
    return write_at(file, list, row, logits, file->vocab * (int64_t)sizeof *logits, err);
}

bool logits_file_routing(struct logits_file *file, const struct sy_routed_row *row, struct sy_error *err) {
    int64_t layer = row->sequence * file->moe_count + file->moe_index[row->layer],
            first = file->list_count + layer * KIND_COUNT,
            choice_bytes = file->top_k * (int64_t)sizeof *file->weights;
    for (int64_t k = 0; k < file->top_k; k++) {
        file->ids[k] = k < row->count ? row->experts[k] : -1;
        file->weights[k] = k < row->count ? row->weights[k] : 0;
    }
    return write_at(file, first + KIND_LOGITS, row->index, row->logits,
                    file->experts * (int64_t)sizeof *row->logits, err) &&
           write_at(file, first + KIND_IDS, row->index, file->ids, choice_bytes, err) &&
           write_at(file, first + KIND_WEIGHTS, row->index, file->weights, choice_bytes, err);
}

bool logits_file_commit(struct logits_file *file, struct sy_error *err) {
    bool done = safetensors_writer_commit(file->writer, err);
    close_file(file);
    return done;
}

void logits_file_abandon(struct logits_file *file) {
    safetensors_writer_abandon(file->writer);
    close_file(file);
}
