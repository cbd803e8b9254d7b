/*
 * Windows: each id scored once and after what it should be; and the sum against scores of whole windows.
 */
#include "eval/perplexity.h"

#include "test.h"
#include "tiny.h"

#include <math.h>
#include <string.h>

enum { ROOM = 300 };

TEST(strides_score_each_id_but_the_first_once) {
    for (int64_t count = 2; count < 60; count++)
        for (int64_t window = 4; window < 20; window++)
            for (int64_t stride = 1; stride < window; stride++) {
                struct perplexity_request r = {
                    .count = count, .method = PERPLEXITY_STRIDE, .window = window, .stride = stride
                };
                int64_t next = 1;
                struct perplexity_window w;
                for (int64_t i = 0; perplexity_window(&r, i, &w); i++) {
                    assert_int_equal(w.first, next);
                    assert_true(w.begin < w.first && w.first < w.end && w.end <= count);
                    assert_true(w.end - w.begin <= window);
                    next = w.end;
                }
                assert_int_equal(next, count);
            }
}

TEST(halves_score_the_second_half_of_whole_windows) {
    struct perplexity_request r = { .count = 35, .method = PERPLEXITY_HALVES, .window = 10 };
    struct perplexity_window w;
    for (int64_t i = 0; i < 3; i++) {
        assert_true(perplexity_window(&r, i, &w));
        assert_int_equal(w.begin, 10 * i);
        assert_int_equal(w.first,
                         10 * i + 6); /* after 0 .. 5: logits of the ids 5 .. 8, as llama.cpp has it */
        assert_int_equal(w.end, 10 * i + 10);
    }
    assert_false(perplexity_window(&r, 3, &w));
}

struct scored_text {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    int64_t ids[ROOM];
    int32_t id_bytes[ROOM];
};

static void open_fixture(struct scored_text *f) {
    struct tiny_run how = { .threads = 2, .level = LEVEL_COUNT - 1 };
    struct sy_error err;
    memset(f, 0, sizeof *f);
    tiny_spec(TINY_OLMOE, &f->arena, &f->spec);
    for (int64_t i = 0; i < ROOM; i++) f->ids[i] = (i * i + 3 * i) % f->spec.vocab;
    for (int64_t i = 0; i < ROOM; i++) f->id_bytes[i] = (int32_t)(i % 5);
    assert_true(tiny_open(&f->tiny, &f->spec, DTYPE_F32, &how, &err));
}

static void close_fixture(struct scored_text *f) {
    tiny_close(&f->tiny);
    arena_close(&f->arena);
}

/* -ln p of ids [first, end) of the text after [begin, first), with bos in front where it is not negative. */
static double plain_nll(struct scored_text *f, int64_t begin, int64_t first, int64_t end, int64_t bos) {
    struct tiny_run how = { .threads = 1, .level = LEVEL_COUNT - 1 };
    int64_t ids[ROOM], vocab = f->spec.vocab, n = end - begin;
    float *logits = calloc((size_t)(n * vocab), sizeof *logits);
    double nll = 0;
    memcpy(ids, f->ids + begin, (size_t)n * sizeof *ids);
    if (bos >= 0) ids[0] = bos;
    tiny_logits(&f->tiny, &how, ids, n, logits, NULL);
    for (int64_t i = first - begin; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < vocab; j++) sum += exp((double)logits[(i - 1) * vocab + j]);
        nll -= (double)logits[(i - 1) * vocab + ids[i]] - log(sum);
    }
    free(logits);
    return nll;
}

static void expect_sum(struct scored_text *f, const struct perplexity_request *r) {
    struct perplexity got;
    struct perplexity_window w;
    struct sy_error err = { 0 };
    double nll = 0;
    int64_t scored = 0, bytes = 0, windows = 0;
    for (; perplexity_window(r, windows, &w); windows++) {
        nll += plain_nll(f, w.begin, w.first, w.end, r->method == PERPLEXITY_HALVES ? r->bos : -1);
        scored += w.end - w.first;
        for (int64_t i = w.first; i < w.end; i++) bytes += f->id_bytes[i];
    }
    if (!perplexity(&f->tiny.session, r, &got, &err)) fail_msg("%s", err.message);
    if (fabs(got.nll - nll) > 1e-6 * nll) fail_msg("%.9g, wanted %.9g", got.nll, nll);
    assert_int_equal(got.scored, scored);
    assert_int_equal(got.bytes, bytes);
    assert_int_equal(got.windows, windows);
}

TEST(perplexity_is_the_sum_over_windows) {
    struct scored_text f;
    open_fixture(&f);
    struct perplexity_request r = {
        .ids = f.ids, .count = 70, .id_bytes = f.id_bytes, .bos = 5, .window = 16
    };
    expect_sum(&f, &r);
    r.bos = -1;
    expect_sum(&f, &r);
    r.method = PERPLEXITY_STRIDE;
    r.stride = 7;
    expect_sum(&f, &r);
    close_fixture(&f);
}

TEST(a_text_that_fills_no_window_is_refused) {
    struct scored_text f;
    struct perplexity got;
    struct sy_error err = { 0 };
    open_fixture(&f);
    struct perplexity_request r = {
        .ids = f.ids, .count = 15, .id_bytes = f.id_bytes, .bos = -1, .window = 16
    };
    assert_false(perplexity(&f.tiny.session, &r, &got, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_non_null(strstr(err.message, "15 tokens"));
    close_fixture(&f);
}
