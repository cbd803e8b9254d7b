/*
 * Rotary positions: from a rope_spec to inverse frequencies, and the table of cos and sin for a batch's rows.
 */
#ifndef LAYERS_ROPE_H
#define LAYERS_ROPE_H

#include "model/spec.h"

/* inverse [dims / 2]: f32 steps, as the published code takes them. beyond: longrope past its original
 * context. */
void rope_frequencies(const struct rope_spec *rope, bool beyond, float *inverse);
/* What cos and sin are multiplied by. */
float rope_magnitude(const struct rope_spec *rope, bool beyond);

#endif
