/*
 * A session's life: open the model, choose the arithmetic, compute every size, refuse or take them, start the
 * threads.
 */
#include "engine/session.h"

#include "base/checked.h"
#include "base/os.h"

#include <stdio.h>
#include <string.h>

#define CONTEXT_DEFAULT 4096

/* Are all matrices stored in f32 (or wider)? Then there is nothing to gain from fast. */
static bool weights_are_f32(const struct model *model) {
    for (int d = 0; d < DTYPE_COUNT; d++)
        if (d != DTYPE_F32 && d != DTYPE_F64 && model->census.dtype_tensors[d] > 0) return false;
    return true;
}

static struct numerics choose_numerics(const struct session_options *o, const struct model *model) {
    bool exact = o->precision == PRECISION_EXACT ||
                 (o->precision == PRECISION_DEFAULT && (o->exact_default || weights_are_f32(model)));
    struct numerics n = { .compute = exact ? COMPUTE_F32 : COMPUTE_BF16,
                          .kv = exact ? DTYPE_F32 : DTYPE_F16,
                          .regime = o->regime };
    if (o->kv >= 0) n.kv = (enum dtype)o->kv;
    return n;
}

/* What was taken before the model was opened is a peak of its own, where the model is smaller. */
static void count_before(struct memory_need *need, int64_t before) {
    if (before > 0) need->beside += max_i64(0, before + need->program - memory_total(need));
}

/* Some of the weights will be records in memory, in place of their bytes in the mapping. */
static void settle_layout(struct session *s, const struct session_options *o) {
    int64_t bytes = store_packed_bytes(&s->model.binding, &s->numerics);
    bool wanted = o->layout == WEIGHTS_KERNEL || (o->layout == WEIGHTS_AUTO && s->kernels.level > LEVEL_REF &&
                                                  memory_holds(&s->need, bytes, o->memory));
    if (!wanted) return;
    s->need.records = bytes;
    s->need.weights -= min_i64(bytes, s->need.weights);
}

static bool size_up(struct session *s, const struct session_options *o, int64_t *pages,
                    struct sy_error *err) {
    const struct spec *spec = &s->model.spec;
    int64_t sequences = o->sequences > 0 ? o->sequences : 1;
    s->context = o->context > 0
                     ? o->context
                     : min_i64(spec->context > 0 ? spec->context : CONTEXT_DEFAULT, CONTEXT_DEFAULT);
    s->limits = (struct pass_limits){ .sequences = sequences,
                                      .threads = o->threads > 0 ? o->threads : team_default_count() };
    s->need = (struct memory_need){ 0 };
    if (o->caller_takes && !o->caller_takes(o->argument, s, &s->need.beside, err)) return false;
    if (!size_add(s->need.beside, o->beside, &s->need.beside))
        return sy_fail(err, SY_ERR_LIMIT, "%lld bytes beside the model overflow 64 bits",
                       (long long)o->beside);
    int64_t rows = o->rows > 0 ? o->rows : memory_rows(spec, &s->numerics, &s->limits);
    s->limits.rows = max_i64(rows, sequences);
    for (int d = 0; d < DTYPE_COUNT; d++) s->need.weights += s->model.census.dtype_bytes[d];
    const struct cache_size size = { s->context, o->kv_positions };
    if (!cache_pages(spec, sequences, &size, pages, err) ||
        !memory_need(spec, &s->numerics, &s->limits, &size, &s->need, err))
        return false;
    count_before(&s->need, o->before);
    settle_layout(s, o);
    return memory_check(spec, &s->numerics, &s->limits, &size, &s->need, o->memory, err);
}

/* --experts-per-token: another K, where the router chooses a fixed number. */
static bool choose_experts(struct session *s, int64_t count, struct sy_error *err) {
    struct router_spec *r = &s->model.spec.router;
    bool fixed = r->select == SELECT_TOP_K || r->select == SELECT_TOP_K_IN_GROUPS;
    if (count == 0) return true;
    if (r->experts == 0)
        return sy_fail(err, SY_ERR_INPUT, "%lld experts a token are asked for, and the model has none",
                       (long long)count);
    if (!fixed)
        return sy_fail(err, SY_ERR_INPUT, "experts a token: this model's router has no fixed number of them");
    int64_t most = r->groups > 1 ? r->experts / r->groups * r->groups_kept : r->experts;
    if (count < 1 || count > most) {
        sy_fail(err, SY_ERR_INPUT, "%lld experts a token are asked for, and the router can choose 1 to %lld",
                (long long)count, (long long)most);
        return sy_error_remedy(err, "give 1 to %lld; the model was made for %lld", (long long)most,
                               (long long)r->top_k);
    }
    if (count != r->top_k)
        snprintf(s->departure, sizeof s->departure,
                 "%lld of %lld experts a token; the model was made for %lld", (long long)count,
                 (long long)r->experts, (long long)r->top_k);
    r->top_k = count;
    return spec_check(&s->model.spec, err);
}

