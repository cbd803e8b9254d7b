/*
 * safetensors: hostile bytes -> checked tensors, and the writer.
 *
 *     8 bytes   N, length of the header, u64 little endian
 *     N bytes   JSON: { "NAME": { "dtype", "shape", "data_offsets": [begin, end] }, ...,
 *                       "__metadata__": { STRING: STRING } }
 *     the rest  data; offsets count from here
 *
 * Source: huggingface/safetensors, README "Format". No size is trusted: the header is bounded before it is
 * parsed, offsets must lie in the file, begin <= end, bytes must equal shape times dtype, spans must not
 * overlap and must leave no hole, names are unique. The data stays in the mapping: nothing is copied to be
 * read. Data may begin at any alignment.
 *
 * A checkpoint is one file, or shards named by an index (model.safetensors.index.json: "weight_map":
 * { NAME: SHARD }).
 */
#ifndef FORMATS_SAFETENSORS_H
#define FORMATS_SAFETENSORS_H

#include "base/arena.h"
#include "base/os.h"
#include "tensor/tensor.h"

#define SAFETENSORS_HEADER_MAX  (100ll << 20) /* bytes, as upstream */
#define SAFETENSORS_TENSORS_MAX (4ll << 20)
#define SAFETENSORS_SHARDS_MAX  4096

struct checkpoint {
    struct tensor *tensors; /* sorted by name, names unique over all shards */
    int64_t count;
    struct os_map *maps; /* one a shard */
    int shard_count;
    struct arena arena; /* owns names, tensors, maps' table */
};

/* `path` is a folder (model.safetensors, else model.safetensors.index.json, else the only *.safetensors in
 * it), a .safetensors file, or an index. Shards must lie in the index's folder (a name with a slash is
 * refused), hold what the index says and nothing that the index places elsewhere. Errors name the shard and
 * the tensor. On failure nothing stays open, and closing the (empty) checkpoint is harmless. */
SY_MUST_CHECK bool checkpoint_open(const char *path, struct checkpoint *checkpoint, struct sy_error *err);
void checkpoint_close(struct checkpoint *checkpoint);
const struct tensor *checkpoint_find(const struct checkpoint *checkpoint,
                                     const char *name); /* NULL: not there */

/* ---- writing: declare all tensors, then give their data in that order ---- */

struct safetensors_writer;
SY_MUST_CHECK bool safetensors_writer_open_by(const struct os_rule *rule, const char *path,
                                              struct safetensors_writer **out, struct sy_error *err);
/* Over whatever stands there. */
SY_MUST_CHECK bool safetensors_writer_open(const char *path, bool private_mode,
                                           struct safetensors_writer **out, struct sy_error *err);
/* Declare. Name unique, UTF-8 without control characters, at most 512 bytes; the order of declaration is the
 * order of data. A refused declaration leaves the writer as it was. `metadata` pairs go into __metadata__. */
SY_MUST_CHECK bool safetensors_declare(struct safetensors_writer *writer, const char *name, enum dtype dtype,
                                       int rank, const int64_t *shape, struct sy_error *err);
SY_MUST_CHECK bool safetensors_metadata(struct safetensors_writer *writer, const char *key, const char *value,
                                        struct sy_error *err);
/* The next bytes of data; the first call writes the header (padded with spaces to 8 bytes). Any cuts are
 * fine, so rows stream. */
SY_MUST_CHECK bool safetensors_write(struct safetensors_writer *writer, const void *bytes, int64_t size,
                                     struct sy_error *err);
/* Or give the data in any order, instead: `size` bytes at `offset` of the tensor declared as number `tensor`
 * (from 0). No byte may be given twice. Ordinary files only. */
SY_MUST_CHECK bool safetensors_write_at(struct safetensors_writer *writer, int64_t tensor, int64_t offset,
                                        const void *bytes, int64_t size, struct sy_error *err);
/* Fails unless exactly the declared bytes were given. The file appears under its name only now. Frees the
 * writer, also on failure, which leaves what stood there before. */
SY_MUST_CHECK bool safetensors_writer_commit(struct safetensors_writer *writer, struct sy_error *err);
void safetensors_writer_abandon(struct safetensors_writer *writer);

#endif
