/*
 * Opening GGUF: one file or several, all their tensors in one table sorted by name.
 *
 *     path -> map -> magic, version, counts -> keys -> split? -> tensors -> the other files -> sorted, unique
 */
#include "formats/gguf.h"

#include "formats/gguf_cursor.h"
#include "formats/gguf_memory.h"
#include "formats/gguf_parts.h"
#include "formats/recognize.h"

#include <stdlib.h>
#include <string.h>

/* What opening needs until it is done. */
struct gguf_opening {
    const struct memory_file *files; /* NULL: the disc */
    int file_count;
    struct checkpoint *checkpoint;
    struct gguf *gguf;
    struct gguf_entries entries;
    struct arena scratch; /* keys of further files */
};

/* ---- one file ---- */

static bool is_magic(const unsigned char *bytes, int64_t size) {
    return size >= 4 && memcmp(bytes, GGUF_MAGIC, 4) == 0;
}

static bool version_read(struct gguf_cursor *cursor, int *version, struct sy_error *err) {
    uint32_t number = 0;
    if (!is_magic(cursor->bytes, cursor->size)) {
        sy_fail(err, SY_ERR_FORMAT, "it does not begin with \"" GGUF_MAGIC "\"");
        sy_error_remedy(err, "give a .gguf file");
        return sy_error_at(err, "byte 0");
    }
    cursor->at = 4;
    if (!gguf_take_u32(cursor, &number, err)) return sy_error_at(err, "byte 4");
    *version = (int)(number & 0xff);
    if (number == 2 || number == 3) return true;
    uint32_t swapped = __builtin_bswap32(number);
    if (number == 1)
        sy_fail(err, SY_ERR_FORMAT, "it is of version 1, which is not read; 2 and 3 are");
    else if (swapped >= 1 && swapped <= 3)
        sy_fail(err, SY_ERR_FORMAT, "it is big-endian (version %u byte-swapped), which is not read", swapped);
    else
        sy_fail(err, SY_ERR_FORMAT, "it is of version %u, which is not known; 2 and 3 are read", number);
    sy_error_remedy(err, number == 1 || (swapped >= 1 && swapped <= 3)
                             ? "convert the model anew with today's tools"
                             : "fetch it again, or use a newer version of this program");
    return sy_error_at(err, "byte 4");
}

/* All that stands before the tensors. */
static bool head_read(struct gguf_cursor *cursor, struct arena *arena, struct gguf *gguf,
                      uint64_t *tensor_count, struct sy_error *err) {
    uint64_t key_count = 0;
    if (!version_read(cursor, &gguf->version, err)) return false;
    if (!gguf_take_u64(cursor, tensor_count, err)) return sy_error_at(err, "byte 8");
    if (!gguf_take_u64(cursor, &key_count, err)) return sy_error_at(err, "byte 16");
    return gguf_keys_read(cursor, key_count, arena, gguf, err) || sy_error_at(err, "byte 16");
}

/* Adds one file's map and keys; the cursor then stands before its tensors. */
static bool file_open(struct gguf_opening *opening, const char *path, struct arena *arena, struct gguf *gguf,
                      struct gguf_cursor *cursor, uint64_t *tensor_count, struct sy_error *err) {
    struct checkpoint *checkpoint = opening->checkpoint;
    struct os_map *map = &checkpoint->maps[checkpoint->shard_count];
    if (!memory_file_map(opening->files, opening->file_count, path, map, err)) return false;
    checkpoint->shard_count++;
    *cursor = (struct gguf_cursor){ map->data, map->size, 0 };
    return recognize_content(map->data, map->size, path, err) &&
           head_read(cursor, arena, gguf, tensor_count, err);
}

static bool file_tensors(struct gguf_opening *opening, const char *path, struct gguf_cursor *cursor,
                         uint64_t tensor_count, int64_t alignment, struct sy_error *err) {
    return gguf_tensors_read(cursor, tensor_count, alignment, path, &opening->checkpoint->arena,
                             &opening->entries, err) ||
           sy_error_at(err, "byte 8"); /* where the count stands */
}

/* ---- further files ---- */

static bool part_read(struct gguf_opening *opening, const struct gguf_split *split, int64_t no,
                      const char *path, struct sy_error *err) {
    struct gguf gguf = { .version = 0 };
    struct gguf_cursor cursor;
    uint64_t count = 0;
    arena_reset(&opening->scratch);
    return file_open(opening, path, &opening->scratch, &gguf, &cursor, &count, err) &&
           gguf_split_agrees(split, no, &gguf, err) &&
           file_tensors(opening, path, &cursor, count, gguf.alignment, err);
}

