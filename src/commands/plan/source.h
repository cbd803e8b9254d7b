/*
 * What a plan is made of: a config, a checkpoint's headers, or a preset, whichever the word names.
 */
#ifndef COMMANDS_PLAN_SOURCE_H
#define COMMANDS_PLAN_SOURCE_H

#include "model/bind.h"
#include "model/presets.h"

struct plan_source {
    struct arena arena;
    const struct preset *preset; /* NULL: from a file */
    const struct family *family;
    const struct spec *spec;
    struct model model; /* of a checkpoint */
    bool stored;        /* a checkpoint: model is open */
    struct spec own;    /* of a config */
    const char **unknown_keys;
    int64_t unknown_key_count;
    char name[128]; /* as people call it */
};

SY_MUST_CHECK bool plan_source_open(const char *word, bool ignore_unknown, struct plan_source *source,
                                    struct sy_error *err);
void plan_source_close(struct plan_source *source);

#endif
