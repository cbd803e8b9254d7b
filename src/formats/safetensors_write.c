/*
 * Writing safetensors: what was declared becomes the header, then the data stream behind it.
 *
 *     open -> declare, metadata (any number) -> write (any cuts) -> commit
 *                                            -> write_at (any order) -> commit
 *
 * The header's text grows with each declaration, so that nothing but that text is held; jansson's tables only
 * tell which names were seen. The same calls give the same bytes. Whatever is written here, the reader
 * accepts: names, sizes and limits are checked by the same rules.
 */
#include "formats/safetensors.h"

#include "base/checked.h"
#include "base/json.h"
#include "formats/safetensors_parts.h"

#include <stdlib.h>
#include <string.h>

struct safetensors_writer {
    char *path; /* for errors */
    struct os_writer *file;
    struct text tensors, metadata; /* members of the header, and of its __metadata__, without the braces */
    json_t *names, *keys;          /* sets of what was declared */
    int64_t tensor_count;
    int64_t declared, given; /* bytes of data */
    bool started;            /* the header is written */
    bool in_place;           /* room for all data was made, and write_at fills it */
    int64_t data_begin;      /* in the file */
    int64_t *ends;           /* [tensor_count] of each tensor's data; owned */
    int64_t end_room;
};

static bool no_memory(struct safetensors_writer *writer, struct sy_error *err) {
    sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a header of %lld tensors",
            (long long)writer->tensor_count);
    return sy_error_in(err, writer->path);
}

static void writer_free(struct safetensors_writer *writer) {
    text_free(&writer->tensors);
    text_free(&writer->metadata);
    json_decref(writer->names);
    json_decref(writer->keys);
    free(writer->ends);
    free(writer->path);
    free(writer);
}

bool safetensors_writer_open(const char *path, bool private_mode, struct safetensors_writer **out,
                             struct sy_error *err) {
    const struct os_rule any = { .private_mode = private_mode, .force = true };
    return safetensors_writer_open_by(&any, path, out, err);
}

bool safetensors_writer_open_by(const struct os_rule *rule, const char *path, struct safetensors_writer **out,
                                struct sy_error *err) {
    struct safetensors_writer *writer = calloc(1, sizeof *writer);
    if (writer) {
        writer->path = strdup(path);
        writer->names = json_object();
        writer->keys = json_object();
    }
    if (!writer || !writer->path || !writer->names || !writer->keys) {
        sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a writer");
        sy_error_in(err, path);
    } else if (os_writer_open_by(rule, path, &writer->file, err)) {
        *out = writer;
        return true;
    }
    if (writer) writer_free(writer);
    return false;
}

void safetensors_writer_abandon(struct safetensors_writer *writer) {
    if (!writer) return;
    os_writer_abandon(writer->file);
    writer_free(writer);
}

/* ---- declaring ---- */

/* Puts a word into a set; false and err when it is there already, or is no UTF-8. */
static bool set_add(json_t *set, const char *word, struct sy_error *err) {
    if (json_object_get(set, word)) return sy_fail(err, SY_ERR_INTERNAL, "it is declared twice");
    json_t *check = json_string(word);
    if (!check) return sy_fail(err, SY_ERR_INTERNAL, "the name is no valid UTF-8, or memory ran out");
    json_decref(check);
    if (json_object_set_new(set, word, json_true()) == 0) return true;
    return sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a name");
}

