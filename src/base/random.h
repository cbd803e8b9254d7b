/*
 * Random numbers: a generator is a value that is passed, never a global. xoshiro256** seeded by splitmix64
 * (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021). The same seed gives the same
 * numbers everywhere.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state[4];
};

uint64_t random_mix(uint64_t x); /* splitmix64's finaliser: a good hash of one word */
uint64_t random_hash(const void *bytes, uint64_t size,
                     uint64_t seed); /* FNV-1a, then mixed; for names, not for security */

struct random random_seed(uint64_t seed);
uint64_t random_u64(struct random *random);
uint64_t random_below(struct random *random,
                      uint64_t bound);       /* uniform in [0, bound), without bias; bound > 0 */
double random_unit(struct random *random);   /* [0, 1), 53 bits */
double random_normal(struct random *random); /* mean 0, variance 1 */

/* Number `index` of the stream `seed`, in [0, 1), 53 bits: by counting, so that it can be had in any order,
 * and again. */
double random_unit_at(uint64_t seed, uint64_t index);

#endif
