/*
 * A spec as JSON and back: the "spec" of `show --json`, and what families/switchyard.c keeps in config.json.
 * Sections and fields are those of spec_fields; layers are a list of records. Reading refuses unknown names,
 * and takes spec_init's value for a field that is not there. Law: any spec that spec_check passes is read
 * back equal (but for `family`, which is not written).
 */
#ifndef MODEL_SPEC_JSON_H
#define MODEL_SPEC_JSON_H

#include "model/config.h"
#include "model/spec.h"

/* A new reference. False only without memory. */
SY_MUST_CHECK bool spec_to_json(const struct spec *spec, json_t **out, struct sy_error *err);

/* Errors are kept in the config, which also lends the arena; `name` is the key that `object` stands under. */
void spec_from_json(struct config *config, const char *name, const json_t *object, struct spec *spec);

/* A whole config.json of the switchyard family that holds this spec. A new reference. */
SY_MUST_CHECK bool spec_to_config(const struct spec *spec, json_t **out, struct sy_error *err);

#endif
