/*
 * The index of a checkpoint in shards, and whether the shards agree with it.
 *
 *     { "metadata": { "total_size": ... },                        for information: not relied on
 *       "weight_map": { "model.norm.weight": "model-00002-of-00002.safetensors", ... } }
 *
 * Shards lie beside the index: a name with a slash in it, or one that does not end in .safetensors, is
 * refused. Each shard must hold exactly the tensors that the index places in it.
 */
#include "formats/safetensors_parts.h"

#include "base/json.h"
#include "formats/json_walk.h"

#include <stdlib.h>
#include <string.h>

#define SHARD_SUFFIX   ".safetensors"
#define SHARD_NAME_MAX 255
#define REMEDY_AGREE   "index and shards are not of one checkpoint: fetch all of them again"

enum { DEPTH_MAX = 8, OTHER_BYTES_MAX = 1 << 20 }; /* of what is not the weight_map */

/* ---- reading ---- */

static json_t *parse_string(const char *text, int64_t bytes, struct sy_error *err) {
    struct sy_error inner = { .code = SY_OK };
    json_t *value = json_parse(text, bytes, (struct json_limits){ SAFETENSORS_ENTRY_MAX, 1 }, &inner);
    if (!value) sy_fail(err, inner.code, "%s", inner.message);
    return value;
}

static bool shard_name_check(const char *name, struct sy_error *err) {
    size_t length = strlen(name), suffix = strlen(SHARD_SUFFIX);
    if (strchr(name, '/')) {
        return sy_fail(err, SY_ERR_FORMAT,
                       "its shard \"%.80s\" is a path, where a file beside the index is wanted", name);
    }
    bool ends = length > suffix && strcmp(name + length - suffix, SHARD_SUFFIX) == 0;
    if (!ends || length > SHARD_NAME_MAX || name[0] == '.') {
        return sy_fail(err, SY_ERR_FORMAT, "its shard \"%.80s\" is no name of a " SHARD_SUFFIX " file", name);
    }
    return safetensors_name_check(name, err) ? true
                                             : sy_fail(err, SY_ERR_FORMAT, "its shard's name is unprintable");
}

/* The shard of this name, added in its place when it is new. */
static struct index_shard *shard_take(struct shard_index *index, const char *name, struct arena *arena,
                                      struct sy_error *err) {
    int low = 0, high = index->shard_count;
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(index->shards[middle]->name, name);
        if (order == 0) return index->shards[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (index->shard_count == SAFETENSORS_SHARDS_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "the index names more than %d shards, the limit", SAFETENSORS_SHARDS_MAX);
        return NULL;
    }
    struct index_shard *shard = arena_new(arena, struct index_shard, 1, err);
    if (!shard) return NULL;
    shard->name = arena_string(arena, name, strlen(name), err);
    if (!shard->name) return NULL;
    memmove(index->shards + low + 1, index->shards + low,
            (size_t)(index->shard_count - low) * sizeof *index->shards);
    index->shards[low] = shard;
    index->shard_count++;
    return shard;
}

static bool entry_place(struct shard_index *index, struct index_entry *entry, const struct json_walk *walk,
                        struct arena *arena, struct sy_error *err) {
    json_t *value = parse_string(walk->value, walk->value_bytes, err);
    const char *shard = json_string_value(value);
    if (value && !shard) sy_fail(err, SY_ERR_FORMAT, "its shard is no string");
    entry->shard = shard && shard_name_check(shard, err) ? shard_take(index, shard, arena, err) : NULL;
    json_decref(value);
    return entry->shard || sy_error_at(err, "tensor \"%s\"", entry->name);
}

static bool entry_read(struct shard_index *index, struct index_entry *entry, const struct json_walk *walk,
                       struct arena *arena, struct sy_error *err) {
    json_t *key = parse_string(walk->key, walk->key_bytes, err);
    const char *name = json_string_value(key);
    entry->name =
        name && safetensors_name_check(name, err) ? arena_string(arena, name, strlen(name), err) : NULL;
    json_decref(key);
    return entry->name && entry_place(index, entry, walk, arena, err);
}

/* How many members an object has, so that their table can be taken at once. */
static bool members_count(const char *text, int64_t size, int64_t base, int64_t *count,
                          struct sy_error *err) {
    struct json_walk walk;
    bool more = true;
    if (!json_walk_open(&walk, text, size, base, err)) return false;
    for (*count = -1; more; ++*count) {
        if (!json_walk_next(&walk, base, &more, err)) return false;
    }
    return true;
}

