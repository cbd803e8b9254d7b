/*
 * Writing a folder: weights in one file or in shards, one after the other as they stream; side files;
 * config.json at the end.
 */
#include "commands/convert/convert.h"

#include "commands/shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writing {
    const struct convert_folder *folder;
    struct shards shards;
    const char **names;                /* [count] */
    struct safetensors_writer *writer; /* of the shard at hand; NULL: none */
    int64_t tensor, left;              /* the tensor whose bytes come next, and how many of it */
};

static enum dtype file_dtype(const struct convert_tensor *t) {
    return t->dtype == DTYPE_F4_E2M1 ? DTYPE_U8 : t->dtype;
}

static bool open_shard(struct writing *w, struct sy_error *err) {
    char path[4200];
    int shard = w->shards.of[w->tensor];
    shards_path(&w->shards, shard, path, sizeof path);
    if (!safetensors_writer_open(path, false, &w->writer, err)) return false;
    bool done = safetensors_metadata(w->writer, "format", "pt", err); /* transformers asks for it */
    for (int64_t i = 0; done && i < w->folder->count; i++) {
        const struct convert_tensor *t = &w->folder->tensors[i];
        if (w->shards.of[i] != shard) continue;
        done = safetensors_declare(w->writer, t->plan.name, file_dtype(t), t->plan.rank, t->plan.shape, err);
    }
    return done;
}

static bool close_shard(struct writing *w, struct sy_error *err) {
    struct safetensors_writer *writer = w->writer;
    w->writer = NULL;
    if (!writer) return true;
    shards_replace(&w->shards);
    return safetensors_writer_commit(writer, err);
}

/* Empty tensors have no bytes to wait for. */
static void next_with_bytes(struct writing *w) {
    const struct convert_folder *f = w->folder;
    while (w->tensor < f->count && f->tensors[w->tensor].bytes == 0) w->tensor++;
    w->left = w->tensor < f->count ? f->tensors[w->tensor].bytes : 0;
}

/* The next bytes, all of one tensor. */
static bool write_bytes(void *argument, const void *bytes, int64_t size, struct sy_error *err) {
    struct writing *w = argument;
    if (!w->writer && !open_shard(w, err)) return false;
    if (!safetensors_write(w->writer, bytes, size, err)) return false;
    w->left -= size;
    if (w->left > 0) return true;
    int shard = w->shards.of[w->tensor++];
    next_with_bytes(w);
    if (w->tensor < w->folder->count && w->shards.of[w->tensor] == shard) return true;
    return close_shard(w, err);
}

static bool write_weights(struct writing *w, struct convert_result *result, struct sy_error *err) {
    const struct convert_folder *f = w->folder;
    next_with_bytes(w);
    /* No type changes on the way: config.json names one for all, to which others would narrow again. */
    const struct convert_sink sink = { w, write_bytes, NULL };
    bool done = convert_stream(f->tensors, f->count, f->options->threads, &sink, result, err);
    safetensors_writer_abandon(w->writer); /* after a failure */
    return done && shards_finish(&w->shards, w->names, err);
}

bool convert_side_is_safe(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > 127 || name[0] == '.' || strcmp(name, "config.json") == 0) return false;
    if (strstr(name, ".safetensors")) return false;
    for (const char *c = name; *c; c++)
        if (*c == '/' || *c == '\\' || *c <= ' ' || *c > '~') return false;
    return true;
}

static bool cut(struct writing *w, struct convert_result *result, struct sy_error *err) {
    const struct convert_folder *f = w->folder;
    int64_t *bytes = calloc((size_t)f->count + 1, sizeof *bytes);
    w->names = calloc((size_t)f->count + 1, sizeof *w->names);
    bool done = bytes && w->names;
    if (!done) sy_fail(err, SY_ERR_MEMORY, "no memory for %lld tensors", (long long)f->count);
    for (int64_t i = 0; i < f->count && done; i++) {
        bytes[i] = f->tensors[i].bytes;
        w->names[i] = f->tensors[i].plan.name;
    }
    done = done && shards_open(&w->shards, f->options->out, bytes, f->count, f->options->shard_bytes, err);
    result->tensors = f->count;
    result->bytes = w->shards.total;
    result->files = w->shards.count;
    free(bytes);
    return done;
}

bool convert_write_folder(const struct convert_folder *folder, struct convert_result *result,
                          struct sy_error *err) {
    struct writing w = { .folder = folder };
    const char *out = folder->options->out;
    bool made;
    if (!shards_make_folder(out, folder->options->force, &made, err)) return false;
    bool done = cut(&w, result, err);
    done = done && write_weights(&w, result, err) && folder->sides(folder->argument, err) &&
           shards_write_text(out, "config.json", folder->config, folder->config_size, err);
    if (!done) shards_drop_folder(out, made);
    shards_close(&w.shards);
    free(w.names);
    return done;
}
