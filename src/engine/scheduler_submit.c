/*
 * Submitting: a request is checked, copied and put into the queue; what can never run is refused here, with
 * the numbers. And adopting: pages that came from a file become a kept sequence.
 */
#include "engine/scheduler.h"

#include "base/checked.h"
#include "engine/scheduler_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- may it run at all? ---- */

static bool check_flags(const struct scheduler *s, const struct sy_request *r, struct sy_error *err) {
    const uint32_t known = SY_IGNORE_END | SY_KEEP | SY_WANT_ROUTING | SY_WANT_LOGITS | SY_WANT_LOGPROBS;
    if (r->flags & ~known)
        return sy_fail(err, SY_ERR_USAGE, "unknown flags 0x%x in a request", r->flags & ~known);
    if (!r->ids || r->count < 1) {
        sy_fail(err, SY_ERR_INPUT, "a request of %lld ids", (long long)r->count);
        return sy_error_remedy(err, "give one id or more");
    }
    if (r->new_count < 0) return sy_fail(err, SY_ERR_INPUT, "new_count is %lld", (long long)r->new_count);
    if (r->stop_count > 0 && !s->tokenizer)
        return sy_fail(err, SY_ERR_INPUT, "stop texts need a tokenizer, and the model brings none");
    return true;
}

static bool check_past(const struct scheduler *s, const struct sy_request *r, struct sequence **from,
                       struct sy_error *err) {
    *from = NULL;
    if (r->past == 0 && r->past_length == 0) return true;
    struct sequence *q = registry_find(&s->registry, r->past);
    if (!q || !q->kept) {
        sy_fail(err, SY_ERR_INPUT, "past: sequence %lld is %s", (long long)r->past,
                !q                           ? "unknown"
                : q->phase == PHASE_FINISHED ? "not kept"
                                             : "not finished");
        return sy_error_remedy(err, "submit it with SY_KEEP, and wait until it has finished");
    }
    if (r->past_length < 0 || r->past_length > kv_length(q->lane.sequence))
        return sy_fail(err, SY_ERR_INPUT, "past_length is %lld, and sequence %lld has run %lld ids",
                       (long long)r->past_length, (long long)r->past, (long long)kv_length(q->lane.sequence));
    if (r->past_length > 0) *from = q;
    return true;
}

/* Positions: all ids but the last one generated are run. */
static bool check_room(const struct scheduler *s, const struct sy_request *r, int64_t *positions,
                       struct sy_error *err) {
    int64_t context = s->session->context;
    if (size_add(r->past_length, r->count, positions) &&
        size_add(*positions, max_i64(0, r->new_count - 1), positions) && *positions <= context)
        return true;
    sy_fail(
        err, SY_ERR_INPUT,
        "%lld positions of the past, %lld prompt ids and %lld new ones do not fit into the context of %lld "
        "positions",
        (long long)r->past_length, (long long)r->count, (long long)r->new_count, (long long)context);
    return sy_error_remedy(err, "open with a larger sy_options.context, or ask for fewer ids");
}

static bool check_pages(const struct scheduler *s, const struct sequence *q, struct sy_error *err) {
    int64_t pages = kv_pool_pages(s->session->pool);
    if (q->promise <= pages) return true;
    sy_fail(err, SY_ERR_MEMORY, "%lld pages of keys and values may be needed, and there are %lld in all",
            (long long)q->promise, (long long)pages);
    return sy_error_remedy(err, "open with a larger sy_options.kv_positions, or ask for fewer ids");
}

static bool check_queue(const struct scheduler *s, struct sy_error *err) {
    if (s->queue.count >= SCHEDULER_WAITING_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "%d sequences are waiting already", SCHEDULER_WAITING_MAX);
        return sy_error_remedy(err, "step before submitting more");
    }
    if (s->registry.known < SCHEDULER_WAITING_MAX + s->session->limits.sequences) return true;
    sy_fail(err, SY_ERR_LIMIT, "%lld sequences are known, of which %lld have finished",
            (long long)s->registry.known, (long long)(s->registry.known - s->queue.count - s->running_count));
    return sy_error_remedy(err, "release finished ones before submitting more");
}

/* ---- what is shared, and what must be promised ---- */

static bool longrope_beyond(const struct scheduler *s, int64_t positions) {
    const struct rope_spec *rope = &s->session->model.spec.rope;
    return rope->scaling == ROPE_LONGROPE && positions > rope->original_context;
}

/* Is everything of that past still there, back to `length`? (Windows give pages back.) */
static bool can_go_back(const struct sequence *from, int64_t length, struct sy_error *err) {
    struct kv_sequence *fork;
    if (!kv_sequence_fork(from->lane.sequence, &fork, err)) return false;
    bool can = kv_rollback(fork, length, err);
    kv_sequence_close(fork);
    return can || sy_error_remedy(err, "keep a shorter sequence, or submit the ids without a past");
}

/* Where the rotary factors of the past are not those of the whole prompt (longrope), nothing can be shared:
 * the past is run anew. A sequence that may outgrow its factors later needs all its pages then. */
