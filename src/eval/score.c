#include "eval/score.h"

#include <math.h>
#include <stdlib.h>

struct scorer {
    struct session *session;
    float *probabilities; /* [V] */
    const int64_t *ids;   /* of the call in hand; NULL: nothing is scored */
    struct score *scores;
};

bool scorer_open(struct session *session, struct scorer **out, struct sy_error *err) {
    struct scorer *s = calloc(1, sizeof *s);
    size_t vocab = (size_t)session->model.spec.vocab;
    if (s) s->probabilities = calloc(vocab, sizeof *s->probabilities);
    if (!s || !s->probabilities) {
        free(s);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %zu probabilities", vocab);
    }
    s->session = session;
    *out = s;
    return true;
}

void scorer_close(struct scorer *s) {
    if (!s) return;
    free(s->probabilities);
    free(s);
}

static int64_t largest(const float *logits, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

static bool take_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    struct scorer *s = argument;
    int64_t vocab = s->session->model.spec.vocab;
    (void)feed, (void)err;
    if (!s->ids) return true;
    int64_t id = s->ids[index + 1], best = largest(logits, vocab);
    s->session->kernels.softmax(logits, vocab, s->probabilities);
    double log_sum = -log((double)s->probabilities[best]); /* the best one's is exp(0) / sum */
    s->scores[index] = (struct score){
        .logprob = (double)logits[id] - (double)logits[best] - log_sum,
        .likeliest = id == best,
    };
    return true;
}

static bool run(struct scorer *s, struct kv_sequence *sequence, const int64_t *ids, int64_t count,
                bool every_logits, struct sy_error *err) {
    struct feed feed = { .ids = ids, .count = count, .sequence = sequence, .every_logits = every_logits };
    struct feed_sink sink = { s, take_logits, NULL };
    return session_feed(s->session, &feed, 1, 0, &sink, err);
}

bool score_past(struct scorer *s, struct kv_sequence *sequence, const int64_t *ids, int64_t count,
                struct sy_error *err) {
    s->ids = NULL;
    return count == 0 || run(s, sequence, ids, count, false, err);
}

bool score_ids(struct scorer *s, struct kv_sequence *sequence, const int64_t *ids, int64_t count,
               struct score *scores, struct sy_error *err) {
    s->ids = ids;
    s->scores = scores;
    return run(s, sequence, ids, count - 1, true, err);
}
