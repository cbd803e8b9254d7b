/*
 * A short run of the fuzz targets of text with a fixed seed (the long one is `make fuzz`): chains of
 * mutations from valid inputs, and what earlier runs found.
 */
#include "base/random.h"
#include "fuzzed.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 16384, CHAIN_MAX = 8 };

int fuzz_pattern(const uint8_t *bytes, size_t size);
size_t fuzz_pattern_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);
int fuzz_spm_model(const uint8_t *bytes, size_t size);
size_t fuzz_spm_model_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);
int fuzz_tokenizer(const uint8_t *bytes, size_t size);
size_t fuzz_tokenizer_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);
int fuzz_ranks(const uint8_t *bytes, size_t size);
size_t fuzz_ranks_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);
int fuzz_sides(const uint8_t *bytes, size_t size);
size_t fuzz_sides_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);
int fuzz_encode(const uint8_t *bytes, size_t size);
size_t fuzz_encode_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

/* Each input lies in a block of exactly its size. */
static void try_one(int (*target)(const uint8_t *, size_t), const void *bytes, size_t size) {
    uint8_t *exact = malloc(size + (size == 0));
    if (size > 0) memcpy(exact, bytes, size);
    target(exact, size);
    free(exact);
}

static void run(int (*target)(const uint8_t *, size_t), size_t (*mutate)(uint8_t *, size_t, size_t, unsigned),
                int rounds) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(2026);
    size_t size = 0;
    for (int i = 0; i < rounds; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        assert_true(size <= ROOM);
        try_one(target, bytes, size);
    }
}

TEST(mutated_patterns) {
    run(fuzz_pattern, fuzz_pattern_mutate, 6000);
}

TEST(mutated_spm_models) {
    run(fuzz_spm_model, fuzz_spm_model_mutate, 6000);
}

TEST(mutated_tokenizers) {
    run(fuzz_tokenizer, fuzz_tokenizer_mutate, 1500);
}

TEST(mutated_rank_files) {
    run(fuzz_ranks, fuzz_ranks_mutate, 4000);
}

TEST(mutated_files_beside_a_tokenizer) {
    run(fuzz_sides, fuzz_sides_mutate, 4000);
}

TEST(files_beside_a_tokenizer_that_fuzzing_found) {
    const struct fuzzed sides = { fuzz_sides, fuzz_sides_mutate };
    fuzzed_replay(&sides, "tests/refusal/sides");
}

TEST(mutated_texts) {
    run(fuzz_encode, fuzz_encode_mutate, 4000);
}
