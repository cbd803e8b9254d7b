/*
 * In which types the files of a model are published: from its config, or from what presets/ says of it.
 */
#ifndef PLAN_PUBLISHED_H
#define PLAN_PUBLISHED_H

#include "base/json.h"
#include "plan/recipe.h"

struct published_types {
    struct recipe recipe; /* its name lies in `name`: copy the struct, and point it there again */
    char name[48];
    bool said;        /* false: nobody says, and the recipe is bf16 */
    bool read_here;   /* false: packed as only others' programs read, or in a way that nobody here knows */
    char unknown[32]; /* a quantisation that nobody here knows; the recipe is then that of the rest */
};

/* Of a config.json: torch_dtype or dtype, and quantization_config, also those of its text_config. */
void published_from_config(const json_t *config, struct published_types *out);

/* Of a word of presets/published.json: a recipe's name, "int8", or "int4_experts" (Kimi K2 Thinking: the
 * routed experts alone, a bf16 scale for each 32). False: no such type. */
bool published_from_word(const char *word, struct published_types *out);

#endif
