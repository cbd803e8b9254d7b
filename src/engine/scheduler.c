/*
 * One step: who was cancelled ends, who waits is admitted, a batch is formed and run, tokens are drawn in it,
 * and sequences that have come to their end leave.
 */
#include "engine/scheduler.h"

#include "base/checked.h"
#include "base/os.h"
#include "engine/scheduler_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- open and close ---- */

static int64_t known_at_most(const struct pass_limits *limits) {
    return SCHEDULER_WAITING_MAX + limits->sequences;
}

#define POSITIONS_MOST ((int64_t)1 << 40) /* of more nobody has the pages, which says so with its numbers */

/* 16 of the 48: text of 8 bytes a token, in a block that grows by doubling. */
_Static_assert(SCHEDULER_POSITION == sizeof(int64_t) + sizeof(struct generated) + 16, "ids, tokens, text");

bool scheduler_bytes(const struct spec *spec, const struct pass_limits *limits, int64_t context,
                     int64_t *bytes, struct sy_error *err) {
    const int64_t a_sequence = sizeof(struct sequence *) + sizeof(struct lane *) + sizeof(struct drawn);
    int64_t tables, positions;
    if (!sampler_bytes(spec->vocab, bytes, err)) return false;
    context = min_i64(context, POSITIONS_MOST);
    if (size_mul(limits->sequences, context, &positions) &&
        size_mul_add(positions, SCHEDULER_POSITION, *bytes, bytes) &&
        size_mul(limits->sequences, a_sequence, &tables) && size_add(*bytes, tables, bytes) &&
        registry_bytes(known_at_most(limits), &tables) && size_add(*bytes, tables, bytes) &&
        size_add(*bytes, sizeof(struct scheduler), bytes))
        return true;
    return sy_fail(err, SY_ERR_LIMIT, "tables of %lld sequences overflow 64 bits",
                   (long long)limits->sequences);
}

bool scheduler_open(struct session *session, const struct tokenizer *tokenizer, struct scheduler **out,
                    struct sy_error *err) {
    struct scheduler *s = calloc(1, sizeof *s);
    size_t n = (size_t)session->limits.sequences;
    if (!s) return sy_fail(err, SY_ERR_MEMORY, "no memory for a scheduler");
    s->session = session;
    s->tokenizer = tokenizer;
    s->running = calloc(n, sizeof *s->running);
    s->lanes = calloc(n, sizeof *s->lanes);
    s->drawn = calloc(n, sizeof *s->drawn);
    bool tables = s->running && s->lanes && s->drawn;
    if (!tables) sy_fail(err, SY_ERR_MEMORY, "no memory for %zu sequences", n);
    if (tables && registry_open(&s->registry, known_at_most(&session->limits), err) &&
        sampler_open(session->model.spec.vocab, &s->sampler, err)) {
        *out = s;
        return true;
    }
    scheduler_close(s);
    return false;
}

void scheduler_close(struct scheduler *s) {
    if (!s) return;
    for (int64_t i = 0; i < s->registry.cells; i++)
        if (s->registry.cell[i]) scheduler_forget(s, s->registry.cell[i]);
    registry_close(&s->registry);
    sampler_close(s->sampler);
    text_free(&s->scratch);
    free(s->running);
    free(s->lanes);
    free(s->drawn);
    free(s);
}

/* ---- ends from outside ---- */

void scheduler_release(struct scheduler *s, int64_t number) {
    struct sequence *q = registry_find(&s->registry, number);
    if (q) scheduler_forget(s, q);
}

void scheduler_cancel(struct scheduler *s, int64_t number) {
    registry_cancel(&s->registry, number);
}

/* Whoever was cancelled from another thread, or before this step. */
static void take_cancels(struct scheduler *s) {
    if (!registry_take_cancels(&s->registry)) return;
    for (int64_t i = s->running_count - 1; i >= 0; i--)
        if (registry_cancelled(&s->registry, s->running[i]))
            scheduler_finish(s, s->running[i], SY_FINISH_CANCELLED);
    for (struct sequence *q = s->queue.first, *after; q; q = after) {
        after = q->after;
        if (registry_cancelled(&s->registry, q)) scheduler_finish(s, q, SY_FINISH_CANCELLED);
    }
}

/* ---- tokens ---- */

static bool is_end(const struct session *session, int64_t token) {
    const struct tokens_spec *tokens = &session->model.spec.tokens;
    for (int64_t i = 0; i < tokens->eos_count; i++)
        if (tokens->eos[i] == token) return true;
    for (int64_t i = 0; i < session->end_count; i++)
        if (session->ends[i] == token) return true;
    return false;
}

/* The token that was drawn joins the ids; *finish says whether it ends the sequence. */
static bool accept_token(struct scheduler *s, struct sequence *q, const struct drawn *drawn,
                         enum sy_finish *finish, struct sy_error *err) {
    int64_t token = drawn->token.token, i = q->token_count++;
    size_t likeliest = q->likeliest ? (size_t)q->sampling.logprobs : 0;
    bool ends = !(q->flags & SY_IGNORE_END) && is_end(s->session, token);
    q->ids[q->lane.count++] = token;
    q->tokens[i] = (struct generated){ .text_end = q->answer.sure,
                                       .logprob = drawn->token.logprob,
                                       .likeliest_count = drawn->likeliest_count };
    if (likeliest > 0)
        memcpy(q->likeliest + (size_t)i * likeliest, drawn->likeliest, likeliest * sizeof *q->likeliest);
    if (i == 0) q->first_token = os_seconds();
    if (!ends && !answer_take(&q->answer, token, err)) return false;
    bool stopped = answer_stopped(&q->answer);
    q->tokens[i].text_end = q->answer.sure;
    *finish = ends                             ? SY_FINISH_END
              : stopped                        ? SY_FINISH_STOP
              : q->token_count == q->new_count ? SY_FINISH_LENGTH
                                               : SY_FINISH_NONE;
    return true;
}

