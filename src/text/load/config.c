/*
 * The files beside a tokenizer's own: which tokens they add, which are special, what bos, eos, unk and pad
 * are called, and whether bos and eos are put around a text. As transformers has it
 * (PreTrainedTokenizerBase._from_pretrained, update_post_processor):
 *
 *     tokenizer_config.json   names, add_bos_token, add_eos_token, added_tokens_decoder; where it has the
 *                             last, the two below are not read
 *     special_tokens_map.json names, over those of tokenizer_config.json
 *     added_tokens.json       {"text": id}; special are those that one of the names above names
 *
 * The tokenizer's own file counts more where it knows a token already. What is named and in no vocabulary
 * becomes the next id where that file is tokenizer.model or vocab.json.
 */
#include "text/load/load.h"
#include "text/load/side.h"

#include <stdlib.h>

static const char *const named_keys[] = { "bos_token", "eos_token", "unk_token",  "sep_token",
                                          "pad_token", "cls_token", "mask_token", NULL };
/* Lists of names, or objects of them. */
static const char *const list_keys[] = { "additional_special_tokens", "extra_special_tokens", NULL };

static const char *text_of(const json_t *value) {
    return json_is_object(value) ? json_string_value(json_object_get(value, "content"))
                                 : json_string_value(value);
}

const char *special_text(const json_t *config, const char *key) {
    return text_of(json_object_get(config, key));
}

/* ---- names ---- */

/* What is said by whom: `names` holds what counts. */
static bool take_names(struct tokenizer *t, json_t *names, const json_t *from, bool over,
                       struct sy_error *err) {
    bool good = true;
    for (int i = 0; named_keys[i]; i++) {
        const char *text = special_text(from, named_keys[i]), *before = special_text(names, named_keys[i]);
        if (!text) continue;
        if (over && before && strcmp(text, before) != 0)
            text_note(&t->notes, "special_tokens_map.json", named_keys[i],
                      "'%.60s' counts more than '%.60s' of tokenizer_config.json", text, before);
        good = good && json_object_set(names, named_keys[i], json_object_get(from, named_keys[i])) == 0;
    }
    for (int i = 0; list_keys[i]; i++) {
        const json_t *list = json_object_get(from, list_keys[i]);
        if (json_is_array(list) || json_is_object(list))
            good = good && json_object_set(names, list_keys[i], (json_t *)list) == 0;
    }
    return good || sy_fail(err, SY_ERR_MEMORY, "no memory for the special tokens");
}

typedef bool visit_name(struct tokenizer *t, const char *key, const json_t *value, struct sy_error *err);

static bool each_name(struct tokenizer *t, const json_t *names, visit_name *visit, struct sy_error *err) {
    for (int i = 0; named_keys[i]; i++) {
        const json_t *value = json_object_get(names, named_keys[i]);
        if (text_of(value) && !visit(t, named_keys[i], value, err)) return false;
    }
    for (int i = 0; list_keys[i]; i++) {
        json_t *list = json_object_get(names, list_keys[i]), *item;
        const char *key;
        size_t index;
        json_array_foreach(list, index, item) {
            if (text_of(item) && !visit(t, list_keys[i], item, err)) return false;
        }
        json_object_foreach(list, key, item) {
            if (text_of(item) && !visit(t, list_keys[i], item, err)) return false;
        }
    }
    return true;
}

static bool lists_name(const json_t *list, const char *text) {
    json_t *item;
    const char *key;
    size_t index;
    json_array_foreach(list, index, item) {
        if (text_of(item) && strcmp(text_of(item), text) == 0) return true;
    }
    json_object_foreach((json_t *)list, key, item) {
        if (text_of(item) && strcmp(text_of(item), text) == 0) return true;
    }
    return false;
}

static bool is_named(const json_t *names, const char *text) {
    for (int i = 0; named_keys[i]; i++) {
        const char *name = special_text(names, named_keys[i]);
        if (name && strcmp(name, text) == 0) return true;
    }
    for (int i = 0; list_keys[i]; i++)
        if (lists_name(json_object_get(names, list_keys[i]), text)) return true;
    return false;
}

/* ---- tokens ---- */

static int64_t find(const struct tokenizer *t, const char *text) {
    return vocab_find(&t->vocab, text, (int64_t)strlen(text));
}

/* Does the tokenizer's own file, or one read before, cut it out of a text already? */
static bool is_added(const struct tokenizer *t, int64_t id) {
    return vocab_has(&t->vocab, id) && t->vocab.kinds[id] != TOKEN_NORMAL && t->vocab.kinds[id] != TOKEN_BYTE;
}

