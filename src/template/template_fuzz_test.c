/*
 * A short run of the fuzz target with a fixed seed (the long one is `make fuzz F=template`): chains of
 * mutations from valid templates; and what fuzzing has found, which stays in tests/refusal/.
 */
#include "base/os.h"
#include "base/random.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20000, ROOM = 4096, CHAIN_MAX = 8 };

int fuzz_template(const uint8_t *bytes, size_t size);
size_t fuzz_template_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_templates) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(2026);
    size_t size = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = fuzz_template_mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        assert_true(size <= ROOM);
        uint8_t *exact = malloc(size + (size == 0)); /* so that reading behind it is seen */
        memcpy(exact, bytes, size);
        fuzz_template(exact, size);
        free(exact);
    }
}

static bool replay(void *folder, const char *name) {
    char path[TEST_PATH_MAX];
    struct sy_error err;
    char *source;
    int64_t size;
    snprintf(path, sizeof path, "%s/%s", (const char *)folder, name);
    if (!os_read_file(path, 1 << 20, &source, &size, &err)) fail_msg("%s", err.message);
    fuzz_template((const uint8_t *)source, (size_t)size);
    free(source);
    return true;
}

TEST(templates_that_fuzzing_found) {
    char folder[TEST_PATH_MAX];
    struct sy_error err;
    test_source(folder, "tests/refusal/template");
    assert_true(os_list_folder(folder, replay, folder, &err));
}
