/*
 * Decoders as tokenizer.json spells them. Before Fuse a step works on each piece, after it on the whole text;
 * there only Strip at the front is known here, for a stream cannot take back what it gave.
 */
#include "text/decode.h"
#include "text/json_field.h"

#include "base/utf8.h"

static struct decode_step *step_add(struct decoder *decoder, enum decode_kind kind, struct sy_error *err) {
    if (decoder->count == DECODE_STEPS_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "more than %d steps", DECODE_STEPS_MAX);
        return NULL;
    }
    struct decode_step *step = &decoder->steps[decoder->count++];
    *step = (struct decode_step){ .kind = kind };
    return step;
}

static bool short_text(const json_t *value, char out[64], int64_t *size, const char *what,
                       struct sy_error *err) {
    const char *text = json_string_value(value);
    *size = (int64_t)json_string_length(value);
    if (!text || *size >= 64) return sy_fail(err, SY_ERR_FORMAT, "%s is no text of less than 64 bytes", what);
    memcpy(out, text, (size_t)*size);
    return true;
}

static bool add_replace(const json_t *value, struct decoder *decoder, struct sy_error *err) {
    const json_t *pattern = json_object_get(json_object_get(value, "pattern"), "String");
    struct decode_step *step = step_add(decoder, DECODE_REPLACE, err);
    if (!step) return false;
    if (!pattern) return sy_fail(err, SY_ERR_FORMAT, "a Replace whose pattern is no String");
    return short_text(pattern, step->from, &step->from_size, "pattern", err) &&
           short_text(json_object_get(value, "content"), step->to, &step->to_size, "content", err);
}

static bool add_strip(const json_t *value, struct decoder *decoder, bool fused, struct sy_error *err) {
    struct decode_step step = { .kind = DECODE_STRIP };
    uint32_t point = 0;
    if (!short_text(json_object_get(value, "content"), step.from, &step.from_size, "content", err) ||
        !field_int(value, "start", 0, &step.start, err) || !field_int(value, "stop", 0, &step.stop, err))
        return false;
    if (step.from_size == 0 ||
        utf8_decode(step.from, (size_t)step.from_size, &point) != (size_t)step.from_size)
        return sy_fail(err, SY_ERR_FORMAT, "a Strip of '%s', which is not one character", step.from);
    if (step.start < 0 || step.stop < 0 || step.start > 4096 || step.stop > 4096)
        return sy_fail(err, SY_ERR_FORMAT, "a Strip of %lld and %lld characters", (long long)step.start,
                       (long long)step.stop);
    if (!fused) {
        struct decode_step *added = step_add(decoder, DECODE_STRIP, err);
        if (added) *added = step;
        return added != NULL;
    }
    if (step.stop > 0 || decoder->strip_max > 0)
        return sy_fail(err, SY_ERR_FORMAT,
                       "a Strip at the end of the text, or a second one, is not known here");
    memcpy(decoder->strip, step.from, (size_t)step.from_size);
    decoder->strip_size = step.from_size;
    decoder->strip_max = step.start;
    return true;
}

static bool add_metaspace(const json_t *value, struct decoder *decoder, struct sy_error *err) {
    const char *mark, *scheme;
    bool prefix;
    uint32_t point = 0;
    struct decode_step *step = step_add(decoder, DECODE_METASPACE, err);
    if (!step || !field_string(value, "replacement", &mark, err) ||
        !field_string(value, "prepend_scheme", &scheme, err) ||
        !field_bool(value, "add_prefix_space", true, &prefix, err))
        return false;
    if (!mark) mark = "\xe2\x96\x81";
    if (decoder->count > 1)
        return sy_fail(err, SY_ERR_FORMAT, "a Metaspace behind other steps is not known here");
    if (mark[0] == 0 || utf8_decode(mark, strlen(mark), &point) != strlen(mark))
        return sy_fail(err, SY_ERR_FORMAT, "replacement is not one character");
    step->from_size = decoder->mark_size = (int64_t)strlen(mark);
    memcpy(step->from, mark, strlen(mark));
    memcpy(decoder->mark, mark, strlen(mark));
    decoder->first_without_marks = scheme ? strcmp(scheme, "never") != 0 : prefix;
    return true;
}

static bool add(const json_t *value, struct decoder *decoder, bool *fused, int depth, struct sy_error *err) {
    const char *type = json_string_value(json_object_get(value, "type"));
    if (!type) return sy_fail(err, SY_ERR_FORMAT, "has no type");
    if (strcmp(type, "Sequence") == 0) {
        const json_t *list = json_object_get(value, "decoders"), *item;
        size_t index;
        if (!json_is_array(list)) return sy_fail(err, SY_ERR_FORMAT, "a Sequence without decoders");
        if (depth == DECODE_STEPS_MAX) return sy_fail(err, SY_ERR_LIMIT, "Sequences nested too deep");
        json_array_foreach(list, index, item) {
            if (!add(item, decoder, fused, depth + 1, err)) return false;
        }
        return true;
    }
    if (strcmp(type, "Strip") == 0) return add_strip(value, decoder, *fused, err);
    if (strcmp(type, "Fuse") == 0) return *fused = true;
    if (*fused) return sy_fail(err, SY_ERR_FORMAT, "%s behind Fuse is not known here", type);
    if (strcmp(type, "ByteLevel") == 0) return *fused = step_add(decoder, DECODE_BYTE_LEVEL, err) != NULL;
    if (strcmp(type, "ByteFallback") == 0) return step_add(decoder, DECODE_BYTE_FALLBACK, err) != NULL;
    if (strcmp(type, "Replace") == 0) return add_replace(value, decoder, err);
    if (strcmp(type, "Metaspace") == 0) return add_metaspace(value, decoder, err);
    sy_fail(err, SY_ERR_FORMAT, "decoder '%s' is not known here", type);
    return sy_error_remedy(err,
                           "known are ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace and Sequence");
}

bool decoder_open(const json_t *value, struct decoder *decoder, struct sy_error *err) {
    bool fused = false;
    *decoder = (struct decoder){ .count = 0 };
    if (!value || json_is_null(value)) return decoder->join = true;
    return add(value, decoder, &fused, 0, err) || sy_error_at(err, "decoder");
}
