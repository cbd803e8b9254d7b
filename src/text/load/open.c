/*
 * Which file of a model holds its tokenizer, and which loader reads it. A lone file is told by its content: a
 * JSON object with a "model" (tokenizer.json) or a "config" with a pattern (tekken.json), GGUF's magic, lines
 * of base64 with ranks, else SentencePiece.
 */
#include "formats/gguf.h"
#include "text/json_field.h"
#include "text/tokenizer_parts.h"

#include "base/checked.h"
#include "base/os.h"
#include <stdio.h>
#include <stdlib.h>

static const struct tokenizer_limits usual = {
    .file_bytes = (int64_t)128 << 20,
    .pieces = 1 << 21,
    .piece_bytes = 1 << 16,
    .merges = 1 << 22,
    .memory_bytes = (int64_t)1 << 30,
};

struct tokenizer *tokenizer_blank(const char *path, const struct tokenizer_limits *limits,
                                  struct sy_error *err) {
    struct tokenizer *t = calloc(1, sizeof *t);
    if (!t) {
        sy_fail(err, SY_ERR_MEMORY, "no memory for a tokenizer");
        return NULL;
    }
    t->limits = limits ? *limits : usual;
    if (t->limits.file_bytes <= 0) t->limits.file_bytes = usual.file_bytes;
    if (t->limits.pieces <= 0) t->limits.pieces = usual.pieces;
    if (t->limits.piece_bytes <= 0) t->limits.piece_bytes = usual.piece_bytes;
    if (t->limits.merges <= 0) t->limits.merges = usual.merges;
    if (t->limits.memory_bytes <= 0) t->limits.memory_bytes = usual.memory_bytes;
    t->vocab.limits = t->limits;
    t->bos = t->eos = t->unk = t->pad = -1;
    snprintf(t->file, sizeof t->file, "%s", path);
    return t;
}

/* ---- one file ---- */

static bool load_json_text(struct tokenizer *t, const char *text, int64_t size, struct sy_error *err) {
    struct json_limits limits = { .bytes = t->limits.file_bytes, .depth = LOAD_JSON_DEPTH };
    json_t *root = json_parse(text, size, limits, err);
    if (!root) return false;
    bool tekken = json_object_get(json_object_get(root, "config"), "pattern") != NULL;
    bool done = tekken ? load_tekken(t, root, err) : load_json(t, root, err);
    json_decref(root);
    return done;
}

/* Does the first line look like "base64 rank"? */
static bool has_ranks(const char *text, int64_t size) {
    int64_t at = 0, digits = 0;
    while (at < size && at < 4096 && text[at] > ' ') at++;
    if (at == 0 || at >= size || text[at] != ' ') return false;
    while (at + 1 + digits < size && text[at + 1 + digits] >= '0' && text[at + 1 + digits] <= '9') digits++;
    int64_t end = at + 1 + digits;
    return digits > 0 && (end == size || text[end] == '\n' || text[end] == '\r');
}

bool load_bytes(struct tokenizer *t, const char *text, int64_t size, const char *pre, struct sy_error *err) {
    int64_t at = 0;
    while (at < size && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) at++;
    bool object = at < size && text[at] == '{';
    bool done = size == 0               ? sy_fail(err, SY_ERR_FORMAT, "is empty")
                : object                ? load_json_text(t, text, size, err)
                : has_ranks(text, size) ? load_tiktoken(t, text, size, pre, err)
                                        : load_spm(t, text, size, err);
    return done || sy_error_remedy(err, "get the file anew");
}

static bool load_gguf_file(struct tokenizer *t, const char *path, struct sy_error *err) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    if (!gguf_open(path, &checkpoint, &gguf, err)) return false;
    bool done = load_gguf(t, &gguf, err);
    checkpoint_close(&checkpoint);
    return done || sy_error_remedy(err, "get the file anew");
}

static bool load_file(struct tokenizer *t, const char *path, const char *pre, struct sy_error *err) {
    char *text;
    int64_t size;
    snprintf(t->file, sizeof t->file, "%s", path);
    if (gguf_is_file(path)) return load_gguf_file(t, path, err);
    if (!os_read_file(path, t->limits.file_bytes, &text, &size, err)) return false;
    bool done = load_bytes(t, text, size, pre, err);
    free(text);
    return done;
}

/* ---- a folder ---- */

static bool note_ranks(void *argument, const char *name) {
    char *found = argument;
    size_t length = strlen(name);
    bool ranks = length > 9 && length < 200 && strcmp(name + length - 9, ".tiktoken") == 0;
    if (ranks && (!found[0] || strcmp(name, found) < 0)) snprintf(found, 256, "%s", name);
    return true;
}

/* The name of the file to read; empty: none. */
static bool choose(const char *folder, char name[256], struct sy_error *err) {
    static const char *const names[] = { "tokenizer.json", "tokenizer.model", "spiece.model", "tekken.json",
                                         "tiktoken.model" };
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%.3800s/%.250s", folder, names[i]);
        snprintf(name, 256, "%s", names[i]);
        if (os_is_file(path)) return true;
    }
    name[0] = 0;
    return os_list_folder(folder, note_ranks, name, err);
}

static bool load_folder_config(struct tokenizer *t, const char *folder, struct sy_error *err) {
    char path[4096];
    struct json_limits limits = { .bytes = t->limits.file_bytes, .depth = LOAD_JSON_DEPTH };
    snprintf(path, sizeof path, "%.3800s/tokenizer_config.json", folder);
    if (!os_is_file(path)) return true;
    json_t *config = json_parse_file(path, limits, err);
    bool done = config && load_config(t, config, err);
    json_decref(config);
    return done || sy_error_in(err, path) || sy_error_remedy(err, "get the file anew");
}

static bool load_folder(struct tokenizer *t, const char *folder, const char *pre, struct sy_error *err) {
    char name[256], path[4096];
    if (!choose(folder, name, err)) return false;
    if (!name[0]) {
        sy_fail(err, SY_ERR_IO, TOKENIZER_NONE);
        return sy_error_remedy(err, "put tokenizer.json or tokenizer.model beside the model, or give ids");
    }
    snprintf(path, sizeof path, "%.3800s/%.250s", folder, name);
    if (!load_file(t, path, pre, err)) return sy_error_in(err, path);
    return load_folder_config(t, folder, err);
}

static bool is_weights(const char *path) {
    size_t length = strlen(path);
    return length > 12 && strcmp(path + length - 12, ".safetensors") == 0;
}

bool tokenizer_open(const char *path, const char *pre, const struct tokenizer_limits *limits,
                    struct tokenizer **out, struct sy_error *err) {
    char folder[4096];
    *out = NULL;
    if (strlen(path) >= 3800) return sy_fail(err, SY_ERR_INPUT, "a path of %zu bytes", strlen(path));
    struct tokenizer *t = tokenizer_blank(path, limits, err);
    if (!t) return false;
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    bool weights = is_weights(path);
    if (weights) snprintf(slash ? slash : folder, 2, "%s", slash ? "" : ".");
    bool done =
        weights || os_is_folder(path) ? load_folder(t, folder, pre, err) : load_file(t, path, pre, err);
    if (!done) {
        sy_error_in(err, path);
        tokenizer_close(t);
        return false;
    }
    *out = t;
    return true;
}
