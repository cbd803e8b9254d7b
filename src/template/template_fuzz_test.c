/* fuzz/template.c in the suite (fuzzed.h): from valid templates, and what it found. */
#include "fuzzed.h"
#include "test.h"

int fuzz_template(const uint8_t *bytes, size_t size);
size_t fuzz_template_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

static const struct fuzzed templates = { fuzz_template, fuzz_template_mutate };

TEST(mutated_templates) {
    fuzzed_run(&templates, 20000, 2026);
}

TEST(templates_that_fuzzing_found) {
    fuzzed_replay(&templates, "tests/refusal/template");
}
