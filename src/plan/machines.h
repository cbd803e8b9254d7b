/*
 * Named machines: what the makers of well-known ones say of memory, rates and links.
 */
#ifndef PLAN_MACHINES_H
#define PLAN_MACHINES_H

#include "plan/weights.h"

enum rate_type { RATE_F32, RATE_BF16, RATE_F8, RATE_TYPES };
const char *rate_type_name(enum rate_type type); /* "bf16" */

struct machine_figure {
    double value;     /* bytes, bytes a second, FLOPs a second; 0: not known */
    char source[160]; /* a data sheet's title, and how the figure comes of it */
};

struct named_machine { /* figures are of one device */
    char name[40], title[64];
    int64_t devices, devices_most;
    struct machine_figure memory, read, link, flops[RATE_TYPES];
};

/* Number `index` from 0, one device of it; false behind the last. */
bool machine_at(int index, struct named_machine *out);

/* "h100", or eight of them as "h100x8". Errors name the nearest. */
SY_MUST_CHECK bool machine_find(const char *name, struct named_machine *out, struct sy_error *err);

/* The type whose arithmetic these weights want. */
enum rate_type rate_type_of(const struct weights *weights);
/* The type that it has for it: a wider one where it lacks the wanted. */
enum rate_type machine_rate_type(const struct named_machine *machine, enum rate_type wanted);

#endif
