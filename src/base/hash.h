/*
 * A hash of 256 bits over a stream of bytes: whether a file is what was written, which model a cache was made
 * with. Against accidents, not against people: whoever wants can make two inputs of one hash.
 *
 *     word j of the input (8 bytes, little-endian) goes to lane j mod 4:  h = (h ^ word) * odd;  h ^= h >> 29
 *     at the end the length, as one more word; then the lanes are mixed into each other, twice
 *
 * Every step can be undone, so two inputs of one length that differ within a single word (one bit, say)
 * always differ in hash.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

enum { HASH_BYTES = 32 };

struct hash {
    uint64_t lane[4];
    uint64_t length;                   /* bytes so far */
    unsigned char pending[HASH_BYTES]; /* the last length % 32 of them */
};

struct hash hash_begin(void);
void hash_add(struct hash *hash, const void *bytes, int64_t size);
void hash_end(const struct hash *hash, uint8_t out[HASH_BYTES]); /* of what came so far; more may follow */

#endif
