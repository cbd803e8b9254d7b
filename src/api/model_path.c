#include "api/model_path.h"

#include "api/model_names.h"
#include "base/os.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool exists(const char *path) {
    return os_is_folder(path) || os_is_file(path);
}

/* A file or folder of that very name in `folder`. */
static bool find_in(const char *folder, const char *word, char *path, size_t size) {
    char named[4096];
    int length = snprintf(named, sizeof named, "%s/%s", folder, word);
    if (length < 0 || (size_t)length >= sizeof named || (size_t)length >= size || !exists(named))
        return false;
    memcpy(path, named, (size_t)length + 1);
    return true;
}

void model_path_folders(const char *folders[MODEL_FOLDERS]) {
    const char *chosen = getenv("SWITCHYARD_MODELS");
    folders[0] = chosen && chosen[0] ? chosen : NULL;
    folders[1] = SY_MODELS_FOLDER;
}

bool model_path_find(const char *word, char *path, size_t size, struct sy_error *err) {
    const char *folders[MODEL_FOLDERS];
    if (word[0] == 0) return sy_fail(err, SY_ERR_INPUT, "the name of the model is empty");
    model_path_folders(folders);
    for (int i = 0; i < MODEL_FOLDERS && !exists(word) && word[0] != '/'; i++) {
        bool found = false;
        if (!folders[i]) continue;
        if (find_in(folders[i], word, path, size)) return true;
        if (!model_names_find(folders[i], word, path, size, &found, err)) return false;
        if (found) return true;
    }
    if (strlen(word) >= size) {
        sy_fail(err, SY_ERR_INPUT, "the path of the model is longer than %zu bytes", size - 1);
        return sy_error_remedy(err, "give a shorter one, or go to its folder first");
    }
    memcpy(path, word, strlen(word) + 1);
    return true;
}