static bool parts_read(struct gguf_opening *opening, const struct gguf_split *split, const char *first,
                       struct sy_error *err) {
    struct checkpoint *checkpoint = opening->checkpoint;
    struct os_map *maps = arena_new(&checkpoint->arena, struct os_map, split->count, err);
    if (!maps) return false;
    maps[0] = checkpoint->maps[0];
    checkpoint->maps = maps;
    for (int64_t no = 1; no < split->count; no++) {
        const char *path = gguf_split_path(first, no, split->count, &checkpoint->arena, err);
        if (!path) return false;
        if (part_read(opening, split, no, path, err)) continue;
        if (err && err->code == SY_ERR_IO) {
            recognize_unreadable(path, err);
            sy_error_remedy(err, "the model goes on in this file: fetch it too");
        }
        if (err && err->code == SY_ERR_FORMAT) sy_error_remedy(err, GGUF_REMEDY_DAMAGED);
        return sy_error_in(err, path);
    }
    if (opening->entries.count == split->tensors) return true;
    sy_fail(err, SY_ERR_FORMAT, "the %lld files have %lld tensors, where %lld are announced",
            (long long)split->count, (long long)opening->entries.count, (long long)split->tensors);
    return sy_error_at(err, "key \"split.tensors.count\"");
}

/* ---- the table ---- */

static int by_name(const void *left, const void *right) {
    const struct gguf_entry *a = left, *b = right;
    return strcmp(a->tensor.name, b->tensor.name);
}

static bool table_finish(struct gguf_opening *opening, struct sy_error *err) {
    struct checkpoint *checkpoint = opening->checkpoint;
    struct gguf_entry *items = opening->entries.items;
    int64_t count = opening->entries.count;
    if (count > 1) qsort(items, (size_t)count, sizeof *items, by_name);
    for (int64_t i = 1; i < count; i++) {
        if (by_name(&items[i - 1], &items[i]) != 0) continue;
        if (items[i - 1].tensor.file == items[i].tensor.file)
            sy_fail(err, SY_ERR_FORMAT, "it stands twice in the file");
        else
            sy_fail(err, SY_ERR_FORMAT, "it is also in \"%s\"", items[i - 1].tensor.file);
        sy_error_in(err, items[i].tensor.file);
        return sy_error_at(err, "tensor \"%s\"", items[i].tensor.name);
    }
    checkpoint->tensors = arena_new(&checkpoint->arena, struct tensor, count, err);
    opening->gguf->types = arena_new(&checkpoint->arena, uint32_t, count, err);
    if (!checkpoint->tensors || !opening->gguf->types) return false;
    for (int64_t i = 0; i < count; i++) {
        checkpoint->tensors[i] = items[i].tensor;
        opening->gguf->types[i] = items[i].type;
    }
    checkpoint->count = count;
    return true;
}

/* ---- the public calls ---- */

static bool path_open(struct gguf_opening *opening, const char *path, struct sy_error *err) {
    struct arena *arena = &opening->checkpoint->arena;
    const char *file = arena_string(arena, path, strlen(path), err);
    struct gguf_cursor cursor;
    struct gguf_split split;
    uint64_t count = 0;
    if (!file) return false;
    opening->checkpoint->maps = arena_new(arena, struct os_map, 1, err);
    return opening->checkpoint->maps &&
           file_open(opening, file, arena, opening->gguf, &cursor, &count, err) &&
           gguf_split_read(opening->gguf, &split, err) &&
           (split.count == 1 || gguf_split_first(&split, file, err)) &&
           file_tensors(opening, file, &cursor, count, opening->gguf->alignment, err) &&
           (split.count == 1 || parts_read(opening, &split, file, err)) && table_finish(opening, err);
}

static bool open_with(struct gguf_opening *opening, const char *path, struct sy_error *err) {
    *opening->checkpoint = (struct checkpoint){ .count = 0 };
    *opening->gguf = (struct gguf){ .version = 0 };
    arena_open(&opening->checkpoint->arena);
    arena_open(&opening->scratch);
    bool good = path_open(opening, path, err);
    arena_close(&opening->scratch);
    free(opening->entries.items);
    if (opening->files) opening->checkpoint->shard_count = 0; /* nothing of ours to unmap */
    if (good) return true;
    checkpoint_close(opening->checkpoint);
    *opening->gguf = (struct gguf){ .version = 0 };
    if (err && err->code == SY_ERR_IO) {
        recognize_unreadable(path, err);
        sy_error_remedy(err, "give a .gguf file");
    }
    if (err && err->code == SY_ERR_MEMORY) sy_error_remedy(err, "free some memory and run again");
    sy_error_remedy(err, err && err->code == SY_ERR_LIMIT ? GGUF_REMEDY_LIMIT : GGUF_REMEDY_DAMAGED);
    return sy_error_in(err, path);
}

bool gguf_open(const char *path, struct checkpoint *checkpoint, struct gguf *gguf, struct sy_error *err) {
    return open_with(&(struct gguf_opening){ .checkpoint = checkpoint, .gguf = gguf }, path, err);
}

bool gguf_open_memory(const struct memory_file *files, int count, struct checkpoint *checkpoint,
                      struct gguf *gguf, struct sy_error *err) {
    struct gguf_opening opening = {
        .files = files, .file_count = count, .checkpoint = checkpoint, .gguf = gguf
    };
    return open_with(&opening, files[0].name, err);
}

bool gguf_is_file(const char *path) {
    struct os_map map;
    if (!os_map_open(path, &map, NULL)) return false;
    bool is = is_magic(map.data, map.size);
    os_map_close(&map);
    return is;
}
