/*
 * generation_config.json. Source of its keys and of what they default to: transformers,
 * generation/configuration_utils.py.
 */
#include "text/generation.h"

#include "text/generation_numbers.h"

#include <string.h>

#define BEAMS  "of several beams the best: one text is followed here"
#define FORCED "a logits processor that is not there here: tokens are drawn without it"
#define LENGTH "how long an answer may get is for who asks to say"
#define CACHE  "how another program keeps keys and values"
#define OUTPUT "what another program returns beside the text"
#define ASSIST "how another program guesses tokens ahead: the text is the same"
#define FRAME  "the tokenizer and the chat template put it there"

const struct meaning generation_meanings[] = {
    { "do_sample", FATE_USED, "sampling" },
    { "temperature", FATE_USED, "sampling" },
    { "top_k", FATE_USED, "sampling" },
    { "top_p", FATE_USED, "sampling" },
    { "min_p", FATE_USED, "sampling" },
    { "typical_p", FATE_USED, "sampling" },
    { "repetition_penalty", FATE_USED, "sampling" },
    { "presence_penalty", FATE_USED, "sampling" },
    { "frequency_penalty", FATE_USED, "sampling" },
    { "eos_token_id", FATE_USED, "ends of an answer" },

    { "num_beams", FATE_WARNED, BEAMS },
    { "num_beam_groups", FATE_WARNED, BEAMS },
    { "penalty_alpha", FATE_WARNED, "contrastive search is not there here" },
    { "dola_layers", FATE_WARNED, "decoding by contrasting layers is not there here" },
    { "guidance_scale", FATE_WARNED, "classifier-free guidance is not there here" },
    { "no_repeat_ngram_size", FATE_WARNED, FORCED },
    { "encoder_no_repeat_ngram_size", FATE_WARNED, FORCED },
    { "encoder_repetition_penalty", FATE_WARNED, FORCED },
    { "bad_words_ids", FATE_WARNED, FORCED },
    { "force_words_ids", FATE_WARNED, FORCED },
    { "constraints", FATE_WARNED, FORCED },
    { "sequence_bias", FATE_WARNED, FORCED },
    { "suppress_tokens", FATE_WARNED, FORCED },
    { "begin_suppress_tokens", FATE_WARNED, FORCED },
    { "forced_bos_token_id", FATE_WARNED, FORCED },
    { "forced_eos_token_id", FATE_WARNED, FORCED },
    { "forced_decoder_ids", FATE_WARNED, FORCED },
    { "exponential_decay_length_penalty", FATE_WARNED, FORCED },
    { "epsilon_cutoff", FATE_WARNED, FORCED },
    { "eta_cutoff", FATE_WARNED, FORCED },
    { "top_h", FATE_WARNED, FORCED },
    { "watermarking_config", FATE_WARNED, "no watermark is put into the text here" },
    { "min_length", FATE_WARNED, "an answer ends here where the model ends it" },
    { "min_new_tokens", FATE_WARNED, "an answer ends here where the model ends it" },
    { "stop_strings", FATE_WARNED, "texts that end an answer are for who asks to give" },

    { "max_length", FATE_IGNORED, LENGTH },
    { "max_new_tokens", FATE_IGNORED, LENGTH },
    { "max_time", FATE_IGNORED, LENGTH },
    { "length_penalty", FATE_IGNORED, "of beams alone" },
    { "early_stopping", FATE_IGNORED, "of beams alone" },
    { "diversity_penalty", FATE_IGNORED, "of beams alone" },
    { "low_memory", FATE_IGNORED, "of beams alone" },
    { "num_return_sequences", FATE_IGNORED, "how many texts is for who asks to say" },
    { "renormalize_logits", FATE_IGNORED, "a draw is always from what adds up to one" },
    { "remove_invalid_values", FATE_IGNORED, "no logit that is no number is drawn from here" },
    { "token_healing", FATE_IGNORED, "a prompt's ids are run as they are" },
    { "bos_token_id", FATE_IGNORED, FRAME },
    { "pad_token_id", FATE_IGNORED, "no batch is padded here" },
    { "decoder_start_token_id", FATE_IGNORED, "config.json says it, too" },
    { "use_cache", FATE_IGNORED, CACHE },
    { "cache_*", FATE_IGNORED, CACHE },
    { "return_legacy_cache", FATE_IGNORED, CACHE },
    { "prefill_chunk_size", FATE_IGNORED, CACHE },
    { "max_window_size", FATE_IGNORED, "a bound of another program" },
    { "output_*", FATE_IGNORED, OUTPUT },
    { "return_dict_in_generate", FATE_IGNORED, OUTPUT },
    { "num_assistant_tokens*", FATE_IGNORED, ASSIST },
    { "assistant_*", FATE_IGNORED, ASSIST },
    { "is_assistant", FATE_IGNORED, ASSIST },
    { "prompt_lookup_num_tokens", FATE_IGNORED, ASSIST },
    { "max_matching_ngram_size", FATE_IGNORED, ASSIST },
    { "target_lookbehind", FATE_IGNORED, ASSIST },
    { "compile_config", FATE_IGNORED, "how another program is built" },
    { "disable_compile", FATE_IGNORED, "how another program is built" },
    { "continuous_batching_config", FATE_IGNORED, "how another program shares its batches" },
    { "generation_kwargs", FATE_IGNORED, "another program's own" },
    { "chat_format", FATE_IGNORED, "the chat template says it" },
    { "user_token_id", FATE_IGNORED, FRAME },
    { "assistant_token_id", FATE_IGNORED, FRAME },
    { "transformers_version", FATE_IGNORED, "who wrote the file" },
    { "trust_remote_code", FATE_IGNORED, "no code of a model is run" },
    { "_*", FATE_IGNORED, "a note of the program that wrote the file" },
    { NULL, FATE_UNKNOWN, NULL },
};

