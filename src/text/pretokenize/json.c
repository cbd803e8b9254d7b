/*
 * Pre-tokenisers as tokenizer.json spells them. An old Metaspace says add_prefix_space, a newer one
 * prepend_scheme; ByteLevel stands for three things: a space in front, GPT-2's pattern, and pieces spelled in
 * the byte alphabet, so nothing may follow it that looks at text.
 */
#include "text/json_field.h"
#include "text/pretokenize/pretokenize.h"

#include "base/utf8.h"
#include <string.h>

static const char byte_level_pattern[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

static struct pre_step *step_add(struct pretokenizer *pre, enum pre_kind kind, struct sy_error *err) {
    if (pre->count == PRE_STEPS_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "more than %d steps", PRE_STEPS_MAX);
        return NULL;
    }
    struct pre_step *step = &pre->steps[pre->count++];
    *step = (struct pre_step){ .kind = kind, .behavior = PRE_ISOLATED };
    return step;
}

static bool add_class(struct pretokenizer *pre, char_class *is, enum pre_behavior behavior,
                      struct sy_error *err) {
    struct pre_step *step = step_add(pre, PRE_CLASS, err);
    if (!step) return false;
    step->is = is;
    step->behavior = behavior;
    return true;
}

bool pretokenizer_add_pattern(struct pretokenizer *pre, const char *pattern, int64_t size,
                              enum pattern_dialect dialect, struct sy_error *err) {
    struct pre_step *step = step_add(pre, PRE_PATTERN, err);
    return step && pattern_open(pattern, size, dialect, &step->pattern, err);
}

static bool read_behavior(const json_t *value, enum pre_behavior *behavior, struct sy_error *err) {
    static const char *const words[] = { "Removed", "Isolated", "Contiguous", "MergedWithPrevious",
                                         "MergedWithNext" };
    const char *word = json_string_value(json_object_get(value, "behavior"));
    for (int i = 0; i < 5; i++)
        if (word && strcmp(word, words[i]) == 0) return *behavior = (enum pre_behavior)i, true;
    return sy_fail(err, SY_ERR_FORMAT, "unknown behavior '%s'", word ? word : "(none)");
}

static bool add_split(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    const json_t *pattern = json_object_get(value, "pattern");
    const json_t *literal = json_object_get(pattern, "String"), *regex = json_object_get(pattern, "Regex");
    const json_t *text = literal ? literal : regex;
    if (!json_is_string(text))
        return sy_fail(err, SY_ERR_FORMAT, "a Split without a pattern of kind String or Regex");
    struct pre_step *step = step_add(pre, PRE_PATTERN, err);
    if (!step || !read_behavior(value, &step->behavior, err)) return false;
    if (!field_bool(value, "invert", false, &step->invert, err)) return false;
    const char *source = json_string_value(text);
    int64_t size = (int64_t)json_string_length(text);
    if (literal && size == 0) return sy_fail(err, SY_ERR_FORMAT, "a Split by the empty text");
    return literal ? pattern_open_literal(source, size, &step->pattern, err)
                   : pattern_open(source, size, PATTERN_ONIGURUMA, &step->pattern, err);
}

static bool add_byte_level(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    bool prefix, regex;
    if (!field_bool(value, "add_prefix_space", true, &prefix, err)) return false;
    if (!field_bool(value, "use_regex", true, &regex, err)) return false;
    pre->byte_level = true;
    struct pre_step *step = prefix ? step_add(pre, PRE_SPACE, err) : NULL;
    if (prefix && !step) return false;
    if (step) {
        step->prepend = PRE_ALWAYS;
        step->mark[0] = ' ';
        step->mark_size = 1;
    }
    return !regex || pretokenizer_add_pattern(pre, byte_level_pattern, sizeof byte_level_pattern - 1,
                                              PATTERN_ONIGURUMA, err);
}

/* A string of one character. */
static bool one_character(const json_t *value, const char *key, const char *fallback, uint32_t *point,
                          struct sy_error *err) {
    const json_t *text = json_object_get(value, key);
    const char *string = text ? json_string_value(text) : fallback;
    size_t size = text ? json_string_length(text) : strlen(fallback);
    if (string && size > 0 && utf8_decode(string, size, point) == size) return true;
    return sy_fail(err, SY_ERR_FORMAT, "%s is not one character", key);
}

static bool read_prepend(const json_t *value, enum pre_prepend *prepend, struct sy_error *err) {
    const char *word = json_string_value(json_object_get(value, "prepend_scheme"));
    bool prefix;
    if (!field_bool(value, "add_prefix_space", true, &prefix, err)) return false;
    if (!word) return *prepend = prefix ? PRE_ALWAYS : PRE_NEVER, true;
    *prepend = strcmp(word, "always") == 0 ? PRE_ALWAYS : strcmp(word, "first") == 0 ? PRE_FIRST : PRE_NEVER;
    return *prepend != PRE_NEVER || strcmp(word, "never") == 0 ||
           sy_fail(err, SY_ERR_FORMAT, "unknown prepend_scheme '%s'", word);
}

