#include "text/generation_numbers.h"

#define KEY "general.sampling."
#define AT(field)                                                                                            \
    offsetof(struct generation_defaults, has_##field), offsetof(struct generation_defaults, field)
const struct generation_number generation_numbers[GENERATION_NUMBERS] = {
    { "temperature", KEY "temp", AT(temperature), 0, 1e6, true },
    { "top_p", KEY "top_p", AT(top_p), 0, 1, true },
    { "min_p", KEY "min_p", AT(min_p), 0, 1, true },
    { "typical_p", KEY "typ_p", AT(typical), 0, 1, true },
    { "repetition_penalty", KEY "penalty_repeat", AT(repeat_penalty), 0, 1e6, false },
    { "presence_penalty", KEY "penalty_present", AT(presence_penalty), -1e6, 1e6, false },
    { "frequency_penalty", KEY "penalty_freq", AT(frequency_penalty), -1e6, 1e6, false },
};

bool generation_put(struct generation_defaults *out, const struct generation_number *number, double value) {
    if (!(value >= number->least && value <= number->most)) return false;
    *(bool *)((char *)out + number->has) = true;
    *(double *)((char *)out + number->at) = value;
    return true;
}

bool generation_get(const struct generation_defaults *from, const struct generation_number *number,
                    double *value) {
    *value = *(const double *)((const char *)from + number->at);
    return *(const bool *)((const char *)from + number->has);
}

bool generation_put_end(struct generation_defaults *out, int64_t id) {
    for (int i = 0; i < out->eos_count; i++)
        if (out->eos[i] == id) return true;
    if (id == -1 || id == UINT32_MAX) return true; /* none, and none that was stored unsigned */
    if (id < 0 || out->eos_count == GENERATION_EOS_MAX) return false;
    out->eos[out->eos_count++] = id;
    return true;
}
