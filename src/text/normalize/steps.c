/*
 * The steps of normalisers, each as Hugging Face's tokenizers does it (src/normalizers/: unicode.rs,
 * prepend.rs, replace.rs, strip.rs, precompiled.rs, bert.rs, byte_level.rs), whose small ways count:
 *
 * - Prepend leaves empty text empty.
 * - Lowercase goes character by character, so no final sigma; U+0130 alone becomes two characters.
 * - Precompiled looks up each grapheme of fewer than 6 bytes by the shortest key that it begins with, and
 *   drops the rest of the grapheme; where none fits, each of its characters in the same way. sentencepiece
 *   itself takes the longest key (spm.c); the spm_precompiled crate does this instead.
 */
#include "text/byte_alphabet.h"
#include "text/char_class.h"
#include "text/normalize/step.h"
#include <string.h>
#include <utf8proc.h>

/* ---- character by character ---- */

static void add_lower(uint32_t point, struct text *out) {
    if (point == 0x130) { /* the only character whose small form is two: i and a dot above */
        utf8_add(out, 'i');
        point = 0x307;
    }
    utf8_add(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)point));
}

static bool is_mark(uint32_t point) {
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    if (unicode_is_newer(point) || point == 0x111c9) return false;
    if (point == 0x1cf2 || point == 0x1cf3) return true; /* these three changed category after Unicode 9.0 */
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME;
}

/* The rules of neural machine translation: controls go, odd white space becomes a space. */
static void add_nmt(uint32_t point, struct text *out) {
    bool control = (point >= 1 && point <= 8) || point == 0xb || (point >= 0xe && point <= 0x1f) ||
                   point == 0x7f || point == 0x8f || point == 0x9f;
    bool space = point == 9 || point == 0xa || point == 0xc || point == 0xd || point == 0x1680 ||
                 (point >= 0x200b && point <= 0x200f) || point == 0x2028 || point == 0x2029 ||
                 point == 0x2581 || point == 0xfeff || point == 0xfffd;
    if (!control) utf8_add(out, space ? ' ' : point);
}

static void apply_each(const struct step *step, const char *text, int64_t size, struct text *out) {
    for (int64_t at = 0; at < size;) {
        uint32_t point = text_next(text, size, &at);
        if (step->kind == STEP_LOWERCASE)
            add_lower(point, out);
        else if (step->kind == STEP_NMT)
            add_nmt(point, out);
        else if (!is_mark(point))
            utf8_add(out, point);
    }
}

static void apply_strip(const struct step *step, const char *text, int64_t size, struct text *out) {
    int64_t begin = 0, end = size;
    for (int64_t next = 0; step->left && begin < size; begin = next) {
        if (!char_is_space(text_next(text, size, &next), NULL)) break;
    }
    while (step->right && end > begin) {
        int64_t front = end - 1;
        while (front > begin && ((unsigned char)text[front] & 0xc0) == 0x80) front--;
        int64_t next = front;
        if (!char_is_space(text_next(text, end, &next), NULL)) break;
        end = front;
    }
    text_add_bytes(out, text + begin, (size_t)(end - begin));
}

/* ---- replacing ---- */

struct replacing {
    const struct step *step;
    const char *text;
    int64_t kept;
    struct text *out;
};

static bool replace_one(void *argument, int64_t begin, int64_t end, struct sy_error *err) {
    struct replacing *replacing = argument;
    (void)err;
    text_add_bytes(replacing->out, replacing->text + replacing->kept, (size_t)(begin - replacing->kept));
    text_add_bytes(replacing->out, replacing->step->content, (size_t)replacing->step->content_size);
    replacing->kept = end;
    return true;
}

static bool apply_replace(const struct step *step, const char *text, int64_t size, struct text *out,
                          struct sy_error *err) {
    struct replacing replacing = { step, text, 0, out };
    struct pattern_scratch *scratch;
    if (!pattern_scratch_open(&scratch, err)) return false;
    bool ok = pattern_walk(step->pattern, scratch, text, size, replace_one, &replacing, err);
    if (ok) text_add_bytes(out, text + replacing.kept, (size_t)(size - replacing.kept));
    pattern_scratch_close(scratch);
    return ok;
}

/* ---- the character map, grapheme by grapheme ---- */

enum { GRAPHEME_WHOLE = 5 }; /* bytes of the longest that is looked up as one */

static bool add_mapped(const struct charsmap *map, const char *text, int64_t size, struct text *out) {
    const char *become;
    int64_t become_size;
    if (charsmap_find(map, text, size, true, &become, &become_size) == 0) return false;
    text_add_bytes(out, become, (size_t)become_size);
    return true;
}

