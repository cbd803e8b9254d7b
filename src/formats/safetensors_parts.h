/*
 * Private to formats/: the parts of the safetensors reader, and what reader and writer share.
 */
#ifndef FORMATS_SAFETENSORS_PARTS_H
#define FORMATS_SAFETENSORS_PARTS_H

#include "formats/safetensors.h"

#define SAFETENSORS_NAME_MAX     512            /* bytes of a tensor's name */
#define SAFETENSORS_ENTRY_MAX    (64ll << 10)   /* bytes of one tensor's JSON; a real one has about 100 */
#define SAFETENSORS_METADATA_MAX (16ll << 20)   /* bytes of __metadata__ */
#define SAFETENSORS_INDEX_MAX    (64ll << 20)   /* bytes of an index: half a million tensors */
#define SAFETENSORS_METADATA     "__metadata__" /* the key that is no tensor */

/* A growing list of tensors, malloc'ed. */
struct tensor_list {
    struct tensor *items;
    int64_t count, room;
};

/* Names that the reader lets pass: 1 to SAFETENSORS_NAME_MAX bytes, no control characters. */
SY_MUST_CHECK bool safetensors_name_check(const char *name, struct sy_error *err);

/* safetensors_header.c: check one file's bytes and append its tensors, in the order of their data. Names go
 * into the arena; `file` is kept. Names are not yet known to be unique. */
SY_MUST_CHECK bool safetensors_header_read(const unsigned char *bytes, int64_t size, const char *file,
                                           struct arena *arena, struct tensor_list *list,
                                           struct sy_error *err);

/* safetensors_folder.c: which file of a folder is its checkpoint. */
SY_MUST_CHECK bool safetensors_folder_find(const char *folder, struct arena *arena, const char **path,
                                           struct sy_error *err);

/* ---- safetensors_index.c ---- */

struct index_shard {
    const char *name;
    const char *path; /* once opened */
};

struct index_entry {
    const char *name; /* of a tensor */
    const struct index_shard *shard;
};

struct shard_index {             /* all of it in the arena that index_read was given */
    struct index_shard **shards; /* sorted by name */
    int shard_count;
    struct index_entry *entries; /* sorted by name, names unique */
    int64_t count;
};

SY_MUST_CHECK bool shard_index_read(const char *text, int64_t size, const char *file, struct arena *arena,
                                    struct shard_index *index, struct sy_error *err);

/* Whether the shards hold exactly what the index says; `tensors` sorted by name. */
SY_MUST_CHECK bool shard_index_check(const struct shard_index *index, const struct tensor *tensors,
                                     int64_t count, struct sy_error *err);

#endif
