/*
 * A short run of convert's fuzz target with a fixed seed (the long one is `make fuzz`).
 */
#include "base/random.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 800, ROOM = 1 << 16, CHAIN_MAX = 5 };

int fuzz_convert(const uint8_t *bytes, size_t size);
size_t fuzz_convert_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_sources_of_convert) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(2026);
    size_t size = 0;
    setenv("TMPDIR", test_temp_dir(), 1);
    for (int i = 0; i < ROUNDS; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = fuzz_convert_mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        uint8_t *exact = malloc(size + (size == 0));
        memcpy(exact, bytes, size);
        fuzz_convert(exact, size);
        free(exact);
    }
}
