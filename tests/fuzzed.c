#include "fuzzed.h"

#include "base/os.h"
#include "base/random.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096, CHAIN_MAX = 6 };

void fuzzed_run(const struct fuzzed *fuzzed, int rounds, uint64_t seed) {
    static uint8_t bytes[ROOM];
    struct random random = random_seed(seed);
    size_t size = 0;
    for (int i = 0; i < rounds; i++) {
        if (random_below(&random, CHAIN_MAX) == 0) size = 0;
        size = fuzzed->mutate(bytes, size, ROOM, (unsigned)random_u64(&random));
        assert_true(size <= ROOM);
        uint8_t *exact = malloc(size + (size == 0));
        memcpy(exact, bytes, size);
        fuzzed->target(exact, size);
        free(exact);
    }
}

struct replay {
    const struct fuzzed *fuzzed;
    const char *folder;
    int files;
};

static bool replay(void *argument, const char *name) {
    struct replay *r = argument;
    char path[TEST_PATH_MAX];
    struct sy_error err;
    char *source;
    int64_t size;
    snprintf(path, sizeof path, "%s/%s", r->folder, name);
    if (!os_read_file(path, 1 << 20, &source, &size, &err)) fail_msg("%s", err.message);
    r->fuzzed->target((const uint8_t *)source, (size_t)size);
    r->files++;
    free(source);
    return true;
}

void fuzzed_replay(const struct fuzzed *fuzzed, const char *folder) {
    char whole[TEST_PATH_MAX];
    struct sy_error err;
    struct replay r = { fuzzed, whole, 0 };
    test_source(whole, folder);
    assert_true(os_list_folder(whole, replay, &r, &err));
    assert_true(r.files > 0);
}
