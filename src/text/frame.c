/*
 * Post-processors: which ids stand before and behind a text. Only single texts: templates for pairs are left
 * aside.
 */
#include "text/json_field.h"
#include "text/tokenizer_parts.h"

#define FRAME_DEPTH_MAX 8

static bool put(int32_t ids[FRAME_IDS_MAX], int *count, int64_t id, struct sy_error *err) {
    if (*count == FRAME_IDS_MAX)
        return sy_fail(err, SY_ERR_LIMIT, "more than %d ids around a text", FRAME_IDS_MAX);
    ids[(*count)++] = (int32_t)id;
    return true;
}

bool frame_before(struct frame *frame, int64_t id, struct sy_error *err) {
    return put(frame->before, &frame->before_count, id, err);
}

bool frame_behind(struct frame *frame, int64_t id, struct sy_error *err) {
    return put(frame->behind, &frame->behind_count, id, err);
}

static bool put_value(const json_t *value, const struct vocab *vocab, struct frame *frame, bool before,
                      struct sy_error *err) {
    int64_t id = -1;
    if (!json_to_i64(value, &id) || !vocab_has(vocab, id))
        return sy_fail(err, SY_ERR_FORMAT, "names the id %lld, which is no piece", (long long)id);
    return before ? frame_before(frame, id, err) : frame_behind(frame, id, err);
}

static bool put_special(const json_t *processor, const json_t *item, const struct vocab *vocab,
                        struct frame *frame, bool before, struct sy_error *err) {
    const char *name = json_string_value(json_object_get(item, "id"));
    const json_t *token = name ? json_object_get(json_object_get(processor, "special_tokens"), name) : NULL;
    const json_t *ids = json_object_get(token, "ids"), *id;
    size_t index;
    if (!json_is_array(ids))
        return sy_fail(err, SY_ERR_FORMAT, "'%.80s' is none of its special_tokens", name ? name : "");
    json_array_foreach(ids, index, id) {
        if (!put_value(id, vocab, frame, before, err)) return false;
    }
    return true;
}

static bool read_template(const json_t *processor, const struct vocab *vocab, struct frame *frame,
                          struct sy_error *err) {
    const json_t *single = json_object_get(processor, "single"), *item;
    bool text = false;
    size_t index;
    if (!json_is_array(single)) return sy_fail(err, SY_ERR_FORMAT, "a TemplateProcessing without 'single'");
    json_array_foreach(single, index, item) {
        const json_t *special = json_object_get(item, "SpecialToken");
        if (special) {
            if (!put_special(processor, special, vocab, frame, !text, err)) return false;
            continue;
        }
        const char *name = json_string_value(json_object_get(json_object_get(item, "Sequence"), "id"));
        if (!name || strcmp(name, "A") != 0 || text)
            return sy_fail(err, SY_ERR_FORMAT, "a template for one text that does not hold it once");
        text = true;
    }
    return text || sy_fail(err, SY_ERR_FORMAT, "a template without the text");
}

static bool read_roberta(const json_t *processor, const struct vocab *vocab, struct frame *frame,
                         struct sy_error *err) {
    return put_value(json_array_get(json_object_get(processor, "cls"), 1), vocab, frame, true, err) &&
           put_value(json_array_get(json_object_get(processor, "sep"), 1), vocab, frame, false, err);
}

static bool read_one(const json_t *processor, const struct vocab *vocab, struct frame *frame, int depth,
                     struct sy_error *err);

/* Later ones go around what earlier ones put. */
static bool read_sequence(const json_t *processor, const struct vocab *vocab, struct frame *frame, int depth,
                          struct sy_error *err) {
    const json_t *list = json_object_get(processor, "processors"), *item;
    size_t index;
    if (!json_is_array(list)) return sy_fail(err, SY_ERR_FORMAT, "a Sequence without processors");
    if (depth == FRAME_DEPTH_MAX) return sy_fail(err, SY_ERR_LIMIT, "Sequences nested too deep");
    json_array_foreach(list, index, item) {
        struct frame inner = *frame, outer = { .before_count = 0 };
        if (!read_one(item, vocab, &outer, depth + 1, err)) return false;
        *frame = outer;
        frame->behind_count = 0;
        for (int i = 0; i < inner.before_count; i++)
            if (!frame_before(frame, inner.before[i], err)) return false;
        for (int i = 0; i < inner.behind_count; i++)
            if (!frame_behind(frame, inner.behind[i], err)) return false;
        for (int i = 0; i < outer.behind_count; i++)
            if (!frame_behind(frame, outer.behind[i], err)) return false;
    }
    return true;
}

static bool read_one(const json_t *processor, const struct vocab *vocab, struct frame *frame, int depth,
                     struct sy_error *err) {
    const char *type = json_string_value(json_object_get(processor, "type"));
    if (!type) return sy_fail(err, SY_ERR_FORMAT, "has no type");
    if (strcmp(type, "ByteLevel") == 0) return true; /* moves offsets only */
    if (strcmp(type, "TemplateProcessing") == 0) return read_template(processor, vocab, frame, err);
    if (strcmp(type, "RobertaProcessing") == 0 || strcmp(type, "BertProcessing") == 0)
        return read_roberta(processor, vocab, frame, err);
    if (strcmp(type, "Sequence") == 0) return read_sequence(processor, vocab, frame, depth, err);
    sy_fail(err, SY_ERR_FORMAT, "post-processor '%s' is not known here", type);
    return sy_error_remedy(
        err, "known are TemplateProcessing, RobertaProcessing, BertProcessing, ByteLevel, Sequence");
}

bool frame_open(const json_t *value, const struct vocab *vocab, struct frame *frame, struct sy_error *err) {
    *frame = (struct frame){ .before_count = 0 };
    if (!value || json_is_null(value) || read_one(value, vocab, frame, 0, err)) return true;
    return sy_error_at(err, "post_processor");
}
