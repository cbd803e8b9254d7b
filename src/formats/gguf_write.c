/*
 * Writing GGUF, version 3: what was set and declared becomes the head, then the data stream behind it.
 *
 *     open -> set, declare (any number, in any order) -> write (any cuts), retype -> commit
 *
 * A tensor's type and place have a fixed width in the head, so a tensor that turns out not to fit its type
 * can get another while its data stream: those begin anew, and the head is written again at the end.
 *
 * The two halves of the head grow as bytes, ready to be written; jansson's tables only tell which names were
 * seen. The same calls give the same bytes. Whatever is written here, the reader accepts: names, sizes and
 * limits are checked by the same rules.
 */
#include "formats/gguf.h"

#include "base/checked.h"
#include "base/json.h"
#include "formats/gguf_parts.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 3, HEAD_BYTES = 24, TYPE_BYTES = 12 /* u32 type, u64 offset */ };

struct gguf_declared {
    int64_t bytes; /* of data, without padding */
    int64_t place; /* of its shape in the head's tensors: u64 a side, type u32, offset u64 */
    int rank;
};

struct gguf_writer {
    char *path; /* for errors */
    struct os_writer *file;
    struct gguf_bytes keys, tensors; /* of the head, as they will stand there */
    json_t *key_names, *tensor_names;
    int64_t key_count, tensor_count;
    int64_t items;               /* strings and arrays inside arrays */
    struct gguf_declared *sizes; /* [tensor_count]; owned */
    int64_t size_room;           /* of that table */
    int64_t offset;              /* of the next tensor's data */
    int64_t declared, given;     /* bytes of data, without padding */
    int64_t current, filled;     /* the tensor whose data come next, and how many came */
    int64_t begun;               /* offset of that tensor's data, behind the head */
    bool started;                /* the head is written */
    bool changed;                /* what it says of tensors is no longer so */
};

static bool no_memory(struct gguf_writer *writer, struct sy_error *err) {
    sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a head of %lld keys and %lld tensors",
            (long long)writer->key_count, (long long)writer->tensor_count);
    return sy_error_in(err, writer->path);
}

static void writer_free(struct gguf_writer *writer) {
    free(writer->keys.at);
    free(writer->tensors.at);
    json_decref(writer->key_names);
    json_decref(writer->tensor_names);
    free(writer->sizes);
    free(writer->path);
    free(writer);
}

bool gguf_writer_open(const char *path, struct gguf_writer **out, struct sy_error *err) {
    const struct os_rule any = { .force = true };
    return gguf_writer_open_by(&any, path, out, err);
}

bool gguf_writer_open_by(const struct os_rule *rule, const char *path, struct gguf_writer **out,
                         struct sy_error *err) {
    struct gguf_writer *writer = calloc(1, sizeof *writer);
    if (writer) {
        writer->path = strdup(path);
        writer->key_names = json_object();
        writer->tensor_names = json_object();
    }
    if (!writer || !writer->path || !writer->key_names || !writer->tensor_names) {
        sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a writer");
        sy_error_in(err, path);
    } else if (os_writer_open_by(rule, path, &writer->file, err)) {
        *out = writer;
        return true;
    }
    if (writer) writer_free(writer);
    return false;
}

void gguf_writer_abandon(struct gguf_writer *writer) {
    if (!writer) return;
    os_writer_abandon(writer->file);
    writer_free(writer);
}

/* ---- keys ---- */

/* Puts a word into a set; false and err when it is there already. */
static bool set_add(json_t *set, const char *word, struct sy_error *err) {
    if (json_object_get(set, word)) return sy_fail(err, SY_ERR_INTERNAL, "it is given twice");
    if (json_object_set_new(set, word, json_true()) == 0) return true;
    return sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a name");
}

