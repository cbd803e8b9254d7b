/*
 * Which file of a folder is its checkpoint: model.safetensors, else model.safetensors.index.json, else the
 * only *.safetensors. What a name stands for is not asked here: opening it says so.
 */
#include "formats/safetensors_parts.h"

#include <stdio.h>
#include <string.h>

#define SINGLE "model.safetensors"
#define INDEX  "model.safetensors.index.json"
#define SUFFIX ".safetensors"

struct found {
    bool single, index;
    int64_t others;
    char other[256];
};

static bool name_see(void *argument, const char *name) {
    struct found *found = argument;
    size_t length = strlen(name), suffix = strlen(SUFFIX);
    if (strcmp(name, SINGLE) == 0)
        found->single = true;
    else if (strcmp(name, INDEX) == 0)
        found->index = true;
    else if (name[0] != '.' && length > suffix && strcmp(name + length - suffix, SUFFIX) == 0) {
        found->others++;
        snprintf(found->other, sizeof found->other, "%s", name);
    }
    return true;
}

bool safetensors_folder_find(const char *folder, struct arena *arena, const char **path,
                             struct sy_error *err) {
    struct found found = { .others = 0 };
    if (!os_list_folder(folder, name_see, &found, err)) return false;
    const char *name = found.single ? SINGLE : found.index ? INDEX : found.others == 1 ? found.other : NULL;
    if (!name) {
        if (found.others == 0) {
            sy_fail(err, SY_ERR_IO, "the folder holds no .safetensors file");
            sy_error_remedy(err, "give the folder of a checkpoint, or a .safetensors file");
        } else {
            sy_fail(err, SY_ERR_IO,
                    "the folder holds %lld .safetensors files, but neither " SINGLE " nor " INDEX,
                    (long long)found.others);
            sy_error_remedy(err, "name one of them, or fetch the index too");
        }
        return sy_error_in(err, folder);
    }
    size_t length = strlen(folder);
    bool slash = length > 0 && folder[length - 1] == '/';
    *path = arena_format(arena, err, "%s%s%s", folder, slash ? "" : "/", name);
    return *path || sy_error_in(err, folder);
}
