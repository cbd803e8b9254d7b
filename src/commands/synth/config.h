/*
 * The config.json of a synthetic checkpoint: the one given, with the type and the quantisation of what was
 * written.
 */
#ifndef COMMANDS_SYNTH_CONFIG_H
#define COMMANDS_SYNTH_CONFIG_H

#include "commands/synth/plan.h"

/* Does this config ask for MXFP4 experts? */
bool synth_config_mxfp4(const json_t *root);
/* The text, malloc'ed and the caller's; NULL and err when memory ran out. */
char *synth_config_text(const json_t *root, const struct synth_options *options,
                        const struct synth_plan *plan, struct sy_error *err);

#endif
