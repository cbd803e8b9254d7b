/*
 * Running the program for a case, and judging: the parts that small and wide cases share.
 */
#include "golden.h"

#include "test.h"

#include <math.h>
#include <string.h>

static void must(bool ok, const struct sy_error *err) {
    char line[1024];
    if (!ok) fail_msg("%s", sy_error_line(err, line, sizeof line));
}

/* ---- what is computed ---- */

void golden_session(struct session *session, const char *model, enum precision precision, int threads,
                    enum level highest, int64_t positions) {
    struct sy_error err = { 0 };
    struct session_options options = {
        .threads = threads,
        .precision = precision,
        .kv = -1,
        .cpu = highest,
        .context = positions,
    };
    must(session_open(model, &options, session, &err), &err);
}

static bool take_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    struct golden_run *run = argument;
    (void)feed, (void)err;
    assert_in_range(index, 0, run->rows - 1);
    memcpy(run->logits + index * run->vocab, logits, (size_t)run->vocab * sizeof *logits);
    run->logit_rows++;
    return true;
}

static bool take_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct golden_run *run = argument;
    int64_t n = row->count;
    (void)err;
    assert_in_range(row->index, 0, run->rows - 1);
    assert_in_range(row->layer, 0, run->layer_count - 1);
    struct golden_routing *r = &run->routing[row->layer];
    if (!r->logits) {
        r->choices = n;
        r->logits = arena_new(&run->arena, float, run->rows * run->experts, NULL);
        r->ids = arena_new(&run->arena, int32_t, run->rows * n, NULL);
        r->weights = arena_new(&run->arena, float, run->rows *n, NULL);
        assert_true(r->logits && r->ids && r->weights);
    }
    assert_int_equal(n, r->choices);
    memcpy(r->logits + row->index * run->experts, row->logits, (size_t)run->experts * sizeof *row->logits);
    memcpy(r->ids + row->index * n, row->experts, (size_t)n * sizeof *row->experts);
    memcpy(r->weights + row->index * n, row->weights, (size_t)n * sizeof *row->weights);
    run->routing_rows[row->layer]++;
    return true;
}

void golden_feed(struct session *session, const int64_t *ids, int64_t count, int64_t chunk, int64_t steps,
                 struct golden_run *run) {
    const struct spec *spec = &session->model.spec;
    struct sy_error err = { 0 };
    *run = (struct golden_run){ .rows = count,
                                .vocab = spec->vocab,
                                .layer_count = spec->decoder.layer_count,
                                .experts = spec->router.experts };
    arena_open(&run->arena);
    run->logits = arena_new(&run->arena, float, count * spec->vocab, NULL);
    run->routing = arena_new(&run->arena, struct golden_routing, run->layer_count, NULL);
    run->routing_rows = arena_new(&run->arena, int64_t, run->layer_count, NULL);
    assert_true(run->logits && run->routing && run->routing_rows);

    must(session_check_ids(session, ids, count, &err), &err);
    struct feed feed = { .ids = ids, .count = count, .steps = steps, .every_logits = true, .routing = true };
    must(session_sequence(session, count, &feed.sequence, &err), &err);
    struct feed_sink sink = { run, take_logits, take_routing };
    must(session_feed(session, &feed, 1, chunk, &sink, &err), &err);
    kv_sequence_close(feed.sequence);
    assert_int_equal(run->logit_rows, count);
    for (int64_t l = 0; l < run->layer_count; l++)
        assert_true(run->routing_rows[l] == 0 || run->routing_rows[l] == count);
}

void golden_run_close(struct golden_run *run) {
    arena_close(&run->arena);
}

/* ---- judging ---- */

/* The given rows of values [.., width], one after the other. */
static const float *pick(struct golden *golden, const float *values, int64_t width, const int64_t *rows,
                         int64_t count) {
    if (!rows) return values;
    float *picked = arena_new(&golden->arena, float, count *width, NULL);
    assert_non_null(picked);
    for (int64_t i = 0; i < count; i++)
        memcpy(picked + i * width, values + rows[i] * width, (size_t)width * sizeof *values);
    return picked;
}

