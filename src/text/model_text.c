/*
 * Everything about text that lies beside a model's weights: from a folder's files, or from GGUF's keys (where
 * our own `convert` also keeps whole side files, as switchyard.file.NAME).
 *
 * Chat templates, in the order in which a later one replaces an earlier of the same name: "chat_template" of
 * tokenizer_config.json (a text, or a list of names and texts), chat_template.json, chat_template.jinja, and
 * additional_chat_templates/NAME.jinja. Source: transformers, PreTrainedTokenizerBase.from_pretrained. GGUF's
 * own keys come last: they are what people edit in such a file.
 */
#include "text/model_text.h"

#include "base/checked.h"
#include "base/os.h"
#include "formats/gguf.h"
#include "formats/recognize.h"
#include "text/generation.h"
#include "text/json_field.h"
#include "text/load/load.h"
#include "text/load/side.h"

#include <stdio.h>
#include <stdlib.h>

#define TEMPLATES_MAX 64

/* ---- chat templates ---- */

static struct chat_template_source *template_find(struct model_text *text, const char *name) {
    for (int i = 0; i < text->template_count; i++)
        if (strcmp(text->templates[i].name, name) == 0) return &text->templates[i];
    return NULL;
}

/* The later one counts; that it is another than the one before is noted. */
static void note_other(struct model_text *text, const struct chat_template_source *old, const char *file,
                       const char *source, int64_t size) {
    if ((int64_t)strlen(old->source) != size || memcmp(old->source, source, (size_t)size) != 0)
        text_note(&text->notes, file, "chat template",
                  "'%.40s' counts more than another of this name in a file "
                  "that says less (docs/sources.md)",
                  old->name);
}

static bool template_put(struct model_text *text, const char *file, const char *name, const char *source,
                         int64_t size, struct sy_error *err) {
    struct chat_template_source *old = template_find(text, name);
    char *copy = malloc((size_t)size + 1), *title = old ? NULL : strdup(name);
    if (!copy || (!old && !title)) {
        free(copy);
        free(title);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a chat template");
    }
    memcpy(copy, source, (size_t)size);
    copy[size] = 0;
    if (old) {
        note_other(text, old, file, source, size);
        free(old->source);
        old->source = copy;
        return true;
    }
    if (text->template_count == TEMPLATES_MAX ||
        (!text->templates && !(text->templates = calloc(TEMPLATES_MAX, sizeof *text->templates)))) {
        free(copy);
        free(title);
        return sy_fail(err, SY_ERR_LIMIT, "more than %d chat templates", TEMPLATES_MAX);
    }
    text->templates[text->template_count++] = (struct chat_template_source){ title, copy };
    return true;
}

static bool templates_json(struct model_text *text, const char *file, const json_t *value,
                           struct sy_error *err) {
    const json_t *item;
    size_t index;
    if (json_is_string(value))
        return template_put(text, file, "default", json_string_value(value),
                            (int64_t)json_string_length(value), err);
    json_array_foreach(value, index, item) {
        const char *name = json_string_value(json_object_get(item, "name"));
        const json_t *source = json_object_get(item, "template");
        if (!name || !json_is_string(source))
            return sy_fail(err, SY_ERR_FORMAT, "chat_template %zu has no name or no template", index);
        if (!template_put(text, file, name, json_string_value(source), (int64_t)json_string_length(source),
                          err))
            return false;
    }
    return true;
}

static void default_first(struct model_text *text) {
    struct chat_template_source *found = template_find(text, "default");
    if (!found || found == text->templates) return;
    struct chat_template_source moved = *found;
    memmove(text->templates + 1, text->templates, (size_t)(found - text->templates) * sizeof *found);
    text->templates[0] = moved;
}

/* ---- special tokens ---- */

static const char *const special_keys[] = { "bos_token", "eos_token", "unk_token", "pad_token",
                                            "sep_token", "cls_token", "mask_token" };

static bool specials_of_config(struct model_text *text, const json_t *config, struct sy_error *err) {
    for (size_t i = 0; i < sizeof special_keys / sizeof special_keys[0]; i++) {
        const char *token = special_text(config, special_keys[i]);
        if (token && json_object_set_new(text->special, special_keys[i], json_string(token)) != 0)
            return sy_fail(err, SY_ERR_MEMORY, "no memory for the special tokens");
    }
    return true;
}

static bool special_of_id(struct model_text *text, const char *key, int64_t id, struct sy_error *err) {
    int64_t size = 0;
    const char *piece = id >= 0 ? tokenizer_piece(text->tokenizer, id, &size) : NULL;
    if (!piece || json_object_get(text->special, key)) return true;
    json_t *value = json_stringn(piece, (size_t)size);
    return !value || json_object_set_new(text->special, key, value) == 0 ||
           sy_fail(err, SY_ERR_MEMORY, "no memory for the special tokens");
}

/* What no config named the tokenizer may know. */
static bool specials_of_tokenizer(struct model_text *text, struct sy_error *err) {
    if (!text->tokenizer) return true;
    struct tokenizer_facts facts = tokenizer_facts(text->tokenizer);
    return special_of_id(text, "bos_token", facts.bos, err) &&
           special_of_id(text, "eos_token", facts.eos, err) &&
           special_of_id(text, "unk_token", facts.unk, err) &&
           special_of_id(text, "pad_token", facts.pad, err);
}

/* ---- side files ---- */

