/*
 * How the next token is drawn: the options that run and chat share. What the user does not say comes from
 * what the model's authors recommend.
 */
#ifndef COMMANDS_TALK_SAMPLING_OPTIONS_H
#define COMMANDS_TALK_SAMPLING_OPTIONS_H

#include "commands/common.h"
#include <switchyard.h>

struct sampling_args { /* NaN, -1: not given */
    double temperature, top_p, min_p, typical, repeat_penalty, presence_penalty, frequency_penalty;
    int64_t top_k;
    const char *seed;
    struct option_list biases, stops;
};
#define SAMPLING_DEFAULTS                                                                                    \
    {                                                                                                        \
        .temperature = __builtin_nan(""), .top_p = __builtin_nan(""), .min_p = __builtin_nan(""),            \
        .typical = __builtin_nan(""), .repeat_penalty = __builtin_nan(""),                                   \
        .presence_penalty = __builtin_nan(""), .frequency_penalty = __builtin_nan(""), .top_k = -1           \
    }

struct speaking { /* stands first in the arguments of a command that generates */
    struct common common;
    struct sampling_args sampling;
    const char *template_file; /* a chat template instead of the model's own */
};
#define SPEAKING_DEFAULTS                                                                                    \
    { .common = COMMON_DEFAULTS, .sampling = SAMPLING_DEFAULTS }
extern const struct option_table speaking_table; /* the options of all of it */
extern const struct option_table
    sampling_table; /* how the next token is drawn alone; into a struct speaking */

struct sampling_given { /* the sampling points into it */
    struct sy_sampling sampling;
    struct sy_logit_bias biases[OPTION_LIST_MAX];
};

/* `recommended`: where the user is silent. SY_ERR_USAGE names what is no number. */
SY_MUST_CHECK bool sampling_given(const struct sampling_args *args, const struct sy_sampling *recommended,
                                  struct sampling_given *out, struct sy_error *err);

#endif
