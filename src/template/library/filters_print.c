/*
 * Filters that write values out: tojson, pprint.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/run.h"
#include "template/library/rare/pretty.h"
#include "template/library/tables.h"
#include "template/values/json_out.h"
#include "template/values/slices.h"

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

/* A number of blanks, or a string; None: no lines. */
static bool read_indent(struct run *run, struct value value, const struct string **out) {
    struct buffer blanks = { 0 };
    int64_t count;
    *out = NULL;
    if (value.type == VALUE_MISSING || value.type == VALUE_NONE) return true;
    if (value.type != VALUE_STRING &&
        (!value_index(&run->heap, value, &count) || !buffer_fill(&run->heap, &blanks, " ", 1, count) ||
         !value_buffer(&run->heap, &blanks, &value)))
        return false;
    *out = value.string;
    return true;
}

static bool read_separators(struct run *run, struct value value, struct json_writer *writer) {
    static const struct string comma = { .data = ",", .size = 1, .points = 1 },
                               comma_blank = { .data = ", ", .size = 2, .points = 2 },
                               colon = { .data = ": ", .size = 2, .points = 2 };
    writer->between = writer->indent ? &comma : &comma_blank;
    writer->behind_key = &colon;
    if (value.type == VALUE_MISSING || value.type == VALUE_NONE) return true;
    bool pair = (value.type == VALUE_TUPLE || value.type == VALUE_LIST) && value.list->count == 2;
    if (!pair) return heap_fail(&run->heap, "separators must be two strings");
    return argument_string(run, value.list->items[0], "a separator", &writer->between) &&
           argument_string(run, value.list->items[1], "a separator", &writer->behind_key);
}

FILTER(filter_tojson) {
    struct value values[4];
    struct buffer text = { 0 };
    struct json_writer writer = { .heap = &run->heap, .out = &text };
    if (!arguments_bind(run, arguments, "tojson [ensure_ascii indent separators sort_keys]", values) ||
        !read_indent(run, values[1], &writer.indent) || !read_separators(run, values[2], &writer))
        return false;
    writer.ascii = value_truth(values[0]);
    writer.sort_keys = value_truth(values[3]);
    return json_write(&writer, subject) && value_buffer(&run->heap, &text, out);
}

FILTER(filter_pprint) {
    struct buffer text = { 0 };
    return arguments_bind(run, arguments, "pprint", NULL) && pretty_print(&run->heap, subject, &text) &&
           value_buffer(&run->heap, &text, out);
}

const struct filter filters_print[] = { { "tojson", filter_tojson },
                                        { "pprint", filter_pprint },
                                        { NULL, NULL } };
