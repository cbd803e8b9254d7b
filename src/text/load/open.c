/*
 * Which file of a model holds its tokenizer: of a folder's files by their names. A lone file is GGUF by its
 * magic, else what bytes.c tells by its content.
 */
#include "formats/gguf.h"
#include "formats/recognize.h"
#include "text/load/load.h"
#include "text/load/vocab_merges.h"
#include "text/tokenizer.h"

#include "base/os.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- one file ---- */

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
    const struct side_files sides = { .folder = folder };
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%.3800s/%.250s", folder, names[i]);
        snprintf(name, 256, "%s", names[i]);
        if (os_is_file(path)) return true;
    }
    snprintf(name, 256, "%s", VOCAB_FILE);
    if (vocab_merges_is(&sides)) return true;
    name[0] = 0;
    return os_list_folder(folder, note_ranks, name, err);
}

static bool load_folder(struct tokenizer *t, const char *folder, const char *pre, struct sy_error *err) {
    const struct side_files sides = { .folder = folder };
    const char *const(*names)[2] = NULL;
    char name[256], path[4096];
    if (!choose(folder, name, err)) return false;
    if (!name[0]) {
        sy_fail(err, SY_ERR_IO, TOKENIZER_NONE);
        return sy_error_remedy(
            err, "put tokenizer.json or tokenizer.model beside the model; to run it, ids do as well");
    }
    snprintf(path, sizeof path, "%.3800s/%.250s", folder, name);
    bool pair = strcmp(name, VOCAB_FILE) == 0;
    if (pair) snprintf(t->file, sizeof t->file, "%s", path);
    if (!(pair ? load_vocab_merges(t, &sides, &names, err) : load_file(t, path, pre, err)))
        return sy_error_in(err, path);
    return load_sides(t, &sides, names, err);
}

bool tokenizer_open(const char *path, const char *pre, const struct tokenizer_limits *limits,
                    struct tokenizer **out, struct sy_error *err) {
    char folder[4096];
    struct given given;
    *out = NULL;
    if (!recognize(path, GIVEN_AS_TOKENIZER, &given, err)) return false;
    path = given.path;
    struct tokenizer *t = tokenizer_blank(path, limits, err);
    if (!t) return false;
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    bool weights = !given.folder && (given.kind == GIVEN_CHECKPOINT || given.kind == GIVEN_CONFIG);
    if (weights) snprintf(slash ? slash : folder, 2, "%s", slash ? "" : ".");
    bool done =
        weights || os_is_folder(path) ? load_folder(t, folder, pre, err) : load_file(t, path, pre, err);
    if (done && pre && !t->ranks) {
        sy_fail(err, SY_ERR_INPUT, "says itself how text is cut, and '%.80s' would change nothing of it",
                pre);
        done = sy_error_remedy(err, "leave that name out: it is for bare files of ranks");
    }
    if (!done) {
        sy_error_in(err, path);
        tokenizer_close(t);
        return false;
    }
    *out = t;
    return true;
}
