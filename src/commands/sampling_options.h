/*
 * How the next token is drawn: the options that run and chat share. What the user does not say comes from
 * what the model's authors recommend.
 */
#ifndef COMMANDS_SAMPLING_OPTIONS_H
#define COMMANDS_SAMPLING_OPTIONS_H

#include "base/options.h"
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

/* Rows of an option table, for struct args with a member of this type at `member`. */
#define SAMPLING_OPTIONS(args, member)                                                                       \
    { "temp",                                                                                                \
      0,                                                                                                     \
      OPTION_REAL,                                                                                           \
      "T",                                                                                                   \
      "temperature; 0: the likeliest token (default: the model's own)",                                      \
      offsetof(struct args, member.temperature) },                                                           \
        { "top-k",                                                                                           \
          0,                                                                                                 \
          OPTION_COUNT,                                                                                      \
          "K",                                                                                               \
          "draw from the K likeliest; 0: from all",                                                          \
          offsetof(struct args, member.top_k) },                                                             \
        { "top-p",                                                                                           \
          0,                                                                                                 \
          OPTION_REAL,                                                                                       \
          "P",                                                                                               \
          "draw from the likeliest that together reach P; 1: from all",                                      \
          offsetof(struct args, member.top_p) },                                                             \
        { "min-p",                                                                                           \
          0,                                                                                                 \
          OPTION_REAL,                                                                                       \
          "P",                                                                                               \
          "draw from those at least P times as likely as the likeliest",                                     \
          offsetof(struct args, member.min_p) },                                                             \
        { "typical",                                                                                         \
          0,                                                                                                 \
          OPTION_REAL,                                                                                       \
          "P",                                                                                               \
          "locally typical sampling; 1: off",                                                                \
          offsetof(struct args, member.typical) },                                                           \
        { "repeat-penalty",                                                                                  \
          0,                                                                                                 \
          OPTION_REAL,                                                                                       \
          "X",                                                                                               \
          "makes tokens seen less likely; 1: off",                                                           \
          offsetof(struct args, member.repeat_penalty) },                                                    \
        { "presence-penalty",                                                                                \
          0,                                                                                                 \
          OPTION_REAL,                                                                                       \
          "X",                                                                                               \
          "taken once from logits of tokens generated",                                                      \
          offsetof(struct args, member.presence_penalty) },                                                  \
        { "frequency-penalty",                                                                               \
          0,                                                                                                 \
          OPTION_REAL,                                                                                       \
          "X",                                                                                               \
          "taken for each time that a token was generated",                                                  \
          offsetof(struct args, member.frequency_penalty) },                                                 \
        { "logit-bias",                                                                                      \
          0,                                                                                                 \
          OPTION_LIST,                                                                                       \
          "ID=X",                                                                                            \
          "add X to the logit of a token; may be repeated",                                                  \
          offsetof(struct args, member.biases) },                                                            \
        { "seed",                                                                                            \
          0,                                                                                                 \
          OPTION_STRING,                                                                                     \
          "S",                                                                                               \
          "the same seed gives the same text (default: a new one)",                                          \
          offsetof(struct args, member.seed) },                                                              \
    {                                                                                                        \
        "stop", 0, OPTION_LIST, "TEXT", "end before this text; may be repeated",                             \
            offsetof(struct args, member.stops)                                                              \
    }

struct sampling_given { /* the sampling points into it */
    struct sy_sampling sampling;
    struct sy_logit_bias biases[OPTION_LIST_MAX];
};

/* `recommended`: where the user is silent. SY_ERR_USAGE names what is no number. */
SY_MUST_CHECK bool sampling_given(const struct sampling_args *args, const struct sy_sampling *recommended,
                                  struct sampling_given *out, struct sy_error *err);

#endif
