/*
 * Opening a checkpoint: which files belong to it, all their tensors in one table sorted by name.
 *
 *     path -> folder? -> file or index -> shards -> maps -> headers checked -> tensors
 *          -> sorted, unique, as the index says
 */
#include "formats/safetensors.h"

#include "formats/recognize.h"
#include "formats/safetensors_memory.h"
#include "formats/safetensors_parts.h"

#include <stdlib.h>
#include <string.h>

/* What opening needs until it is done. */
struct checkpoint_opening {
    const struct memory_file *files; /* NULL: the disc */
    int file_count;
    struct checkpoint *checkpoint;
    struct tensor_list list;
    struct arena scratch; /* the index */
};

/* ---- files ---- */

bool memory_file_map(const struct memory_file *files, int count, const char *path, struct os_map *map,
                     struct sy_error *err) {
    if (!files) return os_map_open(path, map, err);
    for (int i = 0; i < count; i++) {
        if (strcmp(files[i].name, path) != 0) continue;
        *map = (struct os_map){ files[i].bytes, files[i].size, -1 };
        return true;
    }
    return sy_fail(err, SY_ERR_IO, "there is no such file"), sy_error_in(err, path);
}

static void file_unmap(const struct checkpoint_opening *opening, struct os_map *map) {
    if (!opening->files) os_map_close(map);
}

/* Adds one file's map and tensors; `path` is kept. */
static bool file_read(struct checkpoint_opening *opening, const char *path, struct sy_error *err) {
    struct checkpoint *checkpoint = opening->checkpoint;
    struct os_map map;
    if (!memory_file_map(opening->files, opening->file_count, path, &map, err)) return false;
    checkpoint->maps[checkpoint->shard_count++] = map;
    return recognize_content(map.data, map.size, path, err) &&
           safetensors_header_read(map.data, map.size, path, &checkpoint->arena, &opening->list, err);
}

/* ---- the table ---- */

static int by_name(const void *left, const void *right) {
    const struct tensor *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static bool table_finish(struct checkpoint_opening *opening, struct sy_error *err) {
    struct tensor *items = opening->list.items;
    int64_t count = opening->list.count;
    if (count > 1) qsort(items, (size_t)count, sizeof *items, by_name);
    for (int64_t i = 1; i < count; i++) {
        if (by_name(&items[i - 1], &items[i]) != 0) continue;
        if (items[i - 1].file == items[i].file)
            sy_fail(err, SY_ERR_FORMAT, "it stands twice in the header");
        else
            sy_fail(err, SY_ERR_FORMAT, "it is also in \"%s\"", items[i - 1].file);
        sy_error_in(err, items[i].file);
        sy_error_at(err, "tensor \"%s\"", items[i].name);
        return sy_error_remedy(err, "the file is damaged: fetch or write it again");
    }
    struct checkpoint *checkpoint = opening->checkpoint;
    checkpoint->tensors = arena_new(&checkpoint->arena, struct tensor, count, err);
    if (!checkpoint->tensors) return false;
    if (count > 0) memcpy(checkpoint->tensors, items, (size_t)count * sizeof *items);
    checkpoint->count = count;
    return true;
}

/* ---- one file, or an index ---- */

static bool maps_take(struct checkpoint_opening *opening, int count, struct sy_error *err) {
    opening->checkpoint->maps = arena_new(&opening->checkpoint->arena, struct os_map, count, err);
    return opening->checkpoint->maps != NULL;
}

static bool single_open(struct checkpoint_opening *opening, const char *path, struct sy_error *err) {
    return maps_take(opening, 1, err) && file_read(opening, path, err) && table_finish(opening, err);
}

static bool shards_open(struct checkpoint_opening *opening, const struct shard_index *index, const char *path,
                        struct sy_error *err) {
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    if (!maps_take(opening, index->shard_count, err)) return false;
    for (int i = 0; i < index->shard_count; i++) {
        struct index_shard *shard = index->shards[i];
        shard->path = arena_format(&opening->checkpoint->arena, err, "%.*s%s", folder, path, shard->name);
        if (!shard->path) return false;
        if (!file_read(opening, shard->path, err)) {
            if (err && err->code == SY_ERR_IO) {
                recognize_unreadable(shard->path, err);
                sy_error_remedy(err, "the index names this shard: fetch it too");
            }
            return false;
        }
    }
    return table_finish(opening, err) &&
           shard_index_check(index, opening->checkpoint->tensors, opening->checkpoint->count, err);
}

static bool index_open(struct checkpoint_opening *opening, const char *path, struct sy_error *err) {
    struct os_map map;
    struct shard_index index;
    if (!memory_file_map(opening->files, opening->file_count, path, &map, err)) return false;
    bool good = recognize_content(map.data, map.size, path, err) &&
                shard_index_read((const char *)map.data, map.size, path, &opening->scratch, &index, err);
    file_unmap(opening, &map);
    return good && shards_open(opening, &index, path, err);
}

/* ---- the public calls ---- */

static bool ends_with(const char *text, const char *suffix) {
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

static bool path_open(struct checkpoint_opening *opening, const char *path, struct sy_error *err) {
    struct checkpoint *checkpoint = opening->checkpoint;
    const char *file = arena_string(&checkpoint->arena, path, strlen(path), err);
    if (!file) return sy_error_in(err, path);
    if (!opening->files && os_is_folder(path) &&
        !safetensors_folder_find(path, &checkpoint->arena, &file, err)) {
        return false;
    }
    if ((ends_with(file, ".json") ? index_open : single_open)(opening, file, err)) return true;
    if (err && err->code == SY_ERR_IO) {
        recognize_unreadable(file, err);
        sy_error_remedy(err, "give a checkpoint's folder, a .safetensors file, or an index of shards");
    }
    if (err && err->code == SY_ERR_MEMORY) sy_error_remedy(err, "free some memory and run again");
    return sy_error_in(err, file);
}

static bool open_with(struct checkpoint_opening *opening, const char *path, struct sy_error *err) {
    *opening->checkpoint = (struct checkpoint){ .count = 0 };
    arena_open(&opening->checkpoint->arena);
    arena_open(&opening->scratch);
    bool good = path_open(opening, path, err);
    arena_close(&opening->scratch);
    free(opening->list.items);
    if (opening->files) opening->checkpoint->shard_count = 0; /* nothing of ours to unmap */
    if (!good) checkpoint_close(opening->checkpoint);
    return good;
}

bool checkpoint_open(const char *path, struct checkpoint *checkpoint, struct sy_error *err) {
    return open_with(&(struct checkpoint_opening){ .checkpoint = checkpoint }, path, err);
}

bool checkpoint_open_memory(const struct memory_file *files, int count, struct checkpoint *checkpoint,
                            struct sy_error *err) {
    struct checkpoint_opening opening = { .files = files, .file_count = count, .checkpoint = checkpoint };
    return open_with(&opening, files[0].name, err);
}

void checkpoint_close(struct checkpoint *checkpoint) {
    for (int i = 0; i < checkpoint->shard_count; i++) os_map_close(&checkpoint->maps[i]);
    arena_close(&checkpoint->arena);
    *checkpoint = (struct checkpoint){ .count = 0 };
}

const struct tensor *checkpoint_find(const struct checkpoint *checkpoint, const char *name) {
    struct tensor wanted = { .name = name };
    if (checkpoint->count == 0) return NULL;
    return bsearch(&wanted, checkpoint->tensors, (size_t)checkpoint->count, sizeof wanted, by_name);
}
