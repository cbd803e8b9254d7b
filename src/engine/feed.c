/*
 * Feeding ids: forms batches from several sequences, steps first, then prompt chunks up to the batch's bound,
 * and hands the results back in terms of feeds. Which rows share a batch changes no bit, so the rule is only
 * about speed.
 */
#include "engine/session.h"

#include "base/checked.h"
#include "base/os.h"

#include <stdlib.h>

struct feeding {
    const struct feed *feeds;
    int64_t count;
    int64_t *done; /* [count] ids of each feed that have run */
    struct batch_row *rows;
    int64_t *index; /* [rows] within the feed */
    int64_t row_count;
    struct kv_sequence **sequences; /* [count] */
    const struct feed_sink *sink;
};

static void add_row(struct feeding *f, int64_t feed, enum role role) {
    const struct feed *of = &f->feeds[feed];
    int64_t i = f->done[feed]++;
    bool last = i == of->count - 1;
    f->index[f->row_count] = i;
    f->rows[f->row_count++] = (struct batch_row){
        .token = (int32_t)of->ids[i],
        .sequence = (int32_t)feed,
        .role = role,
        .wants = (of->every_logits || last ? WANT_LOGITS : 0u) | (of->routing ? WANT_ROUTING : 0u),
    };
}

/* The next batch: one step of each sequence whose prompt is done, then chunks of prompts. */
static void form_batch(struct feeding *f, int64_t rows_max, int64_t chunk) {
    f->row_count = 0;
    for (int64_t i = 0; i < f->count && f->row_count < rows_max; i++) {
        const struct feed *feed = &f->feeds[i];
        if (f->done[i] >= feed->count - feed->steps && f->done[i] < feed->count) add_row(f, i, ROLE_STEP);
    }
    for (int64_t i = 0; i < f->count; i++) {
        const struct feed *feed = &f->feeds[i];
        int64_t prompt = feed->count - feed->steps;
        int64_t n = min_i64(prompt - f->done[i], rows_max - f->row_count);
        if (chunk > 0) n = min_i64(n, chunk);
        for (; n > 0; n--) add_row(f, i, ROLE_PROMPT);
    }
}

static bool give_logits(void *argument, int64_t row, const float *logits, struct sy_error *err) {
    struct feeding *f = argument;
    return f->sink->logits(f->sink->argument, f->rows[row].sequence, f->index[row], logits, err);
}

static bool give_routing(void *argument, int64_t layer, const struct routing *routing, struct sy_error *err) {
    struct feeding *f = argument;
    if (!f->sink->routing) return true;
    for (int64_t row = 0; row < f->row_count; row++) {
        if (!(f->rows[row].wants & WANT_ROUTING)) continue;
        int64_t begin = routing->assignment_begin[row];
        if (!f->sink->routing(f->sink->argument, f->rows[row].sequence, f->index[row], layer,
                              routing->logits + row * routing->experts, routing->expert_id + begin,
                              routing->weight + begin, routing->assignment_begin[row + 1] - begin, err))
            return false;
    }
    return true;
}

static bool run_batches(struct session *s, struct feeding *f, int64_t chunk, struct moe_stats *stats,
                        struct sy_error *err) {
    struct pass_sink sink = { f, give_logits, give_routing };
    for (;;) {
        form_batch(f, s->limits.rows, chunk);
        if (f->row_count == 0) return true;
        if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
        struct batch batch = { f->rows, f->row_count, f->sequences };
        if (!pass_forward(s->pass, &batch, &sink, stats, err)) return false;
    }
}

bool feeding_open(const struct pass_limits *limits, struct feeding **out, struct sy_error *err) {
    struct feeding *f = calloc(1, sizeof *f);
    if (!f) return sy_fail(err, SY_ERR_MEMORY, "no memory for a batch");
    size_t rows = (size_t)limits->rows, sequences = (size_t)limits->sequences;
    f->done = calloc(sequences, sizeof *f->done);
    f->sequences = calloc(sequences, sizeof *f->sequences);
    f->rows = calloc(rows, sizeof *f->rows);
    f->index = calloc(rows, sizeof *f->index);
    if (!f->done || !f->sequences || !f->rows || !f->index) {
        feeding_close(f);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a batch of %zu rows", rows);
    }
    *out = f;
    return true;
}

void feeding_close(struct feeding *f) {
    if (!f) return;
    free(f->done);
    free(f->sequences);
    free(f->rows);
    free(f->index);
    free(f);
}

bool session_feed(struct session *s, const struct feed *feeds, int64_t count, int64_t chunk,
                  const struct feed_sink *sink, struct moe_stats *stats, struct sy_error *err) {
    struct feeding *f = s->feeding;
    if (count > s->limits.sequences)
        return sy_fail(err, SY_ERR_LIMIT, "%lld sequences at once, the session was opened for %lld",
                       (long long)count, (long long)s->limits.sequences);
    f->feeds = feeds;
    f->count = count;
    f->sink = sink;
    for (int64_t i = 0; i < count; i++) {
        f->done[i] = 0;
        f->sequences[i] = feeds[i].sequence;
    }
    if (run_batches(s, f, chunk, stats, err)) return true;
    if (err && err->code == SY_ERR_NUMERIC) sy_error_in(err, s->model.path);
    return false;
}
