/*
 * A config.json being read: typed look-ups that remember which keys were asked for (the census of keys), and
 * the first error, so that a family's reader is straight lines.
 *
 *     spec->width = config_size(c, "hidden_size");              // required, 1 .. 2^40
 *     spec->tied = config_bool_or(c, "tie_word_embeddings", false);
 *
 * After an error every look-up returns its default (or 1, so that divisions are safe), and the first error
 * stays. null counts as absent.
 */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "base/account.h"
#include "base/json.h"

struct key_meaning; /* model/meanings.h */
struct spec;

struct config {
    json_t *root;        /* owned */
    json_t *scope;       /* borrowed: the object that look-ups read (text_config of a multimodal model) */
    json_t *asked;       /* owned: keys asked for, an object used as a set */
    struct arena *arena; /* borrowed: for arrays of the spec, and the account */
    const struct key_meaning *meanings; /* borrowed: the family's own; NULL: none */
    struct account account;             /* of the keys, once there is a spec (config_settle) */
    struct sy_error error;              /* the first one; error.code SY_OK while none */
    char file[256];
};

SY_MUST_CHECK bool config_open(const char *path, struct arena *arena, struct config *config,
                               struct sy_error *err);
SY_MUST_CHECK bool config_parse(const char *text, int64_t size, const char *name, struct arena *arena,
                                struct config *config, struct sy_error *err);
/* A value that is there already; takes the reference, also on failure. NULL: err says why. */
SY_MUST_CHECK bool config_wrap(json_t *root, const char *name, struct arena *arena, struct config *config,
                               struct sy_error *err);
void config_close(struct config *config);

bool config_has(struct config *config, const char *key);     /* there and not null; marks it asked */
int64_t config_size(struct config *config, const char *key); /* required; 1 .. 2^40 */
int64_t config_size_or(struct config *config, const char *key, int64_t otherwise); /* 1 .. 2^40 when there */
int64_t config_int_or(struct config *config, const char *key, int64_t otherwise);  /* 0 .. 2^40 when there */
int64_t config_int_range(struct config *config, const char *key, int64_t low, int64_t high,
                         int64_t otherwise);                /* low .. high when there */
double config_real(struct config *config, const char *key); /* required, finite */
double config_real_or(struct config *config, const char *key, double otherwise);
bool config_bool_or(struct config *config, const char *key, bool otherwise);
const char *config_string_or(struct config *config, const char *key, const char *otherwise); /* borrowed */
json_t *config_object(struct config *config, const char *key); /* NULL when absent */
json_t *config_array(struct config *config, const char *key);  /* NULL when absent */
/* One of a list of words as its index; `otherwise` when absent. Another word is refused by name. */
int config_word_or(struct config *config, const char *key, const char *const *words, int otherwise);
/* The first spelling that is there; the last one named when none is. Two that contradict each other are an
 * error. End the list with NULL. */
const char *config_spelling(struct config *config, ...) __attribute__((sentinel));

void config_fail(struct config *config, const char *key, const char *format, ...)
    SY_PRINTF(3, 4); /* keep the first error */
/* A nested object (rope_scaling) read with the same functions: a scope. Returns the former scope for
 * config_leave. */
json_t *config_enter(struct config *config, const char *key); /* NULL when absent: then nothing was entered */
void config_leave(struct config *config, json_t *former);

/* ---- what becomes of the keys ---- */

/* Each key, dotted for nested scopes, and whether it was asked for. False as soon as `visit` is. */
typedef bool config_visit(void *argument, const char *key, const json_t *value, bool asked);
SY_MUST_CHECK bool config_each(const struct config *config, config_visit *visit, void *argument);

/* Once the spec is known: the account of all keys, by tables of what they mean (meanings.h), into
 * config->account. A key whose value would make another model of it is refused by name. */
SY_MUST_CHECK bool config_settle(struct config *config, const struct spec *spec, struct sy_error *err);
/* Keys that nobody asked for and no table knows, sorted, in the arena. */
SY_MUST_CHECK bool config_unknown(struct config *config, const char ***names, int64_t *count,
                                  struct sy_error *err);

#endif
