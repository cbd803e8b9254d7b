/*
 * Normalisers (normalize.h): read from tokenizer.json into a list of steps, and applied one after the other.
 * A Sequence within a Sequence becomes part of the same list.
 */
#include "text/normalize/normalize.h"
#include "base/checked.h"
#include "text/base64.h"
#include "text/json_field.h"
#include "text/normalize/step.h"
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 256, DEPTH_MAX = 8 };

struct normalizer {
    struct step *steps;
    int count;
};

/* ---- reading ---- */

struct reading {
    struct normalizer *normalizer;
    struct sy_error *err;
    int depth;
};

static bool refuse_type(const char *type, struct sy_error *err) {
    sy_fail(err, SY_ERR_FORMAT, "a normaliser of type '%.64s' is not known here", type);
    return sy_error_remedy(err, "use a tokenizer without it, or report it");
}

static struct step *step_new(struct reading *reading, enum step_kind kind) {
    struct normalizer *normalizer = reading->normalizer;
    if (normalizer->count == STEPS_MAX) {
        sy_fail(reading->err, SY_ERR_LIMIT, "more than %d normalisers", STEPS_MAX);
        return NULL;
    }
    struct step *larger =
        realloc(normalizer->steps, (size_t)(normalizer->count + 1) * sizeof *normalizer->steps);
    if (!larger) {
        sy_fail(reading->err, SY_ERR_MEMORY, "no memory for a normaliser");
        return NULL;
    }
    normalizer->steps = larger;
    struct step *step = &larger[normalizer->count++];
    *step = (struct step){ .kind = kind };
    return step;
}

/* A string member that must be there; its size, for it may hold NULs. */
static bool need_string(const json_t *object, const char *key, const char **out, int64_t *size,
                        struct sy_error *err) {
    const json_t *value = json_object_get(object, key);
    *out = "";
    *size = 0;
    if (!json_is_string(value)) return sy_fail(err, SY_ERR_FORMAT, "'%s' is missing, or is no string", key);
    *out = json_string_value(value);
    *size = (int64_t)json_string_length(value);
    return true;
}

static bool copy_content(struct step *step, const char *content, int64_t size, struct sy_error *err) {
    step->content = malloc((size_t)size + 1);
    if (!step->content) return sy_fail(err, SY_ERR_MEMORY, "no memory for a normaliser");
    memcpy(step->content, content, (size_t)size);
    step->content_size = size;
    return true;
}

static bool read_replace(const json_t *value, struct step *step, struct sy_error *err) {
    const json_t *pattern = json_object_get(value, "pattern");
    const char *source, *content;
    int64_t size, content_size;
    if (!need_string(value, "content", &content, &content_size, err)) return false;
    if (!copy_content(step, content, content_size, err)) return false;
    if (json_object_get(pattern, "Regex")) {
        return need_string(pattern, "Regex", &source, &size, err) &&
               pattern_open(source, size, PATTERN_ONIGURUMA, &step->pattern, err);
    }
    if (!need_string(pattern, "String", &source, &size, err)) return false;
    if (size == 0) return sy_fail(err, SY_ERR_FORMAT, "replaces an empty text");
    return pattern_open_literal(source, size, &step->pattern, err);
}

static bool read_precompiled(const json_t *value, struct step *step, struct sy_error *err) {
    const char *text;
    int64_t size;
    if (!need_string(value, "precompiled_charsmap", &text, &size, err)) return false;
    char *bytes = malloc((size_t)size + 1);
    if (!bytes) return sy_fail(err, SY_ERR_MEMORY, "no memory for a character map");
    int64_t count = base64_decode(text, size, bytes);
    bool ok = count >= 0 ? charsmap_open((const unsigned char *)bytes, count, &step->map, err)
                         : sy_fail(err, SY_ERR_FORMAT, "'precompiled_charsmap' is no base64");
    free(bytes);
    return ok;
}

static bool read_bert(const json_t *value, struct step *step, struct sy_error *err) {
    bool accents;
    if (!field_bool(value, "clean_text", true, &step->clean, err)) return false;
    if (!field_bool(value, "handle_chinese_chars", true, &step->chinese, err)) return false;
    if (!field_bool(value, "lowercase", true, &step->lowercase, err)) return false;
    if (!field_bool(value, "strip_accents", step->lowercase, &accents, err)) return false;
    step->accents = accents;
    return true;
}

static bool read_members(const json_t *value, struct step *step, struct sy_error *err) {
    const char *content;
    int64_t size;
    switch (step->kind) {
    case STEP_PREPEND:
        return need_string(value, "prepend", &content, &size, err) && copy_content(step, content, size, err);
    case STEP_REPLACE: return read_replace(value, step, err);
    case STEP_STRIP:
        return field_bool(value, "strip_left", true, &step->left, err) &&
               field_bool(value, "strip_right", true, &step->right, err);
    case STEP_PRECOMPILED: return read_precompiled(value, step, err);
    case STEP_BERT: return read_bert(value, step, err);
    default: return true;
    }
}

static bool read_value(struct reading *reading, const json_t *value);

static bool read_sequence(struct reading *reading, const json_t *value) {
    const json_t *list = json_object_get(value, "normalizers"), *item;
    size_t i;
    if (!json_is_array(list))
        return sy_fail(reading->err, SY_ERR_FORMAT, "'normalizers' is missing, or is no list");
    json_array_foreach(list, i, item) {
        if (!read_value(reading, item)) return sy_error_at(reading->err, "normalizer %zu", i);
    }
    return true;
}

