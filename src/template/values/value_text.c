/*
 * str() and repr() of values.
 */
#include "template/values/value_text.h"
#include "template/values/big.h"
#include "template/values/number_text.h"
#include "template/values/unicode.h"

#include <stdio.h>
#include <string.h>

static bool escape_point(struct heap *heap, uint32_t point, struct buffer *out) {
    char text[16];
    if (point == '\n' || point == '\r' || point == '\t')
        snprintf(text, sizeof text, "\\%c", point == '\n' ? 'n' : point == '\r' ? 'r' : 't');
    else
        snprintf(text, sizeof text,
                 point < 0x100     ? "\\x%02x"
                 : point < 0x10000 ? "\\u%04x"
                                   : "\\U%08x",
                 point);
    return buffer_text(heap, out, text);
}

bool string_repr(struct heap *heap, const struct string *string, bool ascii, struct buffer *out) {
    bool single = string->size > 0 && memchr(string->data, '\'', (size_t)string->size) != NULL;
    bool twice = string->size > 0 && memchr(string->data, '"', (size_t)string->size) != NULL;
    char quote = single && !twice ? '"' : '\'';
    if (!heap_work(heap, string->size) || !buffer_add(heap, out, &quote, 1)) return false;
    int64_t bytes;
    for (int64_t i = 0; i < string->size; i += bytes) {
        uint32_t point = point_at(string->data + i, &bytes);
        bool done;
        if (point == (unsigned char)quote || point == '\\')
            done = buffer_add(heap, out, "\\", 1) && buffer_add(heap, out, string->data + i, 1);
        else if (point_is_printable(point) && !(ascii && point >= 0x80))
            done = buffer_add(heap, out, string->data + i, bytes);
        else
            done = escape_point(heap, point, out);
        if (!done) return false;
    }
    return buffer_add(heap, out, &quote, 1);
}

static bool items_repr(struct heap *heap, const struct list *list, struct buffer *out) {
    for (int64_t i = 0; i < list->count; i++) {
        if (i > 0 && !buffer_text(heap, out, ", ")) return false;
        if (!value_repr(heap, list->items[i], out)) return false;
    }
    return true;
}

static bool dict_repr(struct heap *heap, const struct dict *dict, struct buffer *out) {
    if (!buffer_text(heap, out, "{")) return false;
    for (int64_t i = 0; i < dict->count; i++) {
        if (i > 0 && !buffer_text(heap, out, ", ")) return false;
        if (!value_repr(heap, dict->entries[i].key, out) || !buffer_text(heap, out, ": ") ||
            !value_repr(heap, dict->entries[i].value, out))
            return false;
    }
    return buffer_text(heap, out, "}");
}

static bool view_repr(struct heap *heap, struct value view, struct buffer *out) {
    const struct dict *dict = view.dict;
    if (!buffer_text(heap, out, value_type_name(view)) || !buffer_text(heap, out, "([")) return false;
    for (int64_t i = 0; i < dict->count; i++) {
        const struct dict_entry *entry = &dict->entries[i];
        struct value pair[2] = { entry->key, entry->value };
        struct list list = { .items = pair, .count = 2 };
        struct value shown = view.type == VALUE_KEYS ? entry->key
                             : view.type == VALUE_VALUES
                                 ? entry->value
                                 : (struct value){ .type = VALUE_TUPLE, .list = &list };
        if ((i > 0 && !buffer_text(heap, out, ", ")) || !value_repr(heap, shown, out)) return false;
    }
    return buffer_text(heap, out, "])");
}

static bool range_repr(struct heap *heap, const struct range *range, struct buffer *out) {
    char text[96];
    snprintf(text, sizeof text, range->step == 1 ? "range(%lld, %lld)" : "range(%lld, %lld, %lld)",
             (long long)range->start, (long long)range->stop, (long long)range->step);
    return buffer_text(heap, out, text);
}

static bool slice_repr(struct heap *heap, const struct slice *slice, struct buffer *out) {
    return buffer_text(heap, out, "slice(") && value_repr(heap, slice->start, out) &&
           buffer_text(heap, out, ", ") && value_repr(heap, slice->stop, out) &&
           buffer_text(heap, out, ", ") && value_repr(heap, slice->step, out) && buffer_text(heap, out, ")");
}

