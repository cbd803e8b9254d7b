/*
 * Fuzzing the index of a checkpoint in shards: the input is its text, the shards beside it stay what they
 * are.
 */
#include "mutate.h"
#include "outcome.h"

static const char *const words[] = {
    "a",
    "b",
    "c",
    "d",
    "1.safetensors",
    "2.safetensors",
    "3.safetensors",
    "../1.safetensors",
    "/1.safetensors",
    ".safetensors",
    "1.bin",
    "weight_map",
    "metadata",
    "total_size",
    "",
    "\\u0061",
    "\\u0000",
    "\\n",
    "\\ud800",
    "\xff",
    "\xc3\xa9",
    "..",
    "{",
    "\\\"",
};

/* a and b in the first shard, c in the second: 8 bytes of length, header, data. */
#define SHARD_1                                                                                              \
    "\x70\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"                      \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}       xyz"
#define SHARD_2 "\x38\0\0\0\0\0\0\0{\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}   x"

static const char seed_text[] = "{\"metadata\":{\"total_size\":4},\"weight_map\":{\"a\":\"1.safetensors\","
                                "\"b\":\"1.safetensors\",\"c\":\"2.safetensors\"}}\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const struct memory_file files[] = {
        { "model.safetensors.index.json", bytes, (int64_t)size },
        { "1.safetensors", SHARD_1, sizeof SHARD_1 - 1 },
        { "2.safetensors", SHARD_2, sizeof SHARD_2 - 1 },
    };
    outcome_check(files, 3);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { bytes, size, room, random_seed(seed), words, sizeof words / sizeof *words };
    if (room < sizeof seed_text) return LLVMFuzzerMutate ? LLVMFuzzerMutate(bytes, size, room) : size;
    if (size == 0 || mutate_below(&m, 32) == 0) {
        m.size = sizeof seed_text - 1;
        memcpy(bytes, seed_text, m.size);
    }
    for (size_t i = mutate_below(&m, 3) + 1; i > 0; i--) mutate_json(&m);
    return m.size;
}
