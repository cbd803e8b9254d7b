/*
 * JSON to values, as Python's json.loads: integers of any size, lone surrogates, and of two members of one
 * name the last. A json_t holds none of these, so text is read here; a json_t is taken too, for who builds
 * one.
 */
#ifndef TEMPLATE_VALUES_JSON_IN_H
#define TEMPLATE_VALUES_JSON_IN_H

#include "base/json.h"
#include "template/values/value.h"

SY_MUST_CHECK bool json_read(struct heap *heap, const char *text, int64_t size, struct value *out);
SY_MUST_CHECK bool json_convert(struct heap *heap, const json_t *json, struct value *out);

#endif