/* The place of `id` in a row of choices; -1: not among them. */
static int64_t place_of(int32_t id, const int32_t *ids, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (ids[i] == id) return i;
    return -1;
}

/* Each row's experts equal as a set; the weights of equal experts equal within a bound. */
static void judge_choices(struct golden *golden, const struct golden_routing *got, int64_t rows,
                          int64_t layer) {
    int64_t K = got->choices, elsewhere = 0, far = 0;
    const int32_t *ids = golden_i32(golden, rows * K, "layers.%lld.topk_ids", (long long)layer);
    const float *weights = golden_f32(golden, rows * K, "layers.%lld.topk_weights", (long long)layer);
    double bound = fmax(golden->tolerance, 1e-4);
    for (int64_t row = 0; row < rows; row++) {
        bool same = true;
        for (int64_t k = 0; k < K; k++) {
            int64_t place = place_of(ids[row * K + k], got->ids + row * K, K);
            same = same && place >= 0;
            if (place < 0) continue;
            double difference = fabs((double)got->weights[row * K + place] - (double)weights[row * K + k]);
            if (!(difference <= bound) && far++ == 0)
                print_message("row %lld expert %d: weight %.9g, expected %.9g, allowed difference %.3g\n",
                              (long long)row, ids[row * K + k], (double)got->weights[row * K + place],
                              (double)weights[row * K + k], bound);
        }
        if (!same && elsewhere++ == 0) print_message("row %lld chose other experts\n", (long long)row);
    }
    if (elsewhere) fail_msg("%lld of %lld rows chose other experts", (long long)elsewhere, (long long)rows);
    if (far) fail_msg("%lld weights are off", (long long)far);
}

void golden_judge(struct golden *golden, const struct golden_run *run, const int64_t *rows,
                  int64_t row_count) {
    int64_t given = 0;
    if (!rows) row_count = run->rows;
    for (int64_t i = 0; i < golden->layer_count; i++) {
        int64_t layer = golden->layers[i];
        assert_in_range(layer, 0, run->layer_count - 1);
        const struct golden_routing *got = &run->routing[layer];
        print_message("layer %lld: %lld rows routed\n", (long long)layer,
                      (long long)run->routing_rows[layer]);
        assert_int_equal(run->routing_rows[layer], run->rows);
        int64_t E = run->experts;
        print_message("layer %lld: router logits\n", (long long)layer);
        assert_near(pick(golden, got->logits, E, rows, row_count),
                    golden_f32(golden, row_count * E, "layers.%lld.router_logits", (long long)layer),
                    (size_t)(row_count * E), golden->tolerance);
        print_message("layer %lld: experts and weights\n", (long long)layer);
        judge_choices(golden, got, run->rows, layer);
    }
    for (int64_t l = 0; l < run->layer_count; l++) given += run->routing_rows[l] > 0;
    print_message("MoE layers: %lld\n", (long long)given);
    assert_int_equal(given, golden->layer_count);
    print_message("logits\n");
    assert_near(pick(golden, run->logits, run->vocab, rows, row_count),
                golden_f32(golden, row_count * run->vocab, "logits"), (size_t)(row_count * run->vocab),
                golden->tolerance);
}

void golden_same(const struct golden_run *got, const struct golden_run *want, const char *what) {
    print_message("the same bits, %s\n", what);
    assert_int_equal(got->rows, want->rows);
    assert_same_bits(got->logits, want->logits, (size_t)(want->rows * want->vocab));
    for (int64_t l = 0; l < want->layer_count; l++) {
        const struct golden_routing *g = &got->routing[l], *w = &want->routing[l];
        assert_int_equal(g->choices, w->choices);
        if (!w->logits) continue;
        print_message("layer %lld\n", (long long)l);
        assert_same_bits(g->logits, w->logits, (size_t)(want->rows * want->experts));
        assert_same_bits(g->weights, w->weights, (size_t)(want->rows * w->choices));
        assert_memory_equal(g->ids, w->ids, (size_t)(want->rows * w->choices) * sizeof *w->ids);
    }
}
