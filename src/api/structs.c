#include "api/structs.h"

#include <string.h>

static bool check_size(const void *theirs, const char *name, size_t *given, struct sy_error *err) {
    if (!theirs) return sy_fail(err, SY_ERR_USAGE, "%s is NULL", name);
    memcpy(given, theirs, sizeof *given);
    if (*given >= sizeof *given && *given <= STRUCT_BYTES_MAX) return true;
    sy_fail(err, SY_ERR_USAGE, "%s.struct_bytes is %zu", name, *given);
    return sy_error_remedy(err, "set it to sizeof(struct %s)", name);
}

bool struct_take(const void *theirs, void *ours, size_t size, const char *name, struct sy_error *err) {
    size_t given = 0;
    if (!check_size(theirs, name, &given, err)) return false;
    for (size_t i = size; i < given; i++)
        if (((const char *)theirs)[i]) {
            sy_fail(err, SY_ERR_USAGE, "%s sets a field that this version of the library does not know",
                    name);
            return sy_error_remedy(err, "leave it at zero, or use a newer library");
        }
    memset(ours, 0, size);
    memcpy(ours, theirs, given < size ? given : size);
    memcpy(ours, &size, sizeof size);
    return true;
}

bool struct_give(const void *ours, size_t size, void *theirs, const char *name, struct sy_error *err) {
    size_t given = 0, head = sizeof given;
    if (!check_size(theirs, name, &given, err)) return false;
    size_t common = given < size ? given : size;
    memcpy((char *)theirs + head, (const char *)ours + head, common - head);
    memset((char *)theirs + common, 0, given - common);
    return true;
}
