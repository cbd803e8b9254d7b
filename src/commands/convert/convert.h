/*
 * Between the two forms of a checkpoint, Hugging Face's folder and GGUF's file, and between the types of
 * weights within either. The parts of the command.
 */
#ifndef COMMANDS_CONVERT_CONVERT_H
#define COMMANDS_CONVERT_CONVERT_H

#include "base/os.h"
#include "base/team.h"
#include "commands/convert/rows.h"
#include "report/progress.h"

struct convert_options {
    const char *out;
    bool typed; /* --dtype was given */
    enum dtype dtype;
    bool force;
    int threads;
    int64_t shard_bytes; /* of the files of a folder; 0: SHARD_BYTES */
};

/* Of a GGUF file: no former one goes unasked, as it may be the only copy of a model. */
static inline struct os_rule convert_rule(bool force) {
    return (struct os_rule){ .force = force, .ask = "add --force" };
}

struct convert_result {               /* what is told afterwards */
    int64_t tensors, bytes, left_out; /* tensors of the source that have no place in the model */
    int64_t files;                    /* of weights in a folder; else 0 */
    int64_t fell_back;                /* rows that are no whole blocks of the wanted type */
    int64_t widened;                  /* tensors with numbers that the wanted type cannot hold */
    int64_t ours;                     /* keys that other programs ignore */
    char first_ours[96];
    char lacks[256]; /* side files that nobody could write */
    char text[400];  /* what other programs will not get right of the tokenizer */
};

/* model: opened from `path`, a folder or a GGUF file. Of a folder the files that are no weights travel along,
 * of a GGUF file all metadata. */
SY_MUST_CHECK bool convert_to_gguf(const struct model *model, const char *path,
                                   const struct convert_options *options, struct convert_result *result,
                                   struct sy_error *err);
SY_MUST_CHECK bool convert_to_folder(const struct model *model, const char *path,
                                     const struct convert_options *options, struct convert_result *result,
                                     struct sy_error *err);

/* From GGUF to GGUF: convert_to_gguf's other half. */
SY_MUST_CHECK bool convert_requantize(const struct model *model, const char *path,
                                      const struct convert_options *options, struct convert_result *result,
                                      struct sy_error *err);

/* A folder that is to be: what is in it but for the index. */
struct convert_folder {
    const struct convert_options *options;
    struct convert_tensor *tensors;
    int64_t count;
    const char *config;
    int64_t config_size;
    bool (*sides)(void *argument, struct sy_error *err); /* writes the side files */
    void *argument;
};
/* config.json comes last, so that a folder that was left half-way is no model. */
SY_MUST_CHECK bool convert_write_folder(const struct convert_folder *folder, struct convert_result *result,
                                        struct sy_error *err);
/* A plain name within the folder, and none of those that the folder's writer has for itself? */
bool convert_side_is_safe(const char *name);

/* Files of the model's folder that are no weights, by name. */
typedef bool convert_side(void *argument, const char *name, const char *text, int64_t size,
                          struct sy_error *err);
SY_MUST_CHECK bool convert_each_side(const char *path, convert_side *visit, void *argument,
                                     struct sy_error *err);
/* The tensors of the source that hold weights; of float8 ones not their scales. */
SY_MUST_CHECK bool convert_names(const struct model *model, struct arena *arena, const char *const **names,
                                 int64_t *count, struct sy_error *err);

#define CONVERT_NAMED_MAX 8 /* tensors that are named when they get another type; then only counted */

/* Where the rows of a checkpoint go. */
struct convert_sink {
    void *writer;
    bool (*write)(void *writer, const void *bytes, int64_t size, struct sy_error *err);
    /* The tensor at hand gets another type, and comes once more. NULL: its type is settled. */
    bool (*retype)(void *writer, enum dtype dtype, struct sy_error *err);
};
/* All rows of all tensors in order, each read back before it goes (tensor/held.h). A tensor with numbers that
 * its type cannot hold gets a wider one, which is said and counted in `result`, or is refused by name; one
 * that holds NaN is always refused. */
SY_MUST_CHECK bool convert_stream(struct convert_tensor *tensors, int64_t count, int threads,
                                  const struct convert_sink *sink, struct convert_result *result,
                                  struct sy_error *err);

/* Keys of a GGUF file that hold no metadata of the model. */
#define CONVERT_FILE      "switchyard.file."           /* + NAME: a side file */
#define CONVERT_TOKENIZER "tokenizer.huggingface.json" /* tokenizer.json */
#define CONVERT_NAMES     "switchyard.tensors.names"   /* the source's tensors, where not as published */
#define CONVERT_NARROW    "switchyard.tensors.narrow"  /* F32 here, BF16 there */
#define CONVERT_HALF      "switchyard.tensors.half"    /* F32 here, F16 there */

#define CONVERT_SIDE_MAX (64ll << 20) /* bytes of one side file */

#endif
