/* The keys of ours that a GGUF file needs beside the standard ones. */
#ifndef MODEL_META_FIELDS_H
#define MODEL_META_FIELDS_H

#include "base/json.h"
#include "formats/gguf.h"
#include "model/spec.h"

/* { "attention.clamp": 8.0, ... }: the fields of `wanted` that `found`, as read from standard keys alone, has
 * otherwise; reals by more than `within` of themselves (0: as f32). A new reference, also on failure (or
 * NULL). */
SY_MUST_CHECK bool meta_fields_missing(const struct spec *wanted, const struct spec *found,
                                       const json_t *covered, double within, json_t **out,
                                       struct sy_error *err);

/* A value of a spec's JSON as metadata: true, 8, 0.5, "sliding", or a list of one kind. In the arena. */
SY_MUST_CHECK bool meta_value(const json_t *value, struct arena *arena, struct gguf_value *out,
                              struct sy_error *err);

#endif
