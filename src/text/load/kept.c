/*
 * A GGUF file may carry a tokenizer's own file: tokenizer.huggingface.json, or what `convert` puts into
 * switchyard.file.NAME. That says more than GGUF's keys can, and is what the tokenizer is read from; where a
 * key says something else of bos, eos, unk or pad, or of what stands around a text, the key counts: it is
 * what people edit. What differs is noted.
 */
#include "text/load/gguf_keys.h"
#include "text/load/load.h"
#include "text/load/vocab_merges.h"

#include "base/checked.h"
#include <stdio.h>

/* ---- the file ---- */

/* A rank file counts only where GGUF's keys show that it could be read: it does not say all itself. */
static bool is_ranks(const char *name) {
    size_t length = strlen(name), begin = strlen(SIDE_FILE_KEY);
    return strncmp(name, SIDE_FILE_KEY, begin) == 0 && length > begin + 9 &&
           strcmp(name + length - 9, ".tiktoken") == 0;
}

/* The file that would be read in the folder (open.c), by its key; NULL: none. */
static const char *find_file(const struct gguf *gguf, bool ranks_too) {
    static const char *const names[] = { SIDE_JSON_KEY, SIDE_FILE_KEY "tokenizer.model",
                                         SIDE_FILE_KEY "spiece.model", SIDE_FILE_KEY "tekken.json",
                                         SIDE_FILE_KEY "tiktoken.model" };
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct gguf_value *value = gguf_find(gguf, names[i]);
        if (value && value->type == GGUF_STRING && (ranks_too || i < 4)) return names[i];
    }
    const struct side_files sides = { .gguf = gguf };
    if (vocab_merges_is(&sides)) return SIDE_FILE_KEY VOCAB_FILE;
    for (int64_t i = 0; ranks_too && i < gguf->key_count; i++) {
        const struct gguf_key *key = &gguf->keys[i];
        if (key->value.type == GGUF_STRING && is_ranks(key->name) && (!found || strcmp(key->name, found) < 0))
            found = key->name;
    }
    return found;
}

static bool open_file(struct tokenizer *t, const struct gguf *gguf, const char *key, struct sy_error *err) {
    const struct side_files sides = { .gguf = gguf };
    const char *const(*names)[2] = NULL;
    struct gguf_text text = gguf_find(gguf, key)->text;
    bool pair = strcmp(key, SIDE_FILE_KEY VOCAB_FILE) == 0;
    bool done = pair ? load_vocab_merges(t, &sides, &names, err)
                : text.size <= t->limits.file_bytes
                    ? load_bytes(t, text.data, text.size, NULL, err)
                    : sy_fail(err, SY_ERR_LIMIT, "%lld bytes, at most %lld are read", (long long)text.size,
                              (long long)t->limits.file_bytes);
    done = done && load_sides(t, &sides, names, err);
    return done || sy_error_at(err, "%s", key);
}

/* ---- keys against a file kept beside them ---- */

static const char *key_name(const char *name, char key[64]) {
    snprintf(key, 64, LOAD_KEY "%.40s", name);
    return key;
}

/* The key counts. Where nothing kept says the id, it is taken unless the tokenizer's own config is there,
 * which then means that there is none. */
static void obey_id(struct tokenizer *t, const struct gguf *gguf, const char *name, bool silent,
                    int64_t *id) {
    char key[64];
    int64_t said = load_key_id(gguf, name, t->vocab.count, t->vocab.count);
    if (said < 0 || said == *id || (*id < 0 && silent)) return;
    if (*id >= 0)
        text_note(&t->notes, "metadata", key_name(name, key),
                  "%lld counts more than %lld of the tokenizer kept in the file", (long long)said,
                  (long long)*id);
    for (int i = 0; i < t->frame.before_count; i++)
        if (t->frame.before[i] == *id) t->frame.before[i] = (int32_t)said;
    for (int i = 0; i < t->frame.behind_count; i++)
        if (t->frame.behind[i] == *id) t->frame.behind[i] = (int32_t)said;
    *id = said;
}

/* Of one id around a text; what a tokenizer's file puts there beyond that, no key can say. */
static bool obey_flag(struct tokenizer *t, const struct gguf *gguf, const char *name, int64_t id, int count,
                      const int32_t *ids, bool (*say)(struct tokenizer *, bool, struct sy_error *),
                      struct sy_error *err) {
    char key[64];
    bool there = count > 0 && ids[0] == id, add = load_key_bool(gguf, name, there);
    if (!load_key(gguf, name) || id < 0 || count > 1 || add == there) return true;
    text_note(&t->notes, "metadata", key_name(name, key),
              "counts more than the tokenizer kept in the file, which %s",
              there ? "adds it" : "does not add it");
    return say(t, add, err);
}

/* The file counts, as it says more; that other programs see other tokens is said. */
static void note_other_tokens(struct tokenizer *t, const struct gguf *gguf) {
    const struct gguf_value *tokens = load_key(gguf, "tokens");
    bool spelled = !t->byte_level || (t->decoder.count > 0 && t->decoder.steps[0].kind == DECODE_BYTE_LEVEL);
    int64_t differ = 0, first = -1;
    if (!tokens || !load_key_array(tokens, GGUF_STRING) || !spelled) return; /* rank files spell bytes */
    for (int64_t id = 0; id < min_i64(tokens->array.count, t->vocab.count); id++) {
        struct gguf_text text = tokens->array.items[id].text;
        struct piece piece = t->vocab.spelled[id];
        if (!vocab_has(&t->vocab, id) || (piece.size == (uint32_t)text.size &&
                                          memcmp(vocab_text(&t->vocab, piece), text.data, piece.size) == 0))
            continue;
        if (differ++ == 0) first = id;
    }
    if (differ > 0)
        text_note(&t->notes, "metadata", LOAD_KEY "tokens",
                  "%lld tokens, the first %lld, are others in the tokenizer kept in the file, which counts",
                  (long long)differ, (long long)first);
}

static bool obey_keys(struct tokenizer *t, const struct gguf *gguf, struct sy_error *err) {
    const struct side_files sides = { .gguf = gguf };
    bool config = side_is(&sides, "tokenizer_config.json");
    note_other_tokens(t, gguf);
    obey_id(t, gguf, "bos_token_id", config, &t->bos);
    obey_id(t, gguf, "eos_token_id", config, &t->eos);
    obey_id(t, gguf, "unknown_token_id", config, &t->unk);
    obey_id(t, gguf, "padding_token_id", config, &t->pad);
    return obey_flag(t, gguf, "add_bos_token", t->bos, t->frame.before_count, t->frame.before, load_say_bos,
                     err) &&
           obey_flag(t, gguf, "add_eos_token", t->eos, t->frame.behind_count, t->frame.behind, load_say_eos,
                     err);
}

bool load_gguf(struct tokenizer *t, const struct gguf *gguf, struct sy_error *err) {
    char kind[208];
    load_key_text(gguf, "model", kind, sizeof kind);
    const char *file = find_file(gguf, kind[0] && strcmp(kind, "none") != 0);
    return file ? open_file(t, gguf, file, err) && obey_keys(t, gguf, err) : load_ggml(t, gguf, err);
}
