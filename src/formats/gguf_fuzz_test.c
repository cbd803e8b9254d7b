/*
 * A short run of the GGUF fuzz targets with a fixed seed (the long one is `make fuzz`): chains of mutations
 * from valid files, read, and what is accepted written back.
 */
#include "base/random.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20000, ROOM = 8192, CHAIN_MAX = 6 };

int fuzz_gguf(const uint8_t *bytes, size_t size);
size_t fuzz_gguf_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);
int fuzz_gguf_write(const uint8_t *bytes, size_t size);
size_t fuzz_gguf_write_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

/* Each input lies in a block of exactly its size. */
static void run(int (*target)(const uint8_t *, size_t),
                size_t (*mutate)(uint8_t *, size_t, size_t, unsigned)) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(2026);
    size_t size = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        assert_true(size <= ROOM);
        uint8_t *exact = malloc(size + (size == 0));
        memcpy(exact, bytes, size);
        target(exact, size);
        free(exact);
    }
}

TEST(mutated_gguf) {
    run(fuzz_gguf, fuzz_gguf_mutate);
}

TEST(mutated_gguf_written) {
    run(fuzz_gguf_write, fuzz_gguf_write_mutate);
}