static bool read_value(struct reading *reading, const json_t *value) {
    static const struct {
        const char *type;
        enum step_kind kind;
        enum unicode_form form;
    } types[] = {
        { "NFC", STEP_FORM, FORM_NFC },
        { "NFD", STEP_FORM, FORM_NFD },
        { "NFKC", STEP_FORM, FORM_NFKC },
        { "NFKD", STEP_FORM, FORM_NFKD },
        { "Prepend", STEP_PREPEND, FORM_NFC },
        { "Replace", STEP_REPLACE, FORM_NFC },
        { "Strip", STEP_STRIP, FORM_NFC },
        { "StripAccents", STEP_STRIP_ACCENTS, FORM_NFC },
        { "Lowercase", STEP_LOWERCASE, FORM_NFC },
        { "Nmt", STEP_NMT, FORM_NFC },
        { "Precompiled", STEP_PRECOMPILED, FORM_NFC },
        { "ByteLevel", STEP_BYTE_LEVEL, FORM_NFC },
        { "BertNormalizer", STEP_BERT, FORM_NFC },
    };
    const char *type;
    int64_t size;
    if (json_is_null(value)) return true;
    if (!json_is_object(value)) return sy_fail(reading->err, SY_ERR_FORMAT, "is no object");
    if (!need_string(value, "type", &type, &size, reading->err)) return false;
    if (strcmp(type, "Sequence") == 0) {
        if (++reading->depth > DEPTH_MAX)
            return sy_fail(reading->err, SY_ERR_LIMIT, "sequences nest too deep");
        bool ok = read_sequence(reading, value);
        reading->depth--;
        return ok;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(type, types[i].type) != 0) continue;
        struct step *step = step_new(reading, types[i].kind);
        if (!step) return false;
        step->form = types[i].form;
        return read_members(value, step, reading->err);
    }
    return refuse_type(type, reading->err);
}

static bool opened(bool ok, struct normalizer **out, struct sy_error *err) {
    if (ok) return true;
    normalizer_close(*out);
    *out = NULL;
    sy_error_at(err, "normalizer");
    return sy_error_remedy(err, "fetch the tokenizer's files again");
}

bool normalizer_open(const json_t *value, struct normalizer **out, struct sy_error *err) {
    *out = calloc(1, sizeof **out);
    if (!*out) return sy_fail(err, SY_ERR_MEMORY, "no memory for a normaliser");
    struct reading reading = { *out, err, 0 };
    return opened(!value || read_value(&reading, value), out, err);
}

/* ---- SentencePiece's rules ---- */

static bool read_rules(const struct spm_rules *rules, struct step *step, struct sy_error *err) {
    step->dummy_prefix = rules->add_dummy_prefix;
    step->squeeze = rules->remove_extra_whitespaces;
    step->escape = rules->escape_whitespaces;
    step->suffix = rules->whitespace_as_suffix;
    if (rules->charsmap_size > 0 && !charsmap_open(rules->charsmap, rules->charsmap_size, &step->map, err))
        return false;
    for (int64_t i = 0; i < rules->piece_count; i++) {
        const struct spm_piece *piece = &rules->pieces[i];
        if (piece->type == SPM_USER_DEFINED && !byte_trie_add(&step->whole, piece->text, piece->size, 0, err))
            return false;
    }
    step_find_plain(step);
    return true;
}

bool normalizer_open_spm(const struct spm_rules *rules, struct normalizer **out, struct sy_error *err) {
    *out = calloc(1, sizeof **out);
    if (!*out) return sy_fail(err, SY_ERR_MEMORY, "no memory for a normaliser");
    struct reading reading = { *out, err, 0 };
    struct step *step = step_new(&reading, STEP_SPM);
    return opened(step && read_rules(rules, step, err), out, err);
}

void normalizer_close(struct normalizer *normalizer) {
    if (!normalizer) return;
    for (int i = 0; i < normalizer->count; i++) {
        struct step *step = &normalizer->steps[i];
        free(step->content);
        pattern_close(step->pattern);
        charsmap_close(step->map);
        byte_trie_close(&step->whole);
    }
    free(normalizer->steps);
    free(normalizer);
}

/* ---- applying ---- */

bool normalizer_is_identity(const struct normalizer *normalizer) {
    return !normalizer || normalizer->count == 0;
}

bool normalizer_is_nfc(const struct normalizer *normalizer) {
    return normalizer && normalizer->count == 1 && normalizer->steps[0].kind == STEP_FORM &&
           normalizer->steps[0].form == FORM_NFC;
}

bool normalizer_mends(const struct normalizer *normalizer) {
    return normalizer && normalizer->count == 1 && normalizer->steps[0].kind == STEP_SPM;
}

bool normalizer_apply(const struct normalizer *normalizer, const char *text, int64_t size, bool first,
                      struct text *out, struct sy_error *err) {
    struct text rooms[2] = { { 0 }, { 0 } };
    int count = normalizer ? normalizer->count : 0;
    bool ok = true;
    for (int i = 0; i < count && ok; i++) {
        struct text *to = i == count - 1 ? out : &rooms[i % 2];
        if (to != out) to->size = 0;
        ok = step_apply(&normalizer->steps[i], size > 0 ? text : "", size, first, to, err);
        text = to->data;
        size = (int64_t)to->size;
    }
    if (count == 0) text_add_bytes(out, text, (size_t)size);
    if (ok && out->failed)
        ok = sy_fail(err, SY_ERR_MEMORY, "no memory for %lld bytes of text", (long long)size);
    text_free(&rooms[0]);
    text_free(&rooms[1]);
    return ok;
}