static bool share(const struct scheduler *s, struct sequence *q, struct sequence *from, int64_t positions,
                  struct sy_error *err) {
    bool beyond = longrope_beyond(s, q->prompt_end);
    q->lane.done = q->past;
    if (from && kv_long_rope(from->lane.sequence) != beyond) {
        from = NULL;
        q->prefilled_anew = true;
        q->lane.done = 0;
        q->lane.silent = q->past;
    }
    if (from && !can_go_back(from, q->past, err)) return false;
    q->from = from;
    q->shared = from ? q->past : 0;
    bool anew = !beyond && longrope_beyond(s, positions);
    q->beside = anew ? 0 : q->shared;
    return kv_pages_promised(&s->session->model.spec, q->beside, positions, s->session->limits.rows,
                             &q->promise, err);
}

/* ---- copying ---- */

static bool copy_ids(struct sequence *q, const struct sy_request *r, const struct sequence *from,
                     struct sy_error *err) {
    q->ids = malloc((size_t)q->prompt_end * sizeof *q->ids);
    if (!q->ids) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)q->prompt_end);
    if (from) memcpy(q->ids, from->ids, (size_t)q->past * sizeof *q->ids);
    memcpy(q->ids + q->past, r->ids, (size_t)r->count * sizeof *q->ids);
    q->lane.ids = q->ids;
    q->lane.count = q->lane.prompt = q->prompt_end;
    return true;
}

static bool copy_sampling(struct sequence *q, const struct sy_request *r, struct sy_error *err) {
    size_t count = (size_t)r->sampling.bias_count;
    q->sampling = r->sampling;
    q->biases = malloc((count + 1) * sizeof *q->biases);
    if (!q->biases) return sy_fail(err, SY_ERR_MEMORY, "no memory for %zu biases", count);
    if (count > 0) memcpy(q->biases, r->sampling.biases, count * sizeof *q->biases);
    q->sampling.biases = q->biases;
    return r->stop_count == 0 || stop_open(r->stops, r->stop_count, &q->answer.stops, err);
}

static struct sequence *new_sequence(const struct sy_request *r, struct sy_error *err) {
    struct sequence *q = calloc(1, sizeof *q);
    if (!q) {
        sy_fail(err, SY_ERR_MEMORY, "no memory for a sequence");
        return NULL;
    }
    q->flags = r->flags;
    q->argument = r->argument;
    q->on_logits = r->on_logits;
    q->on_routing = r->flags & SY_WANT_ROUTING ? r->on_routing : NULL;
    q->lane.every_logits = r->on_logits && (r->flags & SY_WANT_LOGITS);
    q->lane.routing = q->on_routing;
    q->new_count = r->new_count;
    q->past = r->past_length;
    q->prompt_end = r->past_length + r->count;
    q->holders = 1; /* whoever makes it */
    return q;
}

bool scheduler_submit(struct scheduler *s, const struct sy_request *r, int64_t *number,
                      struct sy_error *err) {
    struct sequence *from;
    int64_t positions = 0;
    if (!check_flags(s, r, err) || !check_past(s, r, &from, err) || !check_room(s, r, &positions, err) ||
        !session_check_ids(s->session, r->ids, r->count, err) ||
        !sampling_check(&r->sampling, s->session->model.spec.vocab, err) || !check_queue(s, err))
        return false;
    struct sequence *q = new_sequence(r, err);
    if (!q) return false;
    bool taken = copy_ids(q, r, from, err) && copy_sampling(q, r, err) &&
                 answer_begin(&q->answer, s->tokenizer, q->ids, q->prompt_end, &s->scratch, err) &&
                 share(s, q, from, positions, err) && check_pages(s, q, err);
    if (taken) {
        if (q->from) q->from->holders++;
        registry_add(&s->registry, q);
        queue_add(&s->queue, q);
        *number = q->number;
    }
    sequence_drop(q);
    return taken;
}

bool scheduler_adopt(struct scheduler *s, struct kv_sequence *pages, const int64_t *ids, int64_t count,
                     int64_t *number, struct sy_error *err) {
    struct sy_request request = { .flags = SY_KEEP, .ids = ids, .count = count };
    if (count != kv_length(pages))
        return sy_fail(err, SY_ERR_INTERNAL, "%lld ids for %lld positions", (long long)count,
                       (long long)kv_length(pages));
    if (s->running_count + s->kept >= s->session->limits.sequences || pages_unpromised(s) < 0) {
        sy_fail(err, SY_ERR_MEMORY, "no room for another kept sequence: %lld run and %lld are kept of %lld",
                (long long)s->running_count, (long long)s->kept, (long long)s->session->limits.sequences);
        return sy_error_remedy(err, "release one, or open with more sy_options.sequences");
    }
    if (!check_flags(s, &request, err) || !session_check_ids(s->session, ids, count, err) ||
        !check_queue(s, err))
        return false;
    struct sequence *q = new_sequence(&request, err);
    bool taken = q && copy_ids(q, &request, NULL, err);
    if (taken) {
        q->phase = PHASE_FINISHED;
        q->finish = SY_FINISH_LENGTH;
        q->end_polled = q->kept = true;
        q->lane.done = count;
        q->lane.sequence = pages;
        s->kept++;
        registry_add(&s->registry, q);
        *number = q->number;
    }
    if (q) sequence_drop(q);
    return taken;
}
