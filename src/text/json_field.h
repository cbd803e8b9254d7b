/*
 * Reading one member of a JSON object: there, absent (a default), or of the wrong type (an error by name).
 */
#ifndef TEXT_JSON_FIELD_H
#define TEXT_JSON_FIELD_H

#include "base/error.h"
#include "base/json.h"

/* Absent and null give the default. */
SY_MUST_CHECK bool field_bool(const json_t *object, const char *key, bool otherwise, bool *out,
                              struct sy_error *err);
SY_MUST_CHECK bool field_int(const json_t *object, const char *key, int64_t otherwise, int64_t *out,
                             struct sy_error *err);
/* NULL where absent, null or, as `err` then says, no string. */
SY_MUST_CHECK bool field_string(const json_t *object, const char *key, const char **out,
                                struct sy_error *err);

#endif
