#include "api/model_names.h"

#include "base/os.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMES_MAX  4096 /* entries of a folder that are looked at */
#define PATH_BYTES 4096

/* ---- a folder's entries ---- */

struct entries {
    char **names;
    int64_t count;
    bool failed;
};

static bool take_entry(void *argument, const char *name) {
    struct entries *e = argument;
    if (name[0] == '.' || e->count == NAMES_MAX) return true;
    e->names[e->count] = strdup(name);
    e->failed |= !e->names[e->count];
    e->count += e->names[e->count] != NULL;
    return true;
}

static void entries_free(struct entries *e) {
    for (int64_t i = 0; i < e->count; i++) free(e->names[i]);
    free(e->names);
}

static bool entries_read(const char *folder, struct entries *e, struct sy_error *err) {
    *e = (struct entries){ .names = calloc(NAMES_MAX, sizeof *e->names) };
    bool done = e->names && os_list_folder(folder, take_entry, e, err) && !e->failed;
    if (done) return true;
    if (!e->names || e->failed) sy_fail(err, SY_ERR_MEMORY, "no memory for the names of models");
    entries_free(e);
    return false;
}

/* ---- what a name says ---- */

static bool ends_with(const char *name, const char *end) {
    size_t length = strlen(name), size = strlen(end);
    return length > size && strcasecmp(name + length - size, end) == 0;
}

/* "-00002-of-00003" at the end of name[0, length): the number, else 0. */
static int part_number(const char *name, size_t length) {
    const size_t size = strlen("-00001-of-00003");
    const char *at = name + length - size;
    if (length <= size || at[0] != '-' || memcmp(at + 6, "-of-", 4) != 0) return 0;
    for (size_t i = 1; i < size; i++)
        if ((i < 6 || i > 9) && !isdigit((unsigned char)at[i])) return 0;
    return atoi(at + 1);
}

/* Whether a folder holds a model, and how large its files of weights are. */
static bool holds_model(const char *folder, int64_t *bytes) {
    struct entries e;
    bool found = false;
    *bytes = 0;
    if (!entries_read(folder, &e, NULL)) return false;
    for (int64_t i = 0; i < e.count; i++) {
        char path[PATH_BYTES];
        bool weights = ends_with(e.names[i], ".safetensors") || ends_with(e.names[i], ".gguf");
        found |= weights || strcmp(e.names[i], "config.json") == 0;
        if (weights && snprintf(path, sizeof path, "%s/%s", folder, e.names[i]) < PATH_BYTES)
            *bytes += os_file_bytes(path);
    }
    entries_free(&e);
    return found;
}

/* ---- the list ---- */

static bool add(struct model_names *names, const char *name, size_t length, const char *file, int64_t bytes,
                struct sy_error *err) {
    for (int64_t i = 0; i < names->count; i++) /* a part of one that is there */
        if (strcmp(names->list[i].file, file) == 0) return names->list[i].bytes += bytes, true;
    if (names->count == names->room) {
        int64_t room = names->room ? 2 * names->room : 32;
        struct model_name *list = realloc(names->list, (size_t)room * sizeof *list);
        if (!list) return sy_fail(err, SY_ERR_MEMORY, "no memory for the names of models");
        names->list = list;
        names->room = room;
    }
    struct model_name one = { strndup(name, length), strdup(file), bytes };
    names->list[names->count++] = one;
    return (one.name && one.file) || sy_fail(err, SY_ERR_MEMORY, "no memory for the names of models");
}

/* A GGUF file, or a part of one: the first part stands for all. */
static bool add_gguf(struct model_names *names, const char *folder, const char *file, struct sy_error *err) {
    char path[PATH_BYTES], first[PATH_BYTES];
    size_t length = strlen(file) - strlen(".gguf");
    int part = part_number(file, length);
    if (snprintf(path, sizeof path, "%s/%s", folder, file) >= PATH_BYTES) return true;
    snprintf(first, sizeof first, "%s", file);
    if (part > 0) {
        length -= strlen("-00001-of-00003");
        memcpy(first + length, "-00001", 6);
    }
    return add(names, file, length, first, os_file_bytes(path), err);
}

