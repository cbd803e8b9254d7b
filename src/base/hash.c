/*
 * The hash: four lanes, so that a core multiplies for all of them at once.
 */
#include "base/hash.h"

#include "base/checked.h"
#include "base/random.h"

#include <string.h>

#define ODD 0x9e3779b97f4a7c15u /* 2^64 over the golden ratio */

static uint64_t word_at(const unsigned char *bytes) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--) word = word << 8 | bytes[i]; /* one load, on machines of that order */
    return word;
}

static void take(uint64_t lane[4], const unsigned char *bytes) {
    for (int i = 0; i < 4; i++) {
        uint64_t h = (lane[i] ^ word_at(bytes + 8 * i)) * ODD;
        lane[i] = h ^ h >> 29;
    }
}

struct hash hash_begin(void) {
    return (struct hash){ .lane = { 1, 2, 3, 4 } };
}

void hash_add(struct hash *hash, const void *bytes, int64_t size) {
    const unsigned char *from = bytes;
    int64_t held = (int64_t)(hash->length % HASH_BYTES);
    hash->length += (uint64_t)size;
    if (held > 0) {
        int64_t n = min_i64(HASH_BYTES - held, size);
        memcpy(hash->pending + held, from, (size_t)n);
        if (held + n < HASH_BYTES) return;
        take(hash->lane, hash->pending);
        from += n;
        size -= n;
    }
    for (; size >= HASH_BYTES; from += HASH_BYTES, size -= HASH_BYTES) take(hash->lane, from);
    if (size > 0) memcpy(hash->pending, from, (size_t)size);
}

void hash_end(const struct hash *hash, uint8_t out[HASH_BYTES]) {
    unsigned char last[HASH_BYTES] = { 0 };
    uint64_t lane[4];
    memcpy(lane, hash->lane, sizeof lane);
    memcpy(last, hash->pending, (size_t)(hash->length % HASH_BYTES));
    take(lane, last);
    lane[0] = random_mix(lane[0] ^ hash->length);
    for (int round = 0; round < 2; round++)
        for (int i = 3; i >= 0; i--) lane[i] ^= random_mix(lane[(i + 1) % 4] + ODD);
    for (int i = 0; i < 4; i++)
        for (int b = 0; b < 8; b++) out[8 * i + b] = (uint8_t)(random_mix(lane[i]) >> 8 * b);
}
