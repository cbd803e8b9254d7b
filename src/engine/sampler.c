#include "engine/sampler.h"

#include "base/checked.h"
#include "base/os.h"
#include "base/random.h"
#include "engine/sampler_rank.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

struct sampler {
    int64_t vocab, bytes;
    float *logits;    /* [V] after penalties and biases, by id */
    int32_t *tally;   /* [V] by id; all zero between draws */
    int32_t *scratch; /* [V] of rank_prefix */
    /* what is still in the running, by place; ids rise */
    int64_t count;
    int32_t *ids;   /* [V] */
    uint32_t *keys; /* [V] rank_prefix's */
    float *weights; /* [V] exp((logit - largest) / temperature), so the largest is 1 */
};

/* ---- opening ---- */

enum { ARRAYS = 6, ELEMENT = 4 };

static bool array_bytes(int64_t vocab, int64_t *bytes, struct sy_error *err) {
    if (vocab < 1 || vocab > INT32_MAX || !size_round_up(vocab, 16, bytes) ||
        !size_mul(*bytes, ELEMENT, bytes))
        return sy_fail(err, SY_ERR_LIMIT, "a vocabulary of %lld tokens cannot be sampled from",
                       (long long)vocab);
    return true;
}

bool sampler_bytes(int64_t vocab, int64_t *bytes, struct sy_error *err) {
    if (!array_bytes(vocab, bytes, err)) return false;
    *bytes *= ARRAYS;
    return true;
}

bool sampler_open(int64_t vocab, struct sampler **out, struct sy_error *err) {
    int64_t one = 0, bytes = 0;
    void *memory;
    if (!array_bytes(vocab, &one, err) || !sampler_bytes(vocab, &bytes, err)) return false;
    struct sampler *s = calloc(1, sizeof *s);
    if (!s) return sy_fail(err, SY_ERR_MEMORY, "no memory for a sampler");
    if (!os_memory_take(bytes, &memory, err)) {
        free(s);
        return false;
    }
    char *at = memory;
    s->vocab = vocab;
    s->bytes = bytes;
    s->logits = (float *)at;
    s->weights = (float *)(at + one);
    s->keys = (uint32_t *)(at + 2 * one);
    s->ids = (int32_t *)(at + 3 * one);
    s->scratch = (int32_t *)(at + 4 * one);
    s->tally = (int32_t *)(at + 5 * one);
    *out = s;
    return true;
}

void sampler_close(struct sampler *sampler) {
    if (!sampler) return;
    os_memory_release(sampler->logits, sampler->bytes);
    free(sampler);
}

/* ---- sums and largest, in 16 lanes, so that the compiler may use vectors without reordering ---- */

enum { LANES = 16 };

static float largest(const float *values, int64_t count) {
    float lanes[LANES];
    int64_t i = 0;
    for (int l = 0; l < LANES; l++) lanes[l] = -INFINITY;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] = values[i + l] > lanes[l] ? values[i + l] : lanes[l];
    for (; i < count; i++) lanes[0] = values[i] > lanes[0] ? values[i] : lanes[0];
    for (int l = 1; l < LANES; l++) lanes[0] = lanes[l] > lanes[0] ? lanes[l] : lanes[0];
    return lanes[0];
}

/* exp(x) for x <= 0 within 2 units in the last place; 0 below -87. Powers of two times a polynomial on
 * [-ln 2 / 2, ln 2 / 2]: Cephes' expf (Moshier). The range is cut in integers, which compilers do without a
 * branch, so that the loop around this becomes vectors. */
static inline float exp_of(float x) {
    const float whole = 12582912.0f; /* 1.5 * 2^23: adding it rounds to whole numbers */
    const int32_t most = 0x42ae0000; /* 87 as a float's bits */
    union {
        float value;
        int32_t bits;
    } size = { .value = x }, scale;
    size.bits &= INT32_MAX;
    int32_t possible = -(size.bits <= most);
    size.bits = size.bits < most ? size.bits : most;
    float y = -size.value, n = (y * 1.44269504f + whole) - whole;
    float r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    scale.bits = (((int32_t)n + 127) * (1 << 23)) & possible;
    return (p * r * r + r + 1) * scale.value;
}

/* weights_i = exp((logits_i - max) / temperature); returns their sum. */
static double softmax_weights(float *restrict weights, const float *restrict logits, int64_t count, float max,
                              double temperature) {
    float t = temperature < FLT_MIN ? FLT_MIN : temperature > FLT_MAX ? FLT_MAX : (float)temperature;
    for (int64_t i = 0; i < count; i++) weights[i] = exp_of((logits[i] - max) / t);
    return rank_total(&(struct ranked){ .weights = weights, .count = count });
}

