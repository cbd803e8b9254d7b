/*
 * GGUF: hostile bytes -> checked metadata and tensors, and the writer.
 *
 *     "GGUF"  u32 version (2 or 3)  u64 tensor count  u64 key count
 *     keys:    string name, u32 type, value           (strings: u64 length + bytes; arrays: u32 type, u64 count, items; they may nest)
 *     tensors: string name, u32 rank, u64 dims[rank] (contiguous first), u32 type, u64 offset
 *     padding to general.alignment (default 32), then data; each tensor is padded to it
 *
 * Source: ggml-org/ggml docs/gguf.md; models.md section 5. Little endian; v1 and byte-swapped files are refused by name. Every count and length is
 * held against the bytes that are left before anything is allocated. Split files (split.no, split.count, NAME-00001-of-0000N.gguf) open as one.
 *
 * Tensors become `struct tensor` with OUR order of sides (last index fastest), so ne = {D, F, E} has shape [E, F, D]. A tensor of a type that we
 * cannot decode is listed with dtype DTYPE_COUNT, and refused only when somebody binds it.
 */
#ifndef FORMATS_GGUF_H
#define FORMATS_GGUF_H

#include "formats/safetensors.h"

enum gguf_type {
    GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32, GGUF_BOOL, GGUF_STRING, GGUF_ARRAY, GGUF_U64, GGUF_I64, GGUF_F64, GGUF_TYPE_COUNT
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
    struct gguf_key *keys; /* in the file's order; names unique */
    int64_t key_count;
};

/* Tensors, mappings and an arena that also holds the keys go to `checkpoint` (checkpoint_close frees all). */
SY_MUST_CHECK bool gguf_open(const char *path, struct checkpoint *checkpoint, struct gguf *gguf, struct sy_error *err);
bool gguf_is_file(const char *path); /* by its first four bytes */

const struct gguf_value *gguf_find(const struct gguf *gguf, const char *name); /* NULL: not there */
/* One item of an array of scalars as a number; false for other types or out of range. */
bool gguf_item_real(const struct gguf_value *array, int64_t index, double *out);
bool gguf_item_int(const struct gguf_value *array, int64_t index, int64_t *out);

/* The file's number of a type, as 8 for Q8_0; false: GGUF has none for this dtype (float8, say). */
bool gguf_type_of(enum dtype dtype, uint32_t *id);
bool gguf_dtype_of(uint32_t id, enum dtype *dtype); /* false: unknown, or known by name but not decoded here */
const char *gguf_type_name(uint32_t id);            /* "IQ2_XXS"; "type 99" is the caller's to print when NULL */

/* ---- writing: keys, then declarations, then data in that order ---- */

struct gguf_writer;
SY_MUST_CHECK bool gguf_writer_open(const char *path, struct gguf_writer **out, struct sy_error *err);
SY_MUST_CHECK bool gguf_set(struct gguf_writer *writer, const char *key, const struct gguf_value *value, struct sy_error *err);
SY_MUST_CHECK bool gguf_set_u32(struct gguf_writer *writer, const char *key, int64_t value, struct sy_error *err);
SY_MUST_CHECK bool gguf_set_f32(struct gguf_writer *writer, const char *key, double value, struct sy_error *err);
SY_MUST_CHECK bool gguf_set_f64(struct gguf_writer *writer, const char *key, double value, struct sy_error *err);
SY_MUST_CHECK bool gguf_set_bool(struct gguf_writer *writer, const char *key, bool value, struct sy_error *err);
SY_MUST_CHECK bool gguf_set_text(struct gguf_writer *writer, const char *key, const char *text, int64_t size, struct sy_error *err);
/* shape in our order; bytes follow from dtype and shape. Names at most 64 bytes. */
SY_MUST_CHECK bool gguf_declare(struct gguf_writer *writer, const char *name, enum dtype dtype, int rank, const int64_t *shape,
                                struct sy_error *err);
SY_MUST_CHECK bool gguf_write(struct gguf_writer *writer, const void *bytes, int64_t size, struct sy_error *err); /* padding is the writer's */
SY_MUST_CHECK bool gguf_writer_commit(struct gguf_writer *writer, struct sy_error *err); /* frees */
void gguf_writer_abandon(struct gguf_writer *writer);

#endif
