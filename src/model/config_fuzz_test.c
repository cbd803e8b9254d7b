/*
 * A short run of fuzz/config.c with a fixed seed (the long one is `make fuzz`): chains of mutations from a
 * small config of each family.
 */
#include "base/random.h"
#include "test.h"
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4000, ROOM = 4096, CHAIN_MAX = 5 };

int fuzz_config(const uint8_t *bytes, size_t size);
size_t fuzz_config_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_configs) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(6);
    size_t size = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = fuzz_config_mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        assert_true(size <= ROOM);
        uint8_t *exact = malloc(size + (size == 0));
        memcpy(exact, bytes, size);
        fuzz_config(exact, size);
        free(exact);
    }
}