/* ---- the logits ---- */

static bool check_logits(const float *logits, int64_t count, struct sy_error *err) {
    /* x - x is 0 for what is finite, else NaN */
    int wrong = 0;
    for (int64_t i = 0; i < count; i++) wrong |= logits[i] - logits[i] != 0;
    if (!wrong) return true;
    bool any = false;
    for (int64_t i = 0; i < count; i++) {
        if (isnan(logits[i]) || logits[i] == INFINITY) {
            sy_fail(err, SY_ERR_NUMERIC, "the logit of token %lld is %s", (long long)i,
                    isnan(logits[i]) ? "not a number" : "infinite");
            sy_error_at(err, "logits");
            return sy_error_remedy(err, "the weights may be damaged: fetch them again");
        }
        any |= logits[i] != -INFINITY;
    }
    if (any) return true;
    sy_fail(err, SY_ERR_NUMERIC, "no logit is finite: every token is ruled out");
    return sy_error_at(err, "logits");
}

/* What leaves the range of floats stays at its end; what was ruled out stays so. */
static void change(float *logit, double to) {
    if (*logit == -INFINITY) return;
    *logit = to > FLT_MAX ? FLT_MAX : to < -FLT_MAX ? -FLT_MAX : (float)to;
}

static void penalize(struct sampler *s, const struct draw *draw) {
    const struct sy_sampling *o = draw->sampling;
    bool repeat = o->repeat_penalty > 0 && o->repeat_penalty != 1;
    int64_t begin = 0, end = draw->id_count;
    if (!repeat && o->presence_penalty == 0 && o->frequency_penalty == 0) return;
    if (o->penalty_last > 0) begin = max_i64(0, end - o->penalty_last);
    for (int64_t i = begin; i < end; i++) {
        int64_t id = draw->ids[i];
        assert(id >= 0 && id < s->vocab);
        float *logit = &s->logits[id];
        if (s->tally[id]++ == 0 && repeat)
            change(logit, *logit > 0 ? *logit / o->repeat_penalty : *logit * o->repeat_penalty);
    }
    for (int64_t i = begin; i < end; i++) s->tally[draw->ids[i]] = 0;
    for (int64_t i = max_i64(begin, draw->prompt_count); i < end; i++) s->tally[draw->ids[i]]++;
    for (int64_t i = max_i64(begin, draw->prompt_count); i < end; i++) {
        int32_t *times = &s->tally[draw->ids[i]];
        float *logit = &s->logits[draw->ids[i]];
        if (*times > 0) change(logit, *logit - o->presence_penalty - o->frequency_penalty * *times);
        *times = 0;
    }
}

/* ---- what is kept ---- */

/* All that is possible at all comes into the running: what weighs more than nothing, and not less than
 * `least`. */
static void enter_all(struct sampler *s, float least) {
    float at_least = least > FLT_MIN ? least : FLT_MIN; /* no weight is smaller, but for 0 */
    int64_t n = 0;
    for (int64_t i = 0; i < s->vocab; i++) {
        s->ids[n] = (int32_t)i;
        n += s->weights[i] >= at_least;
    }
    for (int64_t i = 0; i < n; i++) {
        s->weights[i] = s->weights[s->ids[i]];
        s->keys[i] = rank_key_falling(s->logits[s->ids[i]]);
    }
    s->count = n;
}

/* Whatever ranks behind `last` leaves; the others close up. */
static void cut(struct sampler *s, struct rank_place last) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->count; i++) {
        bool stays = rank_within(&last, s->keys[i], i);
        s->ids[n] = s->ids[i];
        s->keys[n] = s->keys[i];
        s->weights[n] = s->weights[i];
        n += stays;
    }
    s->count = n;
}

static struct rank_place find(struct sampler *s, bool by_weight, double target, bool above) {
    struct ranked ranked = { s->keys, by_weight ? s->weights : NULL, s->count };
    return rank_prefix(&ranked, target, above, s->scratch);
}

static double total_weight(const struct sampler *s) {
    return rank_total(&(struct ranked){ .weights = s->weights, .count = s->count });
}

static void keep_min_p(struct sampler *s, double min_p) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->count; i++) {
        float weight = s->weights[i];
        s->ids[n] = s->ids[i];
        s->keys[n] = s->keys[i];
        s->weights[n] = weight;
        n += weight >= min_p; /* the likeliest weighs 1 */
    }
    s->count = n;
}

