/*
 * tokenizer_config.json beside a tokenizer: tokens that it adds, the names of bos, eos, unk and pad, and
 * whether bos and eos are put around a text. What it says of these two outranks the template, as in
 * transformers' update_post_processor.
 */
#include "text/load/load.h"

#include <stdlib.h>

/* ---- tokens ---- */

static bool add_tokens(struct tokenizer *t, const json_t *decoder, struct sy_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)decoder, key, value) {
        char *end;
        json_int_t id = strtoll(key, &end, 10);
        if (*end || end == key || id < 0) {
            sy_fail(err, SY_ERR_FORMAT, "'%.40s' is no id", key);
            return sy_error_at(err, "added_tokens_decoder");
        }
        const char *text = json_string_value(json_object_get(value, "content"));
        if (text && vocab_find(&t->vocab, text, (int64_t)strlen(text)) >= 0)
            continue; /* the tokenizer's own file says more */
        json_t *item = json_copy(value);
        json_t *list = json_pack("[o]", item);
        bool done =
            list && json_object_set_new(item, "id", json_integer(id)) == 0 && load_added_list(t, list, err);
        json_decref(list);
        if (!done) return sy_error_at(err, "added_tokens_decoder, %s", key);
    }
    return true;
}

const char *special_text(const json_t *config, const char *key) {
    const json_t *value = json_object_get(config, key);
    return json_is_object(value) ? json_string_value(json_object_get(value, "content"))
                                 : json_string_value(value);
}

static void find_named(const struct tokenizer *t, const json_t *config, const char *key, int64_t *id) {
    const char *text = special_text(config, key);
    int64_t found = text ? vocab_find(&t->vocab, text, (int64_t)strlen(text)) : -1;
    if (found >= 0) *id = found;
}

/* ---- bos and eos ---- */

static bool frame_has(const int32_t *ids, int count, int64_t id) {
    for (int i = 0; i < count; i++)
        if (ids[i] == id) return true;
    return false;
}

static bool say_bos(struct tokenizer *t, bool add, struct sy_error *err) {
    struct frame *frame = &t->frame;
    bool there = frame_has(frame->before, frame->before_count, t->bos);
    if (t->bos < 0 || add == there) return true;
    if (add) return frame_before(frame, t->bos, err);
    frame->before_count = 0;
    return true;
}

static bool say_eos(struct tokenizer *t, bool add, struct sy_error *err) {
    struct frame *frame = &t->frame;
    bool there = frame_has(frame->behind, frame->behind_count, t->eos);
    if (t->eos < 0 || add == there) return true;
    if (add) return frame_behind(frame, t->eos, err);
    frame->behind_count = 0;
    return true;
}

bool load_config(struct tokenizer *t, const json_t *config, struct sy_error *err) {
    const json_t *bos = json_object_get(config, "add_bos_token"),
                 *eos = json_object_get(config, "add_eos_token");
    if (!add_tokens(t, json_object_get(config, "added_tokens_decoder"), err)) return false;
    find_named(t, config, "bos_token", &t->bos);
    find_named(t, config, "eos_token", &t->eos);
    find_named(t, config, "unk_token", &t->unk);
    find_named(t, config, "pad_token", &t->pad);
    return (!json_is_boolean(bos) || say_bos(t, json_is_true(bos), err)) &&
           (!json_is_boolean(eos) || say_eos(t, json_is_true(eos), err));
}
