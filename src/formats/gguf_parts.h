/*
 * Private to formats/: the parts of the GGUF reader, and what reader and writer share.
 */
#ifndef FORMATS_GGUF_PARTS_H
#define FORMATS_GGUF_PARTS_H

#include "formats/gguf.h"
#include "formats/gguf_cursor.h"

#define GGUF_MAGIC             "GGUF"
#define GGUF_ALIGNMENT_KEY     "general.alignment"
#define GGUF_ALIGNMENT_DEFAULT 32
#define GGUF_ALIGNMENT_MAX     (16ll << 20)
#define GGUF_KEYS_MAX          (64ll << 10)
#define GGUF_KEY_BYTES_MAX     65535       /* of a key's name, as the format says */
#define GGUF_NAME_MAX          64          /* bytes of a tensor's name, as the format says */
#define GGUF_RANK_MAX          4           /* as the format says */
#define GGUF_DEPTH_MAX         8           /* of arrays in arrays */
#define GGUF_ITEMS_MAX         (4ll << 20) /* strings and arrays inside arrays, in one file */
#define GGUF_SPLITS_MAX        SAFETENSORS_SHARDS_MAX

#define GGUF_REMEDY_DAMAGED "the file is damaged: fetch or write it again"
#define GGUF_REMEDY_LIMIT   "no sound model is so: fetch it again, or write it again"
#define GGUF_REMEDY_CUT     "the file was cut short: fetch it again"

/* ---- gguf_keys.c ---- */

/* Keys, their order by name, and the alignment. They go into the arena; texts stay in the file's bytes. */
SY_MUST_CHECK bool gguf_keys_read(struct gguf_cursor *cursor, uint64_t count, struct arena *arena,
                                  struct gguf *gguf, struct sy_error *err);
SY_MUST_CHECK bool gguf_key_check(const char *name, int64_t size, struct sy_error *err);
int64_t gguf_scalar_bytes(enum gguf_type type); /* 0: a string or an array, or no type at all */

/* ---- gguf_tensors.c ---- */

struct gguf_entry {
    struct tensor tensor;
    uint32_t type;
    int64_t offset; /* in its file's data */
};

struct gguf_entries { /* malloc'ed */
    struct gguf_entry *items;
    int64_t count, room;
};

/* Appends one file's tensors, sorted by place, checked but for the uniqueness of their names; `file` is
 * kept. */
SY_MUST_CHECK bool gguf_tensors_read(struct gguf_cursor *cursor, uint64_t count, int64_t alignment,
                                     const char *file, struct arena *arena, struct gguf_entries *entries,
                                     struct sy_error *err);
/* Names that the reader lets pass, NUL-terminated. */
SY_MUST_CHECK bool gguf_name_check(const char *name, struct sy_error *err);
/* Bytes of a tensor of this type: `shape` in our order. 0 when the type's size is not known. */
SY_MUST_CHECK bool gguf_tensor_bytes(uint32_t type, int rank, const int64_t *shape, int64_t *bytes,
                                     struct sy_error *err);

/* ---- gguf_types.c ---- */

/* Elements and bytes of one block; false: not known here. */
bool gguf_type_unit(uint32_t id, int64_t *elements, int64_t *bytes);

/* ---- gguf_values.c: what is to be written ---- */

struct gguf_bytes { /* malloc'ed; failed: memory ran out, and nothing is added any more */
    unsigned char *at;
    int64_t size, room;
    bool failed;
};

void gguf_put(struct gguf_bytes *bytes, const void *from, int64_t size);
void gguf_put_u32(struct gguf_bytes *bytes, uint32_t number);
void gguf_put_u64(struct gguf_bytes *bytes, uint64_t number);
void gguf_put_text(struct gguf_bytes *bytes, struct gguf_text text);
void gguf_put_value(struct gguf_bytes *bytes, const struct gguf_value *value); /* without its type */
/* Whether the reader would accept it; *items: strings and arrays inside arrays, at most `room`. */
SY_MUST_CHECK bool gguf_value_check(const struct gguf_value *value, int64_t room, int64_t *items,
                                    struct sy_error *err);

/* ---- gguf_split.c ---- */

struct gguf_split {
    int64_t no, count; /* 0 of 1: not split */
    int64_t tensors;   /* in all files together */
};

SY_MUST_CHECK bool gguf_split_read(const struct gguf *gguf, struct gguf_split *split, struct sy_error *err);
/* Whether `path` is named as the first of its files. */
SY_MUST_CHECK bool gguf_split_first(const struct gguf_split *split, const char *path, struct sy_error *err);
/* The path of file number `no`, beside the first. */
SY_MUST_CHECK const char *gguf_split_path(const char *first, int64_t no, int64_t count, struct arena *arena,
                                          struct sy_error *err);
/* Whether a further file is the one that the first makes expect. */
SY_MUST_CHECK bool gguf_split_agrees(const struct gguf_split *first, int64_t no, const struct gguf *gguf,
                                     struct sy_error *err);

#endif
