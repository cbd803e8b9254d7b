/*
 * The files of a synthetic checkpoint: shards (shards.h), and config.json last, so that a folder that was
 * left half-way is no model. Weights stream: a few MiB are in memory at a time.
 */
#ifndef COMMANDS_SYNTH_FILES_H
#define COMMANDS_SYNTH_FILES_H

#include "base/team.h"
#include "commands/synth/plan.h"
#include "report/progress.h"

/* Write all. With shard_bytes 0 for SHARD_BYTES. Files of a former checkpoint in the folder are removed at
 * the end. */
SY_MUST_CHECK bool synth_write(const char *folder, const struct synth_plan *plan, const char *config,
                               int64_t config_bytes, int64_t shard_bytes, struct team_pool *team,
                               struct progress *progress, int *shards, struct sy_error *err);

#endif
