/* fuzz/config.c in the suite (fuzzed.h): from a small config of each family. */
#include "fuzzed.h"
#include "test.h"

int fuzz_config(const uint8_t *bytes, size_t size);
size_t fuzz_config_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_configs) {
    fuzzed_run(&(struct fuzzed){ fuzz_config, fuzz_config_mutate }, 4000, 6);
}
