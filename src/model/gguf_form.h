/*
 * A family in GGUF: which architecture name it goes by there, which metadata key says what, and how its
 * tensors are called.
 *
 * Reading goes through the family's own reader: the keys of a file become the config.json that they amount
 * to, key by key along a table, so that each rule about an architecture stands once. What a reader of ours
 * cannot be told that way is set on the spec afterwards (interleaved rope where the converter permutes rows,
 * factors kept as tensors, kv_b kept apart). Writing walks the same table from the spec to the keys.
 *
 *     "qwen3moe.expert_count" u32 128   <->   "num_experts": 128   <->   spec->router.experts
 *
 * Keys `switchyard.SECTION.FIELD` say what standard keys cannot: meta_fields.c.
 */
#ifndef MODEL_GGUF_FORM_H
#define MODEL_GGUF_FORM_H

#include "formats/gguf.h"
#include "model/family.h"

enum gguf_kind { KEY_INT, KEY_REAL, KEY_BOOL };

struct gguf_rule {
    const char *key; /* below the architecture's name: "expert_count" */
    enum gguf_kind kind;
    const char *config; /* the key of config.json that it amounts to; NULL: the form's `complete` reads it */
    const char *field;  /* "router.experts": the field of the spec that is written; NULL: `get`, or nothing */
    bool (*get)(const struct spec *spec, double *value); /* what is written; false: the key is left out */
};

/* Metadata being read. Look-ups mark keys as known and keep the first error. */
struct gguf_reading {
    const struct gguf *gguf;
    const struct checkpoint *checkpoint;
    const char *arch, *file;
    const struct family *origin; /* once it is known */
    json_t *config;              /* what the keys amount to */
    json_t *covered;             /* fields of the spec that standard keys said: a set */
    json_t *known;               /* keys asked for: a set */
    struct sy_error error;
};

struct gguf_form {
    const char *arch;                         /* general.architecture */
    bool (*fits)(struct gguf_reading *r);     /* where families share it; NULL: always */
    const struct gguf_rule *const *keys;      /* lists, each ends with key NULL; they end with NULL */
    const char *implies;                      /* keys of config.json that the name alone says */
    void (*complete)(struct gguf_reading *r); /* what no table can say; may be NULL */
    const struct tensor_rule *const *rules;   /* names, as a family's */
    bool permuted; /* the converter permutes rows of q and k: rope is interleaved in the file */
};

/* ---- for `fits` and `complete` ---- */

bool meta_has(struct gguf_reading *r, const char *key); /* below the architecture's name */
int64_t meta_int(struct gguf_reading *r, const char *key, int64_t otherwise);
double meta_real(struct gguf_reading *r, const char *key, double otherwise);
bool meta_bool(struct gguf_reading *r, const char *key, bool otherwise);
const char *meta_word(struct gguf_reading *r, const char *key, char *word, size_t size); /* NULL: not there */
void meta_fail(struct gguf_reading *r, const char *key, const char *format, ...) SY_PRINTF(3, 4);
bool meta_has_tensor(const struct gguf_reading *r, const char *name);
/* Into the config. */
void meta_put(struct gguf_reading *r, const char *key, json_t *value); /* takes the reference */
void meta_put_int(struct gguf_reading *r, const char *key, int64_t value);
void meta_put_bool(struct gguf_reading *r, const char *key, bool value);
/* The rows of a matrix of the file (of one expert), unless the config has the key already. */
void meta_put_rows(struct gguf_reading *r, const char *key, const char *tensor);
/* Standard keys of this file say this field ("rope.scaling"): no key of ours overrides it. */
void meta_covers(struct gguf_reading *r, const char *field);

/* ---- the way from a file to a spec ---- */

#define ACCOUNT_METADATA "metadata" /* in the account: what the lines of its keys give as their file */

struct gguf_model {
    const struct family *family; /* as it is named in GGUF: a copy, in the arena, with GGUF's rules */
    const struct family *origin; /* the family itself */
    struct spec spec;
    json_t *config;         /* owned: config.json as the metadata says it */
    json_t *covered;        /* owned */
    struct account account; /* of the keys but the tokenizer's, in the arena; empty without `fields` */
    const char **unknown;   /* of them those that no table knows, sorted */
    int64_t unknown_count;
};
/* `fields`: also read the switchyard.* keys. `file` for messages. */
SY_MUST_CHECK bool spec_from_gguf(const struct gguf *gguf, const struct checkpoint *checkpoint,
                                  const char *file, bool fields, struct arena *arena, struct gguf_model *out,
                                  struct sy_error *err);
void gguf_model_free(struct gguf_model *model);

/* The family as GGUF names it. NULL and err: it has no form there, or no memory. */
const struct family *gguf_family(const struct family *family, struct arena *arena, struct sy_error *err);

/* ---- steps of it, each in a file ---- */

void meta_read_rules(struct gguf_reading *r, const struct gguf_rule *const *lists); /* meta_keys.c */
void meta_read_scaling(struct gguf_reading *r);                                     /* meta_rope.c */
/* After the family's reader: factors kept as tensors. */
bool meta_read_factors(struct gguf_reading *r, struct arena *arena, struct spec *spec);
/* switchyard.*: onto the spec. meta_fields.c */
bool meta_read_fields(struct gguf_reading *r, struct arena *arena, struct spec *spec, struct sy_error *err);
json_t *meta_json(const struct gguf_value *value); /* NULL: no JSON can say it */
/* A number of the file as config.json would have it: f32 become the shortest decimal that gives them. */
double meta_decimal(float value);

/* ---- names ---- */

extern const struct tensor_rule *const gguf_names[]; /* what llama.cpp calls them */
extern const struct tensor_rule
    *const gguf_names_post_norm[]; /* the norm before the FFN is post_attention_norm */
extern const struct tensor_ignore gguf_ignored[];

/* ---- keys: lists that families share (families/gguf_keys.c) ---- */

extern const struct gguf_rule keys_basic[];
extern const struct gguf_rule keys_grouped[], keys_latent[];
extern const struct gguf_rule keys_dense[], keys_expert_width[], keys_fine_experts[];
extern const struct gguf_rule keys_experts[], keys_local_experts[], keys_routed_experts[];
extern const struct gguf_rule keys_shared[], keys_routing[];

void meta_complete_latent(struct gguf_reading *r); /* families/gguf.c */

bool meta_get_blocks(const struct spec *spec, double *value);
bool meta_get_mtp(const struct spec *spec, double *value);
bool meta_get_q_lora(const struct spec *spec, double *value);
bool meta_get_dense_width(const struct spec *spec, double *value);
bool meta_get_leading_dense(const struct spec *spec, double *value);
bool meta_get_shared_count(const struct spec *spec, double *value);
bool meta_get_normalised(const struct spec *spec, double *value);
bool meta_get_gating(const struct spec *spec, double *value);
bool meta_get_groups(const struct spec *spec, double *value);
bool meta_get_groups_kept(const struct spec *spec, double *value);
bool meta_get_window(const struct spec *spec, double *value);
bool meta_get_clamp(const struct spec *spec, double *value);
bool meta_get_logit_divisor(const struct spec *spec, double *value);
bool meta_get_moe_step(const struct spec *spec, double *value);

/* What one rule says of a spec, as it is written. */
bool meta_rule_value(const struct gguf_rule *rule, const struct spec *spec, double *value);

#endif
