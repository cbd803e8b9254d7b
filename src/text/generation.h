/*
 * The generation settings that a model's authors recommend: generation_config.json, or general.sampling.* and
 * the end tokens of GGUF.
 */
#ifndef TEXT_GENERATION_H
#define TEXT_GENERATION_H

#include "formats/gguf.h"
#include "text/model_text.h"

/* Errors name a key whose value makes no sense. Null and absent keys say nothing. */
SY_MUST_CHECK bool generation_read(const json_t *config, struct generation_defaults *out,
                                   struct sy_error *err);
void generation_keys(const struct gguf *gguf, struct generation_defaults *out);

#endif
