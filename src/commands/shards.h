/*
 * The files of a folder of Hugging Face's: model.safetensors, or shards with an index where the weights are
 * larger than a limit. Tensors keep their order; a new shard begins where one is full, so only a tensor that
 * is itself larger makes a larger file.
 */
#ifndef COMMANDS_SHARDS_H
#define COMMANDS_SHARDS_H

#include "base/error.h"
#include <stdint.h>

#define SHARD_BYTES 5000000000ll /* as transformers cuts them */

struct shards {
    const char *folder; /* borrowed */
    int64_t tensors;
    int count;
    int *of; /* [tensors] from 0 */
    int64_t total;
};

/* Make the folder (*made: it was not there), or check that it is empty. force: it may hold files. */
SY_MUST_CHECK bool shards_make_folder(const char *folder, bool force, bool *made, struct sy_error *err);
/* After a failure: the folder goes again, if it was made and nothing is in it. */
void shards_drop_folder(const char *folder, bool made);

/* bytes [tensors]; limit 0: SHARD_BYTES. */
SY_MUST_CHECK bool shards_open(struct shards *shards, const char *folder, const int64_t *bytes,
                               int64_t tensors, int64_t limit, struct sy_error *err);
void shards_close(struct shards *shards);
void shards_path(const struct shards *shards, int shard, char *path, size_t size);
/* To be called before a file of weights is put in its place: from then on, until a new config.json comes at
 * the end, the folder is no model. Until then what was there before is whole. */
void shards_replace(const struct shards *shards);
/* Files of a former checkpoint, which would contradict the new one, go; and the index is written, if there
 * are several shards. names [tensors]. */
SY_MUST_CHECK bool shards_finish(const struct shards *shards, const char *const *names, struct sy_error *err);

/* A file of the folder, whole or not at all. */
SY_MUST_CHECK bool shards_write_text(const char *folder, const char *name, const char *text, int64_t size,
                                     struct sy_error *err);
void shards_path_of(const char *folder, const char *name, char *path, size_t size);

#endif
