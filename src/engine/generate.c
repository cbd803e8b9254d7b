#include "engine/generate.h"

#include "base/os.h"
#include <stdlib.h>
#include <string.h>

struct generation {
    struct session *session;
    const struct generate_sink *sink;
    struct moe_stats *stats;
    struct kv_sequence *sequence;
    int64_t *ids; /* prompt, then what was generated */
    int64_t count;
    int64_t fed;  /* of ids, in the sequence */
    int64_t best; /* of the last logits */
};

/* The largest logit; ties to the lower id. */
static bool take_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    struct generation *g = argument;
    (void)feed, (void)index, (void)err;
    int64_t best = 0;
    for (int64_t i = 1; i < g->session->model.spec.vocab; i++)
        if (logits[i] > logits[best]) best = i;
    g->best = best;
    return true;
}

static bool take_routing(void *argument, int64_t feed, int64_t index, int64_t layer,
                         const float *router_logits, const int32_t *ids, const float *weights, int64_t n,
                         struct sy_error *err) {
    struct generation *g = argument;
    (void)feed, (void)router_logits;
    return g->sink->routing(g->sink->argument, g->fed + index, layer, ids, weights, n, err);
}

/* Run ids [fed, fed + count). Silent: for the cache alone, neither shown nor counted. */
static bool feed(struct generation *g, int64_t count, bool step, bool silent, struct sy_error *err) {
    bool routing = !silent && g->sink->routing;
    struct feed feed = {
        .ids = g->ids + g->fed,
        .count = count,
        .steps = step ? count : 0,
        .sequence = g->sequence,
        .routing = routing,
    };
    struct feed_sink sink = { .argument = g,
                              .logits = take_logits,
                              .routing = routing ? take_routing : NULL };
    if (!session_feed(g->session, &feed, 1, 0, &sink, silent ? NULL : g->stats, err)) return false;
    g->fed += count;
    return true;
}

/* Would `length` positions need other rotary factors than the sequence was opened with? */
static bool outgrown(const struct generation *g, int64_t length) {
    const struct rope_spec *rope = &g->session->model.spec.rope;
    return rope->scaling == ROPE_LONGROPE && length > rope->original_context && !kv_long_rope(g->sequence);
}

static bool prefill_anew(struct generation *g, int64_t length, struct sy_error *err) {
    int64_t count = g->fed;
    kv_sequence_close(g->sequence);
    g->sequence = NULL;
    g->fed = 0;
    return session_sequence(g->session, length, &g->sequence, err) && feed(g, count, false, true, err);
}

static bool is_end(const struct tokens_spec *tokens, int64_t token) {
    for (int64_t i = 0; i < tokens->eos_count; i++)
        if (tokens->eos[i] == token) return true;
    return false;
}

/* The token that the last logits name joins the ids. */
static bool accept(struct generation *g, const struct generate_request *request,
                   struct generate_result *result, struct sy_error *err) {
    int64_t token = g->best;
    g->ids[g->count++] = token;
    result->ended = !request->ignore_eos && is_end(&g->session->model.spec.tokens, token);
    int64_t index = result->tokens++;
    return !g->sink->token || g->sink->token(g->sink->argument, index, token, err);
}

static bool decode(struct generation *g, const struct generate_request *request,
                   struct generate_result *result, struct sy_error *err) {
    while (result->tokens < request->new_count && !result->ended) {
        if (outgrown(g, g->fed + 1)) {
            result->prefilled_anew = true;
            if (!prefill_anew(g, g->fed + 1, err)) return false;
        }
        if (!feed(g, 1, true, false, err)) return false;
        result->steps++;
        if (!accept(g, request, result, err)) return false;
    }
    return true;
}

int64_t generate_positions(const struct generate_request *request) {
    return request->prompt_count + (request->new_count > 0 ? request->new_count - 1 : 0);
}

static bool run(struct generation *g, const struct generate_request *request, struct generate_result *result,
                struct sy_error *err) {
    double start = os_seconds();
    if (!session_sequence(g->session, request->prompt_count, &g->sequence, err)) return false;
    if (!feed(g, request->prompt_count, false, false, err)) return false;
    double prefilled = os_seconds();
    result->prefill_seconds = prefilled - start;
    if (request->new_count == 0) return true;
    bool done = accept(g, request, result, err) && decode(g, request, result, err);
    result->decode_seconds = os_seconds() - prefilled;
    return done;
}

bool generate(struct session *session, const struct generate_request *request,
              const struct generate_sink *sink, struct moe_stats *stats, struct generate_result *result,
              struct sy_error *err) {
    struct generation g = { .session = session, .sink = sink, .stats = stats };
    memset(result, 0, sizeof *result);
    g.ids = calloc((size_t)(request->prompt_count + request->new_count), sizeof *g.ids);
    if (!g.ids)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)generate_positions(request));
    memcpy(g.ids, request->prompt, (size_t)request->prompt_count * sizeof *g.ids);
    g.count = request->prompt_count;
    bool done = run(&g, request, result, err);
    kv_sequence_close(g.sequence);
    free(g.ids);
    return done;
}
