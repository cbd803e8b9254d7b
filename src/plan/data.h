/*
 * Data files of presets/ that are no presets, compiled in: parsed when they are asked for.
 */
#ifndef PLAN_DATA_H
#define PLAN_DATA_H

#include "model/presets.h"

extern const struct preset plan_data_table[];
extern const int plan_data_count;

/* The file "machines" as JSON: a new reference; NULL where memory is short. */
json_t *plan_data(const char *name);

#endif
