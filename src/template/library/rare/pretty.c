/*
 * pprint.pformat(value): what fits on the rest of its line is its repr; else lists, tuples and dicts go one
 * item a line, and strings are cut at white space. Dicts are sorted by their keys where these have an order.
 *
 * Source of the rules: Python's Lib/pprint.py (3.11).
 */
#include "template/library/rare/pretty.h"
#include "template/values/dict.h"
#include "template/values/sort.h"
#include "template/values/text_tools.h"
#include "template/values/value_text.h"

#define WIDTH 80

struct pretty {
    struct heap *heap;
    struct buffer *out;
};

/* ---- dicts in order ---- */

static bool ordered(struct heap *heap, struct value value, struct value *out);

static bool ordered_list(struct heap *heap, struct value value, struct value *out) {
    const struct list *list = value.list;
    struct value *items = heap_array(heap, list->count, sizeof *items);
    if (!items) return false;
    for (int64_t i = 0; i < list->count; i++)
        if (!ordered(heap, list->items[i], &items[i])) return false;
    return value_list(heap, value.type, items, list->count, out);
}

static bool ordered_dict(struct heap *heap, const struct dict *dict, struct value *out) {
    struct value *keys = heap_array(heap, dict->count, sizeof *keys);
    struct value *values = heap_array(heap, dict->count, sizeof *values);
    bool texts = true, numbers = true;
    if (!keys || !values || !value_dict(heap, out)) return false;
    for (int64_t i = 0; i < dict->count; i++) {
        keys[i] = dict->entries[i].key;
        texts &= keys[i].type == VALUE_STRING;
        numbers &= value_is_number(keys[i]);
        if (!ordered(heap, dict->entries[i].value, &values[i])) return false;
    }
    if ((texts || numbers) && !sort_values(heap, values, keys, dict->count, false)) return false;
    for (int64_t i = 0; i < dict->count; i++)
        if (!dict_set(heap, out->dict, keys[i], values[i])) return false;
    return true;
}

static bool ordered(struct heap *heap, struct value value, struct value *out) {
    bool list = value.type == VALUE_LIST || value.type == VALUE_TUPLE;
    *out = value;
    if (!list && value.type != VALUE_DICT) return true;
    if (!heap_enter(heap)) return false;
    if (list ? !ordered_list(heap, value, out) : !ordered_dict(heap, value.dict, out)) return false;
    heap_leave(heap);
    return true;
}

/* ---- layout ---- */

static bool format(struct pretty *pretty, struct value value, int64_t indent, int64_t allowance, int level);

static bool new_line(struct pretty *pretty, const char *before, int64_t indent) {
    return buffer_text(pretty->heap, pretty->out, before) && buffer_text(pretty->heap, pretty->out, "\n") &&
           buffer_fill(pretty->heap, pretty->out, " ", 1, indent);
}

static bool format_items(struct pretty *pretty, const struct list *list, int64_t indent, int64_t allowance,
                         int level) {
    for (int64_t i = 0; i < list->count; i++) {
        bool last = i + 1 == list->count;
        if (i > 0 && !new_line(pretty, ",", indent + 1)) return false;
        if (!format(pretty, list->items[i], indent + 1, last ? allowance : 1, level)) return false;
    }
    return true;
}

static bool format_dict(struct pretty *pretty, const struct dict *dict, int64_t indent, int64_t allowance,
                        int level) {
    struct heap *heap = pretty->heap;
    if (!buffer_text(heap, pretty->out, "{")) return false;
    for (int64_t i = 0; i < dict->count; i++) {
        bool last = i + 1 == dict->count;
        if (i > 0 && !new_line(pretty, ",", indent + 1)) return false;
        int64_t begin = pretty->out->size;
        if (!value_repr(heap, dict->entries[i].key, pretty->out)) return false;
        int64_t width = points_count(pretty->out->data + begin, pretty->out->size - begin);
        if (!buffer_text(heap, pretty->out, ": ") ||
            !format(pretty, dict->entries[i].value, indent + 1 + width + 2, last ? allowance + 1 : 1, level))
            return false;
    }
    return buffer_text(heap, pretty->out, "}");
}

/* ---- strings ---- */

static int64_t repr_width(struct heap *heap, const struct string *text, bool *failed) {
    struct buffer shown = { 0 };
    *failed = !string_repr(heap, text, false, &shown);
    return *failed ? 0 : points_count(shown.data, shown.size);
}

