/*
 * A fuzz target within the suite: a short run with a fixed seed (the long one is `make fuzz`), and what
 * fuzzing has found, which stays in tests/refusal/.
 */
#ifndef FUZZED_H
#define FUZZED_H

#include <stddef.h>
#include <stdint.h>

struct fuzzed {
    int (*target)(const uint8_t *bytes, size_t size);
    size_t (*mutate)(uint8_t *bytes, size_t size, size_t room,
                     unsigned seed); /* from nothing: a valid input */
};

/* `rounds` inputs in chains of mutations, each in a block of its own size, so that reading behind it is
 * seen. */
void fuzzed_run(const struct fuzzed *fuzzed, int rounds, uint64_t seed);
/* Every file of the folder (from the source root). */
void fuzzed_replay(const struct fuzzed *fuzzed, const char *folder);

#endif
