/*
 * Private to formats/: the members of a JSON object, one after the other, without a tree of the whole.
 *
 * A header may have 100 MB, and a tree takes some twenty times its text. So the object is only cut into its
 * members here; each key and value then goes through json_parse, which alone decides what is valid. A cut in
 * the wrong place can only make a piece that json_parse refuses.
 */
#ifndef FORMATS_JSON_WALK_H
#define FORMATS_JSON_WALK_H

#include "base/json.h"

struct json_walk {
    const char *text; /* borrowed */
    int64_t size, at;
    const char *key, *value; /* of the current member, as they stand in the text: the key with its quotes */
    int64_t key_bytes, value_bytes;
};

/* Starts on an object: the first byte behind white space must be '{'. Errors of both name the byte as "byte
 * N", counted from the start of the text plus `base`. */
SY_MUST_CHECK bool json_walk_open(struct json_walk *walk, const char *text, int64_t size, int64_t base,
                                  struct sy_error *err);

/* On to the next member; *more is false behind the last one, when nothing but white space follows the '}'. */
SY_MUST_CHECK bool json_walk_next(struct json_walk *walk, int64_t base, bool *more, struct sy_error *err);

#endif
