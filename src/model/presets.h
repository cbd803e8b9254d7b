/*
 * Presets: configs of published models, compiled in from presets/ (tools/embed makes the table).
 */
#ifndef MODEL_PRESETS_H
#define MODEL_PRESETS_H

#include "model/config.h"

struct preset {
    const char *name, *text; /* a config.json */
    int size;                /* bytes of text */
};

extern const struct preset preset_table[]; /* the first is no preset: presets/published.json */
extern const int preset_count;

/* Preset number `index` from 0; NULL behind the last. */
const struct preset *preset_at(int index);
const struct preset *preset_find(const char *name); /* NULL: none */
const char *preset_nearest(const char *name);       /* spelt most like it, or NULL */

/* OWNER/NAME of its files on Hugging Face's hub; NULL: not published there in a form that is read. */
const char *preset_hub(const struct preset *preset);

SY_MUST_CHECK bool preset_open(const struct preset *preset, struct arena *arena, struct config *config,
                               struct sy_error *err);

/* What its publisher claims. */
struct published {
    int64_t total, active; /* 0: not said */
    char type[24]; /* that its files are published in, as plan's --dtype spells it, or "int8" and the like */
    char why[120]; /* why our count differs; empty: it does not, but for rounding */
};
bool preset_published(const struct preset *preset, struct published *out); /* false: nothing is known */

#endif
