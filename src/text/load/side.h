/*
 * Private to text/: the files that lie beside a model's tokenizer, in a folder or kept in a GGUF file, where
 * `convert` puts them under switchyard.file.NAME (and tokenizer.json under tokenizer.huggingface.json).
 */
#ifndef TEXT_LOAD_SIDE_H
#define TEXT_LOAD_SIDE_H

#include "base/error.h"
#include "base/json.h"

#define SIDE_FILE_KEY  "switchyard.file."
#define SIDE_JSON_KEY  "tokenizer.huggingface.json"
#define SIDE_BYTES_MAX ((int64_t)64 << 20)

struct gguf;
struct side_files {          /* zeros: there are none */
    const char *folder;      /* NULL: in a GGUF file */
    const struct gguf *gguf; /* NULL: in a folder */
};

#define SIDE_FOLDER_MAX 4100
/* Where the files beside `path` lie: it, or the folder that holds it. */
void side_folder(const char *path, char folder[SIDE_FOLDER_MAX]);

bool side_is(const struct side_files *sides, const char *name);
/* The content, malloc'ed and NUL-terminated; *content NULL where there is none. */
SY_MUST_CHECK bool side_read(const struct side_files *sides, const char *name, char **content, int64_t *size,
                             struct sy_error *err);
/* A new reference; *out NULL where there is none. Errors name the file. */
SY_MUST_CHECK bool side_json(const struct side_files *sides, const char *name, json_t **out,
                             struct sy_error *err);

#endif