static int by_name(const void *left, const void *right) {
    const struct index_entry *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static bool weight_map_read(struct shard_index *index, const char *text, int64_t size, int64_t base,
                            struct arena *arena, struct sy_error *err) {
    struct json_walk walk;
    int64_t count;
    bool more = true;
    if (!members_count(text, size, base, &count, err)) return false;
    if (count > SAFETENSORS_TENSORS_MAX) {
        return sy_fail(err, SY_ERR_LIMIT, "the index lists %lld tensors, the limit is %lld", (long long)count,
                       (long long)SAFETENSORS_TENSORS_MAX);
    }
    index->entries = arena_new(arena, struct index_entry, count, err);
    index->shards = arena_new(arena, struct index_shard *, SAFETENSORS_SHARDS_MAX, err);
    if (!index->entries || !index->shards) return false;

    if (!json_walk_open(&walk, text, size, base, err)) return false;
    for (index->count = 0;; index->count++) {
        if (!json_walk_next(&walk, base, &more, err)) return false;
        if (!more) break;
        if (!entry_read(index, &index->entries[index->count], &walk, arena, err)) {
            return sy_error_at(err, "byte %lld", (long long)(base + (walk.key - text)));
        }
    }
    if (count > 1) qsort(index->entries, (size_t)count, sizeof *index->entries, by_name);
    for (int64_t i = 1; i < count; i++) {
        if (by_name(&index->entries[i - 1], &index->entries[i]) != 0) continue;
        sy_fail(err, SY_ERR_FORMAT, "it stands twice in the weight_map");
        return sy_error_at(err, "tensor \"%s\"", index->entries[i].name);
    }
    return true;
}

static bool key_is(const struct json_walk *walk, const char *name, bool *is, struct sy_error *err) {
    json_t *key = parse_string(walk->key, walk->key_bytes, err);
    if (!key) return false;
    *is = json_is_string(key) && strcmp(json_string_value(key), name) == 0;
    json_decref(key);
    return true;
}

/* What else the index may hold must only be valid. */
static bool other_check(const struct json_walk *walk, struct sy_error *err) {
    struct json_limits limits = { OTHER_BYTES_MAX, DEPTH_MAX };
    json_t *value = json_parse(walk->value, walk->value_bytes, limits, err);
    json_decref(value);
    return value != NULL;
}

static bool index_members(struct shard_index *index, const char *text, int64_t size, struct arena *arena,
                          struct sy_error *err) {
    struct json_walk walk;
    bool found = false, more;
    if (!json_walk_open(&walk, text, size, 0, err)) return false;
    for (;;) {
        bool is_map = false;
        if (!json_walk_next(&walk, 0, &more, err)) return false;
        if (!more) break;
        if (!key_is(&walk, "weight_map", &is_map, err))
            return sy_error_at(err, "byte %lld", (long long)(walk.key - text));
        if (!is_map) {
            if (!other_check(&walk, err)) return false;
            continue;
        }
        if (found) return sy_fail(err, SY_ERR_FORMAT, "weight_map stands twice in the index");
        found = true;
        if (!weight_map_read(index, walk.value, walk.value_bytes, walk.value - text, arena, err))
            return false;
    }
    if (found) return true;
    sy_fail(err, SY_ERR_FORMAT, "there is no weight_map: this is no index of shards");
    return sy_error_remedy(err, "give the checkpoint's folder, or its .safetensors.index.json");
}

bool shard_index_read(const char *text, int64_t size, const char *file, struct arena *arena,
                      struct shard_index *index, struct sy_error *err) {
    *index = (struct shard_index){ .count = 0 };
    if (size > SAFETENSORS_INDEX_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "the index has %lld bytes, the limit is %lld", (long long)size,
                (long long)SAFETENSORS_INDEX_MAX);
    } else if (index_members(index, text, size, arena, err)) {
        return true;
    }
    sy_error_in(err, file);
    return sy_error_remedy(err, "the index is damaged: fetch it again");
}

/* ---- agreement ---- */

static bool disagree(const char *file, const char *name, struct sy_error *err) {
    sy_error_in(err, file);
    sy_error_at(err, "tensor \"%s\"", name);
    return sy_error_remedy(err, REMEDY_AGREE);
}

bool shard_index_check(const struct shard_index *index, const struct tensor *tensors, int64_t count,
                       struct sy_error *err) {
    int64_t i = 0, j = 0;
    while (i < index->count || j < count) {
        const struct index_entry *entry = &index->entries[i];
        const struct tensor *tensor = &tensors[j];
        int order = i == index->count ? 1 : j == count ? -1 : strcmp(entry->name, tensor->name);
        if (order < 0) {
            sy_fail(err, SY_ERR_FORMAT, "the index places it in this shard, which does not hold it");
            return disagree(entry->shard->path, entry->name, err);
        }
        if (order > 0) {
            sy_fail(err, SY_ERR_FORMAT, "this shard holds it, but the index does not list it");
            return disagree(tensor->file, tensor->name, err);
        }
        if (tensor->file != entry->shard->path) {
            sy_fail(err, SY_ERR_FORMAT, "this shard holds it, but the index places it in \"%s\"",
                    entry->shard->name);
            return disagree(tensor->file, tensor->name, err);
        }
        i++;
        j++;
    }
    return true;
}
