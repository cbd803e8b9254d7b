/*
 * The models that lie in a folder, and what they are called without the end that says how they are stored:
 *
 *     smol.gguf                                       smol
 *     big-q8_0-00001-of-00003.gguf, ...               big-q8_0, once
 *     olmoe/config.json beside its weights             olmoe
 *     allenai/OLMoE-1B-7B-0924-Instruct/config.json   allenai/OLMoE-1B-7B-0924-Instruct, as the hub has it
 */
#ifndef API_MODEL_NAMES_H
#define API_MODEL_NAMES_H

#include "base/error.h"
#include <stdint.h>

struct model_name {
    char *name, *file; /* owned; file: beneath the folder, what is to be opened */
    int64_t bytes;     /* of its files */
};

struct model_names { /* in the order of their names */
    struct model_name *list;
    int64_t count, room;
};

/* A folder that is not there holds none. */
SY_MUST_CHECK bool model_names_list(const char *folder, struct model_names *names, struct sy_error *err);
void model_names_free(struct model_names *names);

/* The one of this name, else the only one that differs from it in capitals: *found and its path. SY_ERR_INPUT
 * where there are several. */
SY_MUST_CHECK bool model_names_find(const char *folder, const char *word, char *path, size_t size,
                                    bool *found, struct sy_error *err);

#endif