static bool read_config(struct model_text *text, const struct side_files *sides, struct sy_error *err) {
    json_t *config, *chat;
    if (!side_json(sides, "tokenizer_config.json", &config, err)) return false;
    const json_t *names = text->tokenizer ? tokenizer_names(text->tokenizer) : NULL;
    bool done = specials_of_config(text, names ? names : config, err) &&
                templates_json(text, "tokenizer_config.json", json_object_get(config, "chat_template"), err);
    json_decref(config);
    if (!done) return sy_error_in(err, "tokenizer_config.json");
    if (!side_json(sides, "chat_template.json", &chat, err)) return false;
    done = templates_json(text, "chat_template.json", json_object_get(chat, "chat_template"), err);
    json_decref(chat);
    return done || sy_error_in(err, "chat_template.json");
}

static bool read_jinja(struct model_text *text, const struct side_files *sides, const char *file,
                       const char *name, struct sy_error *err) {
    char *content;
    int64_t size;
    if (!side_read(sides, file, &content, &size, err)) return false;
    bool done = !content || template_put(text, file, name, content, size, err);
    free(content);
    return done;
}

struct more { /* additional_chat_templates/ */
    struct model_text *text;
    const struct side_files *sides;
    struct sy_error *err;
};

static bool read_more(void *argument, const char *name) {
    struct more *more = argument;
    char file[400], title[200];
    size_t length = strlen(name);
    if (length < 7 || length > 150 || strcmp(name + length - 6, ".jinja") != 0) return true;
    snprintf(file, sizeof file, "additional_chat_templates/%s", name);
    snprintf(title, sizeof title, "%.*s", (int)(length - 6), name);
    return read_jinja(more->text, more->sides, file, title, more->err);
}

static bool read_sides(struct model_text *text, const struct side_files *sides, struct sy_error *err) {
    json_t *generation;
    char folder[4200];
    struct more more = { text, sides, err };
    if (!read_config(text, sides, err)) return false;
    if (!read_jinja(text, sides, "chat_template.jinja", "default", err)) return false;
    snprintf(folder, sizeof folder, "%s/additional_chat_templates", sides->folder ? sides->folder : "");
    if (sides->folder && os_is_folder(folder) && !os_list_folder(folder, read_more, &more, err)) return false;
    if (!side_json(sides, "generation_config.json", &generation, err)) return false;
    bool done = !generation || generation_read(generation, &text->generation, &text->notes, err);
    json_decref(generation);
    return done || sy_error_in(err, "generation_config.json");
}

/* ---- GGUF's own keys ---- */

static bool read_keys(struct model_text *text, const struct gguf *gguf, struct sy_error *err) {
    static const char prefix[] = "tokenizer.chat_template";
    for (int64_t i = 0; i < gguf->key_count; i++) {
        const struct gguf_key *key = &gguf->keys[i];
        if (strncmp(key->name, prefix, sizeof prefix - 1) != 0 || key->value.type != GGUF_STRING) continue;
        const char *rest = key->name + sizeof prefix - 1;
        if (*rest != 0 && *rest != '.') continue; /* tokenizer.chat_templates: a list of the names */
        if (!template_put(text, "metadata", *rest ? rest + 1 : "default", key->value.text.data,
                          key->value.text.size, err))
            return false;
    }
    generation_keys(gguf, &text->generation, &text->notes);
    generation_key_ends(gguf, &text->ends);
    text->in_gguf = true;
    return true;
}

static bool read_gguf(struct model_text *text, const char *path, struct sy_error *err) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    if (!gguf_open(path, &checkpoint, &gguf, err)) return false;
    struct side_files sides = { .gguf = &gguf };
    bool done = read_sides(text, &sides, err) && read_keys(text, &gguf, err);
    checkpoint_close(&checkpoint);
    return done;
}

/* ---- the whole ---- */

static bool open_tokenizer(struct model_text *text, const char *path, int64_t reading, struct sy_error *err) {
    const struct tokenizer_limits limits = { .reading_bytes = reading };
    struct sy_error why = { .code = SY_OK };
    if (tokenizer_open(path, NULL, &limits, &text->tokenizer, &why)) {
        text->notes = *tokenizer_notes(text->tokenizer);
        return true;
    }
    text->missing = why;
    if (why.code == SY_ERR_IO && strcmp(why.message, TOKENIZER_NONE) == 0) return true;
    if (err) *err = why;
    return false;
}

static bool read_folder(struct model_text *text, const char *path, struct sy_error *err) {
    char folder[SIDE_FOLDER_MAX];
    side_folder(path, folder);
    struct side_files sides = { .folder = folder };
    return read_sides(text, &sides, err);
}

bool model_text_open(const char *path, struct model_text *out, struct sy_error *err) {
    return model_text_open_within(path, 0, out, err);
}

bool model_text_open_within(const char *named, int64_t reading, struct model_text *out,
                            struct sy_error *err) {
    struct given given;
    const char *path = given.path;
    *out = (struct model_text){ .tokenizer = NULL };
    if (!recognize(named, GIVEN_AS_TOKENIZER, &given, err)) return false;
    *out = (struct model_text){ .special = json_object() };
    bool done = out->special ? open_tokenizer(out, path, reading, err)
                             : sy_fail(err, SY_ERR_MEMORY, "no memory for the special tokens");
    done = done && (gguf_is_file(path) ? read_gguf(out, path, err) : read_folder(out, path, err)) &&
           specials_of_tokenizer(out, err);
    if (done) {
        default_first(out);
        return true;
    }
    sy_error_in(err, path);
    model_text_close(out);
    return false;
}

void model_text_close(struct model_text *text) {
    tokenizer_close(text->tokenizer);
    for (int i = 0; i < text->template_count; i++) {
        free(text->templates[i].name);
        free(text->templates[i].source);
    }
    free(text->templates);
    json_decref(text->special);
    *text = (struct model_text){ .tokenizer = NULL };
}
