#include "api/model_path.h"

#include "base/os.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool exists(const char *path) {
    return os_is_folder(path) || os_is_file(path);
}

static bool find_in(const char *folder, const char *word, char *path, size_t size) {
    char named[4096];
    if (!folder || !folder[0]) return false;
    int length = snprintf(named, sizeof named, "%s/%s", folder, word);
    if (length < 0 || (size_t)length >= sizeof named || (size_t)length >= size || !exists(named))
        return false;
    memcpy(path, named, (size_t)length + 1);
    return true;
}

bool model_path_find(const char *word, char *path, size_t size, struct sy_error *err) {
    if (word[0] == 0) return sy_fail(err, SY_ERR_INPUT, "the name of the model is empty");
    if (!exists(word) && word[0] != '/') {
        if (find_in(getenv("SWITCHYARD_MODELS"), word, path, size)) return true;
        if (find_in(SY_MODELS_FOLDER, word, path, size)) return true;
    }
    if (strlen(word) >= size)
        return sy_fail(err, SY_ERR_INPUT, "the path of the model is longer than %zu bytes", size - 1);
    memcpy(path, word, strlen(word) + 1);
    return true;
}
