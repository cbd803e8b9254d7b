#include "watch.h"

#include "base/random.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash(const void *bytes, size_t size, uint64_t seed) {
    return random_hash(bytes, size, seed);
}

static uint64_t hash_routing(uint64_t before, const struct sy_routed_row *row) {
    size_t n = (size_t)row->count;
    uint64_t h = hash(row->experts, n * sizeof *row->experts, before + (uint64_t)row->layer + 1);
    return hash(row->weights, n * sizeof *row->weights, h);
}

/* ---- what a scheduler's sequence shows ---- */

static void on_logits(void *argument, int64_t sequence, int64_t index, const float *logits, int64_t vocab) {
    struct watch *w = argument;
    if (w->number) assert_int_equal(sequence, w->number);
    assert_in_range(index, w->past, WATCH_MOST - 1);
    assert_false(w->said[index]); /* each index once */
    w->said[index] = true;
    w->logits[index] = hash(logits, (size_t)vocab * sizeof *logits, 0);
}

static void on_routing(void *argument, const struct sy_routed_row *row) {
    struct watch *w = argument;
    int64_t index = row->index;
    if (w->number) assert_int_equal(row->sequence, w->number);
    assert_in_range(index, w->past, WATCH_MOST - 1);
    if (index > w->past)
        assert_true(w->layers[index - 1] > w->layers[index]); /* rising, within a layer too */
    w->layers[index]++;
    w->routing[index] = hash_routing(w->routing[index], row);
}

bool watch_submit(struct scheduler *s, struct watch *w, const struct watch *from, struct sy_request request,
                  struct sy_error *err) {
    memset(w, 0, sizeof *w);
    request.argument = w;
    request.on_logits = on_logits;
    request.on_routing = on_routing;
    w->past = request.past_length;
    w->prompt_end = w->count = w->past + request.count;
    if (from) {
        memcpy(w->ids, from->ids, (size_t)w->past * sizeof *w->ids);
        memcpy(w->step, from->step, (size_t)w->past * sizeof *w->step);
    }
    if (!scheduler_submit(s, &request, &w->number, err)) return false;
    memcpy(w->ids + w->past, request.ids, (size_t)request.count * sizeof *w->ids);
    w->request = request;
    return true;
}

void watch_poll(struct scheduler *s, struct watch *w) {
    for (;;) {
        struct sy_event event;
        assert_true(scheduler_poll(s, w->number, &event, NULL));
        if (event.kind == SY_EVENT_NONE) return;
        assert_false(w->finished);
        if (event.kind == SY_EVENT_FINISHED) {
            w->finished = true;
            w->last = event;
            assert_int_equal(event.token_count, w->count - w->prompt_end);
            continue;
        }
        assert_int_equal(event.index, w->count - w->prompt_end);
        w->logprobs[event.index] = event.token.logprob;
        w->step[w->count] = true;
        w->ids[w->count++] = event.token.token;
    }
}

void watch_run(struct scheduler *s, struct watch *const *watches, int64_t count) {
    int64_t active = 1;
    while (active > 0) {
        struct sy_error err = { 0 };
        if (!scheduler_step(s, &active, &err)) fail_msg("%s: %s", err.place, err.message);
        for (int64_t i = 0; i < count; i++) watch_poll(s, watches[i]);
    }
}

/* ---- alone ---- */

struct solo {
    const struct watch *w;
    struct tiny *tiny;
    struct kv_sequence *sequence;
    int64_t fed, told; /* ids in the sequence; those whose results were compared */
    struct sampler *sampler;
    uint64_t routing[WATCH_MOST];
};

static bool solo_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    struct solo *solo = argument;
    const struct watch *w = solo->w;
    int64_t i = solo->fed + index;
    (void)feed, (void)err;
    if (i < solo->told || i < w->past) return true;
    if (w->said[i] && hash(logits, (size_t)solo->tiny->spec->vocab * sizeof *logits, 0) != w->logits[i])
        fail_msg("sequence %lld: other logits at index %lld of %lld (past %lld, prompt to %lld)",
                 (long long)w->number, (long long)i, (long long)w->count, (long long)w->past,
                 (long long)w->prompt_end);
    if (i + 1 < w->prompt_end || i + 1 >= w->count) return true;
    struct draw draw = { &w->request.sampling, logits, w->ids, i + 1, w->prompt_end, true };
    struct drawn drawn;
    assert_true(sampler_draw(solo->sampler, &draw, &drawn, NULL));
    assert_true(w->said[i]);
    assert_int_equal(drawn.token.token, w->ids[i + 1]);
    if (w->request.flags & SY_WANT_LOGPROBS)
        assert_true(drawn.token.logprob == w->logprobs[i + 1 - w->prompt_end]);
    return true;
}

static bool solo_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct solo *solo = argument;
    int64_t i = solo->fed + row->index;
    (void)err;
    if (i >= solo->told) solo->routing[i] = hash_routing(solo->routing[i], row);
    return true;
}

/* Runs ids up to `end`, as prompt or as steps. */
static void solo_feed(struct solo *solo, int64_t end, bool step) {
    struct sy_error err = { 0 };
    struct feed feed = {
        solo->w->ids + solo->fed, end - solo->fed, step ? end - solo->fed : 0, solo->sequence, true, true
    };
    struct feed_sink sink = { solo, solo_logits, solo_routing };
    if (!session_feed(&solo->tiny->session, &feed, 1, 0, &sink, &err)) fail_msg("%s", err.message);
    solo->fed = end;
    if (end > solo->told) solo->told = end;
}

/* Longrope: a text that outgrows the original context is run anew, as one prompt. */
static void solo_reach(struct solo *solo, int64_t length) {
    const struct rope_spec *rope = &solo->tiny->spec->rope;
    bool beyond = rope->scaling == ROPE_LONGROPE && length > rope->original_context;
    if (solo->sequence && beyond == kv_long_rope(solo->sequence)) return;
    int64_t again = solo->fed;
    kv_sequence_close(solo->sequence);
    solo->fed = 0;
    assert_true(session_sequence(&solo->tiny->session, length, &solo->sequence, NULL));
    if (again > 0) solo_feed(solo, again, false);
}

void watch_check(const struct watch *w, struct tiny *alone) {
    struct solo *solo = calloc(1, sizeof *solo);
    solo->w = w;
    solo->tiny = alone;
    assert_true(sampler_open(alone->spec->vocab, &solo->sampler, NULL));
    int64_t ran = w->past + w->last.prompt_count + w->last.step_count;
    if (!w->finished) /* released before: as far as it got to say */
        for (ran = w->past; w->said[ran];) ran++;
    assert_in_range(ran, w->past, w->count);
    for (int64_t i = 0, end; i < ran; i = end) { /* stretches of one role; a past ends one too */
        for (end = i + 1; end < ran && w->step[end] == w->step[i] && end != w->past;) end++;
        if (w->step[i]) end = i + 1;
        bool prompt =
            i >= w->past && i < w->prompt_end; /* its whole length counts, though it was cut short */
        solo_reach(solo, prompt ? w->prompt_end : end);
        solo_feed(solo, end, w->step[i]);
    }
    for (int64_t i = w->past; i < ran; i++) {
        if (w->request.flags & SY_WANT_LOGITS) assert_true(w->said[i]);
        if (!(w->request.flags & SY_WANT_ROUTING)) continue;
        if (w->routing[i] != solo->routing[i])
            fail_msg("sequence %lld: other routing at index %lld", (long long)w->number, (long long)i);
    }
    kv_sequence_close(solo->sequence);
    sampler_close(solo->sampler);
    free(solo);
}
