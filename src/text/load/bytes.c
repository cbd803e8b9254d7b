/*
 * Which loader reads a lone file, told by its content: a JSON object is tekken.json where its "config" has a
 * pattern, else tokenizer.json; lines of base64 with ranks are tiktoken's; all else is SentencePiece's.
 */
#include "base/checked.h"
#include "formats/recognize.h"
#include "text/load/load.h"

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

bool load_reading(struct tokenizer *t, int64_t size, struct sy_error *err) {
    t->reading = max_i64(t->reading, size * TOKENIZER_READING);
    int64_t most = t->limits.reading_bytes;
    if (most <= 0 || size <= most / TOKENIZER_READING) return true;
    sy_fail(err, SY_ERR_MEMORY, "reading a tokenizer of %.1f MiB takes about %.1f, and %.1f MiB are allowed",
            (double)size / (1 << 20), (double)size * TOKENIZER_READING / (1 << 20), (double)most / (1 << 20));
    return sy_error_remedy(err, "open with a larger sy_options.memory_bytes");
}

bool load_bytes(struct tokenizer *t, const char *text, int64_t size, const char *pre, struct sy_error *err) {
    int64_t at = 0;
    while (at < size && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) at++;
    bool object = at < size && text[at] == '{';
    if (!load_reading(t, size, err)) return false;
    bool done = !recognize_content(text, size, t->file, err) ? false
                : object                                     ? load_json_text(t, text, size, err)
                : has_ranks(text, size)                      ? load_tiktoken(t, text, size, pre, err)
                                                             : load_spm(t, text, size, err);
    return done || sy_error_remedy(err, "get the file anew");
}
