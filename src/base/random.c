/*
 * xoshiro256** and what is drawn from it. Unbiased bounds by rejecting the low part of the range (Lemire's
 * condition, with the remainder instead of the wide product, which C17 lacks); normals by Marsaglia's polar
 * method, one a call: keeping the second would make the generator more than its state.
 */
#include "base/random.h"
#include <math.h>

static uint64_t rotate_left(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

uint64_t random_mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t random_hash(const void *bytes, uint64_t size, uint64_t seed) {
    const unsigned char *at = bytes;
    uint64_t hash = 0xcbf29ce484222325u ^ random_mix(seed);
    for (uint64_t i = 0; i < size; ++i) hash = (hash ^ at[i]) * 0x100000001b3u;
    return random_mix(hash);
}

struct random random_seed(uint64_t seed) {
    struct random random;
    for (int i = 0; i < 4; ++i) random.state[i] = random_mix(seed += 0x9e3779b97f4a7c15u);
    return random;
}

uint64_t random_u64(struct random *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t random_below(struct random *random, uint64_t bound) {
    uint64_t refused = (0 - bound) % bound; /* 2^64 mod bound: what remains is a whole number of ranges */
    uint64_t x;
    do x = random_u64(random);
    while (x < refused);
    return x % bound;
}

double random_unit(struct random *random) {
    return (double)(random_u64(random) >> 11) * 0x1p-53;
}

/* splitmix64 of a hashed seed, entered at any place: seeds that differ by one are far apart. */
double random_unit_at(uint64_t seed, uint64_t index) {
    uint64_t base = random_mix(seed + 0x9e3779b97f4a7c15u);
    return (double)(random_mix(base + (index + 1) * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

double random_normal(struct random *random) {
    double x, y, square;
    do {
        x = 2 * random_unit(random) - 1;
        y = 2 * random_unit(random) - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    return x * sqrt(-2 * log(square) / square);
}
