/*
 * Private to text/: the settings that are plain numbers, under their names in generation_config.json and in
 * GGUF.
 */
#ifndef TEXT_GENERATION_NUMBERS_H
#define TEXT_GENERATION_NUMBERS_H

#include "text/generation.h"
#include <stddef.h>

struct generation_number {
    const char *name, *key; /* of generation_config.json; of GGUF, with its prefix */
    size_t has, at;
    double least, most;
    bool of_a_draw; /* it changes nothing where the likeliest token is taken */
};
#define GENERATION_NUMBERS 7
extern const struct generation_number generation_numbers[GENERATION_NUMBERS];

/* False, and nothing is put, where the value is out of range. */
bool generation_put(struct generation_defaults *out, const struct generation_number *number, double value);
bool generation_get(const struct generation_defaults *from, const struct generation_number *number,
                    double *value); /* false: nobody says it */
/* False: no id, or one too many. What says none (-1, also stored unsigned) is taken for that. */
bool generation_put_end(struct generation_defaults *out, int64_t id);

#endif