static void apply_precompiled(const struct step *step, const char *text, int64_t size, struct text *out) {
    utf8proc_int32_t state = 0;
    for (int64_t at = 0, end; at < size; at = end) {
        end = at;
        uint32_t last = text_next(text, size, &end);
        for (int64_t next = end; end < size; end = next) {
            uint32_t point = text_next(text, size, &next);
            if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)last, (utf8proc_int32_t)point, &state))
                break;
            last = point;
        }
        if (end - at <= GRAPHEME_WHOLE && add_mapped(step->map, text + at, end - at, out)) continue;
        for (int64_t front = at, next = at; front < end; front = next) {
            text_next(text, end, &next);
            if (!add_mapped(step->map, text + front, next - front, out))
                text_add_bytes(out, text + front, (size_t)(next - front));
        }
    }
}

/* ---- BERT ---- */

static bool is_chinese(uint32_t point) {
    return (point >= 0x4e00 && point <= 0x9fff) || (point >= 0x3400 && point <= 0x4dbf) ||
           (point >= 0x20000 && point <= 0x2a6df) || (point >= 0x2a700 && point <= 0x2b73f) ||
           (point >= 0x2b740 && point <= 0x2b81f) || (point >= 0x2b920 && point <= 0x2ceaf) ||
           (point >= 0xf900 && point <= 0xfaff) || (point >= 0x2f800 && point <= 0x2fa1f);
}

/* BertNormalizer asks tables of Unicode 8.0 (the crate unicode_categories), unlike the steps above. */
static bool is_unknown_to_bert(uint32_t point) {
    return unicode_is_newer(point) || unicode_is_of_9(point);
}

static bool is_control(uint32_t point) {
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    if (point == '\t' || point == '\n' || point == '\r' || is_unknown_to_bert(point)) return false;
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
           category == UTF8PROC_CATEGORY_CO;
}

static bool is_bert_mark(uint32_t point) {
    if (point == 0x1734) return true; /* these five changed category after Unicode 8.0 */
    if (point == 0x1885 || point == 0x1886 || point == 0xa9bd || point == 0x111c9) return false;
    return utf8proc_category((utf8proc_int32_t)point) == UTF8PROC_CATEGORY_MN && !is_unknown_to_bert(point);
}

static bool apply_bert(const struct step *step, const char *text, int64_t size, struct text *out,
                       struct sy_error *err) {
    struct text cleaned = { 0 }, decomposed = { 0 };
    bool ok = true;
    for (int64_t at = 0; at < size;) {
        uint32_t point = text_next(text, size, &at);
        if (step->clean && (point == 0 || point == 0xfffd || is_control(point))) continue;
        if (step->clean && char_is_space(point, NULL)) point = ' ';
        bool padded = step->chinese && is_chinese(point);
        if (padded) utf8_add(&cleaned, ' ');
        utf8_add(&cleaned, point);
        if (padded) utf8_add(&cleaned, ' ');
    }
    const struct text *source = &cleaned;
    if (step->accents) {
        ok = unicode_form_add(FORM_NFD, cleaned.data, (int64_t)cleaned.size, &decomposed, err);
        source = &decomposed;
    }
    for (int64_t at = 0; at < (int64_t)source->size && ok;) {
        uint32_t point = text_next(source->data, (int64_t)source->size, &at);
        if (step->accents && is_bert_mark(point)) continue;
        if (step->lowercase)
            add_lower(point, out);
        else
            utf8_add(out, point);
    }
    out->failed |= cleaned.failed || decomposed.failed;
    text_free(&cleaned);
    text_free(&decomposed);
    return ok;
}

bool step_apply(const struct step *step, const char *text, int64_t size, bool first, struct text *out,
                struct sy_error *err) {
    bool ok = true;
    switch (step->kind) {
    case STEP_FORM: return unicode_form_add(step->form, text, size, out, err);
    case STEP_SPM: return step_apply_spm(step, text, size, first, out, err);
    case STEP_PREPEND:
        if (size > 0) text_add_bytes(out, step->content, (size_t)step->content_size);
        text_add_bytes(out, text, (size_t)size);
        break;
    case STEP_REPLACE: ok = apply_replace(step, text, size, out, err); break;
    case STEP_STRIP: apply_strip(step, text, size, out); break;
    case STEP_STRIP_ACCENTS:
    case STEP_LOWERCASE:
    case STEP_NMT: apply_each(step, text, size, out); break;
    case STEP_PRECOMPILED: apply_precompiled(step, text, size, out); break;
    case STEP_BYTE_LEVEL:
        for (int64_t i = 0; i < size; i++) utf8_add(out, byte_to_point((unsigned char)text[i]));
        break;
    case STEP_BERT: ok = apply_bert(step, text, size, out, err); break;
    }
    if (ok && out->failed)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld bytes of text", (long long)size);
    return ok;
}
