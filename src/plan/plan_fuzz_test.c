/*
 * A short run of fuzz/plan.c with a fixed seed (the long one is `make fuzz`): chains of mutations from the
 * presets.
 */
#include "base/random.h"
#include "test.h"
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 1500, ROOM = 4096, CHAIN_MAX = 5 };

int fuzz_plan(const uint8_t *bytes, size_t size);
size_t fuzz_plan_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_plans) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(11);
    size_t size = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = fuzz_plan_mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        assert_true(size <= ROOM);
        uint8_t *exact = malloc(size + (size == 0));
        memcpy(exact, bytes, size);
        fuzz_plan(exact, size);
        free(exact);
    }
}
