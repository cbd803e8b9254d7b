/*
 * Private to formats/ and its fuzz targets: checkpoints whose files lie in memory, so that no disc is needed.
 */
#ifndef FORMATS_SAFETENSORS_MEMORY_H
#define FORMATS_SAFETENSORS_MEMORY_H

#include "formats/safetensors.h"

struct memory_file {
    const char *name;  /* as a path; one that ends in .json is an index */
    const void *bytes; /* borrowed until checkpoint_close */
    int64_t size;
};

/* The file of that path on a system that holds only these; the disc's where files is NULL. */
SY_MUST_CHECK bool memory_file_map(const struct memory_file *files, int count, const char *path,
                                   struct os_map *map, struct sy_error *err);

/* checkpoint_open(files[0].name) on a system that holds only these files. */
SY_MUST_CHECK bool checkpoint_open_memory(const struct memory_file *files, int count,
                                          struct checkpoint *checkpoint, struct sy_error *err);

#endif