/* What the batch has brought: tokens, and ends. From the youngest to the oldest: who ends leaves the list. */
static bool take_results(struct scheduler *s, struct sy_error *err) {
    bool good = true;
    for (int64_t i = s->running_count - 1; i >= 0; i--) {
        struct sequence *q = s->running[i];
        enum sy_finish finish = SY_FINISH_NONE;
        if (q->drew && !accept_token(s, q, &s->drawn[i], &finish, good ? err : NULL)) {
            good = false;
            finish = SY_FINISH_ERROR;
        }
        if (q->new_count == 0 && q->lane.done == q->lane.count) finish = SY_FINISH_LENGTH;
        if (finish != SY_FINISH_NONE) scheduler_finish(s, q, finish);
    }
    return good;
}

/* ---- the batch ---- */

static bool give_logits(void *argument, int64_t lane, int64_t index, const float *logits,
                        struct sy_error *err) {
    struct scheduler *s = argument;
    struct sequence *q = s->running[lane];
    bool draws = index == q->lane.count - 1 && q->token_count < q->new_count;
    if (q->on_logits && (draws || q->lane.every_logits))
        q->on_logits(q->argument, q->number, index, logits, s->session->model.spec.vocab);
    if (!draws || registry_cancelled(&s->registry, q)) return true;
    struct draw draw = { .sampling = &q->sampling,
                         .logits = logits,
                         .ids = q->ids,
                         .id_count = q->lane.count,
                         .prompt_count = q->prompt_end,
                         .logprobs = q->flags & SY_WANT_LOGPROBS };
    if (!sampler_draw(s->sampler, &draw, &s->drawn[lane], err))
        return sy_error_at(err, "sequence %lld, id number %lld", (long long)q->number, (long long)index + 1);
    q->drew = true;
    return true;
}

static bool give_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct scheduler *s = argument;
    struct sequence *q = s->running[row->sequence];
    struct sy_routed_row named = *row;
    (void)err;
    named.sequence = q->number;
    q->on_routing(q->argument, &named);
    return true;
}

/* Longrope: would its next step need other rotary factors than its keys have? */
static bool outgrown(const struct scheduler *s, const struct sequence *q) {
    const struct rope_spec *rope = &s->session->model.spec.rope;
    const struct lane *lane = &q->lane;
    return rope->scaling == ROPE_LONGROPE && lane->done >= lane->prompt && lane->done < lane->count &&
           lane->done >= rope->original_context && !kv_long_rope(lane->sequence);
}

/* What has run becomes a prompt that nobody is told of again; the step follows behind it. */
static bool prefill_anew(struct scheduler *s, struct sequence *q, struct sy_error *err) {
    struct lane *lane = &q->lane;
    kv_sequence_close(lane->sequence);
    lane->sequence = NULL;
    lane->prompt = lane->silent = lane->done;
    lane->done = 0;
    q->shared = 0;
    q->prefilled_anew = true;
    return session_sequence(s->session, lane->prompt + 1, &lane->sequence, err);
}

static bool form_batch(struct scheduler *s, int64_t *rows, struct sy_error *err) {
    for (int64_t i = s->running_count - 1; i >= 0; i--) {
        struct sequence *q = s->running[i];
        q->drew = false;
        if (!outgrown(s, q) || prefill_anew(s, q, err)) continue;
        scheduler_finish(s, q, SY_FINISH_ERROR);
        return false;
    }
    for (int64_t i = 0; i < s->running_count; i++) s->lanes[i] = &s->running[i]->lane;
    *rows = batcher_next(s->session->batcher, s->lanes, s->running_count, 0);
    return true;
}

static bool run_batch(struct scheduler *s, struct sy_error *err) {
    struct feed_sink sink = { s, give_logits, give_routing };
    double now = os_seconds();
    for (int64_t i = 0; i < s->running_count; i++)
        if (s->running[i]->lane.taken > 0 && s->running[i]->began == 0) s->running[i]->began = now;
    if (batcher_run(s->session->batcher, s->session->pass, &sink, err)) return take_results(s, err);
    if (err && err->code == SY_ERR_NUMERIC) sy_error_in(err, s->session->model.path);
    for (int64_t i = s->running_count - 1; i >= 0; i--)
        if (s->running[i]->lane.taken > 0) scheduler_finish(s, s->running[i], SY_FINISH_ERROR);
    return false;
}

bool scheduler_step(struct scheduler *s, int64_t *active, struct sy_error *err) {
    int64_t rows = 0;
    take_cancels(s);
    bool good = scheduler_admit(s, err) && form_batch(s, &rows, err) && (rows == 0 || run_batch(s, err));
    *active = s->queue.count + s->running_count;
    return good;
}

/* ---- what is known of a sequence ---- */

int64_t scheduler_length(const struct scheduler *s, int64_t number) {
    const struct sequence *q = registry_find(&s->registry, number);
    return q ? sequence_ran(q) : -1;
}

const int64_t *scheduler_ids(const struct scheduler *s, int64_t number) {
    const struct sequence *q = registry_find(&s->registry, number);
    return q ? q->ids : NULL;
}

const struct kv_sequence *scheduler_kept(const struct scheduler *s, int64_t number) {
    const struct sequence *q = registry_find(&s->registry, number);
    return q && q->kept ? q->lane.sequence : NULL;
}
