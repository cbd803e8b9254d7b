/*
 * Are sampling options values that mean something? Each message names the option as switchyard.h spells it.
 */
#include "engine/sampler.h"

#include <math.h>

#define BIAS_MAX 1e30 /* a float with room to spare; "never" is written as -1e9 and the like */

static bool refuse(struct sy_error *err, const char *option, double value, const char *wanted) {
    return sy_fail(err, SY_ERR_INPUT, "%s is %g, but must be %s", option, value, wanted);
}

static bool check_biases(const struct sy_sampling *s, int64_t vocab, struct sy_error *err) {
    if (s->bias_count < 0 || s->bias_count > vocab)
        return refuse(err, "bias_count", (double)s->bias_count, "between 0 and the size of the vocabulary");
    if (s->bias_count > 0 && !s->biases)
        return sy_fail(err, SY_ERR_INPUT, "%lld logit biases are said to be there, but the list is NULL",
                       (long long)s->bias_count);
    for (int64_t i = 0; i < s->bias_count; i++) {
        if (s->biases[i].token < 0 || s->biases[i].token >= vocab) {
            sy_fail(err, SY_ERR_INPUT, "there is no token %lld; the vocabulary has ids 0 .. %lld",
                    (long long)s->biases[i].token, (long long)vocab - 1);
            return sy_error_at(err, "logit bias %lld", (long long)i + 1);
        }
        if (!(fabs(s->biases[i].bias) <= BIAS_MAX))
            return refuse(err, "logit bias", s->biases[i].bias, "between -1e30 and 1e30");
    }
    return true;
}

static bool check_reserved(const struct sy_sampling *s, struct sy_error *err) {
    for (size_t i = 0; i < sizeof s->reserved / sizeof s->reserved[0]; i++)
        if (s->reserved[i] != 0)
            return sy_fail(err, SY_ERR_USAGE, "sampling option %zu of a later version is set, unknown here",
                           i + 1);
    return true;
}

bool sampling_check(const struct sy_sampling *s, int64_t vocab, struct sy_error *err) {
    const struct {
        const char *option;
        double value, least, most;
        const char *wanted;
    } ranges[] = {
        { "temperature", s->temperature, 0, HUGE_VAL, "0 (the likeliest token) or more" },
        { "top_k", (double)s->top_k, 0, HUGE_VAL, "0 (all) or more" },
        { "top_p", s->top_p, 0, 1, "between 0 and 1" },
        { "min_p", s->min_p, 0, 1, "between 0 and 1" },
        { "typical", s->typical, 0, 1, "between 0 and 1" },
        { "repeat_penalty", s->repeat_penalty, 0, 1e6, "above 0 and at most 1e6 (1: none)" },
        { "presence_penalty", s->presence_penalty, -1e6, 1e6, "between -1e6 and 1e6 (0: none)" },
        { "frequency_penalty", s->frequency_penalty, -1e6, 1e6, "between -1e6 and 1e6 (0: none)" },
        { "penalty_last", (double)s->penalty_last, 0, HUGE_VAL, "0 (all) or more" },
        { "logprobs", (double)s->logprobs, 0, SY_LOGPROBS_MAX,
          "between 0 and " SY_STRINGIZE(SY_LOGPROBS_MAX) },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (!(ranges[i].value >= ranges[i].least && ranges[i].value <= ranges[i].most) ||
            isinf(ranges[i].value))
            return refuse(err, ranges[i].option, ranges[i].value, ranges[i].wanted);
    return check_biases(s, vocab, err) && check_reserved(s, err);
}
