/*
 * Samplers: which token comes next. A pure function of the logits, the sequence's own ids and the index of
 * the draw, so the text of a sequence does not know its company, and a rolled back sequence draws again what
 * it drew.
 *
 *   z_i   = penalties(logit_i + bias_i, how often i was seen)
 *   p     = softmax(z / temperature)                       temperature 0: the largest z, ties to the lower id
 *   kept  = typical(min_p(top_p(top_k(p))))                each over what the one before left, renormalised
 *   token = the first i of kept, by rank, at which the running sum of p exceeds u
 *   u     = uniform in [0, 1) from (seed, index)           index: how many were generated before
 *
 * Rank: the likelier first, ties to the lower id. Top-k keeps k even where others tie with the last of them.
 * No sort of the vocabulary (sampler_rank.h). Options are checked once, when a sequence is submitted.
 *
 * The order of the filters is transformers' (generation/utils.py, _get_logits_processor). Repetition: Keskar
 * et al. 2019, arXiv:1909.05858. Top-p: Holtzman et al., arXiv:1904.09751. Min-p: arXiv:2407.01082. Typical:
 * Meister et al., arXiv:2202.00666. Presence and frequency penalties: as OpenAI's API documents them.
 */
#ifndef ENGINE_SAMPLER_H
#define ENGINE_SAMPLER_H

#include "base/error.h"
#include <switchyard.h>

/* Are all values in range, finite, and the biased ids in the vocabulary? SY_ERR_INPUT names the option. */
SY_MUST_CHECK bool sampling_check(const struct sy_sampling *sampling, int64_t vocab, struct sy_error *err);

struct sampler; /* scratch for one draw at a time, over one vocabulary */

SY_MUST_CHECK bool sampler_bytes(int64_t vocab, int64_t *bytes, struct sy_error *err);
SY_MUST_CHECK bool sampler_open(int64_t vocab, struct sampler **out, struct sy_error *err);
void sampler_close(struct sampler *sampler); /* NULL is allowed */

struct draw {
    const struct sy_sampling *sampling;
    const float *logits;            /* [vocab] */
    const int64_t *ids;             /* [id_count] the sequence so far */
    int64_t id_count, prompt_count; /* the first prompt_count of them were given, the rest generated */
    bool logprobs;
};
struct drawn {
    struct sy_logprob token; /* logprob only where asked for, else NaN */
    struct sy_logprob likeliest[SY_LOGPROBS_MAX];
    int64_t likeliest_count;
};
/* The options have been checked. SY_ERR_NUMERIC when a logit is NaN or +infinity, or none is finite;
 * -infinity rules a token out. Allocates nothing. */
SY_MUST_CHECK bool sampler_draw(struct sampler *sampler, const struct draw *draw, struct drawn *drawn,
                                struct sy_error *err);

/* The tokens that the last draw with a temperature chose among, rising; borrowed until the next one. */
int64_t sampler_kept(const struct sampler *sampler, const int32_t **ids);

#endif