static void note_other_id(struct tokenizer *t, const char *file, const char *text, int64_t said, int64_t id) {
    if (said != id)
        text_note(&t->notes, file, text,
                  "has id %lld in the tokenizer's own file, which counts, and %lld here", (long long)id,
                  (long long)said);
}

static bool add_decoder(struct tokenizer *t, const json_t *decoder, struct sy_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)decoder, key, value) {
        char *end;
        json_int_t id = strtoll(key, &end, 10);
        if (*end || end == key || id < 0) {
            sy_fail(err, SY_ERR_FORMAT, "'%.40s' is no id", key);
            return sy_error_at(err, "added_tokens_decoder");
        }
        const char *text = text_of(value);
        int64_t known = text ? find(t, text) : -1;
        if (known >= 0) note_other_id(t, "tokenizer_config.json", text, id, known);
        if (is_added(t, known)) continue; /* the tokenizer's own file says more */
        json_t *item = json_is_object(value) ? json_copy(value) : json_pack("{s:s?}", "content", text);
        json_t *list = json_pack("[o]", item);
        bool done =
            list && json_object_set_new(item, "id", json_integer(id)) == 0 && load_added_list(t, list, err);
        json_decref(list);
        if (!done) return sy_error_at(err, "added_tokens_decoder, %s", key);
    }
    return true;
}

static bool is_sentencepiece(const struct tokenizer *t) {
    return t->counts_on && !t->vocab_merges;
}

/* Only special ones are looked for in the text as it came; beside a tokenizer.model all are. */
static bool put_added(struct tokenizer *t, const char *text, int64_t id, bool special, struct sy_error *err) {
    struct added_token token = { .special = special };
    return load_added(t, text, (int64_t)strlen(text), id, !special && !is_sentencepiece(t), token, err);
}

struct listed {
    const char *text;
    int64_t id;
};

static int by_id(const void *a, const void *b) {
    int64_t left = ((const struct listed *)a)->id, right = ((const struct listed *)b)->id;
    return (left > right) - (left < right);
}

static bool add_listed(struct tokenizer *t, const json_t *names, const struct listed *list, size_t count,
                       struct sy_error *err) {
    for (size_t i = 0; i < count; i++) {
        const char *text = list[i].text;
        int64_t known = find(t, text);
        if (known >= 0) note_other_id(t, "added_tokens.json", text, list[i].id, known);
        if (!is_added(t, known) && !put_added(t, text, list[i].id, is_named(names, text), err))
            return sy_error_at(err, "%.80s", text);
    }
    return true;
}

/* {"text": id}, in the order of the ids: a program that counts on gives the same. */
static bool add_file(struct tokenizer *t, const json_t *file, const json_t *names, struct sy_error *err) {
    const char *key;
    json_t *value;
    size_t count = 0, size = json_object_size(file);
    if (!json_is_object(file)) return sy_fail(err, SY_ERR_FORMAT, "is no object of texts and ids");
    struct listed *list = calloc(size + 1, sizeof *list);
    if (!list) return sy_fail(err, SY_ERR_MEMORY, "no memory for %zu added tokens", size);
    bool done = true;
    json_object_foreach((json_t *)file, key, value) {
        list[count].text = key;
        done = json_to_i64(value, &list[count].id) && list[count].id >= 0;
        if (!done) {
            sy_fail(err, SY_ERR_FORMAT, "'%.80s' has no id", key);
            break;
        }
        count++;
    }
    if (done) qsort(list, count, sizeof *list, by_id);
    done = done && add_listed(t, names, list, count, err);
    free(list);
    return done;
}

static bool add_named(struct tokenizer *t, const char *key, const json_t *value, struct sy_error *err) {
    const char *text = text_of(value);
    int64_t known = find(t, text);
    if (is_added(t, known)) return true;
    if (known < 0 && !t->counts_on) {
        text_note(&t->notes, "tokenizer_config.json", key, "'%.60s' is no token of the vocabulary", text);
        return true;
    }
    if (known < 0)
        text_note(&t->notes, "tokenizer_config.json", key,
                  "'%.60s' is in no vocabulary, so it is the next id, %lld", text, (long long)t->vocab.count);
    return put_added(t, text, known, true, err) || sy_error_at(err, "%s", key);
}

/* ---- bos and eos ---- */

static void find_named(const struct tokenizer *t, const json_t *names, const char *key, int64_t *id) {
    const char *text = special_text(names, key);
    int64_t found = text ? find(t, text) : -1;
    if (found >= 0) *id = found;
}