static bool add_folder(struct model_names *names, const char *home, const char *name, bool deeper,
                       struct sy_error *err) {
    char path[PATH_BYTES], inner[PATH_BYTES];
    int64_t bytes;
    struct entries e;
    bool done = true;
    if (snprintf(path, sizeof path, "%s/%s", home, name) >= PATH_BYTES || !os_is_folder(path)) return true;
    if (holds_model(path, &bytes)) return add(names, name, strlen(name), name, bytes, err);
    if (!deeper || !entries_read(path, &e, NULL)) return true;
    for (int64_t i = 0; i < e.count && done; i++)
        if (snprintf(inner, sizeof inner, "%s/%s", name, e.names[i]) < PATH_BYTES)
            done = add_folder(names, home, inner, false, err);
    entries_free(&e);
    return done;
}

static int by_name(const void *left, const void *right) {
    const struct model_name *a = left, *b = right;
    int order = strcasecmp(a->name, b->name);
    if (order == 0) order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->file, b->file);
}

bool model_names_list(const char *folder, struct model_names *names, struct sy_error *err) {
    struct entries e;
    bool done = true;
    *names = (struct model_names){ 0 };
    if (!os_is_folder(folder)) return true;
    if (!entries_read(folder, &e, err)) return false;
    for (int64_t i = 0; i < e.count && done; i++)
        done = ends_with(e.names[i], ".gguf") ? add_gguf(names, folder, e.names[i], err)
                                              : add_folder(names, folder, e.names[i], true, err);
    entries_free(&e);
    if (!done) {
        model_names_free(names);
        return false;
    }
    if (names->count > 0) qsort(names->list, (size_t)names->count, sizeof *names->list, by_name);
    return true;
}

void model_names_free(struct model_names *names) {
    for (int64_t i = 0; i < names->count; i++) {
        free(names->list[i].name);
        free(names->list[i].file);
    }
    free(names->list);
    *names = (struct model_names){ 0 };
}

/* ---- finding ---- */

/* How many have this name; the last of them in *last. Capitals count, or do not. */
static int matches(const struct model_names *names, const char *word, bool exact,
                   const struct model_name **last) {
    int count = 0;
    for (int64_t i = 0; i < names->count; i++) {
        const char *name = names->list[i].name;
        if ((exact ? strcmp(name, word) : strcasecmp(name, word)) != 0) continue;
        *last = &names->list[i];
        count++;
    }
    return count;
}

static bool several(const struct model_names *names, const char *folder, const char *word,
                    struct sy_error *err) {
    char files[150] = "";
    for (int64_t i = 0; i < names->count; i++) {
        size_t used = strlen(files);
        if (strcasecmp(names->list[i].name, word) != 0) continue;
        snprintf(files + used, sizeof files - used, "%s%s", used ? ", " : "", names->list[i].file);
    }
    sy_fail(err, SY_ERR_INPUT, "several models there are called '%.80s'", word);
    sy_error_in(err, folder);
    return sy_error_remedy(err, "name one of %s", files);
}

bool model_names_find(const char *folder, const char *word, char *path, size_t size, bool *found,
                      struct sy_error *err) {
    struct model_names names;
    const struct model_name *one = NULL;
    *found = false;
    if (!model_names_list(folder, &names, err)) return false;
    int count = matches(&names, word, true, &one);
    if (count == 0) count = matches(&names, word, false, &one);
    bool done = count <= 1 || several(&names, folder, word, err);
    if (count == 1) {
        int length = snprintf(path, size, "%s/%s", folder, one->file);
        *found = length > 0 && (size_t)length < size;
    }
    model_names_free(&names);
    return done;
}