/* Bytes of the word at `at` and of the white space behind it. */
static int64_t word_bytes(const struct string *text, int64_t at) {
    int64_t from = at, bytes;
    while (at < text->size && !point_is_space(point_at(text->data + at, &bytes))) at += bytes;
    while (at < text->size && point_is_space(point_at(text->data + at, &bytes))) at += bytes;
    return at - from;
}

/* Cuts one line, that is too wide, between words. */
static bool cut_line(struct heap *heap, const struct string *line, int64_t width, int64_t last_width,
                     struct values *chunks) {
    int64_t begin = 0, end = 0;
    struct value part;
    bool failed;
    while (end < line->size) {
        int64_t next = end + word_bytes(line, end);
        if (next == line->size) width = last_width;
        if (!string_bytes(heap, line, begin, next, &part)) return false;
        bool wide = repr_width(heap, part.string, &failed) > width;
        if (failed) return false;
        if (wide && end > begin) {
            if (!string_bytes(heap, line, begin, end, &part) || !values_add(heap, chunks, part)) return false;
            begin = end;
        }
        end = next;
    }
    return begin == end || (string_bytes(heap, line, begin, end, &part) && values_add(heap, chunks, part));
}

static bool format_string_lines(struct pretty *pretty, const struct string *text, int64_t indent,
                                int64_t allowance, int level) {
    struct heap *heap = pretty->heap;
    struct values lines = { 0 }, chunks = { 0 };
    bool outermost = level == 1, failed;
    indent += outermost;
    allowance += outermost;
    int64_t width = WIDTH - indent;
    if (!text_lines(heap, text, true, &lines)) return false;
    for (int64_t i = 0; i < lines.count; i++) {
        const struct string *line = lines.items[i].string;
        int64_t last_width = i + 1 == lines.count ? width - allowance : width;
        bool fits = repr_width(heap, line, &failed) <= last_width;
        if (failed) return false;
        if (fits ? !values_add(heap, &chunks, lines.items[i])
                 : !cut_line(heap, line, width, last_width, &chunks))
            return false;
    }
    bool brackets = outermost && chunks.count > 1;
    if (brackets && !buffer_text(heap, pretty->out, "(")) return false;
    for (int64_t i = 0; i < chunks.count; i++)
        if ((i > 0 && !new_line(pretty, "", indent)) || !value_repr(heap, chunks.items[i], pretty->out))
            return false;
    return !brackets || buffer_text(heap, pretty->out, ")");
}

static bool format_wide(struct pretty *pretty, struct value value, int64_t indent, int64_t allowance,
                        int level) {
    struct heap *heap = pretty->heap;
    if (value.type == VALUE_DICT) return format_dict(pretty, value.dict, indent, allowance, level);
    if (value.type == VALUE_STRING)
        return format_string_lines(pretty, value.string, indent, allowance, level);
    bool list = value.type == VALUE_LIST;
    const char *close = list ? "]" : value.list->count == 1 ? ",)" : ")";
    return buffer_text(heap, pretty->out, list ? "[" : "(") &&
           format_items(pretty, value.list, indent, allowance + (list || value.list->count != 1 ? 1 : 2),
                        level) &&
           buffer_text(heap, pretty->out, close);
}

static bool format(struct pretty *pretty, struct value value, int64_t indent, int64_t allowance, int level) {
    struct heap *heap = pretty->heap;
    struct buffer shown = { 0 };
    if (!value_repr(heap, value, &shown)) return false;
    bool breaks = value.type == VALUE_DICT || value.type == VALUE_LIST || value.type == VALUE_TUPLE ||
                  (value.type == VALUE_STRING && !value.string->markup && value.string->size > 0);
    if (!breaks || points_count(shown.data, shown.size) <= WIDTH - indent - allowance)
        return buffer_add(heap, pretty->out, shown.data, shown.size);
    if (!heap_enter(heap) || !format_wide(pretty, value, indent, allowance, level + 1)) return false;
    heap_leave(heap);
    return true;
}

bool pretty_print(struct heap *heap, struct value value, struct buffer *out) {
    struct pretty pretty = { heap, out };
    return ordered(heap, value, &value) && format(&pretty, value, 0, 0, 0);
}
