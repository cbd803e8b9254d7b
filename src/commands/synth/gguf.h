/*
 * A synthetic checkpoint as one GGUF file. The weights are drawn as everywhere (by tensor name and seed),
 * then encoded.
 */
#ifndef COMMANDS_SYNTH_GGUF_H
#define COMMANDS_SYNTH_GGUF_H

#include "commands/synth/plan.h"

struct synth_gguf_result {
    int64_t tensors, bytes, fell_back;
};

bool synth_is_gguf(const char *path); /* by its ending */

SY_MUST_CHECK bool synth_gguf(const char *path, bool force, const struct family *family,
                              const struct spec *spec, const struct synth_options *options, int threads,
                              struct arena *arena, struct synth_gguf_result *result, struct sy_error *err);

#endif
