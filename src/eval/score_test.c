/*
 * Scores against log-softmax in f64 of the logits themselves; and they do not depend on where the past ends.
 */
#include "eval/score.h"

#include "test.h"
#include "tiny.h"

#include <math.h>

enum { COUNT = 24 };

static void random_ids(int64_t vocab, int64_t ids[COUNT]) {
    for (int64_t i = 0; i < COUNT; i++) ids[i] = (i * 37 + 11) % vocab;
}

static double plain_logprob(const float *logits, int64_t vocab, int64_t id) {
    double max = -INFINITY, sum = 0;
    for (int64_t i = 0; i < vocab; i++) max = fmax(max, (double)logits[i]);
    for (int64_t i = 0; i < vocab; i++) sum += exp((double)logits[i] - max);
    return (double)logits[id] - max - log(sum);
}

static void score_from(struct tiny *tiny, const int64_t *ids, int64_t past, struct score *scores) {
    struct scorer *scorer;
    struct kv_sequence *sequence;
    struct sy_error err;
    assert_true(scorer_open(&tiny->session, &scorer, &err));
    assert_true(session_sequence(&tiny->session, COUNT, &sequence, &err));
    assert_true(score_past(scorer, sequence, ids, past, &err));
    assert_true(score_ids(scorer, sequence, ids + past, COUNT - past, scores, &err));
    kv_sequence_close(sequence);
    scorer_close(scorer);
}

static void check_base(enum tiny_base base) {
    struct arena arena = { 0 };
    struct spec spec;
    struct tiny tiny;
    struct sy_error err;
    struct tiny_run how = { .threads = 2, .level = LEVEL_COUNT - 1 };
    struct score scores[COUNT], later[COUNT];
    int64_t ids[COUNT];

    tiny_spec(base, &arena, &spec);
    int64_t vocab = spec.vocab;
    float *logits = calloc((size_t)(COUNT * vocab), sizeof *logits);
    random_ids(vocab, ids);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &how, &err));
    tiny_logits(&tiny, &how, ids, COUNT, logits, NULL);
    score_from(&tiny, ids, 0, scores);
    for (int64_t i = 0; i + 1 < COUNT; i++) {
        const float *row = logits + i * vocab;
        double want = plain_logprob(row, vocab, ids[i + 1]);
        if (fabs(scores[i].logprob - want) > 1e-5) /* of f32 sums over V */
            fail_msg("%s, id %d: %.9g, wanted %.9g", tiny_name(base), (int)i + 1, scores[i].logprob, want);
        bool best = true;
        for (int64_t j = 0; j < vocab; j++)
            best = best && (row[j] < row[ids[i + 1]] || (row[j] == row[ids[i + 1]] && j >= ids[i + 1]));
        assert_int_equal(scores[i].likeliest, best);
    }
    score_from(&tiny, ids, 7, later);
    for (int64_t i = 0; i + 8 < COUNT; i++) assert_true(later[i].logprob == scores[i + 7].logprob);
    tiny_close(&tiny);
    free(logits);
    arena_close(&arena);
}

TEST(scores_are_log_softmax) {
    check_base(TINY_MIXTRAL);
    check_base(TINY_DEEPSEEK);
    check_base(TINY_GPT_OSS);
}
