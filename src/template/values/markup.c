/*
 * Escaping for HTML, as markupsafe does it.
 */
#include "template/values/markup.h"
#include "template/values/value_text.h"

#include <string.h>

static const char specials[] = "&<>'\"";
static const char *const escapes[] = { "&amp;", "&lt;", "&gt;", "&#39;", "&#34;" };

bool markup_escape_text(struct heap *heap, const struct string *text, struct buffer *out) {
    int64_t plain = 0;
    if (!heap_copy_work(heap, text->size * 4)) return false;
    for (int64_t i = 0; i < text->size; i++) {
        const char *special = memchr(specials, text->data[i], sizeof specials - 1);
        if (!special) continue;
        if (!buffer_add(heap, out, text->data + plain, i - plain) ||
            !buffer_text(heap, out, escapes[special - specials]))
            return false;
        plain = i + 1;
    }
    return buffer_add(heap, out, text->data + plain, text->size - plain);
}

bool markup_escape(struct heap *heap, struct value value, struct value *out) {
    struct buffer escaped = { 0 };
    if (value.type == VALUE_STRING && value.string->markup) {
        *out = value;
        return true;
    }
    return value_to_string(heap, value, out) && markup_escape_text(heap, out->string, &escaped) &&
           value_buffer(heap, &escaped, out) && value_markup(heap, *out, true, out);
}

bool markup_join(struct heap *heap, struct value a, struct value b, struct value *out) {
    return markup_escape(heap, a, &a) && markup_escape(heap, b, &b) &&
           string_join(heap, a.string, b.string, out) && value_markup(heap, *out, true, out);
}
