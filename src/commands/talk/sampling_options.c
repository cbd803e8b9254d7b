#include "commands/talk/sampling_options.h"

#include "base/os.h"
#include "base/random.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct speaking, sampling.field)
static const struct option options[] = {
    { "temp", 0, OPTION_REAL, "T", "temperature; 0: the likeliest token (default: the model's own)",
      AT(temperature) },
    { "top-k", 0, OPTION_COUNT, "K", "draw from the K likeliest; 0: from all", AT(top_k) },
    { "top-p", 0, OPTION_REAL, "P", "draw from the likeliest that together reach P; 1: from all", AT(top_p) },
    { "min-p", 0, OPTION_REAL, "P", "draw from those at least P times as likely as the likeliest",
      AT(min_p) },
    { "typical", 0, OPTION_REAL, "P", "locally typical sampling; 1: off", AT(typical) },
    { "repeat-penalty", 0, OPTION_REAL, "X", "makes tokens seen less likely; 1: off", AT(repeat_penalty) },
    { "presence-penalty", 0, OPTION_REAL, "X", "taken once from the logits of tokens generated",
      AT(presence_penalty) },
    { "frequency-penalty", 0, OPTION_REAL, "X", "taken for each time that a token was generated",
      AT(frequency_penalty) },
    { "logit-bias", 0, OPTION_LIST, "ID=X", "add X to the logit of a token; may be repeated", AT(biases) },
    { "seed", 0, OPTION_STRING, "S", "the same seed gives the same text (default: a new one)", AT(seed) },
    { "stop", 0, OPTION_LIST, "TEXT", "end before this text; may be repeated", AT(stops) },
    OPTION_BETWEEN("temp", "0 to 1e9"),
    OPTION_BETWEEN("top-p", "0 to 1"),
    OPTION_BETWEEN("min-p", "0 to 1"),
    OPTION_BETWEEN("typical", "0 to 1"),
    OPTION_BETWEEN("repeat-penalty", "0 to 1e6"),
    OPTION_BETWEEN("presence-penalty", "-1e6 to 1e6"),
    OPTION_BETWEEN("frequency-penalty", "-1e6 to 1e6"),
    OPTION_END,
};
const struct option_table sampling_table = { options, NULL };

static const struct option template_options[] = {
    { "template", 0, OPTION_STRING, "FILE", "a chat template (Jinja) instead of the model's own",
      offsetof(struct speaking, template_file) },
    OPTION_END,
};
static const struct option_table template_table = { template_options, &common_table };
const struct option_table speaking_table = { options, &template_table };

static double pick(double given, double recommended) {
    return isnan(given) ? recommended : given;
}

static bool parse_bias(const char *word, struct sy_logit_bias *bias, struct sy_error *err) {
    char *end, *tail;
    errno = 0;
    bias->token = strtoll(word, &end, 10);
    bool good = end != word && *end == '=' && errno == 0 && word[strspn(word, "0123456789")] == '=';
    if (good) {
        bias->bias = strtod(end + 1, &tail);
        good = tail != end + 1 && !*tail && isfinite(bias->bias);
    }
    if (good) return true;
    sy_fail(err, SY_ERR_USAGE, "--logit-bias takes a token's id and a number, not '%s'", word);
    return sy_error_remedy(err, "such as --logit-bias 42=-5");
}

static bool parse_seed(const char *word, uint64_t *seed, struct sy_error *err) {
    char *end;
    errno = 0;
    *seed = strtoull(word, &end, 10);
    if (end != word && !*end && errno == 0 && word[0] != '-') return true;
    return sy_fail(err, SY_ERR_USAGE, "--seed takes a whole number, 0 or more, not '%s'", word);
}

/* Another one each time that the program runs. */
static uint64_t new_seed(void) {
    double now = os_seconds();
    return random_hash(&now, sizeof now, 1) >> 12; /* short enough for a double in JSON */
}

bool sampling_given(const struct sampling_args *args, const struct sy_sampling *recommended,
                    struct sampling_given *out, struct sy_error *err) {
    const struct sy_sampling *r = recommended;
    memset(out, 0, sizeof *out);
    out->sampling = (struct sy_sampling){
        .temperature = pick(args->temperature, r->temperature),
        .top_k = args->top_k >= 0 ? args->top_k : r->top_k,
        .top_p = pick(args->top_p, r->top_p),
        .min_p = pick(args->min_p, r->min_p),
        .typical = pick(args->typical, r->typical),
        .repeat_penalty = pick(args->repeat_penalty, r->repeat_penalty),
        .presence_penalty = pick(args->presence_penalty, r->presence_penalty),
        .frequency_penalty = pick(args->frequency_penalty, r->frequency_penalty),
        .penalty_last = r->penalty_last,
        .biases = out->biases,
        .bias_count = args->biases.count,
        .seed = new_seed(),
    };
    for (int i = 0; i < args->biases.count; i++)
        if (!parse_bias(args->biases.words[i], &out->biases[i], err)) return false;
    return !args->seed || parse_seed(args->seed, &out->sampling.seed, err);
}
