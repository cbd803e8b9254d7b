/*
 * The generation settings that a model's authors recommend: generation_config.json, or general.sampling.* and
 * the end tokens of GGUF.
 */
#ifndef TEXT_GENERATION_H
#define TEXT_GENERATION_H

#include "base/error.h"
#include "base/json.h"
#include <stdint.h>

#define GENERATION_EOS_MAX 16

struct generation_defaults { /* of generation_config.json; `has_` where the file says it */
    bool has_sample, has_temperature, has_top_k, has_top_p, has_min_p, has_typical, has_repeat_penalty;
    bool sample; /* do_sample */
    double temperature, top_p, min_p, typical, repeat_penalty;
    int64_t top_k;
    int64_t eos[GENERATION_EOS_MAX]; /* every id that ends an answer */
    int eos_count;
};

/* Errors name a key whose value makes no sense. Null and absent keys say nothing. */
SY_MUST_CHECK bool generation_read(const json_t *config, struct generation_defaults *out,
                                   struct sy_error *err);
struct gguf;
void generation_keys(const struct gguf *gguf, struct generation_defaults *out);

#endif
