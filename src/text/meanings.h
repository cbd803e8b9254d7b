/*
 * Private to text/: what each known key of the files about text means (base/account.h). Those of
 * generation_config.json and general.sampling.* stand in generation.h.
 */
#ifndef TEXT_MEANINGS_H
#define TEXT_MEANINGS_H

#include "base/account.h"

/* tokenizer.json: "model", and of its parts "model.vocab"; what is nested in lists goes by its part. */
extern const struct meaning tokenizer_json_meanings[];
extern const struct meaning tekken_meanings[];
extern const struct meaning tokenizer_config_meanings[];
extern const struct meaning special_map_meanings[]; /* special_tokens_map.json */
extern const struct meaning added_meanings[];       /* added_tokens.json */
extern const struct meaning chat_template_meanings[];
extern const struct meaning vocab_key_meanings[]; /* GGUF's tokenizer.* */
extern const struct meaning side_meanings[];      /* names of files beside a model */

#endif