bool session_count(struct session *s, struct sy_error *err) {
    if (!moe_stats_open(&s->model.spec, false, &s->model.arena, &s->stats, err)) return false;
    pass_count(s->pass, &s->stats);
    return true;
}

static bool open_parts(struct session *s, const struct session_options *o, struct sy_error *err) {
    const struct spec *spec = &s->model.spec;
    int64_t pages;
    s->kernels = kernels_select(o->cpu);
    s->numerics = choose_numerics(o, &s->model);
    if (s->numerics.regime == REGIME_BF16 && s->numerics.compute == COMPUTE_F32) {
        sy_fail(err, SY_ERR_INPUT, "SY_REGIME_BF16 is about fast products, and these are exact");
        return sy_error_remedy(err, "give SY_PRECISION_FAST as well, or leave it out");
    }
    if (!size_up(s, o, &pages, err)) return false;
    return store_open(&s->model, &s->store, err) &&
           kv_pool_open(spec, s->numerics.kv, pages, &s->pool, err) &&
           team_pool_open(s->limits.threads, &s->team, err) &&
           (s->need.records == 0 || store_pack(&s->store, &s->numerics, s->team, err)) &&
           pass_open(&s->store, &s->kernels, &s->numerics, &s->limits, s->team, &s->pass, err) &&
           batcher_open(&s->limits, &s->batcher, err) &&
           feeder_open(&s->limits, s->batcher, s->pass, &s->feeder, err) && session_count(s, err);
}

bool session_open(const char *path, const struct session_options *options, struct session *s,
                  struct sy_error *err) {
    double start = os_seconds();
    memset(s, 0, sizeof *s);
    if (!model_open(path, options->ignore_unknown, &s->model, err)) return false;
    if (!choose_experts(s, options->experts_per_token, err) || !open_parts(s, options, err)) {
        sy_error_in(err, path);
        session_close(s);
        return false;
    }
    s->load_seconds = os_seconds() - start;
    return true;
}

void session_close(struct session *s) {
    feeder_close(s->feeder);
    batcher_close(s->batcher);
    pass_close(s->pass);
    team_pool_close(s->team);
    kv_pool_close(s->pool);
    store_close(&s->store);
    model_close(&s->model);
    memset(s, 0, sizeof *s);
}

bool session_check_ids(const struct session *s, const int64_t *ids, int64_t count, struct sy_error *err) {
    for (int64_t i = 0; i < count; i++) {
        if (ids[i] >= 0 && ids[i] < s->model.spec.vocab) continue;
        sy_fail(err, SY_ERR_INPUT, "token id %lld is not in the vocabulary of %lld", (long long)ids[i],
                (long long)s->model.spec.vocab);
        sy_error_at(err, "id number %lld", (long long)i + 1);
        return sy_error_remedy(err, "give ids from 0 to %lld", (long long)s->model.spec.vocab - 1);
    }
    return true;
}

bool session_sequence(struct session *s, int64_t prompt_count, struct kv_sequence **out,
                      struct sy_error *err) {
    const struct rope_spec *rope = &s->model.spec.rope;
    if (!kv_sequence_open(s->pool, s->context, out, err)) return false;
    kv_set_long_rope(*out, rope->scaling == ROPE_LONGROPE && prompt_count > rope->original_context);
    return true;
}

bool session_feed(struct session *s, const struct feed *feeds, int64_t count, int64_t chunk,
                  const struct feed_sink *sink, struct sy_error *err) {
    if (feeder_run(s->feeder, feeds, count, chunk, sink, err)) return true;
    if (err && err->code == SY_ERR_NUMERIC) sy_error_in(err, s->model.path);
    return false;
}
