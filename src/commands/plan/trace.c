#include "commands/plan/trace.h"

#include "base/checked.h"
#include "formats/safetensors.h"

#include <stdio.h>
#include <string.h>

/* router.LAYER.topk_ids of one sequence: `list` -1 for a file of only one. */
static const struct tensor *find_ids(const struct checkpoint *file, int64_t layer, int64_t list) {
    char name[80];
    int length = snprintf(name, sizeof name, "router.%lld.topk_ids", (long long)layer);
    if (list >= 0) snprintf(name + length, sizeof name - (size_t)length, ".%lld", (long long)list);
    return checkpoint_find(file, name);
}

static int64_t first_moe(const struct spec *spec) {
    int64_t layer = 0;
    while (layer < spec->decoder.layer_count && spec->decoder.layers[layer].ffn != FFN_MOE) layer++;
    return layer;
}

static bool at(const struct tensor *tensor, struct sy_error *err) {
    sy_error_at(err, "%s", tensor->name);
    return sy_error_remedy(err, "give a trace of this very model");
}

/* One layer of one sequence, from `position` of the trace on. */
static bool take_ids(struct trace *trace, const struct tensor *ids, int64_t position, int64_t count,
                     int64_t moe, struct sy_error *err) {
    if (ids->dtype != DTYPE_I32 || ids->rank != 2 || ids->shape[0] != count || ids->shape[1] != trace->most) {
        sy_fail(err, SY_ERR_SHAPE, "choices of %lld tokens, %lld each, are wanted", (long long)count,
                (long long)trace->most);
        return at(ids, err);
    }
    for (int64_t i = 0; i < count * trace->most; i++) {
        int32_t id;
        memcpy(&id, ids->data + i * (int64_t)sizeof id, sizeof id);
        if (id == -1 || trace_set(trace, position + i / trace->most, moe, i % trace->most, id)) continue;
        sy_fail(err, SY_ERR_INPUT, "expert %d is none of %lld, or chosen twice", (int)id,
                (long long)trace->experts);
        return at(ids, err);
    }
    return true;
}

static bool take_list(const struct checkpoint *file, const struct spec *spec, int64_t list, int64_t position,
                      int64_t count, struct trace *trace, struct sy_error *err) {
    for (int64_t layer = 0, moe = 0; layer < spec->decoder.layer_count; layer++) {
        if (spec->decoder.layers[layer].ffn != FFN_MOE) continue;
        const struct tensor *ids = find_ids(file, layer, list);
        if (!ids) {
            sy_fail(err, SY_ERR_SHAPE, "missing");
            return sy_error_at(err, "router.%lld.topk_ids", (long long)layer);
        }
        if (!take_ids(trace, ids, position, count, moe++, err)) return false;
    }
    return true;
}

static bool take_file(const struct checkpoint *file, const struct spec *spec, struct arena *arena,
                      struct trace *trace, struct sy_error *err) {
    int64_t layer = first_moe(spec), positions = 0;
    bool one = find_ids(file, layer, -1) != NULL;
    const struct tensor *ids;
    for (int64_t list = one ? -1 : 0; (ids = find_ids(file, layer, list)) != NULL; list++) {
        if (ids->rank != 2) return sy_fail(err, SY_ERR_SHAPE, "a matrix is wanted"), at(ids, err);
        if (!size_add(positions, ids->shape[0], &positions))
            return sy_fail(err, SY_ERR_LIMIT, "too many tokens");
    }
    if (positions == 0) {
        sy_fail(err, SY_ERR_FORMAT, "holds no routing of this model");
        return sy_error_remedy(err, "`switchyard logits MODEL --routing` writes it");
    }
    if (!trace_open(spec, positions, arena, trace, err)) return false;
    positions = 0;
    for (int64_t list = one ? -1 : 0; (ids = find_ids(file, layer, list)) != NULL; list++) {
        if (!take_list(file, spec, list, positions, ids->shape[0], trace, err)) return false;
        positions += ids->shape[0];
    }
    return true;
}

bool plan_trace_read(const char *path, const struct spec *spec, struct arena *arena, struct trace *trace,
                     struct sy_error *err) {
    static const char ending[] = ".safetensors";
    size_t length = strlen(path), size = sizeof ending - 1;
    struct checkpoint file;
    if (length < size || strcmp(path + length - size, ending) != 0)
        return trace_read(path, spec, arena, trace, err);
    if (!checkpoint_open(path, &file, err)) return false;
    bool ok = take_file(&file, spec, arena, trace, err);
    checkpoint_close(&file);
    return ok || sy_error_in(err, path);
}
