/*
 * Prefixes of a ranking without sorting it: where does the running sum of weights, taken in rank order, reach
 * a target? Top-k, top-p, typical sampling and the draw itself are this one question.
 *
 *     rank: by key rising, ties to the lower place (places are in the order of ids)
 *
 * A radix descent: sums of 2048 buckets of the key's top bits, then only the bucket in which the target lies,
 * twice more; so three passes at worst, whatever the values, and one and a bit where they are spread.
 */
#ifndef ENGINE_SAMPLER_RANK_H
#define ENGINE_SAMPLER_RANK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct ranked {           /* borrowed */
    const uint32_t *keys; /* [count] */
    const float *weights; /* [count], not negative; NULL: each weighs 1 */
    int64_t count;        /* at least 1 */
};

struct rank_place { /* the last of a prefix */
    uint32_t key;
    int64_t place;
};

/* The shortest prefix whose sum is at least `target` (`above`: exceeds it); where rounding lets none reach
 * it, the whole ranking up to the last that weighs something, of which there must be one. `scratch`
 * has room for [count]. */
struct rank_place rank_prefix(const struct ranked *ranked, double target, bool above, int32_t *scratch);

double rank_total(const struct ranked *ranked);

static inline bool rank_within(const struct rank_place *last, uint32_t key, int64_t place) {
    return key < last->key || (key == last->key && place <= last->place);
}

/* Floats as keys whose order is theirs; NaN nowhere. -0 is 0. */
static inline uint32_t rank_key_rising(float value) {
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((uint32_t) - (int32_t)(bits >> 31) | 0x80000000u);
}
static inline uint32_t rank_key_falling(float value) {
    return ~rank_key_rising(value);
}

#endif
