/*
 * What lies beside the weights of a checkpoint: the files of its folder that are none, and the names of its
 * tensors.
 */
#include "commands/convert/convert.h"

#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDES_MAX 256

/* ---- side files ---- */

struct sides {
    char names[SIDES_MAX][128];
    int count;
};

static bool ends(const char *name, const char *end) {
    size_t length = strlen(name), of = strlen(end);
    return length >= of && strcmp(name + length - of, end) == 0;
}

static bool is_side(const char *name) {
    static const char *const weights[] = { ".safetensors", ".safetensors.index.json",
                                           ".bin",         ".bin.index.json",
                                           ".gguf",        ".pt",
                                           ".pth",         ".h5",
                                           ".msgpack",     ".onnx",
                                           ".tmp" };
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        if (ends(name, weights[i])) return false;
    for (const char *c = name; *c; c++)
        if (*c <= ' ' || *c > '~') return false;
    return name[0] != '.' && strlen(name) < 128;
}

static bool note_side(void *argument, const char *name) {
    struct sides *sides = argument;
    if (is_side(name) && sides->count < SIDES_MAX)
        snprintf(sides->names[sides->count++], sizeof sides->names[0], "%s", name);
    return true;
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

bool convert_each_side(const char *path, convert_side *visit, void *argument, struct sy_error *err) {
    char folder[4100], file[4300], *text;
    const char *slash = strrchr(path, '/');
    struct sides *sides = calloc(1, sizeof *sides);
    int64_t size;
    if (!sides) return sy_fail(err, SY_ERR_MEMORY, "no memory for the names of files");
    if (os_is_folder(path))
        snprintf(folder, sizeof folder, "%.4000s/", path);
    else
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash + 1 - path) : 2, slash ? path : "./");
    bool done = os_list_folder(folder, note_side, sides, err);
    qsort(sides->names, (size_t)sides->count, sizeof sides->names[0], by_name);
    for (int i = 0; i < sides->count && done; i++) {
        snprintf(file, sizeof file, "%s%s", folder, sides->names[i]);
        if (!os_is_file(file)) continue;
        done = os_read_file(file, CONVERT_SIDE_MAX, &text, &size, err);
        if (!done) break;
        done = visit(argument, sides->names[i], text, size, err);
        free(text);
    }
    free(sides);
    return done;
}

/* ---- names ---- */

bool convert_names(const struct model *model, struct arena *arena, const char *const **out, int64_t *count,
                   struct sy_error *err) {
    const struct checkpoint *checkpoint = &model->checkpoint;
    const struct census *census = &model->census;
    int64_t ignored = 0, unknown = 0;
    const char **names = arena_new(arena, const char *, checkpoint->count, err);
    *count = 0;
    *out = names;
    for (int64_t i = 0; i < checkpoint->count && names; i++) { /* all lists are in the order of the tensors */
        const char *name = checkpoint->tensors[i].name;
        if (ignored < census->ignored && census->ignored_names[ignored] == name)
            ignored++;
        else if (unknown < census->unknown && census->unknown_names[unknown] == name)
            unknown++;
        else if (!ends(name, "_scale_inv"))
            names[(*count)++] = name;
    }
    return names != NULL;
}
