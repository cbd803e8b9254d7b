#include "text/load/side.h"

#include "base/checked.h"
#include "base/os.h"
#include "formats/gguf.h"
#include "formats/recognize.h"
#include "text/load/load.h"

#include <stdio.h>
#include <stdlib.h>

static const struct gguf_value *kept(const struct gguf *gguf, const char *name) {
    char key[320];
    snprintf(key, sizeof key, SIDE_FILE_KEY "%.250s", name);
    const struct gguf_value *value =
        gguf_find(gguf, strcmp(name, "tokenizer.json") == 0 ? SIDE_JSON_KEY : key);
    return value && value->type == GGUF_STRING ? value : NULL;
}

void side_folder(const char *path, char folder[SIDE_FOLDER_MAX]) {
    const char *slash = strrchr(path, '/');
    int length = slash == path ? 1 : slash ? (int)min_i64(slash - path, SIDE_FOLDER_MAX - 1) : 1;
    if (os_is_folder(path))
        snprintf(folder, SIDE_FOLDER_MAX, "%s", path);
    else
        snprintf(folder, SIDE_FOLDER_MAX, "%.*s", length, slash ? path : ".");
}

bool side_is(const struct side_files *sides, const char *name) {
    char path[4400];
    if (!sides->folder) return sides->gguf && kept(sides->gguf, name);
    snprintf(path, sizeof path, "%.4000s/%.250s", sides->folder, name);
    return os_is_file(path);
}

bool side_read(const struct side_files *sides, const char *name, char **content, int64_t *size,
               struct sy_error *err) {
    char path[4400];
    *content = NULL;
    if (!side_is(sides, name)) return true;
    if (sides->folder) {
        snprintf(path, sizeof path, "%.4000s/%.250s", sides->folder, name);
        return os_read_file(path, SIDE_BYTES_MAX, content, size, err);
    }
    const struct gguf_text text = kept(sides->gguf, name)->text;
    if (text.size > SIDE_BYTES_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "%lld bytes, at most %lld are read", (long long)text.size,
                (long long)SIDE_BYTES_MAX);
        return sy_error_in(err, name);
    }
    *size = text.size;
    *content = malloc((size_t)*size + 1);
    if (!*content) return sy_fail(err, SY_ERR_MEMORY, "no memory for %s", name);
    memcpy(*content, text.data, (size_t)*size);
    (*content)[*size] = 0;
    return true;
}

bool side_json(const struct side_files *sides, const char *name, json_t **out, struct sy_error *err) {
    const struct json_limits limits = { SIDE_BYTES_MAX, LOAD_JSON_DEPTH };
    char *content, path[4400];
    int64_t size;
    *out = NULL;
    if (!side_read(sides, name, &content, &size, err)) return false;
    if (!content) return true;
    if (recognize_content(content, size, name, err)) *out = json_parse_words(content, size, limits, err);
    free(content);
    if (*out) return true;
    snprintf(path, sizeof path, "%.4000s/%.250s", sides->folder ? sides->folder : "", name);
    return (sy_error_in(err, sides->folder ? path : name), sy_error_remedy(err, "get the file anew"));
}
