/*
 * Between the two forms of a checkpoint: Hugging Face's folder and GGUF's file. The parts of the command.
 */
#ifndef COMMANDS_CONVERT_H
#define COMMANDS_CONVERT_H

#include "base/team.h"
#include "commands/convert_rows.h"
#include "report/progress.h"

struct convert_options {
    const char *out;
    bool typed; /* --dtype was given */
    enum dtype dtype;
    bool force;
    int threads;
};

struct convert_result {               /* what is told afterwards */
    int64_t tensors, bytes, left_out; /* tensors of the source that have no place in the model */
    int64_t fell_back;                /* rows that are no whole blocks of the wanted type */
    int64_t ours;                     /* keys that other programs ignore */
    char first_ours[96];
    char lacks[256]; /* side files that nobody could write */
    char text[400];  /* what other programs will not get right of the tokenizer */
};

/* model: opened from `path`. Files of the folder that are no weights travel inside the file. */
SY_MUST_CHECK bool convert_to_gguf(const struct model *model, const char *path,
                                   const struct convert_options *options, struct convert_result *result,
                                   struct sy_error *err);
SY_MUST_CHECK bool convert_to_folder(const struct model *model, const char *path,
                                     const struct convert_options *options, struct convert_result *result,
                                     struct sy_error *err);

/* The type that a tensor gets in GGUF: the chosen one (NULL: its own), F32 for vectors and routers, or
 * another where rows are no whole blocks, which is counted. */
enum dtype convert_gguf_dtype(const struct planned_tensor *plan, const enum dtype *chosen, enum dtype source,
                              int64_t *fell_back);
int64_t convert_file_type(enum dtype dtype); /* llama.cpp's number for a file that is mostly so */

/* All rows of all tensors in order, to `write`. */
SY_MUST_CHECK bool convert_stream(const struct convert_tensor *tensors, int64_t count, int threads,
                                  bool (*write)(void *writer, const void *bytes, int64_t size,
                                                struct sy_error *err),
                                  void *writer, struct sy_error *err);

/* Keys of a GGUF file that hold no metadata of the model. */
#define CONVERT_FILE      "switchyard.file."           /* + NAME: a side file */
#define CONVERT_TOKENIZER "tokenizer.huggingface.json" /* tokenizer.json */
#define CONVERT_NAMES     "switchyard.tensors.names"   /* the source's tensors, where not as published */
#define CONVERT_NARROW    "switchyard.tensors.narrow"  /* F32 here, BF16 there */
#define CONVERT_HALF      "switchyard.tensors.half"    /* F32 here, F16 there */

#define CONVERT_SIDE_MAX (64ll << 20) /* bytes of one side file */

#endif
