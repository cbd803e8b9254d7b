/*
 * What a plan is made of: a config, a checkpoint's headers, or a preset, whichever the word names.
 */
#ifndef COMMANDS_PLAN_SOURCE_H
#define COMMANDS_PLAN_SOURCE_H

#include "model/bind.h"
#include "model/presets.h"
#include "plan/plan.h"
#include "plan/published.h"

struct plan_source {
    struct arena arena;
    const struct preset *preset; /* NULL: from a file */
    const struct family *family;
    const struct spec *spec;
    struct model model;          /* of a checkpoint */
    bool stored;                 /* a checkpoint: model is open */
    struct spec own;             /* of a config */
    const char *const *warnings; /* of what the files say, a line each */
    int64_t warning_count;
    const char **unknown_keys;
    int64_t unknown_key_count;
    char name[128];               /* as people call it */
    struct published_types types; /* of a config or a preset: what its files are in */
};

enum types_from { TYPES_ASKED, TYPES_STORED, TYPES_PUBLISHED, TYPES_ASSUMED };

SY_MUST_CHECK bool plan_source_open(const char *word, bool ignore_unknown, struct plan_source *source,
                                    struct sy_error *err);
/* The weights to count: in the type asked for, else as the checkpoint stores them, else as published, else in
 * bf16. asked: NULL where nobody asks. */
enum types_from plan_source_weights(const struct plan_source *source, const struct recipe *asked,
                                    struct weights *weights);

void plan_source_warn(const struct plan_source *source); /* says them on stderr */
void plan_source_close(struct plan_source *source);

#endif
