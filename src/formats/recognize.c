/*
 * From a path to what is opened, or to the words that refuse it (recognize.h draws it).
 */
#include "base/os.h"
#include "formats/recognize_parts.h"

#include <stdio.h>
#include <string.h>

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* `name` beside the file. */
static void beside(const char *path, const char *name, char out[4096]) {
    const char *file = name_of(path);
    snprintf(out, 4096, "%.*s%.250s", (int)(file - path), path, name);
}

void recognize_unreadable(const char *path, struct sy_error *err) {
    if (os_is_there(path) && !os_may_read(path))
        sy_error_remedy(err, "its owner can give the right to read it: chmod +r");
}

static bool open_fails(const char *path, struct sy_error *err) {
    recognize_unreadable(path, err);
    return sy_error_remedy(err, "give a .gguf file, or a folder with config.json and .safetensors");
}

/* ---- files that stand for others ---- */

/* A later part of a GGUF model stands for the first. */
static void take_part(struct given *given) {
    char name[256], first[4096];
    int64_t no, count;
    snprintf(name, sizeof name, "%.255s", name_of(given->path));
    if (!recognize_split(name, ".gguf", &no, &count) || no == 1) return;
    memcpy(name + strlen(name) - strlen("00001-of-00003.gguf"), "00001", 5);
    beside(given->path, name, first);
    if (os_is_file(first)) {
        snprintf(given->path, sizeof given->path, "%s", first);
    } else {
        given->kind = GIVEN_PART;
        snprintf(given->detail, sizeof given->detail, "%.150s", name);
    }
}

/* A shard stands for the index beside it, which names it; other files of such a name are their own. */
static void take_shard(struct given *given) {
    char name[256], index[4096];
    int64_t no, count;
    snprintf(name, sizeof name, "%.255s", name_of(given->path));
    if (!recognize_split(name, ".safetensors", &no, &count) || count == 1) return;
    size_t stem = strlen(name) - strlen("-00001-of-00003.safetensors");
    snprintf(name + stem, sizeof name - stem, ".safetensors.index.json");
    beside(given->path, name, index);
    if (os_is_file(index))
        snprintf(given->path, sizeof given->path, "%s", index);
    else
        given->kind = GIVEN_SHARD;
}

/* config.json of a folder with weights stands for that folder. */
static bool take_config(struct given *given, struct sy_error *err) {
    char folder[4096];
    struct given whole = { .kind = GIVEN_OTHER };
    if (strcmp(name_of(given->path), "config.json") != 0) return true;
    beside(given->path, "", folder);
    size_t length = strlen(folder);
    if (length > 1) folder[length - 1] = 0;
    if (length == 0) snprintf(folder, sizeof folder, ".");
    if (!recognize_folder(folder, &whole, err)) return false;
    if (whole.kind != GIVEN_CHECKPOINT) return true;
    snprintf(given->path, sizeof given->path, "%s", folder);
    given->kind = GIVEN_CHECKPOINT;
    return true;
}

/* Does a downloader keep its notes beside the file? It takes them away when it has all. */
static bool is_arriving(const char *path) {
    static const char *const endings[] = { ".aria2", ".crdownload", ".st" };
    char notes[4200];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(notes, sizeof notes, "%.4090s%s", path, endings[i]);
        if (os_is_file(notes)) return true;
    }
    return false;
}

static bool take_file(enum given_want want, struct given *given, struct sy_error *err) {
    struct os_map map;
    if (!os_map_open(given->path, &map, err)) return open_fails(given->path, err);
    given->kind = recognize_bytes(map.data, map.size, name_of(given->path), given->detail);
    os_map_close(&map);
    if (is_arriving(given->path)) given->kind = GIVEN_UNFINISHED;
    if (given->kind == GIVEN_GGUF) take_part(given);
    if (given->kind == GIVEN_CHECKPOINT) take_shard(given);
    return given->kind != GIVEN_CONFIG || want == GIVEN_AS_CONFIG || take_config(given, err);
}

/* ---- the whole ---- */

static bool fits(const struct given *given, enum given_want want) {
    if (given->kind == GIVEN_CHECKPOINT || given->kind == GIVEN_GGUF) return true;
    if (want == GIVEN_AS_CONFIG)
        return given->kind == GIVEN_CONFIG || given->kind == GIVEN_JSON || given->config;
    if (want != GIVEN_AS_TOKENIZER) return false;
    if (given->folder)
        return given->kind < GIVEN_PART || given->kind == GIVEN_NO_FILES || given->kind == GIVEN_NO_MODEL;
    return given->kind == GIVEN_CONFIG || given->kind == GIVEN_TOKENIZER || given->kind == GIVEN_JSON ||
           given->kind == GIVEN_TEXT || given->kind == GIVEN_OTHER;
}

bool recognize(const char *path, enum given_want want, struct given *given, struct sy_error *err) {
    *given = (struct given){ .kind = GIVEN_NOTHING };
    if (strlen(path) >= sizeof given->path - 300) {
        sy_fail(err, SY_ERR_LIMIT, "the path is longer than %zu bytes", sizeof given->path - 300);
        sy_error_remedy(err, "give a shorter one");
        return sy_error_in(err, path);
    }
    snprintf(given->path, sizeof given->path, "%s", path);
    given->folder = os_is_folder(path);
    if (given->folder) {
        if (!recognize_folder(path, given, err)) return sy_error_in(err, path);
    } else if (os_is_there(path)) {
        if (!take_file(want, given, err)) return sy_error_in(err, path);
    } else {
        recognize_word(path, given);
    }
    return fits(given, want) || recognize_refuse(given, err);
}

/* ---- files that others open ---- */

static bool is_foreign(enum given_kind kind) {
    return kind >= GIVEN_EMPTY && kind <= GIVEN_MEDIA && kind != GIVEN_UNFINISHED;
}

bool recognize_content(const void *bytes, int64_t size, const char *path, struct sy_error *err) {
    struct given given = { .kind = GIVEN_OTHER };
    given.kind = recognize_bytes(bytes, size, name_of(path), given.detail);
    if (!is_foreign(given.kind)) return true;
    snprintf(given.path, sizeof given.path, "%.4000s", path);
    return recognize_refuse(&given, err) || sy_error_at(err, "byte 0");
}

void recognize_explain(const char *path, struct sy_error *err) {
    struct os_map map;
    struct sy_error better = { .code = SY_OK };
    if (!err || !os_map_open(path, &map, NULL)) return;
    if (!recognize_content(map.data, map.size, path, &better)) *err = better;
    os_map_close(&map);
}
