/*
 * Private to formats/ and its fuzz targets: GGUF files that lie in memory, so that no disc is needed.
 */
#ifndef FORMATS_GGUF_MEMORY_H
#define FORMATS_GGUF_MEMORY_H

#include "formats/gguf.h"
#include "formats/safetensors_memory.h"

/* gguf_open(files[0].name) on a system that holds only these files. */
SY_MUST_CHECK bool gguf_open_memory(const struct memory_file *files, int count, struct checkpoint *checkpoint,
                                    struct gguf *gguf, struct sy_error *err);

#endif