/* What Python prints with an address: the words alone. */
static bool opaque_repr(struct heap *heap, struct value value, struct buffer *out) {
    if (value.type == VALUE_MACRO || value.type == VALUE_LOOP) return value.object->repr(heap, value, out);
    if (value.type == VALUE_SELF) return buffer_text(heap, out, "<TemplateReference None>");
    return buffer_text(heap, out, "<") && buffer_text(heap, out, value_type_name(value)) &&
           buffer_text(heap, out, " object>");
}

static bool container_repr(struct heap *heap, struct value value, struct buffer *out) {
    switch (value.type) {
    case VALUE_LIST:
        return buffer_text(heap, out, "[") && items_repr(heap, value.list, out) &&
               buffer_text(heap, out, "]");
    case VALUE_TUPLE:
        return buffer_text(heap, out, "(") && items_repr(heap, value.list, out) &&
               buffer_text(heap, out, value.list->count == 1 ? ",)" : ")");
    case VALUE_DICT: return dict_repr(heap, value.dict, out);
    case VALUE_NAMESPACE:
        return buffer_text(heap, out, "<Namespace ") && dict_repr(heap, value.dict, out) &&
               buffer_text(heap, out, ">");
    case VALUE_KEYS:
    case VALUE_VALUES:
    case VALUE_ITEMS: return view_repr(heap, value, out);
    case VALUE_RANGE: return range_repr(heap, value.range, out);
    case VALUE_SLICE: return slice_repr(heap, value.slice, out);
    default: return opaque_repr(heap, value, out);
    }
}

bool value_repr(struct heap *heap, struct value value, struct buffer *out) {
    char text[FLOAT_TEXT];
    if (!heap_work(heap, 1)) return false;
    switch (value.type) {
    case VALUE_MISSING: return true;
    case VALUE_UNDEFINED: return buffer_text(heap, out, "Undefined");
    case VALUE_NONE: return buffer_text(heap, out, "None");
    case VALUE_BOOL: return buffer_text(heap, out, value.boolean ? "True" : "False");
    case VALUE_INT:
    case VALUE_BIG: return integer_print(heap, value, out);
    case VALUE_FLOAT: return buffer_text(heap, out, float_repr(value.real, text));
    case VALUE_STRING:
        if (!value.string->markup) return string_repr(heap, value.string, false, out);
        return buffer_text(heap, out, "Markup(") && string_repr(heap, value.string, false, out) &&
               buffer_text(heap, out, ")");
    default: break;
    }
    if (!heap_enter(heap) || !container_repr(heap, value, out)) return false;
    heap_leave(heap);
    return true;
}

bool value_print(struct heap *heap, struct value value, struct buffer *out) {
    if (value.type == VALUE_STRING) return buffer_add(heap, out, value.string->data, value.string->size);
    if (value.type == VALUE_UNDEFINED) return true;
    return value_repr(heap, value, out);
}

bool value_to_string(struct heap *heap, struct value value, struct value *out) {
    struct buffer text = { 0 };
    if (value.type == VALUE_STRING) {
        *out = value;
        return true;
    }
    return value_print(heap, value, &text) && value_buffer(heap, &text, out);
}

const char *value_quoted(struct heap *heap, struct value value) {
    struct heap own;
    struct buffer text = { 0 };
    char *quoted = heap_take(heap, 96);
    if (!quoted) return "?";
    /* In a heap of its own: what fails here is no error of the template's. */
    heap_open(&own, (int64_t)1 << 20, (int64_t)1 << 16, 20, NULL);
    if (value_repr(&own, value, &text) && text.size > 0)
        snprintf(quoted, 96, text.size < 90 ? "%.*s" : "%.*s...", (int)(text.size < 90 ? text.size : 80),
                 text.data);
    else
        snprintf(quoted, 96, "(%s)", value_type_name(value));
    heap_close(&own);
    return quoted;
}
