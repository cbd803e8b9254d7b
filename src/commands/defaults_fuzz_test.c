/* A short run of the fuzz target of config.yaml with a fixed seed (the long one is `make fuzz`). */
#include "fuzzed.h"
#include "test.h"

int fuzz_defaults(const uint8_t *bytes, size_t size);
size_t fuzz_defaults_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_defaults) {
    const struct fuzzed fuzzed = { fuzz_defaults, fuzz_defaults_mutate };
    fuzzed_run(&fuzzed, 4000, 2026);
}