/* Ranked by how far a token's surprise, -log p, is from the mean surprise: the entropy. */
static void keep_typical(struct sampler *s, double mass, float max, double temperature) {
    double total = total_weight(s), log_total = log(total), entropy = 0;
    for (int64_t i = 0; i < s->count; i++) {
        double surprise = log_total - ((double)s->logits[s->ids[i]] - (double)max) / temperature;
        entropy += (double)s->weights[i] / total * surprise;
    }
    for (int64_t i = 0; i < s->count; i++) {
        double surprise = log_total - ((double)s->logits[s->ids[i]] - (double)max) / temperature;
        s->keys[i] = rank_key_rising((float)fabs(surprise - entropy));
    }
    cut(s, find(s, true, mass * total, false));
    for (int64_t i = 0; i < s->count; i++) s->keys[i] = rank_key_falling(s->logits[s->ids[i]]);
}

static bool narrows(double p) {
    return p > 0 && p < 1;
}

static int64_t sample(struct sampler *s, const struct draw *draw) {
    const struct sy_sampling *o = draw->sampling;
    float max = largest(s->logits, s->vocab);
    double total = softmax_weights(s->weights, s->logits, s->vocab, max, o->temperature);
    /* Before any ranking: what is so light that all of its kind together miss the share that top-p (or min-p)
     * asks for would be cut anyway. On the peaked distributions of language this leaves a handful. */
    double least = 0;
    if (o->top_k == 0)
        least = narrows(o->top_p) ? (1 - o->top_p) * total / (double)s->vocab * 0.999 : o->min_p * 0.999;
    enter_all(s, (float)least);
    if (o->top_k > 0 && o->top_k < s->count) {
        cut(s, find(s, false, (double)o->top_k, false));
        total = total_weight(s);
    }
    if (narrows(o->top_p)) cut(s, find(s, true, o->top_p * total, false));
    if (o->min_p > 0) keep_min_p(s, o->min_p);
    if (narrows(o->typical)) keep_typical(s, o->typical, max, o->temperature);
    double u = random_unit_at(o->seed, (uint64_t)(draw->id_count - draw->prompt_count));
    return s->ids[find(s, true, u * total_weight(s), true).place];
}

int64_t sampler_kept(const struct sampler *s, const int32_t **ids) {
    *ids = s->ids;
    return s->count;
}

/* ---- log-probabilities ---- */

static int likelier_first(const void *left, const void *right) {
    const struct sy_logprob *a = left, *b = right;
    if (a->logprob != b->logprob) return a->logprob > b->logprob ? -1 : 1;
    return a->token < b->token ? -1 : a->token > b->token;
}

/* Of the model's own distribution. Returns what turns a logit into a log-probability: logit - it. */
static double fill_likeliest(struct sampler *s, const struct draw *draw, struct drawn *drawn) {
    float max = largest(draw->logits, s->vocab);
    double log_total = (double)max + log(softmax_weights(s->weights, draw->logits, s->vocab, max, 1));
    int64_t wanted = min_i64(draw->sampling->logprobs, s->vocab), n = 0;
    if (wanted == 0) return log_total;
    for (int64_t i = 0; i < s->vocab; i++) s->keys[i] = rank_key_falling(draw->logits[i]);
    s->count = s->vocab;
    struct rank_place last = find(s, false, (double)wanted, false);
    for (int64_t i = 0; i < s->vocab && n < wanted; i++)
        if (rank_within(&last, s->keys[i], i) && draw->logits[i] != -INFINITY)
            drawn->likeliest[n++] = (struct sy_logprob){ i, (double)draw->logits[i] - log_total };
    qsort(drawn->likeliest, (size_t)n, sizeof drawn->likeliest[0], likelier_first);
    drawn->likeliest_count = n;
    return log_total;
}

/* ---- a draw ---- */

bool sampler_draw(struct sampler *s, const struct draw *draw, struct drawn *drawn, struct sy_error *err) {
    const struct sy_sampling *o = draw->sampling;
    double log_total = 0;
    int64_t token = 0;
    if (!check_logits(draw->logits, s->vocab, err)) return false;
    drawn->likeliest_count = 0;
    if (draw->logprobs) log_total = fill_likeliest(s, draw, drawn);
    memcpy(s->logits, draw->logits, (size_t)s->vocab * sizeof *s->logits);
    for (int64_t i = 0; i < o->bias_count; i++) {
        float *logit = &s->logits[o->biases[i].token];
        change(logit, *logit + o->biases[i].bias);
    }
    penalize(s, draw);
    if (o->temperature > 0) {
        token = sample(s, draw);
    } else {
        float max = largest(s->logits, s->vocab);
        while (s->logits[token] != max) token++;
    }
    drawn->token =
        (struct sy_logprob){ token, draw->logprobs ? (double)draw->logits[token] - log_total : NAN };
    return true;
}
