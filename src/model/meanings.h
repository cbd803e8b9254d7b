/*
 * What keys mean that describe a model, in tables: of config.json (config_meanings.c) and of GGUF's metadata
 * (gguf_meanings.c). Whether a key is used is known by the asking (config.h, gguf_form.h); the tables say
 * what becomes of those that nobody asked for:
 *
 *     { "use_cache", FATE_IGNORED, NULL, "how another program runs it" }
 *     { "norm_topk_prob", FATE_REFUSED, says_normalised, "weights of experts divided by their sum" }
 *
 * A key that is refused or warned of is let pass where its value says what the model is anyway: the third
 * column asks the spec. Of keys that families ask for, rows with FATE_USED say what they are about; where one
 * is in a file whose family does not ask for it, it is as good as unknown.
 */
#ifndef MODEL_MEANINGS_H
#define MODEL_MEANINGS_H

#include "base/account.h"
#include "base/json.h"
#include "model/spec.h"

typedef bool says(const json_t *value, const struct spec *spec); /* is this what the spec says? */

struct key_meaning { /* a table ends with key NULL; '*' at the end of a key stands for any rest */
    const char *key;
    enum fate fate;
    says *harmless;     /* NULL: no value is */
    const char *reason; /* used: what it is about; ignored: why; else what it would change */
};

extern const struct key_meaning config_meanings[];
extern const struct key_meaning gguf_general_meanings[]; /* of whole names: "general.author" */
extern const struct key_meaning gguf_arch_meanings[];    /* behind the architecture's name */

/* The row of a dotted key: of its whole, else of what stands behind its first dot, ... NULL: none. */
const struct key_meaning *key_meaning_find(const struct key_meaning *table, const char *key);

/* What becomes of a key that nobody asked for, with this value (NULL: none that JSON could hold), by the
 * first of the tables (`own` may be NULL) that knows it: a line of the account, or a refusal by name. */
SY_MUST_CHECK bool key_settle(const struct key_meaning *own, const struct key_meaning *table,
                              const char *file, const char *key, const json_t *value, const struct spec *spec,
                              struct account *account, struct sy_error *err);

/* ---- what a value says of the spec (says.c) ---- */

says says_nothing;                       /* 0, false, "", [], {}, or a list of zeros */
says says_empty;                         /* [] */
says says_one, says_true, says_positive; /* true and 1 alike */
says says_full_attention, says_window;   /* of layers */
says says_normalised, says_scale, says_gating, says_score_word, says_groups, says_groups_kept, says_method;
says says_experts, says_choices, says_shared_count, says_shared_width, says_expert_width, says_no_experts;
says says_dense_width, says_leading_dense, says_every_layer;
says says_qkv_bias, says_output_bias, says_ffn_bias, says_head_bias, says_qk_norm, says_router_bias;
says says_temperature, says_clamp, says_attention_cap, says_logits_cap, says_router_cap;
says says_rotating_share, says_rotating, says_interleaved, says_qk_width, says_value_width, says_query_scalar;
says says_attention_scale, says_embedding_scale, says_residual_scale, says_logits_divisor;
says says_tied, says_bos, says_eos, says_pad, says_encoder, says_gated_silu, says_norm_eps, says_context;
says says_causal;

#endif