static bool key_allowed(const struct gguf_writer *writer, const char *key, struct sy_error *err) {
    if (writer->started) return sy_fail(err, SY_ERR_INTERNAL, "it is set after the first data");
    if (!gguf_key_check(key, (int64_t)strlen(key), err)) return false;
    if (strcmp(key, GGUF_ALIGNMENT_KEY) == 0 || strncmp(key, "split.", 6) == 0)
        return sy_fail(err, SY_ERR_INTERNAL, "this key is the writer's own");
    if (writer->key_count < GGUF_KEYS_MAX) return true;
    return sy_fail(err, SY_ERR_LIMIT, "these are more than %lld keys, the limit", (long long)GGUF_KEYS_MAX);
}

bool gguf_set(struct gguf_writer *writer, const char *key, const struct gguf_value *value,
              struct sy_error *err) {
    int64_t before = writer->keys.size, items = 0;
    struct gguf_text name = { key, (int64_t)strlen(key) };
    bool good =
        key_allowed(writer, key, err) && gguf_value_check(value, GGUF_ITEMS_MAX - writer->items, &items, err);
    if (good) {
        gguf_put_text(&writer->keys, name);
        gguf_put_u32(&writer->keys, value->type);
        gguf_put_value(&writer->keys, value);
        if (writer->keys.failed) good = sy_fail(err, SY_ERR_MEMORY, "the system has no memory for its value");
    }
    if (good && set_add(writer->key_names, key, err)) {
        writer->items += items;
        writer->key_count++;
        return true;
    }
    writer->keys.size = before;
    writer->keys.failed = false;
    sy_error_in(err, writer->path);
    return sy_error_at(err, "key \"%s\"", key);
}

bool gguf_set_u32(struct gguf_writer *writer, const char *key, int64_t value, struct sy_error *err) {
    struct gguf_value wide = { .type = GGUF_U32, .u = (uint64_t)value };
    return gguf_set(writer, key, &wide, err);
}

bool gguf_set_f32(struct gguf_writer *writer, const char *key, double value, struct sy_error *err) {
    struct gguf_value wide = { .type = GGUF_F32, .f = value };
    return gguf_set(writer, key, &wide, err);
}

bool gguf_set_f64(struct gguf_writer *writer, const char *key, double value, struct sy_error *err) {
    struct gguf_value wide = { .type = GGUF_F64, .f = value };
    return gguf_set(writer, key, &wide, err);
}

bool gguf_set_bool(struct gguf_writer *writer, const char *key, bool value, struct sy_error *err) {
    struct gguf_value wide = { .type = GGUF_BOOL, .u = value };
    return gguf_set(writer, key, &wide, err);
}

bool gguf_set_text(struct gguf_writer *writer, const char *key, const char *text, int64_t size,
                   struct sy_error *err) {
    struct gguf_value wide = { .type = GGUF_STRING, .text = { text, size } };
    return gguf_set(writer, key, &wide, err);
}

/* ---- declarations ---- */

static bool shape_check(int rank, const int64_t *shape, struct sy_error *err) {
    if (rank < 1 || rank > GGUF_RANK_MAX) {
        return sy_fail(err, SY_ERR_SHAPE, "it has %d sides; GGUF holds 1 to %d", rank, GGUF_RANK_MAX);
    }
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 1)
            return sy_fail(err, SY_ERR_SHAPE, "side %d of its shape is %lld; GGUF holds none below 1", i,
                           (long long)shape[i]);
    }
    return true;
}

/* Its type's number and bytes, and where the data of the next will begin. */
static bool declare_check(struct gguf_writer *writer, const char *name, enum dtype dtype, int rank,
                          const int64_t *shape, uint32_t *type, int64_t *bytes, int64_t *next,
                          struct sy_error *err) {
    if (writer->started) return sy_fail(err, SY_ERR_INTERNAL, "it is declared after the first data");
    if (!gguf_name_check(name, err)) return false;
    if (!gguf_type_of(dtype, type)) return sy_fail(err, SY_ERR_SHAPE, "GGUF has no type for its numbers");
    if (!shape_check(rank, shape, err) || !gguf_tensor_bytes(*type, rank, shape, bytes, err)) return false;
    if (!size_add(writer->offset, *bytes, next) || !size_round_up(*next, GGUF_ALIGNMENT_DEFAULT, next))
        return sy_fail(err, SY_ERR_SHAPE, "the tensors together are more than can be addressed");
    if (writer->tensor_count < SAFETENSORS_TENSORS_MAX) return true;
    return sy_fail(err, SY_ERR_LIMIT, "these are more than %lld tensors, the limit",
                   (long long)SAFETENSORS_TENSORS_MAX);
}

