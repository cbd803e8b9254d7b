/*
 * GGUF: hostile bytes -> checked metadata and tensors, and the writer.
 *
 *     "GGUF"   u32 version (2 or 3)   u64 tensor count   u64 key count
 *     keys     string name, u32 type, value    (string: u64 length, bytes; array: u32 type, u64 count, items)
 *     tensors  string name, u32 rank, u64 dims[rank] (contiguous first), u32 type, u64 offset
 *     data     at the next multiple of general.alignment (default 32); each tensor begins at one
 *
 * Source: ggml-org/ggml, docs/gguf.md. Little endian; v1 and byte-swapped files are refused by name. Every
 * count and length is held against the bytes that are left before anything is allocated. Split files
 * (split.no, split.count, NAME-00001-of-0000N.gguf) open as one.
 *
 * Tensors become `struct tensor` with OUR order of sides (last index fastest), so ne = {D, F, E} has shape
 * [E, F, D]. A tensor of a type that we cannot decode is listed with dtype DTYPE_COUNT, and refused only when
 * somebody binds it: gguf->types tells which it is.
 */
#ifndef FORMATS_GGUF_H
#define FORMATS_GGUF_H

#include "formats/safetensors.h"

enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_TYPE_COUNT
};

struct gguf_text { /* not NUL-terminated; may hold any bytes */
    const char *data;
    int64_t size;
};

struct gguf_value {
    enum gguf_type type;
    union {
        uint64_t u; /* U8 .. U64, BOOL */
        int64_t i;  /* I8 .. I64 */
        double f;
        struct gguf_text text;
        struct {
            enum gguf_type type; /* of the items */
            int64_t count;
            const unsigned char *bytes;     /* scalars: as in the file, unaligned, little endian */
            const struct gguf_value *items; /* strings and arrays: decoded; NULL for scalars */
        } array;
    };
};

struct gguf_key {
    const char *name; /* NUL-terminated */
    struct gguf_value value;
};

struct gguf {
    int version;
    int64_t alignment;
    struct gguf_key *keys; /* in the file's order; names unique. Of split files: the first one's */
    int64_t key_count;
    /* [key_count] indices of keys, sorted by name; NULL: gguf_find looks through them all */
    int32_t *by_name;
    /* [checkpoint.count] the file's number of each tensor's type. Where not even the size of its blocks is
     * known here, the tensor's `bytes` is 0. */
    uint32_t *types;
};

/* Tensors, mappings and an arena that also holds the keys go to `checkpoint` (checkpoint_close frees all).
 * `path` is a file, of split ones the first. On failure nothing stays open, and closing the (empty)
 * checkpoint is harmless. */
SY_MUST_CHECK bool gguf_open(const char *path, struct checkpoint *checkpoint, struct gguf *gguf,
                             struct sy_error *err);
bool gguf_is_file(const char *path); /* by its first four bytes */

const struct gguf_value *gguf_find(const struct gguf *gguf, const char *name); /* NULL: not there */
/* One item of an array of scalars as a number, of whatever width it was stored in; false for other types (a
 * float is no int) or out of range. */
bool gguf_item_real(const struct gguf_value *array, int64_t index, double *out);
bool gguf_item_int(const struct gguf_value *array, int64_t index, int64_t *out);

/* The file's number of a type, as 8 for Q8_0; false: GGUF has none for this dtype (float8, say). */
bool gguf_type_of(enum dtype dtype, uint32_t *id);
bool gguf_dtype_of(uint32_t id,
                   enum dtype *dtype);   /* false: unknown, or known by name but not decoded here */
const char *gguf_type_name(uint32_t id); /* "IQ2_XXS"; "type 99" is the caller's to print when NULL */

/* ---- writing: keys and declarations, then data in the order of declaration ---- */

struct gguf_writer;
SY_MUST_CHECK bool gguf_writer_open_by(const struct os_rule *rule, const char *path, struct gguf_writer **out,
                                       struct sy_error *err);
/* Over whatever stands there. */
SY_MUST_CHECK bool gguf_writer_open(const char *path, struct gguf_writer **out, struct sy_error *err);
/* Names are unique, printable ASCII, at most 65535 bytes. general.alignment and split.* are the writer's own
 * and refused. What is refused leaves the writer as it was. Values are copied. */
SY_MUST_CHECK bool gguf_set(struct gguf_writer *writer, const char *key, const struct gguf_value *value,
                            struct sy_error *err);
SY_MUST_CHECK bool gguf_set_u32(struct gguf_writer *writer, const char *key, int64_t value,
                                struct sy_error *err);
SY_MUST_CHECK bool gguf_set_f32(struct gguf_writer *writer, const char *key, double value,
                                struct sy_error *err);
SY_MUST_CHECK bool gguf_set_f64(struct gguf_writer *writer, const char *key, double value,
                                struct sy_error *err);
SY_MUST_CHECK bool gguf_set_bool(struct gguf_writer *writer, const char *key, bool value,
                                 struct sy_error *err);
SY_MUST_CHECK bool gguf_set_text(struct gguf_writer *writer, const char *key, const char *text, int64_t size,
                                 struct sy_error *err);
/* Shape in our order, 1 to 4 sides, none of them 0, rows of whole blocks; bytes follow from dtype and shape.
 * Names: unique, UTF-8 without control characters, at most 64 bytes. */
SY_MUST_CHECK bool gguf_declare(struct gguf_writer *writer, const char *name, enum dtype dtype, int rank,
                                const int64_t *shape, struct sy_error *err);
/* The next bytes of data, cut anywhere; padding is the writer's. The first call writes what stands before. */
SY_MUST_CHECK bool gguf_write(struct gguf_writer *writer, const void *bytes, int64_t size,
                              struct sy_error *err);
/* The tensor whose data come next, or have begun to, gets another type, and its data begin anew. Needs an
 * ordinary file, whose head is then written again at the end. */
SY_MUST_CHECK bool gguf_retype(struct gguf_writer *writer, enum dtype dtype, struct sy_error *err);
/* Fails unless exactly the declared bytes were given. The file appears under its name only now. Frees the
 * writer, also on failure, which leaves what stood there before. */
SY_MUST_CHECK bool gguf_writer_commit(struct gguf_writer *writer, struct sy_error *err);
void gguf_writer_abandon(struct gguf_writer *writer);

#endif
