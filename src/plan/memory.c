/*
 * Memory.
 *
 *   peak = weights + decoded vectors + pool of keys and values + a pass + tables + the program
 *
 * by engine/memory.h, which is what `run` refuses by: each part from the function beside the constructor that
 * takes it (store_bytes, kv_pool_bytes, pass_bytes...), the weights from their recipe or headers.
 *
 *   cache    (memory - everything but the experts) / bytes of an expert, in whole experts
 *   fetch    experts that the batch touches / batch * bytes of an expert, all MoE layers * (1 - hit)
 *   hit      held / E when routing is uniform, else from the trace, replayed through LRU (trace.c)
 */
#include "plan/memory.h"

#include "base/checked.h"
#include "engine/memory.h"

/* The arithmetic that `run` chooses by itself: exact where all weights are f32 or wider. */
static struct numerics numerics_of(const struct memory_input *in) {
    const struct weights *w = &in->traffic.weights;
    bool wide = w->recipe ? w->recipe->dtype == DTYPE_F32 : true;
    for (int d = 0; !w->recipe && d <= DTYPE_COUNT; d++)
        if (d != DTYPE_F32 && d != DTYPE_F64 && w->model->census.dtype_tensors[d] > 0) wide = false;
    return (struct numerics){ .compute = wide ? COMPUTE_F32 : COMPUTE_BF16, .kv = in->traffic.kv };
}

static bool take_all(const struct memory_input *in, struct plan_memory *m, struct sy_error *err) {
    const struct spec *spec = in->traffic.weights.spec;
    struct numerics numerics = numerics_of(in);
    struct memory_need need = { 0 };
    const struct cache_size size = { .context = in->traffic.context };
    struct pass_limits limits = { .sequences = in->batch, .threads = in->threads };
    limits.rows = max_i64(memory_rows(spec, &numerics, &limits), in->batch);
    if (!weights_bytes(&in->traffic.weights, &need.weights, err) ||
        !memory_need(spec, &numerics, &limits, &size, &need, err) ||
        !kv_token_bytes(spec, in->traffic.kv, &m->kv_per_token, err))
        return false;
    m->rows = limits.rows;
    m->weights = need.weights;
    m->vectors = need.vectors;
    m->kv = need.cache;
    m->activations = need.step;
    m->tables = need.tables;
    m->program = need.program;
    m->peak = memory_total(&need);
    if (m->peak == INT64_MAX)
        return sy_fail(err, SY_ERR_LIMIT, "the memory of all parts together passes 2^63 bytes");
    m->kv_kept = kv_kept_bytes(spec, in->traffic.kv, in->traffic.context) * (double)in->batch;
    return true;
}

/* hits[c] of the trace, or c / E. */
static double hit_of(const double *lru, double held, int64_t experts) {
    if (held >= (double)experts) return 1;
    if (!lru) return held / (double)experts;
    int64_t whole = (int64_t)held;
    double rest = held - (double)whole;
    return lru[whole] * (1 - rest) + lru[whole + 1] * rest;
}

static void plan_cache(const struct memory_input *in, const struct traffic_sums *sums, const double *lru,
                       struct plan_memory *m) {
    struct expert_cache *c = &m->cache;
    int64_t layers = sums->moe_layers, experts = in->traffic.weights.spec->router.experts;
    c->all = layers * experts;
    c->expert_bytes = (int64_t)(sums->expert_bytes / (double)layers);
    double all = sums->expert_bytes * (double)experts;
    double rest = (double)m->peak - all;
    double room = (double)in->memory - rest;
    c->possible = room >= sums->expert_bytes * sums->chosen / (double)layers; /* a token's, of one layer */
    if (!c->possible) return;
    c->experts = min_i64(c->all, (int64_t)(room / (double)max_i64(c->expert_bytes, 1)));
    c->hit = hit_of(lru, (double)c->experts / (double)layers, experts);
    double touched = traffic_experts(sums, (double)in->batch, 1) / (double)in->batch;
    c->fetch_bytes = touched * sums->expert_bytes * (1 - c->hit);
}

bool plan_memory(const struct memory_input *in, struct plan_memory *out, struct sy_error *err) {
    struct plan_memory m = { .said = in->memory > 0 };
    const struct trace *trace = in->traffic.trace;
    struct traffic_sums sums;
    struct arena arena;
    double *lru = NULL;
    if (!take_all(in, &m, err) || !traffic_sum(&in->traffic, &sums, err)) return false;
    m.fits = m.said && m.peak <= in->memory;
    arena_open(&arena);
    bool ok = !trace || trace_lru(trace, &arena, &lru, err);
    for (int i = 0; ok && trace && i < LRU_POINTS; i++)
        m.lru[i] = hit_of(lru, (double)trace->experts * i / (LRU_POINTS - 1), trace->experts);
    if (ok && m.said && !m.fits && sums.moe_layers > 0) plan_cache(in, &sums, lru, &m);
    arena_close(&arena);
    *out = m;
    return ok;
}

int64_t memory_batch_max(const struct memory_input *in) {
    struct memory_input trial = *in;
    struct plan_memory m;
    int64_t low = 0, high = 1 << 20; /* low fits, high does not (or nobody asks) */
    while (high - low > 1) {
        trial.batch = low + (high - low) / 2;
        bool fits = take_all(&trial, &m, NULL) && m.peak <= in->memory;
        *(fits ? &low : &high) = trial.batch;
    }
    return low;
}
