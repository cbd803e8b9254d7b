/*
 * json.dumps, which is what transformers makes of tojson: nothing escaped for HTML, and by default nothing
 * that is not ASCII either.
 */
#include "template/values/json_out.h"
#include "template/values/big.h"
#include "template/values/compare.h"
#include "template/values/number_text.h"
#include "template/values/unicode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool escape(struct heap *heap, uint32_t point, struct buffer *out) {
    static const char letters[] = "\"\\\n\r\t\f\b", codes[] = "\"\\nrtfb";
    const char *letter = point < 0x80 && point ? strchr(letters, (int)point) : NULL;
    char text[16] = { '\\' };
    if (letter)
        text[1] = codes[letter - letters];
    else if (point < 0x10000)
        snprintf(text, sizeof text, "\\u%04x", point);
    else
        snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
                 0xdc00 + ((point - 0x10000) & 0x3ff));
    return buffer_text(heap, out, text);
}

static bool write_string(struct json_writer *writer, const struct string *text) {
    struct heap *heap = writer->heap;
    int64_t plain = 0, bytes;
    if (!buffer_text(heap, writer->out, "\"") || !heap_copy_work(heap, text->size * 4)) return false;
    for (int64_t at = 0; at < text->size; at += bytes) {
        uint32_t point = point_at(text->data + at, &bytes);
        bool escaped = point < 0x20 || point == '"' || point == '\\' || (writer->ascii && point > 0x7e);
        if (!escaped) continue;
        if (!buffer_add(heap, writer->out, text->data + plain, at - plain) ||
            !escape(heap, point, writer->out))
            return false;
        plain = at + bytes;
    }
    return buffer_add(heap, writer->out, text->data + plain, text->size - plain) &&
           buffer_text(heap, writer->out, "\"");
}

static bool write_number(struct json_writer *writer, struct value value) {
    char text[FLOAT_TEXT];
    if (value.type != VALUE_FLOAT) return integer_print(writer->heap, value, writer->out);
    if (isfinite(value.real)) return buffer_text(writer->heap, writer->out, float_repr(value.real, text));
    return buffer_text(writer->heap, writer->out,
                       isnan(value.real) ? "NaN"
                       : value.real < 0  ? "-Infinity"
                                         : "Infinity");
}

static bool write_word(struct json_writer *writer, struct value value) {
    const char *word = value.type == VALUE_NONE ? "null" : value.boolean ? "true" : "false";
    return buffer_text(writer->heap, writer->out, word);
}

/* A new line at this depth, where lines are wanted. */
static bool new_line(struct json_writer *writer, int64_t depth) {
    if (!writer->indent) return true;
    return buffer_text(writer->heap, writer->out, "\n") &&
           buffer_fill(writer->heap, writer->out, writer->indent->data, writer->indent->size, depth);
}

static bool separate(struct json_writer *writer, const struct string *separator) {
    return buffer_add(writer->heap, writer->out, separator->data, separator->size);
}

static bool write_key(struct json_writer *writer, struct value key) {
    struct buffer text = { 0 }, *out = writer->out;
    struct value shown;
    if (key.type == VALUE_STRING) return write_string(writer, key.string);
    if (key.type != VALUE_NONE && !value_is_number(key))
        return heap_fail(writer->heap, "keys must be str, int, float, bool or None, not %s",
                         value_type_name(key));
    writer->out = &text;
    bool done = key.type == VALUE_NONE || key.type == VALUE_BOOL ? write_word(writer, key)
                                                                 : write_number(writer, key);
    writer->out = out;
    return done && value_buffer(writer->heap, &text, &shown) && write_string(writer, shown.string);
}

static bool write_list(struct json_writer *writer, const struct list *list) {
    if (list->count == 0) return buffer_text(writer->heap, writer->out, "[]");
    if (!buffer_text(writer->heap, writer->out, "[")) return false;
    writer->depth++;
    for (int64_t i = 0; i < list->count; i++)
        if ((i > 0 && !separate(writer, writer->between)) || !new_line(writer, writer->depth) ||
            !json_write(writer, list->items[i]))
            return false;
    return new_line(writer, --writer->depth) && buffer_text(writer->heap, writer->out, "]");
}

/* The entries in the order of their keys. */
static bool sorted(struct json_writer *writer, const struct dict *dict, struct dict_entry **out) {
    struct dict_entry *entries = *out = heap_array(writer->heap, dict->count, sizeof *entries);
    if (!entries) return false;
    for (int64_t i = 0; i < dict->count; i++) { /* by insertion: dicts are short */
        int64_t at = i;
        for (; at > 0; at--) {
            bool less;
            if (!value_compare(writer->heap, COMPARE_LESS, dict->entries[i].key, entries[at - 1].key, &less))
                return false;
            if (!less) break;
            entries[at] = entries[at - 1];
        }
        entries[at] = dict->entries[i];
    }
    return true;
}

static bool write_dict(struct json_writer *writer, const struct dict *dict) {
    struct dict_entry *entries = dict->entries;
    if (dict->count == 0) return buffer_text(writer->heap, writer->out, "{}");
    if (writer->sort_keys && !sorted(writer, dict, &entries)) return false;
    if (!buffer_text(writer->heap, writer->out, "{")) return false;
    writer->depth++;
    for (int64_t i = 0; i < dict->count; i++)
        if ((i > 0 && !separate(writer, writer->between)) || !new_line(writer, writer->depth) ||
            !write_key(writer, entries[i].key) || !separate(writer, writer->behind_key) ||
            !json_write(writer, entries[i].value))
            return false;
    return new_line(writer, --writer->depth) && buffer_text(writer->heap, writer->out, "}");
}

bool json_write(struct json_writer *writer, struct value value) {
    bool done;
    if (!heap_work(writer->heap, 1)) return false;
    switch (value.type) {
    case VALUE_STRING: return write_string(writer, value.string);
    case VALUE_INT:
    case VALUE_BIG:
    case VALUE_FLOAT: return write_number(writer, value);
    case VALUE_NONE:
    case VALUE_BOOL: return write_word(writer, value);
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:
        if (!heap_enter(writer->heap)) return false;
        done = value.type == VALUE_DICT ? write_dict(writer, value.dict) : write_list(writer, value.list);
        heap_leave(writer->heap);
        return done;
    default:
        return heap_fail(writer->heap, "Object of type %s is not JSON serializable", value_type_name(value));
    }
}
