/*
 * Which model a word means: a path that is there; else a name in the folder $SWITCHYARD_MODELS; else a name
 * in the installed data folder. Where none of them is there the word is a path, and what is wrong with it
 * shows when it is opened.
 */
#ifndef API_MODEL_PATH_H
#define API_MODEL_PATH_H

#include "base/error.h"

SY_MUST_CHECK bool model_path_find(const char *word, char *path, size_t size, struct sy_error *err);

#endif
