/*
 * Models that people name and no preset can be: what their makers have said of them, what is rumoured, and
 * which preset is nearest.
 */
#ifndef PLAN_UNPUBLISHED_H
#define PLAN_UNPUBLISHED_H

#include "base/error.h"

struct unpublished {
    char name[40]; /* the entry's that was met */
    char maker[24];
    char said[120];           /* by its maker; empty: nothing */
    char rumour[80], by[120]; /* what, and who said so; empty: nothing worth repeating */
    char open[96];            /* why it is here although its weights are published; empty: they are not */
    char nearest[32];         /* a preset */
};

/* The entry of a word such as "GPT-4", "openai/gpt-4-turbo" or "claude 3 opus": the longest name that it
 * begins with. False: none. */
bool unpublished_find(const char *word, struct unpublished *out);
/* Entry `index`, under its name number `name`; false behind the last of either. */
bool unpublished_at(int index, int name, struct unpublished *out);

/* Fails with what is known of it, and the nearest preset as the remedy. */
bool unpublished_refuse(const struct unpublished *model, struct sy_error *err);

#endif
