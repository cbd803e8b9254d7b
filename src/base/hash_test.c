#include "base/hash.h"
#include "base/random.h"
#include "test.h"

#include <string.h>

static void hash_of(const void *bytes, int64_t size, uint8_t out[HASH_BYTES]) {
    struct hash hash = hash_begin();
    hash_add(&hash, bytes, size);
    hash_end(&hash, out);
}

/* However a stream is cut, its hash is one. */
TEST(a_hash_does_not_know_the_pieces) {
    unsigned char bytes[300];
    uint8_t want[HASH_BYTES], got[HASH_BYTES];
    struct random random = random_seed(3);
    for (int i = 0; i < 300; i++) bytes[i] = (unsigned char)random_u64(&random);
    for (int64_t size = 0; size <= 300; size += 7) {
        hash_of(bytes, size, want);
        for (int trial = 0; trial < 20; trial++) {
            struct hash hash = hash_begin();
            for (int64_t at = 0, n; at < size; at += n) {
                n = 1 + (int64_t)random_below(&random, 50);
                if (n > size - at) n = size - at;
                hash_add(&hash, bytes + at, n);
                hash_end(&hash, got); /* looking changes nothing */
            }
            hash_end(&hash, got);
            assert_memory_equal(got, want, HASH_BYTES);
        }
    }
}

/* Each bit counts, in a way that reaches half of the hash; so does the length. */
TEST(a_hash_hears_every_bit) {
    unsigned char bytes[200] = { 0 };
    uint8_t plain[HASH_BYTES], other[HASH_BYTES];
    int64_t flipped = 0;
    hash_of(bytes, 200, plain);
    for (int bit = 0; bit < 1600; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        hash_of(bytes, 200, other);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        int changed = 0;
        for (int i = 0; i < HASH_BYTES; i++) changed += __builtin_popcount((unsigned)(plain[i] ^ other[i]));
        assert_true(changed > 60);
        flipped += changed;
    }
    assert_true(flipped > 1600 * 126 && flipped < 1600 * 130);
    for (int64_t size = 0; size < 200; size++) { /* zeros more or less */
        hash_of(bytes, size, other);
        assert_memory_not_equal(plain, other, HASH_BYTES);
    }
}

/* Files that were written must be known for what they are by later versions. */
TEST(a_hash_stays_what_it_is) {
    static const uint8_t want[8] = { 0x7b, 0xd8, 0xab, 0x96, 0xaa, 0x5d, 0x56, 0xa1 };
    uint8_t got[HASH_BYTES];
    hash_of("switchyard", 10, got);
    assert_memory_equal(got, want, 8);
}
