/*
 * Fuzzing the GGUF reader: one file, or two of a split model.
 */
#include "gguf_inputs.h"
#include "gguf_mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct inputs inputs = inputs_of(bytes, size);
    struct checkpoint checkpoint;
    struct gguf gguf;
    inputs_open(&inputs, &checkpoint, &gguf);
    checkpoint_close(&checkpoint);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    return gguf_mutate(bytes, size, room, seed);
}