static bool add_metaspace(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    uint32_t point = 0;
    bool cut;
    struct pre_step *step = step_add(pre, PRE_METASPACE, err);
    if (!step || !one_character(value, "replacement", "\xe2\x96\x81", &point, err)) return false;
    if (!read_prepend(value, &step->prepend, err)) return false;
    step->mark_size = utf8_encode(point, step->mark);
    if (!field_bool(value, "split", true, &cut, err)) return false;
    if (!cut) return true;
    if (!add_class(pre, char_is, PRE_WITH_NEXT, err)) return false;
    pre->steps[pre->count - 1].character = point;
    return true;
}

static bool add_delimiter(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    uint32_t point = 0;
    if (!one_character(value, "delimiter", "", &point, err)) return false;
    if (!add_class(pre, char_is, PRE_REMOVED, err)) return false;
    pre->steps[pre->count - 1].character = point;
    return true;
}

static bool add_digits(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    bool each;
    if (!field_bool(value, "individual_digits", false, &each, err)) return false;
    return add_class(pre, char_is_number, each ? PRE_ISOLATED : PRE_CONTIGUOUS, err);
}

static bool add_punctuation(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    enum pre_behavior behavior = PRE_ISOLATED;
    if (json_object_get(value, "behavior") && !read_behavior(value, &behavior, err)) return false;
    return add_class(pre, char_is_punctuation, behavior, err);
}

static bool add_space_split(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    (void)value;
    return add_class(pre, char_is_space, PRE_REMOVED, err);
}

static bool add_whitespace(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    static const char pattern[] = "\\w+|[^\\w\\s]+";
    (void)value;
    if (!pretokenizer_add_pattern(pre, pattern, sizeof pattern - 1, PATTERN_RUST, err)) return false;
    pre->steps[pre->count - 1].behavior = PRE_REMOVED;
    pre->steps[pre->count - 1].invert = true;
    return true;
}

static bool add_bert(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    return add_space_split(value, pre, err) && add_class(pre, char_is_punctuation, PRE_ISOLATED, err);
}

static bool add(const json_t *value, struct pretokenizer *pre, int depth, struct sy_error *err);

static bool add_sequence(const json_t *value, struct pretokenizer *pre, int depth, struct sy_error *err) {
    const json_t *list = json_object_get(value, "pretokenizers"), *item;
    size_t index;
    if (!json_is_array(list)) return sy_fail(err, SY_ERR_FORMAT, "a Sequence without pretokenizers");
    if (depth == PRE_STEPS_MAX) return sy_fail(err, SY_ERR_LIMIT, "Sequences nested too deep");
    json_array_foreach(list, index, item) {
        if (!add(item, pre, depth + 1, err)) return false;
    }
    return true;
}

static bool add(const json_t *value, struct pretokenizer *pre, int depth, struct sy_error *err) {
    static const struct {
        const char *type;
        bool (*add)(const json_t *value, struct pretokenizer *pre, struct sy_error *err);
    } types[] = {
        { "Split", add_split },
        { "ByteLevel", add_byte_level },
        { "Metaspace", add_metaspace },
        { "Digits", add_digits },
        { "Punctuation", add_punctuation },
        { "WhitespaceSplit", add_space_split },
        { "Whitespace", add_whitespace },
        { "BertPreTokenizer", add_bert },
        { "CharDelimiterSplit", add_delimiter },
    };
    const char *type = json_string_value(json_object_get(value, "type"));
    if (!type) return sy_fail(err, SY_ERR_FORMAT, "has no type");
    if (strcmp(type, "Sequence") == 0) return add_sequence(value, pre, depth, err);
    if (pre->byte_level) return sy_fail(err, SY_ERR_FORMAT, "%s after ByteLevel", type);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i].type) == 0) return types[i].add(value, pre, err);
    sy_fail(err, SY_ERR_FORMAT, "pre-tokeniser '%s' is not known here", type);
    return sy_error_remedy(err,
                           "known are Split, ByteLevel, Metaspace, Digits, Punctuation, Whitespace(Split), "
                           "BertPreTokenizer, CharDelimiterSplit and Sequence");
}

bool pretokenizer_open(const json_t *value, struct pretokenizer *pre, struct sy_error *err) {
    *pre = (struct pretokenizer){ .count = 0 };
    if (!value || json_is_null(value) || add(value, pre, 0, err)) return true;
    pretokenizer_close(pre);
    return sy_error_at(err, "pre_tokenizer");
}
