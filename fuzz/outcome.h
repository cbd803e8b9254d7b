/*
 * What each target of a checkpoint format does with a result: an accepted one must be sound, a refusal must
 * be one line that names the file and says what to do. Whatever is not so aborts, which is a finding. Counts
 * what got past the header.
 */
#ifndef FUZZ_OUTCOME_H
#define FUZZ_OUTCOME_H

#include "check.h"
#include "formats/safetensors_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long long outcome_inputs, outcome_deep, outcome_good;

static void outcome_print(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld accepted\n", outcome_deep,
            outcome_inputs, outcome_good);
}

static inline void outcome_tensor(const struct checkpoint *checkpoint, const struct memory_file *files,
                                  int count, int64_t i) {
    const struct tensor *tensor = &checkpoint->tensors[i];
    const struct memory_file *file = NULL;
    int64_t elements = -1, bytes = -1;
    volatile unsigned char sink = 0;
    for (int k = 0; k < count; k++) {
        if (strcmp(files[k].name, tensor->file) == 0) file = &files[k];
    }
    MUST(file != NULL);
    const unsigned char *first = file->bytes;
    MUST(tensor->data >= first + 8 && tensor->bytes >= 0);
    MUST(tensor->bytes <= first + file->size - tensor->data);
    MUST(tensor_elements(tensor, &elements));
    if (tensor->dtype == DTYPE_COUNT) /* not read: as many as it says, and a name for it */
        MUST(tensor->type && tensor->type[0] && (bytes = tensor->bytes) >= 0);
    else
        MUST(dtype_bytes(tensor->dtype, elements, &bytes) && bytes == tensor->bytes);
    MUST(tensor->name[0] && strlen(tensor->name) <= 512);
    MUST(i == 0 || strcmp(checkpoint->tensors[i - 1].name, tensor->name) < 0);
    MUST(checkpoint_find(checkpoint, tensor->name) == tensor);
    for (int64_t k = 0; k < bytes; k++) sink ^= tensor->data[k];
    (void)sink;
}

static inline void outcome_check(const struct memory_file *files, int count) {
    struct checkpoint checkpoint;
    struct sy_error err = { .code = SY_OK };
    if (outcome_inputs++ == 0) atexit(outcome_print);
    if (checkpoint_open_memory(files, count, &checkpoint, &err)) {
        for (int64_t i = 0; i < checkpoint.count; i++) outcome_tensor(&checkpoint, files, count, i);
        outcome_good++;
        outcome_deep++;
    } else {
        outcome_deep += strncmp(err.place, "tensor ", 7) == 0 || strcmp(err.file, files[0].name) != 0;
        MUST(err.file[0] && err.remedy[0]);
        check_refusal_line(&err);
    }
    checkpoint_close(&checkpoint);
}

#endif
