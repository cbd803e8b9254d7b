/*
 * What a golden case expects: its expected.json and expected.safetensors, which tests/golden/README.md
 * describes. Everything here fails the running test by itself.
 */
#ifndef GOLDEN_EXPECTED_H
#define GOLDEN_EXPECTED_H

#include "formats/safetensors.h"

#include <jansson.h>

struct golden { /* what is expected */
    struct arena arena;
    struct checkpoint expected;
    json_t *meta;     /* expected.json */
    double tolerance; /* largest difference over the root mean square */
    int64_t *ids, count;
    int64_t *layers, layer_count; /* the MoE layers, by their number in the model */
};

void golden_open(struct golden *golden, const char *folder);
void golden_close(struct golden *golden);

/* A list of whole numbers of expected.json; NULL when the key is absent. Lives with the case. */
int64_t *golden_numbers(struct golden *golden, const char *key, int64_t *count);
/* A tensor of expected.safetensors, `count` elements; lives with the case. */
const float *golden_f32(struct golden *golden, int64_t count, const char *format, ...) SY_PRINTF(3, 4);
const int32_t *golden_i32(struct golden *golden, int64_t count, const char *format, ...) SY_PRINTF(3, 4);

#endif
