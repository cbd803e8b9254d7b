/*
 * The weights of the wide golden cases, rebuilt: integer arithmetic over a tensor's name, a seed and an
 * element's number, and one f32 sum. tools/golden/README.md states the rule in full; the values must come out
 * to the bit, for the expected logits were computed with them.
 */
#ifndef GOLDEN_WEIGHTS_H
#define GOLDEN_WEIGHTS_H

#include <stdint.h>

uint64_t golden_hash(const char *name);                           /* FNV-1a, 64 bits */
uint64_t golden_mix(uint64_t state, uint64_t i);                  /* splitmix64: output i of this state */
uint16_t golden_bf16(uint64_t random, float offset, float scale); /* the element as a bf16 code */

/* Writes the tensors of weights.json, as it describes them, as a safetensors file. Fails the test on an
 * error. */
void golden_weights_write(const char *weights_json, const char *out);

#endif
