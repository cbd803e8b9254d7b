/*
 * Which model a word means: a path that is there; else a name in the folder $SWITCHYARD_MODELS; else a name
 * in the installed data folder. A name is that of a file or a folder there, or what model_names.h makes of
 * it. Where none of them is there the word is a path, and what is wrong with it shows when it is opened.
 */
#ifndef API_MODEL_PATH_H
#define API_MODEL_PATH_H

#include "base/error.h"

/* The folders that names are looked up in, the first one first; NULL where there is none. */
enum { MODEL_FOLDERS = 2 };
void model_path_folders(const char *folders[MODEL_FOLDERS]);

/* SY_ERR_INPUT: a name that several models of one folder share. */
SY_MUST_CHECK bool model_path_find(const char *word, char *path, size_t size, struct sy_error *err);

#endif
