/*
 * The generation settings that a model's authors recommend: generation_config.json, or general.sampling.* of
 * GGUF. What the sampler here has no counterpart for is noted by name; two tables say of each known key what
 * becomes of it.
 */
#ifndef TEXT_GENERATION_H
#define TEXT_GENERATION_H

#include "base/account.h"
#include "base/error.h"
#include "base/json.h"
#include "text/notes.h"
#include <stdint.h>

#define GENERATION_EOS_MAX 16
#define GENERATION_TOP_K   50 /* of who draws and says no top_k: GenerationConfig's own default */

struct generation_defaults { /* `has_` where a file says it */
    bool has_sample, has_temperature, has_top_k, has_top_p, has_min_p, has_typical, has_repeat_penalty,
        has_presence_penalty, has_frequency_penalty;
    bool sample; /* do_sample */
    double temperature, top_p, min_p, typical, repeat_penalty, presence_penalty, frequency_penalty;
    int64_t top_k, penalty_last;     /* penalty_last 0: all ids */
    int64_t eos[GENERATION_EOS_MAX]; /* of generation_config.json: every id that ends an answer */
    int eos_count;
};

extern const struct meaning generation_meanings[]; /* keys of generation_config.json */
extern const struct meaning sampling_meanings[];   /* GGUF's, with general.sampling. in front */

/* Errors name a key whose value makes no sense. Null and absent keys say nothing. */
SY_MUST_CHECK bool generation_read(const json_t *config, struct generation_defaults *out,
                                   struct text_notes *notes, struct sy_error *err);
/* Does a value of a key that is warned of ask for nothing (null, 0, an empty list, 1 where that is none)? */
bool generation_is_neutral(const char *key, const json_t *value);

struct gguf;
/*
 * Over what is there already: an explicit key of the container counts more than a file kept in it.
 *
 *     temp > 0                      draws, from all tokens unless top_k says otherwise
 *     temp = 0                      takes the likeliest
 *     top_k, top_p, .. but no temp  draw at temperature 1, unless a file says how
 */
void generation_keys(const struct gguf *gguf, struct generation_defaults *out, struct text_notes *notes);

/* The tokens that GGUF's keys say end a text, a turn and a message: one id each, or a list. */
#define KEY_ENDS_MAX 32
struct key_ends {
    struct {
        int64_t id;
        const char *key;
    } list[KEY_ENDS_MAX];
    int count;
};
void generation_key_ends(const struct gguf *gguf, struct key_ends *out);

struct gguf_key;
#define GENERATION_KEYS_MAX 12
/* The other way: the same settings as keys [GENERATION_KEYS_MAX], their names constants. How many. */
int generation_to_keys(const struct generation_defaults *from, struct gguf_key *keys);
/*
 * The generation_config.json that a GGUF file amounts to: the one kept in it, changed where its keys say
 * otherwise. *out is a new reference; NULL where the kept one says all, or nothing is said at all.
 */
#define GENERATION_FILE_KEY "switchyard.file.generation_config.json"
SY_MUST_CHECK bool generation_of_gguf(const struct gguf *gguf, json_t **out, struct sy_error *err);

#endif