static bool declare_check(struct safetensors_writer *writer, const struct tensor *tensor, int64_t *end,
                          struct sy_error *err) {
    int64_t elements, bytes;
    char shape[TENSOR_RANK_MAX * 24];
    if (writer->started) return sy_fail(err, SY_ERR_INTERNAL, "it is declared after the first data");
    if (!safetensors_name_check(tensor->name, err)) return false;
    if (strcmp(tensor->name, SAFETENSORS_METADATA) == 0)
        return sy_fail(err, SY_ERR_INTERNAL, "no tensor may have this name");
    if (writer->tensor_count == SAFETENSORS_TENSORS_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "these are more than %lld tensors, the limit",
                       (long long)SAFETENSORS_TENSORS_MAX);
    }
    if (tensor->dtype == DTYPE_COUNT || dtype_is_block(tensor->dtype))
        return sy_fail(err, SY_ERR_INTERNAL, "safetensors knows no %s", tensor_type(tensor));
    if (tensor_elements(tensor, &elements) && dtype_bytes(tensor->dtype, elements, &bytes) &&
        size_add(writer->declared, bytes, end)) {
        return set_add(writer->names, tensor->name, err);
    }
    return sy_fail(err, SY_ERR_SHAPE, "%s of shape %s has a negative, too large or odd size",
                   dtype_name(tensor->dtype),
                   tensor_shape_text(tensor->shape, tensor->rank, shape, sizeof shape));
}

/* The tensor's member of the header. */
static void entry_add(struct text *text, const struct tensor *tensor, int64_t begin, int64_t end) {
    text_add(text, "%s", text->size > 0 ? "," : "");
    text_add_json_string(text, tensor->name);
    text_add(text, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(tensor->dtype));
    for (int i = 0; i < tensor->rank; i++)
        text_add(text, "%s%lld", i > 0 ? "," : "", (long long)tensor->shape[i]);
    text_add(text, "],\"data_offsets\":[%lld,%lld]}", (long long)begin, (long long)end);
}

static bool end_add(struct safetensors_writer *writer, int64_t end) {
    if (writer->tensor_count == writer->end_room) {
        int64_t room = 2 * writer->end_room + 64;
        int64_t *larger = realloc(writer->ends, (size_t)room * sizeof *larger);
        if (!larger) return false;
        writer->ends = larger;
        writer->end_room = room;
    }
    writer->ends[writer->tensor_count++] = end;
    return true;
}

bool safetensors_declare(struct safetensors_writer *writer, const char *name, enum dtype dtype, int rank,
                         const int64_t *shape, struct sy_error *err) {
    struct tensor tensor = { .name = name, .dtype = dtype, .rank = rank };
    int64_t end = 0;
    bool good = rank >= 0 && rank <= TENSOR_RANK_MAX;
    if (good) {
        if (rank > 0) memcpy(tensor.shape, shape, (size_t)rank * sizeof *shape);
        good = declare_check(writer, &tensor, &end, err);
    } else {
        sy_fail(err, SY_ERR_SHAPE, "its shape has %d sides, the limit is %d", rank, TENSOR_RANK_MAX);
    }
    if (!good) {
        sy_error_in(err, writer->path);
        return sy_error_at(err, "tensor \"%s\"", name);
    }
    if (!end_add(writer, end)) return no_memory(writer, err);
    entry_add(&writer->tensors, &tensor, writer->declared, end);
    writer->declared = end;
    return !writer->tensors.failed || no_memory(writer, err);
}

bool safetensors_metadata(struct safetensors_writer *writer, const char *key, const char *value,
                          struct sy_error *err) {
    json_t *check = json_string(value);
    bool good = check != NULL;
    json_decref(check);
    if (writer->started)
        sy_fail(err, SY_ERR_INTERNAL, "it is given after the first data"), good = false;
    else if (!good)
        sy_fail(err, SY_ERR_INTERNAL, "the value is no valid UTF-8, or memory ran out");
    else
        good = set_add(writer->keys, key, err);
    if (!good) {
        sy_error_in(err, writer->path);
        return sy_error_at(err, "metadata \"%s\"", key);
    }
    struct text *text = &writer->metadata;
    text_add(text, "%s", text->size > 0 ? "," : "");
    text_add_json_string(text, key);
    text_add(text, ":");
    text_add_json_string(text, value);
    return !text->failed || no_memory(writer, err);
}

/* ---- writing ---- */

static bool piece_write(struct safetensors_writer *writer, const char *text, struct sy_error *err) {
    return os_writer_write(writer->file, text, (int64_t)strlen(text), err);
}