bool generation_is_neutral(const char *key, const json_t *value) {
    static const char *const ones[] = { "num_beams", "num_beam_groups", "guidance_scale",
                                        "encoder_repetition_penalty" };
    double number = json_number_value(value);
    for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++)
        if (strcmp(key, ones[i]) == 0 && json_is_number(value) && number == 1) return true;
    if (json_is_array(value) || json_is_object(value))
        return json_array_size(value) + json_object_size(value) == 0;
    return json_is_null(value) || json_is_false(value) || (json_is_number(value) && number == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static void note_what_is_not_obeyed(const json_t *config, struct text_notes *notes) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)config, key, value) {
        const struct meaning *meaning = meaning_find(generation_meanings, key);
        if ((!meaning || meaning->fate == FATE_WARNED) && !generation_is_neutral(key, value))
            text_note(notes, "generation_config.json", key, "%s", meaning ? meaning->reason : NOT_KNOWN);
    }
}

/* ---- numbers ---- */

static bool read_number(const json_t *config, const struct generation_number *number,
                        struct generation_defaults *out, struct sy_error *err) {
    const json_t *value = json_object_get(config, number->name);
    if (!value || json_is_null(value)) return true;
    if (json_is_number(value) && generation_put(out, number, json_number_value(value))) return true;
    sy_fail(err, SY_ERR_FORMAT, "'%s' is no number from %g to %g", number->name, number->least, number->most);
    return sy_error_remedy(err, "mend it, or take the key out");
}

static bool read_ends(const json_t *config, struct generation_defaults *out, struct sy_error *err) {
    const json_t *value = json_object_get(config, "eos_token_id"), *item;
    size_t index;
    int64_t id = -1;
    bool good = true;
    if (!value || json_is_null(value)) return true;
    if (!json_is_array(value)) good = json_to_i64(value, &id) && generation_put_end(out, id);
    json_array_foreach(value, index, item) good =
        good && json_to_i64(item, &id) && generation_put_end(out, id);
    if (good) return true;
    sy_fail(err, SY_ERR_FORMAT, "'eos_token_id' is no id, and no list of up to %d ids", GENERATION_EOS_MAX);
    return sy_error_remedy(err, "mend it, or take the key out");
}

bool generation_read(const json_t *config, struct generation_defaults *out, struct text_notes *notes,
                     struct sy_error *err) {
    const json_t *sample = json_object_get(config, "do_sample"), *top_k = json_object_get(config, "top_k");
    if (json_is_boolean(sample)) {
        out->has_sample = true;
        out->sample = json_is_true(sample);
    }
    if (top_k && !json_is_null(top_k)) {
        if (!json_to_i64(top_k, &out->top_k)) {
            sy_fail(err, SY_ERR_FORMAT, "'top_k' is no whole number");
            return sy_error_remedy(err, "mend it, or take the key out");
        }
        out->has_top_k = out->top_k >= 0; /* -1 is how some say: no such limit */
    }
    for (int i = 0; i < GENERATION_NUMBERS; i++)
        if (!read_number(config, &generation_numbers[i], out, err)) return false;
    note_what_is_not_obeyed(config, notes);
    return read_ends(config, out, err);
}
