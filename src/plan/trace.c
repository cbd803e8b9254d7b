/*
 * Reading a trace, and replaying it through caches.
 *
 *     {"routing": {"moe_layers": [0, 1], "choices": [ [[3, 7], [0, 2]], ... ]}}      tokens x layers x K
 *
 * LRU at every size in one replay: keep each layer's experts in order of last use; a choice that stands at
 * depth d is served by every cache of more than d (Mattson et al. 1970, stack distances). The stack has E
 * entries, so a replay costs choices x E at worst.
 */
#include "plan/trace.h"

#include "base/checked.h"
#include "base/json.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

#define TRACE_BYTES_MAX   ((int64_t)1 << 30)
#define TRACE_CHOICES_MAX ((int64_t)1 << 28)

static const struct json_limits limits = { TRACE_BYTES_MAX, 8 };

bool trace_open(const struct spec *spec, int64_t positions, struct arena *arena, struct trace *trace,
                struct sy_error *err) {
    int64_t cells, counts;
    *trace = (struct trace){ .experts = spec->router.experts, .positions = positions };
    for (int64_t l = 0; l < spec->decoder.layer_count; l++)
        trace->layers += spec->decoder.layers[l].ffn == FFN_MOE;
    bool fixed = spec->router.select == SELECT_TOP_K || spec->router.select == SELECT_TOP_K_IN_GROUPS ||
                 spec->router.select == SELECT_HASH;
    trace->most = fixed ? spec->router.top_k : spec->router.experts;
    if (trace->layers == 0) return sy_fail(err, SY_ERR_INPUT, "no layer of this model has experts");
    if (positions < 1) return sy_fail(err, SY_ERR_INPUT, "the trace holds no token");
    if (!size_mul(positions, trace->layers, &cells) || !size_mul(cells, trace->most, &cells) ||
        !size_mul(trace->layers, trace->experts, &counts) || cells > TRACE_CHOICES_MAX ||
        counts > TRACE_CHOICES_MAX)
        return sy_fail(err, SY_ERR_LIMIT, "a trace of %lld tokens is too large", (long long)positions);
    trace->choices = arena_new(arena, int32_t, cells, err);
    trace->counts = arena_new(arena, int64_t, counts, err);
    if (!trace->choices || !trace->counts) return false;
    for (int64_t i = 0; i < cells; i++) trace->choices[i] = -1;
    return true;
}

bool trace_set(struct trace *trace, int64_t position, int64_t layer, int64_t k, int64_t id) {
    if (id < 0 || id >= trace->experts || k >= trace->most) return false;
    int32_t *choice = trace_choice(trace, position, layer);
    for (int64_t i = 0; i < k; i++)
        if (choice[i] == id) return false;
    choice[k] = (int32_t)id;
    trace->counts[layer * trace->experts + id]++;
    return true;
}

static bool take_token(struct trace *trace, int64_t position, const json_t *layers, struct sy_error *err) {
    if ((int64_t)json_array_size(layers) != trace->layers) {
        sy_fail(err, SY_ERR_INPUT, "%zu layers, but the model has %lld with experts", json_array_size(layers),
                (long long)trace->layers);
        return sy_error_at(err, "choices[%lld]", (long long)position);
    }
    for (int64_t layer = 0; layer < trace->layers; layer++) {
        const json_t *ids = json_array_get(layers, (size_t)layer);
        int64_t count = (int64_t)json_array_size(ids), id;
        for (int64_t k = 0; k < count; k++) {
            if (json_to_i64(json_array_get(ids, (size_t)k), &id) && trace_set(trace, position, layer, k, id))
                continue;
            sy_fail(err, SY_ERR_INPUT, "no choice of %lld of %lld experts", (long long)trace->most,
                    (long long)trace->experts);
            return sy_error_at(err, "choices[%lld][%lld][%lld]", (long long)position, (long long)layer,
                               (long long)k);
        }
    }
    return true;
}

static bool take(const json_t *root, const struct spec *spec, struct arena *arena, struct trace *trace,
                 struct sy_error *err) {
    const json_t *routing = json_object_get(root, "routing");
    const json_t *choices = json_object_get(routing ? routing : root, "choices");
    if (!json_is_array(choices)) {
        sy_fail(err, SY_ERR_FORMAT, "holds no routing");
        return sy_error_remedy(err, "`switchyard run MODEL --routing --json` prints one");
    }
    bool ok = trace_open(spec, (int64_t)json_array_size(choices), arena, trace, err);
    for (int64_t p = 0; ok && p < trace->positions; p++)
        ok = take_token(trace, p, json_array_get(choices, (size_t)p), err);
    return ok || sy_error_remedy(err, "give a trace of this very model");
}

bool trace_parse(const char *text, int64_t size, const struct spec *spec, struct arena *arena,
                 struct trace *trace, struct sy_error *err) {
    json_t *root = json_parse(text, size, limits, err);
    bool ok = root && take(root, spec, arena, trace, err);
    json_decref(root);
    return ok;
}

bool trace_read(const char *path, const struct spec *spec, struct arena *arena, struct trace *trace,
                struct sy_error *err) {
    json_t *root = json_parse_file(path, limits, err);
    bool ok = root && take(root, spec, arena, trace, err);
    json_decref(root);
    return ok || sy_error_in(err, path);
}

/* ---- LRU ---- */

/* Depth of `id` in the stack of `used` experts, -1 when it is not there; and to the top with it. */
static int64_t touch(int32_t *stack, int64_t *used, int32_t id) {
    int64_t depth = 0;
    while (depth < *used && stack[depth] != id) depth++;
    int64_t found = depth < *used ? depth : -1;
    if (found < 0) ++*used;
    memmove(stack + 1, stack, (size_t)depth * sizeof *stack);
    stack[0] = id;
    return found;
}

bool trace_lru(const struct trace *trace, struct arena *arena, double **hits, struct sy_error *err) {
    int32_t *stack = arena_new(arena, int32_t, trace->experts + 1, err);
    int64_t *at = arena_new(arena, int64_t, trace->experts + 1, err), total = 0, served = 0;
    *hits = arena_new(arena, double, trace->experts + 1, err);
    if (!stack || !at || !*hits) return false;
    for (int64_t layer = 0; layer < trace->layers; layer++) {
        int64_t used = 0;
        for (int64_t p = 0; p < trace->positions; p++)
            for (int64_t k = 0; k < trace->most; k++) {
                int32_t id = trace_choice(trace, p, layer)[k];
                if (id < 0) continue;
                int64_t depth = touch(stack, &used, id);
                if (depth >= 0) at[depth]++;
                total++;
            }
    }
    for (int64_t c = 0; c <= trace->experts; c++) { /* a cache of c serves depths below c */
        (*hits)[c] = total > 0 ? (double)served / (double)total : 0;
        served += at[c];
    }
    return true;
}
