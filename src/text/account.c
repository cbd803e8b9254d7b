/*
 * A key that a note speaks of is warned of; one that is only warned of, or refused, for values that are not
 * here says nothing that is not so anyway.
 */
#include "text/account.h"

#include "base/checked.h"
#include "base/os.h"
#include "formats/gguf.h"
#include "text/load/load.h"
#include "text/load/side.h"
#include "text/meanings.h"

#include <stdio.h>
#include <string.h>

#define SAYS_NOTHING "says nothing that is not so anyway"

struct telling {
    struct account *account;
    const struct model_text *text;
    bool told[TEXT_NOTES_MAX]; /* notes that have a line */
    struct side_files sides;
    struct sy_error *err;
};

/* ---- one key ---- */

static const struct text_note *find_note(struct telling *t, const char *file, const char *what) {
    for (int i = 0; i < t->text->notes.count; i++) {
        const struct text_note *note = &t->text->notes.list[i];
        if (strcmp(note->file, file) != 0 || strcmp(note->what, what) != 0) continue;
        t->told[i] = true;
        return note;
    }
    return NULL;
}

static bool tell(struct telling *t, const char *file, const char *what, const struct meaning *meaning) {
    const struct text_note *note = find_note(t, file, what);
    enum fate fate = !meaning ? FATE_UNKNOWN : note ? FATE_WARNED : meaning->fate;
    const char *reason = note ? note->why : meaning ? meaning->reason : "";
    if (!note && (fate == FATE_WARNED || fate == FATE_REFUSED)) fate = FATE_IGNORED, reason = SAYS_NOTHING;
    return account_add(t->account, file, what, fate, t->err, "%s", reason);
}

/* ---- a JSON file ---- */

static bool tell_keys(struct telling *t, const char *file, const json_t *object,
                      const struct meaning *table) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        if (!tell(t, file, key, meaning_find(table, key))) return false;
    }
    return true;
}

static const char *const lists[] = { "normalizers", "pretokenizers", "decoders", "processors", NULL };

/* The keys of a part and of what is listed in it, each once. */
static bool tell_part(struct telling *t, const char *file, const char *part, const json_t *object,
                      const struct meaning *table, json_t *seen, int depth) {
    const char *key;
    json_t *value;
    char name[160];
    json_object_foreach((json_t *)object, key, value) {
        snprintf(name, sizeof name, "%.60s.%.80s", part, key);
        bool new = !json_object_get(seen, name);
        if (new && (json_object_set_new(seen, name, json_true()) != 0 ||
                    !tell(t, file, name, meaning_find(table, name))))
            return false;
        for (int i = 0; lists[i] && depth > 0; i++) {
            const json_t *item;
            size_t index;
            if (strcmp(key, lists[i]) != 0) continue;
            json_array_foreach(value, index, item) {
                if (!tell_part(t, file, part, item, table, seen, depth - 1)) return false;
            }
        }
    }
    return true;
}

static bool tell_parts(struct telling *t, const char *file, const json_t *root, const struct meaning *table,
                       const char *const *parts) {
    json_t *seen = json_object();
    bool done = seen && tell_keys(t, file, root, table);
    for (int i = 0; done && parts[i]; i++) {
        const json_t *part = json_object_get(root, parts[i]), *item;
        size_t index;
        if (json_is_object(part)) done = tell_part(t, file, parts[i], part, table, seen, LOAD_JSON_DEPTH);
        json_array_foreach(part, index, item) {
            done = done && tell_part(t, file, parts[i], item, table, seen, 0);
        }
    }
    json_decref(seen);
    return done || sy_fail(t->err, SY_ERR_MEMORY, "no memory for an account");
}

/* ---- files ---- */

static const char *const json_parts[] = { "added_tokens",   "model",   "normalizer", "pre_tokenizer",
                                          "post_processor", "decoder", NULL };
static const char *const tekken_parts[] = { "config", NULL };

struct told_file {
    const char *name;
    const struct meaning *table;
    const char *const *parts; /* NULL: top keys alone */
    bool tokenizer;           /* of several such the first is read, alone */
    bool unless_decoder;      /* not read where tokenizer_config.json has added_tokens_decoder */
};
static const struct told_file told_files[] = {
    { "tokenizer.json", tokenizer_json_meanings, json_parts, true, false },
    { "tokenizer.model", NULL, NULL, true, false },
    { "spiece.model", NULL, NULL, true, false },
    { "tekken.json", tekken_meanings, tekken_parts, true, false },
    { "tiktoken.model", NULL, NULL, true, false },
    { "vocab.json", NULL, NULL, true, false },
    { "tokenizer_config.json", tokenizer_config_meanings, NULL, false, false },
    { "special_tokens_map.json", special_map_meanings, NULL, false, true },
    { "added_tokens.json", added_meanings, NULL, false, true },
    { "generation_config.json", generation_meanings, NULL, false, false },
    { "chat_template.json", chat_template_meanings, NULL, false, false },
};
enum { TOLD_FILES = sizeof told_files / sizeof told_files[0] };

static bool has_decoder(struct telling *t, bool *has) {
    json_t *config;
    if (!side_json(&t->sides, "tokenizer_config.json", &config, t->err)) return false;
    *has = json_object_get(config, "added_tokens_decoder") != NULL;
    json_decref(config);
    return true;
}