static bool header_write(struct safetensors_writer *writer, struct sy_error *err) {
    static const char spaces[] = "       ";
    const char *open = writer->metadata.size > 0 ? "{\"" SAFETENSORS_METADATA "\":{" : "{";
    const char *metadata = writer->metadata.size > 0 ? writer->metadata.data : "";
    const char *close = writer->metadata.size == 0 ? "" : writer->tensors.size > 0 ? "}," : "}";
    const char *tensors = writer->tensors.size > 0 ? writer->tensors.data : "";
    int64_t size = (int64_t)(strlen(open) + writer->metadata.size + strlen(close) + writer->tensors.size + 1);
    int64_t padded = round_up(size, 8);
    if (padded > SAFETENSORS_HEADER_MAX || (int64_t)writer->metadata.size + 2 > SAFETENSORS_METADATA_MAX) {
        sy_fail(err, SY_ERR_LIMIT,
                "a header of %lld bytes, %lld of them metadata, is beyond the limits of %lld and %lld",
                (long long)padded, (long long)writer->metadata.size, (long long)SAFETENSORS_HEADER_MAX,
                (long long)SAFETENSORS_METADATA_MAX);
        return sy_error_in(err, writer->path);
    }
    unsigned char prefix[8];
    for (int i = 0; i < 8; i++) prefix[i] = (unsigned char)(padded >> 8 * i);
    writer->started = true;
    writer->data_begin = padded + (int64_t)sizeof prefix;
    return os_writer_write(writer->file, prefix, sizeof prefix, err) && piece_write(writer, open, err) &&
           piece_write(writer, metadata, err) && piece_write(writer, close, err) &&
           piece_write(writer, tensors, err) && piece_write(writer, "}", err) &&
           piece_write(writer, spaces + 7 - (padded - size), err);
}

bool safetensors_write(struct safetensors_writer *writer, const void *bytes, int64_t size,
                       struct sy_error *err) {
    if (writer->in_place || size < 0 || size > writer->declared - writer->given) {
        sy_fail(err, SY_ERR_INTERNAL, "%lld bytes of data at %lld, but only %lld are declared",
                (long long)size, (long long)writer->given, (long long)writer->declared);
        return sy_error_in(err, writer->path);
    }
    if (!writer->started && !header_write(writer, err)) return false;
    if (size > 0 && !os_writer_write(writer->file, bytes, size, err)) return false;
    writer->given += size;
    return true;
}

bool safetensors_write_at(struct safetensors_writer *writer, int64_t tensor, int64_t offset,
                          const void *bytes, int64_t size, struct sy_error *err) {
    bool known = tensor >= 0 && tensor < writer->tensor_count && (writer->in_place || writer->given == 0);
    int64_t begin = known && tensor > 0 ? writer->ends[tensor - 1] : 0;
    if (!known || offset < 0 || size < 0 || offset > writer->ends[tensor] - begin - size) {
        sy_fail(err, SY_ERR_INTERNAL, "%lld bytes at %lld of tensor number %lld of %lld", (long long)size,
                (long long)offset, (long long)tensor, (long long)writer->tensor_count);
        return sy_error_in(err, writer->path);
    }
    if (!writer->in_place) {
        if (!writer->started && !header_write(writer, err)) return false;
        if (!os_writer_reserve(writer->file, writer->declared, err)) return false;
        writer->in_place = true;
    }
    writer->given += size;
    return os_writer_patch(writer->file, writer->data_begin + begin + offset, bytes, size, err);
}

bool safetensors_writer_commit(struct safetensors_writer *writer, struct sy_error *err) {
    bool good = writer->started || header_write(writer, err);
    if (good && writer->given != writer->declared) {
        sy_fail(err, SY_ERR_INTERNAL, "%lld bytes of data were given, but %lld are declared",
                (long long)writer->given, (long long)writer->declared);
        good = sy_error_in(err, writer->path);
    }
    if (!good) {
        safetensors_writer_abandon(writer);
        return false;
    }
    good = os_writer_commit(writer->file, err); /* frees the file, whatever comes of it */
    writer_free(writer);
    return good;
}