static bool frame_has(const int32_t *ids, int count, int64_t id) {
    for (int i = 0; i < count; i++)
        if (ids[i] == id) return true;
    return false;
}

bool load_say_bos(struct tokenizer *t, bool add, struct sy_error *err) {
    struct frame *frame = &t->frame;
    bool there = frame_has(frame->before, frame->before_count, t->bos);
    if (t->bos < 0 || add == there) return true;
    if (add) return frame_before(frame, t->bos, err);
    frame->before_count = 0;
    return true;
}

bool load_say_eos(struct tokenizer *t, bool add, struct sy_error *err) {
    struct frame *frame = &t->frame;
    bool there = frame_has(frame->behind, frame->behind_count, t->eos);
    if (t->eos < 0 || add == there) return true;
    if (add) return frame_behind(frame, t->eos, err);
    frame->behind_count = 0;
    return true;
}

/* tokenizer.json puts something around a text, and the flag something else. */
static void note_frame(struct tokenizer *t, const json_t *flag, const char *key, int64_t id,
                       const int32_t *ids, int count) {
    if (t->counts_on || id < 0 || count == 0 || !json_is_boolean(flag)) return;
    if (json_is_true(flag) != frame_has(ids, count, id))
        text_note(&t->notes, "tokenizer_config.json", key,
                  "counts more than the post_processor of tokenizer.json, which %s it",
                  json_is_true(flag) ? "does not add" : "adds");
}

/* ---- all of it ---- */

/* How a tokenizer.model is read: legacy says whether the text behind a special token begins anew. */
static void read_manner(struct tokenizer *t, const json_t *config) {
    if (!is_sentencepiece(t)) return;
    if (json_is_false(json_object_get(config, "legacy"))) {
        t->front_everywhere = false;
        t->front_mark = find(t, "\xe2\x96\x81");
    }
    if (json_is_false(json_object_get(config, "add_prefix_space")))
        text_note(&t->notes, "tokenizer_config.json", "add_prefix_space",
                  "false is not obeyed: tokenizer.model itself says whether a text begins with a space");
    if (json_object_size(json_object_get(config, "sp_model_kwargs")) > 0)
        text_note(&t->notes, "tokenizer_config.json", "sp_model_kwargs",
                  "is not obeyed: no id is drawn by chance");
}

static bool apply(struct tokenizer *t, const json_t *config, const json_t *names, const json_t *added,
                  struct sy_error *err) {
    const json_t *bos = json_object_get(config, "add_bos_token"),
                 *eos = json_object_get(config, "add_eos_token");
    read_manner(t, config);
    if (!add_decoder(t, json_object_get(config, "added_tokens_decoder"), err))
        return sy_error_in(err, "tokenizer_config.json");
    if (added && !add_file(t, added, names, err)) return sy_error_in(err, "added_tokens.json");
    if (!each_name(t, names, add_named, err)) return false;
    find_named(t, names, "bos_token", &t->bos);
    find_named(t, names, "eos_token", &t->eos);
    find_named(t, names, "unk_token", &t->unk);
    find_named(t, names, "pad_token", &t->pad);
    note_frame(t, bos, "add_bos_token", t->bos, t->frame.before, t->frame.before_count);
    note_frame(t, eos, "add_eos_token", t->eos, t->frame.behind, t->frame.behind_count);
    return (!json_is_boolean(bos) || load_say_bos(t, json_is_true(bos), err)) &&
           (!json_is_boolean(eos) || load_say_eos(t, json_is_true(eos), err));
}

bool load_sides(struct tokenizer *t, const struct side_files *sides, const char *const defaults[][2],
                struct sy_error *err) {
    json_t *config = NULL, *map = NULL, *added = NULL, *names = json_object();
    bool done = names != NULL || sy_fail(err, SY_ERR_MEMORY, "no memory for the special tokens");
    for (int i = 0; done && defaults && defaults[i][0]; i++)
        done = json_object_set_new(names, defaults[i][0], json_string(defaults[i][1])) == 0;
    done = done && side_json(sides, "tokenizer_config.json", &config, err) &&
           take_names(t, names, config, false, err);
    if (done && !json_object_get(config, "added_tokens_decoder"))
        done = side_json(sides, "special_tokens_map.json", &map, err) &&
               side_json(sides, "added_tokens.json", &added, err) && take_names(t, names, map, true, err);
    done = done && apply(t, config, names, added, err);
    json_decref(config);
    json_decref(map);
    json_decref(added);
    json_decref(t->names);
    t->names = names;
    return done || sy_error_remedy(err, "get the file anew");
}
