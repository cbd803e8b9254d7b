/*
 * Methods of str that cut it up: split, rsplit, splitlines, partition, rpartition.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/run.h"
#include "template/library/tables.h"
#include "template/values/slices.h"
#include "template/values/text_tools.h"

#include <string.h>

#define METHOD(name)                                                                                         \
    static bool name(struct run *run, struct value self, const struct arguments *arguments, struct value *out)

static bool finish(struct run *run, const struct values *parts, struct value *out) {
    return value_list(&run->heap, VALUE_LIST, parts->items, parts->count, out);
}

static bool add_part(struct run *run, const struct string *text, int64_t from, int64_t to,
                     struct values *parts) {
    struct value part;
    return string_bytes(&run->heap, text, from, to, &part) && values_add(&run->heap, parts, part);
}

static void turn_round(struct values *parts) {
    for (int64_t i = 0, j = parts->count - 1; i < j; i++, j--) {
        struct value swap = parts->items[i];
        parts->items[i] = parts->items[j];
        parts->items[j] = swap;
    }
}

static bool split_forwards(struct run *run, const struct string *text, const struct string *by, int64_t count,
                           struct values *parts) {
    int64_t at = 0, found;
    while (count-- != 0 && (found = bytes_find(text->data, text->size, at, by->data, by->size)) >= 0) {
        if (!add_part(run, text, at, found, parts)) return false;
        at = found + by->size;
    }
    return add_part(run, text, at, text->size, parts);
}

static bool split_backwards(struct run *run, const struct string *text, const struct string *by,
                            int64_t count, struct values *parts) {
    int64_t end = text->size, found;
    if (!heap_work(&run->heap, text->size / 4)) return false;
    while (count-- != 0 && (found = bytes_find_last(text->data, end, by->data, by->size)) >= 0) {
        if (!add_part(run, text, found + by->size, end, parts)) return false;
        end = found;
    }
    if (!add_part(run, text, 0, end, parts)) return false;
    turn_round(parts);
    return true;
}

/* rsplit() at white space. */
static bool words_backwards(struct run *run, const struct string *text, int64_t count, struct values *parts) {
    int64_t end = text->size, bytes;
    if (!heap_work(&run->heap, text->size / 4)) return false;
    for (;; count -= count > 0) {
        int64_t before;
        while (end > 0 && (before = end - point_bytes_before(text->data + end),
                           point_is_space(point_at(text->data + before, &bytes))))
            end = before;
        if (end == 0) break;
        int64_t begin = end;
        while (begin > 0 && (before = begin - point_bytes_before(text->data + begin),
                             !point_is_space(point_at(text->data + before, &bytes))))
            begin = before;
        if (count == 0) begin = 0; /* the rest is one */
        if (!add_part(run, text, begin, end, parts)) return false;
        end = count == 0 ? 0 : begin;
    }
    turn_round(parts);
    return true;
}

static bool split(struct run *run, struct value self, const struct arguments *arguments, bool forwards,
                  struct value *out) {
    const struct string *by;
    struct value values[2];
    struct values parts = { 0 };
    int64_t count;
    bool done;
    if (!arguments_bind(run, arguments, forwards ? "split [sep maxsplit]" : "rsplit [sep maxsplit]",
                        values) ||
        !argument_integer(run, values[1], -1, &count) || !heap_copy_work(&run->heap, self.string->size))
        return false;
    if (count < 0) count = -1;
    if (values[0].type == VALUE_MISSING || values[0].type == VALUE_NONE) {
        done = forwards ? text_words(&run->heap, self.string, count, &parts)
                        : words_backwards(run, self.string, count, &parts);
    } else {
        if (!argument_string(run, values[0], "the separator", &by)) return false;
        if (by->size == 0) return heap_fail(&run->heap, "empty separator");
        done = forwards ? split_forwards(run, self.string, by, count, &parts)
                        : split_backwards(run, self.string, by, count, &parts);
    }
    return done && finish(run, &parts, out);
}

METHOD(string_split) {
    return split(run, self, arguments, true, out);
}

METHOD(string_rsplit) {
    return split(run, self, arguments, false, out);
}

METHOD(string_splitlines) {
    struct value keep;
    struct values lines = { 0 };
    return arguments_bind(run, arguments, "splitlines [keepends]", &keep) &&
           text_lines(&run->heap, self.string, value_truth(keep), &lines) && finish(run, &lines, out);
}

static bool partition(struct run *run, struct value self, const struct arguments *arguments, bool first,
                      struct value *out) {
    const struct string *text = self.string, *by;
    struct value separator;
    struct values parts = { 0 };
    if (!arguments_bind(run, arguments, first ? "partition sep" : "rpartition sep", &separator) ||
        !argument_string(run, separator, "the separator", &by) || !heap_work(&run->heap, text->size / 4))
        return false;
    if (by->size == 0) return heap_fail(&run->heap, "empty separator");
    int64_t found = first ? bytes_find(text->data, text->size, 0, by->data, by->size)
                          : bytes_find_last(text->data, text->size, by->data, by->size);
    bool there = found >= 0;
    int64_t begin = there ? found : first ? text->size : 0, end = there ? found + by->size : begin;
    return add_part(run, text, 0, begin, &parts) && add_part(run, text, begin, end, &parts) &&
           add_part(run, text, end, text->size, &parts) &&
           value_list(&run->heap, VALUE_TUPLE, parts.items, parts.count, out);
}

METHOD(string_partition) {
    return partition(run, self, arguments, true, out);
}

METHOD(string_rpartition) {
    return partition(run, self, arguments, false, out);
}

const struct method methods_string_split[] = {
    { "split", string_split },           { "rsplit", string_rsplit },
    { "splitlines", string_splitlines }, { "partition", string_partition },
    { "rpartition", string_rpartition }, { NULL, NULL },
};
