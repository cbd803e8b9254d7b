/*
 * The types of weights in a GGUF file, as convert and synth write them.
 */
#ifndef COMMANDS_CONVERT_TYPES_H
#define COMMANDS_CONVERT_TYPES_H

#include "model/bind.h"

/* The type that a tensor gets in GGUF: the chosen one (NULL: its own), F32 for vectors and routers, or
 * another where rows are no whole blocks, which is counted. */
enum dtype convert_gguf_dtype(const struct planned_tensor *plan, const enum dtype *chosen, enum dtype source,
                              int64_t *fell_back);
int64_t convert_file_type(enum dtype dtype); /* llama.cpp's number for a file that is mostly so */

#endif
