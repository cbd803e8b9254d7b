#include "commands/shards.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SINGLE "model.safetensors"
#define INDEX  SINGLE ".index.json"

void shards_path_of(const char *folder, const char *name, char *path, size_t size) {
    size_t length = strlen(folder);
    snprintf(path, size, "%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name);
}

static void shard_name(const struct shards *s, int shard, char *name, size_t size) {
    if (s->count == 1)
        snprintf(name, size, SINGLE);
    else
        snprintf(name, size, "model-%05d-of-%05d.safetensors", shard + 1, s->count);
}

void shards_path(const struct shards *s, int shard, char *path, size_t size) {
    char name[64];
    shard_name(s, shard, name, sizeof name);
    shards_path_of(s->folder, name, path, size);
}

bool shards_open(struct shards *s, const char *folder, const int64_t *bytes, int64_t tensors, int64_t limit,
                 struct sy_error *err) {
    int64_t filled = 0, room = limit > 0 ? limit : SHARD_BYTES;
    int shard = 0;
    *s = (struct shards){ .folder = folder, .tensors = tensors };
    s->of = calloc((size_t)tensors + 1, sizeof *s->of);
    if (!s->of) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld tensors", (long long)tensors);
    for (int64_t i = 0; i < tensors; i++) {
        if (!size_add(s->total, bytes[i], &s->total))
            return sy_fail(err, SY_ERR_LIMIT, "more than 2^63 bytes");
        if (filled > 0 && bytes[i] > room - filled) {
            shard++;
            filled = 0;
        }
        filled = min_i64(filled + min_i64(bytes[i], room), room);
        s->of[i] = shard;
    }
    s->count = shard + 1;
    return true;
}

void shards_close(struct shards *s) {
    free(s->of);
    *s = (struct shards){ .count = 0 };
}

/* ---- the folder ---- */

static bool not_empty(void *argument, const char *name) {
    (void)name;
    *(bool *)argument = false;
    return false;
}

/* Of what a killed run left, the large ones; the others' names are anybody's. */
static bool is_weights(const char *name) {
    return strncmp(name, "model", 5) == 0 && strstr(name, ".safetensors");
}

void shards_drop_folder(const char *folder, bool made) {
    if (made) rmdir(folder); /* never a file, nor a folder with something in it */
}

bool shards_make_folder(const char *folder, bool force, bool *made, struct sy_error *err) {
    bool there = os_is_folder(folder);
    *made = false;
    if (strlen(folder) > 4000) return sy_fail(err, SY_ERR_INPUT, "the path of the folder is too long");
    if (!os_make_folder(folder, err)) return false;
    *made = !there;
    os_remove_stale(folder, is_weights);
    if (force) return true;
    bool empty = true;
    if (!os_list_folder(folder, not_empty, &empty, err)) return false;
    if (empty) return true;
    sy_fail(err, SY_ERR_INPUT, "the folder is not empty");
    sy_error_remedy(err, "name another, or add --force to replace the checkpoint in it");
    return sy_error_in(err, folder);
}

/* ---- texts ---- */

bool shards_write_text(const char *folder, const char *name, const char *text, int64_t size,
                       struct sy_error *err) {
    char path[4200];
    struct os_writer *writer;
    shards_path_of(folder, name, path, sizeof path);
    if (!os_writer_open(path, false, &writer, err)) return false;
    if (os_writer_write(writer, text, size, err)) return os_writer_commit(writer, err);
    os_writer_abandon(writer);
    return false;
}

static bool write_index(const struct shards *s, const char *const *names, struct sy_error *err) {
    struct text text = { 0 };
    struct emit e = { .text = &text };
    emit_object(&e, NULL);
    emit_object(&e, "metadata");
    emit_int(&e, "total_size", s->total);
    emit_end(&e);
    emit_object(&e, "weight_map");
    for (int64_t i = 0; i < s->tensors; i++) {
        char name[64];
        shard_name(s, s->of[i], name, sizeof name);
        emit_string(&e, names[i], name);
    }
    emit_end(&e);
    emit_end(&e);
    bool done = text.failed ? sy_fail(err, SY_ERR_MEMORY, "no memory for the index")
                            : shards_write_text(s->folder, INDEX, text.data, (int64_t)text.size, err);
    text_free(&text);
    return done;
}

/* ---- what stood there before ---- */

void shards_replace(const struct shards *s) {
    char path[4200];
    shards_path_of(s->folder, "config.json", path, sizeof path);
    remove(path);
}

/* All shards of a set of `of` files. */
static void remove_set(const struct shards *s, int of) {
    char name[64], path[4200];
    for (int shard = 1; shard <= of; shard++) {
        snprintf(name, sizeof name, "model-%05d-of-%05d.safetensors", shard, of);
        shards_path_of(s->folder, name, path, sizeof path);
        if (!os_is_file(path)) return;
        remove(path);
    }
}

static void remove_stale(const struct shards *s) {
    char path[4200];
    shards_path_of(s->folder, s->count > 1 ? SINGLE : INDEX, path, sizeof path);
    bool there = os_is_file(path);
    remove(path);
    if (s->count > 1 || !there) return;
    for (int of = 2; of <= 999; of++) remove_set(s, of);
}

bool shards_finish(const struct shards *s, const char *const *names, struct sy_error *err) {
    remove_stale(s);
    return s->count == 1 || write_index(s, names, err);
}