static bool size_room_make(struct gguf_writer *writer) {
    if (writer->tensor_count < writer->size_room) return true;
    int64_t room = 2 * writer->size_room + 64;
    struct gguf_declared *larger = realloc(writer->sizes, (size_t)room * sizeof *larger);
    if (!larger) return false;
    writer->sizes = larger;
    writer->size_room = room;
    return true;
}

static void info_put(struct gguf_bytes *bytes, const char *name, uint32_t type, int rank,
                     const int64_t *shape, int64_t offset) {
    gguf_put_text(bytes, (struct gguf_text){ name, (int64_t)strlen(name) });
    gguf_put_u32(bytes, (uint32_t)rank);
    for (int i = rank - 1; i >= 0; i--) gguf_put_u64(bytes, (uint64_t)shape[i]); /* fastest first */
    gguf_put_u32(bytes, type);
    gguf_put_u64(bytes, (uint64_t)offset);
}

bool gguf_declare(struct gguf_writer *writer, const char *name, enum dtype dtype, int rank,
                  const int64_t *shape, struct sy_error *err) {
    uint32_t type = 0;
    int64_t bytes = 0, next = 0, before = writer->tensors.size;
    bool good = declare_check(writer, name, dtype, rank, shape, &type, &bytes, &next, err);
    if (good) {
        info_put(&writer->tensors, name, type, rank, shape, writer->offset);
        good = size_room_make(writer) && !writer->tensors.failed;
        if (!good) no_memory(writer, err);
    }
    if (good && set_add(writer->tensor_names, name, err)) {
        writer->sizes[writer->tensor_count++] =
            (struct gguf_declared){ bytes, writer->tensors.size - TYPE_BYTES - 8 * (int64_t)rank, rank };
        writer->offset = next;
        writer->declared += bytes;
        return true;
    }
    writer->tensors.size = before;
    writer->tensors.failed = false;
    sy_error_in(err, writer->path);
    return sy_error_at(err, "tensor \"%s\"", name);
}

/* ---- data ---- */

/* Zeros up to the next multiple of the alignment behind `size` bytes. */
static bool padding_write(struct gguf_writer *writer, int64_t size, struct sy_error *err) {
    static const char zeros[GGUF_ALIGNMENT_DEFAULT];
    return os_writer_write(writer->file, zeros, round_up(size, GGUF_ALIGNMENT_DEFAULT) - size, err);
}

static int64_t data_begin(const struct gguf_writer *writer) {
    return round_up(HEAD_BYTES + writer->keys.size + writer->tensors.size, GGUF_ALIGNMENT_DEFAULT);
}

static bool head_write(struct gguf_writer *writer, struct sy_error *err) {
    uint64_t tensors = (uint64_t)writer->tensor_count, keys = (uint64_t)writer->key_count;
    unsigned char head[HEAD_BYTES] = { 'G', 'G', 'U', 'F', VERSION };
    for (int i = 0; i < 8; i++) {
        head[8 + i] = (unsigned char)(tensors >> 8 * i);
        head[16 + i] = (unsigned char)(keys >> 8 * i);
    }
    writer->started = true; /* whatever fails from here on makes the file's own writer fail for good */
    return os_writer_write(writer->file, head, HEAD_BYTES, err) &&
           os_writer_write(writer->file, writer->keys.at, writer->keys.size, err) &&
           os_writer_write(writer->file, writer->tensors.at, writer->tensors.size, err) &&
           padding_write(writer, HEAD_BYTES + writer->keys.size + writer->tensors.size, err);
}