static bool tell_file(struct telling *t, const struct told_file *file) {
    json_t *root;
    if (!file->table) return true;
    if (!side_json(&t->sides, file->name, &root, t->err)) return false;
    bool done = file->parts ? tell_parts(t, file->name, root, file->table, file->parts)
                            : tell_keys(t, file->name, root, file->table);
    json_decref(root);
    return done;
}

static bool tell_files(struct telling *t) {
    const char *read = NULL;
    bool decoder;
    if (!has_decoder(t, &decoder)) return false;
    for (int i = 0; i < TOLD_FILES; i++) {
        const struct told_file *file = &told_files[i];
        bool done;
        if (!side_is(&t->sides, file->name)) continue;
        if (file->tokenizer && read) {
            done = account_add(t->account, file->name, "", FATE_IGNORED, t->err, "%s is read, and says all",
                               read);
        } else if (file->unless_decoder && decoder) {
            done = account_add(t->account, file->name, "", FATE_IGNORED, t->err,
                               "tokenizer_config.json has added_tokens_decoder, which says all");
        } else {
            done = account_add(t->account, file->name, "", FATE_USED, t->err, "%s",
                               meaning_find(side_meanings, file->name)->reason) &&
                   tell_file(t, file);
            if (file->tokenizer) read = file->name;
        }
        if (!done) return false;
    }
    return true;
}

/* The others of a folder that look as if they were about text. */
static bool tell_other(void *argument, const char *name) {
    struct telling *t = argument;
    static const char *const ends[] = { ".jinja", ".model", ".tiktoken", "config.json", "merges.txt" };
    size_t length = strlen(name);
    bool like = strncmp(name, "tokenizer", 9) == 0;
    if (strcmp(name, "config.json") == 0 || strstr(name, ".safetensors")) return true; /* the model's own */
    for (int i = 0; i < TOLD_FILES; i++)
        if (strcmp(name, told_files[i].name) == 0) return true;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        like = like || (length >= strlen(ends[i]) && strcmp(name + length - strlen(ends[i]), ends[i]) == 0);
    return !like || tell(t, name, "", meaning_find(side_meanings, name));
}

/* ---- the keys of a GGUF file ---- */

static bool tell_metadata(struct telling *t) {
    static const char vocab[] = "tokenizer.", sampling[] = "general.sampling.";
    for (int64_t i = 0; i < t->sides.gguf->key_count; i++) {
        const char *name = t->sides.gguf->keys[i].name;
        bool drawn = strncmp(name, sampling, sizeof sampling - 1) == 0;
        if (!drawn && strncmp(name, vocab, sizeof vocab - 1) != 0) continue;
        if (!tell(t, "metadata", name, meaning_find(drawn ? sampling_meanings : vocab_key_meanings, name)))
            return false;
    }
    return true;
}

/* ---- the rest ---- */

static bool tell_notes(struct telling *t) {
    for (int i = 0; i < t->text->notes.count; i++) {
        const struct text_note *note = &t->text->notes.list[i];
        if (!t->told[i] &&
            !account_add(t->account, note->file, note->what, FATE_WARNED, t->err, "%s", note->why))
            return false;
    }
    return true;
}

static bool tell_ends(struct telling *t, const struct end_tokens *ends) {
    for (int i = 0; i < ends->count; i++) {
        char what[112];
        snprintf(what, sizeof what, "%s%s%lld", ends->list[i].text, ends->list[i].text[0] ? " " : "",
                 (long long)ends->list[i].id);
        if (!account_add(t->account, ACCOUNT_ENDS, what, FATE_USED, t->err, "%s", ends->list[i].source))
            return false;
    }
    return true;
}

static bool tell_folder(struct telling *t, const char *path) {
    char folder[SIDE_FOLDER_MAX];
    side_folder(path, folder);
    t->sides.folder = folder;
    bool done = tell_files(t) && os_list_folder(folder, tell_other, t, t->err);
    t->sides.folder = NULL;
    return done;
}

static bool tell_gguf(struct telling *t, const char *path) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    if (!gguf_open(path, &checkpoint, &gguf, t->err)) return false;
    t->sides.gguf = &gguf;
    bool done = tell_metadata(t) && tell_files(t);
    checkpoint_close(&checkpoint);
    return done;
}

static bool tell_all(struct telling *t, const char *path, const struct ends_known *known,
                     struct model_text *text) {
    struct end_tokens ends = { .count = 0 };
    if (known) ends_collect(text, known, &ends, &text->notes);
    return (gguf_is_file(path) ? tell_gguf(t, path) : tell_folder(t, path)) && tell_ends(t, &ends) &&
           tell_notes(t);
}

bool text_account(const char *path, const struct ends_known *known, struct account *account,
                  struct sy_error *err) {
    struct model_text text;
    struct sy_error why = { .code = SY_OK };
    if (!model_text_open(path, &text, &why))
        return account_add(account, why.file[0] ? why.file : path, why.place, FATE_REFUSED, err, "%s%s%s",
                           why.message, why.remedy[0] ? "; " : "", why.remedy);
    struct telling t = { .account = account, .text = &text, .err = err };
    bool done = tell_all(&t, path, known, &text);
    model_text_close(&text);
    return done || sy_error_in(err, path);
}
