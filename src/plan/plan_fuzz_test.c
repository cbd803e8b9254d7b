/* fuzz/plan.c in the suite (fuzzed.h): from the presets, and what it found: configs of billions of
 * experts. */
#include "fuzzed.h"
#include "test.h"

int fuzz_plan(const uint8_t *bytes, size_t size);
size_t fuzz_plan_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

static const struct fuzzed plans = { fuzz_plan, fuzz_plan_mutate };

TEST(mutated_plans) {
    fuzzed_run(&plans, 1500, 11);
}

TEST(plans_that_fuzzing_found) {
    fuzzed_replay(&plans, "tests/refusal/plan");
}