bool gguf_write(struct gguf_writer *writer, const void *bytes, int64_t size, struct sy_error *err) {
    const char *from = bytes;
    if (size < 0 || size > writer->declared - writer->given) {
        sy_fail(err, SY_ERR_INTERNAL, "%lld bytes of data at %lld, but only %lld are declared",
                (long long)size, (long long)writer->given, (long long)writer->declared);
        return sy_error_in(err, writer->path);
    }
    if (!writer->started && !head_write(writer, err)) return false;
    while (size > 0) { /* a piece for each tensor that the bytes reach into */
        int64_t whole = writer->sizes[writer->current].bytes, piece = min_i64(size, whole - writer->filled);
        if (!os_writer_write(writer->file, from, piece, err)) return false;
        from += piece;
        size -= piece;
        writer->given += piece;
        writer->filled += piece;
        if (writer->filled < whole) continue;
        if (!padding_write(writer, whole, err)) return false;
        writer->begun += round_up(whole, GGUF_ALIGNMENT_DEFAULT);
        writer->current++;
        writer->filled = 0;
    }
    return true;
}

/* ---- another type ---- */

static void put(unsigned char *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get_u64(const unsigned char *at) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value |= (uint64_t)at[i] << 8 * i;
    return value;
}

bool gguf_retype(struct gguf_writer *writer, enum dtype dtype, struct sy_error *err) {
    if (writer->current >= writer->tensor_count) {
        sy_fail(err, SY_ERR_INTERNAL, "no tensor is left whose type could change");
        return sy_error_in(err, writer->path);
    }
    struct gguf_declared *tensor = &writer->sizes[writer->current];
    unsigned char *shape_at = writer->tensors.at + tensor->place;
    int64_t shape[GGUF_RANK_MAX], bytes = 0, declared = 0;
    uint32_t type = 0;
    for (int i = 0; i < tensor->rank; i++) shape[tensor->rank - 1 - i] = (int64_t)get_u64(shape_at + 8 * i);
    if (!gguf_type_of(dtype, &type) || !gguf_tensor_bytes(type, tensor->rank, shape, &bytes, err) ||
        !size_add(writer->declared - tensor->bytes, bytes, &declared)) {
        sy_fail(err, SY_ERR_INTERNAL, "a tensor cannot become %s", dtype_name(dtype));
        return sy_error_in(err, writer->path);
    }
    if (writer->started && !os_writer_rewind(writer->file, data_begin(writer) + writer->begun, err))
        return false;
    put(shape_at + 8 * tensor->rank, type, 4);
    writer->declared = declared;
    writer->given -= writer->filled;
    writer->filled = 0;
    tensor->bytes = bytes;
    writer->changed = true;
    return true;
}

/* Where each tensor's data came to lie; and the head says so. */
static bool head_write_again(struct gguf_writer *writer, struct sy_error *err) {
    int64_t offset = 0;
    for (int64_t i = 0; i < writer->tensor_count; i++) {
        const struct gguf_declared *tensor = &writer->sizes[i];
        put(writer->tensors.at + tensor->place + 8 * tensor->rank + 4, (uint64_t)offset, 8);
        offset += round_up(tensor->bytes, GGUF_ALIGNMENT_DEFAULT);
    }
    return !writer->started || os_writer_patch(writer->file, HEAD_BYTES + writer->keys.size,
                                               writer->tensors.at, writer->tensors.size, err);
}

bool gguf_writer_commit(struct gguf_writer *writer, struct sy_error *err) {
    bool good =
        (!writer->changed || head_write_again(writer, err)) && (writer->started || head_write(writer, err));
    if (good && writer->given != writer->declared) {
        sy_fail(err, SY_ERR_INTERNAL, "%lld bytes of data were given, but %lld are declared",
                (long long)writer->given, (long long)writer->declared);
        good = sy_error_in(err, writer->path);
    }
    if (!good) {
        gguf_writer_abandon(writer);
        return false;
    }
    good = os_writer_commit(writer->file, err); /* frees the file, whatever comes of it */
    writer_free(writer);
    return good;
}
