/*
 * Filters that give generators (map, select and their kin, unique, batch, slice, items), and those that pick
 * one thing (default, attr).
 */
#include "template/interpret/arguments.h"
#include "template/interpret/interpreter.h"
#include "template/library/tables.h"
#include "template/values/dict.h"
#include "template/values/slices.h"
#include "template/values/undefined.h"

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

static struct iterator *generator(struct run *run, enum iterator_kind kind, struct value subject,
                                  struct value *out) {
    struct iterator *iterator = iterator_new(run, kind, subject);
    *out = (struct value){ .type = VALUE_ITERATOR, .iterator = iterator };
    return iterator;
}

/* map(attribute='x', default=y) */
static bool map_attribute(struct run *run, const struct arguments *arguments, struct iterator *iterator) {
    for (int64_t i = 0; i < arguments->named_count; i++) {
        const struct argument *argument = &arguments->named[i];
        if (string_equals(argument->name, "attribute"))
            iterator->attribute = argument->value;
        else if (string_equals(argument->name, "default"))
            iterator->fallback = argument->value;
        else
            return heap_fail(&run->heap, "Unexpected keyword argument '%.*s'", STRING_START(argument->name));
    }
    if (iterator->fallback.type == VALUE_NONE) iterator->fallback = value_missing;
    return iterator->attribute.type != VALUE_MISSING ||
           heap_fail(&run->heap, "map requires a filter argument");
}

FILTER(filter_map) {
    struct iterator *iterator = generator(run, ITERATE_MAP, subject, out);
    const struct string *name;
    if (!iterator) return false;
    if (!value_truth(subject)) return true; /* jinja2 looks at the arguments only where there is an item */
    if (arguments->count == 0) return map_attribute(run, arguments, iterator);
    if (!argument_string(run, arguments->positional[0], "a filter's name", &name)) return false;
    iterator->filter = run->library->filter(name);
    if (!iterator->filter) iterator->missing_name = name;
    iterator->arguments = arguments_rest(arguments, 1);
    return true;
}

static bool pick(struct run *run, struct value subject, const struct arguments *arguments, bool attribute,
                 bool negated, struct value *out) {
    struct iterator *iterator = generator(run, ITERATE_SELECT, subject, out);
    const struct string *name;
    int64_t used = attribute;
    if (!iterator) return false;
    if (!value_truth(subject)) return true; /* as for map */
    iterator->negated = negated;
    if (attribute) {
        if (arguments->count == 0) return heap_fail(&run->heap, "Missing parameter for attribute name");
        iterator->attribute = arguments->positional[0];
    }
    if (arguments->count == used) return true;
    if (!argument_string(run, arguments->positional[used], "a test's name", &name)) return false;
    iterator->test = run->library->test(name);
    if (!iterator->test) iterator->missing_name = name;
    iterator->arguments = arguments_rest(arguments, used + 1);
    return true;
}

FILTER(filter_select) {
    return pick(run, subject, arguments, false, false, out);
}

FILTER(filter_reject) {
    return pick(run, subject, arguments, false, true, out);
}

FILTER(filter_selectattr) {
    return pick(run, subject, arguments, true, false, out);
}

FILTER(filter_rejectattr) {
    return pick(run, subject, arguments, true, true, out);
}

FILTER(filter_unique) {
    struct iterator *iterator = generator(run, ITERATE_UNIQUE, subject, out);
    struct value values[2], seen;
    if (!iterator || !arguments_bind(run, arguments, "unique [case_sensitive attribute]", values) ||
        !value_dict(&run->heap, &seen))
        return false;
    iterator->case_sensitive = value_truth(values[0]);
    iterator->attribute = values[1];
    iterator->seen = seen.dict;
    return true;
}

static bool portions(struct run *run, struct value subject, const struct arguments *arguments, bool batch,
                     struct value *out) {
    struct iterator *iterator = generator(run, batch ? ITERATE_BATCH : ITERATE_SLICE, subject, out);
    struct value values[2];
    if (!iterator ||
        !arguments_bind(run, arguments, batch ? "batch linecount [fill_with]" : "slice slices [fill_with]",
                        values))
        return false;
    iterator->fill = value_or(values[1], value_none);
    iterator->count = -1; /* what is no number never equals one */
    if (batch && !value_is_integer(values[0]) && iterator->fill.type == VALUE_NONE) return true;
    return value_index(&run->heap, values[0], &iterator->count);
}

FILTER(filter_batch) {
    return portions(run, subject, arguments, true, out);
}

FILTER(filter_slice) {
    return portions(run, subject, arguments, false, out);
}

FILTER(filter_items) {
    if (!arguments_bind(run, arguments, "items", NULL)) return false;
    if (subject.type == VALUE_DICT) subject.type = VALUE_ITEMS;
    *out = (struct value){ .type = VALUE_ITERATOR };
    if (subject.type == VALUE_ITEMS || subject.type == VALUE_UNDEFINED)
        return iterate(run, subject, &out->iterator);
    return generator(run, ITERATE_NO_MAPPING, subject, out) != NULL; /* an error once an item is asked for */
}

FILTER(filter_default) {
    struct value values[2];
    if (!arguments_bind(run, arguments, "default [default_value boolean]", values)) return false;
    *out = subject;
    if (subject.type != VALUE_UNDEFINED && !(value_truth(values[1]) && !value_truth(subject))) return true;
    *out = values[0];
    return out->type != VALUE_MISSING || value_text(&run->heap, "", out);
}

FILTER(filter_attr) {
    const struct string *name;
    struct value value;
    bool found;
    return arguments_bind(run, arguments, "attr name", &value) &&
           argument_string(run, value, "the name", &name) &&
           object_attribute(run, subject, name, &found, out) &&
           (found || value_undefined_of(&run->heap, subject, value, false, out));
}

const struct filter filters_select[] = {
    { "map", filter_map },
    { "select", filter_select },
    { "reject", filter_reject },
    { "selectattr", filter_selectattr },
    { "rejectattr", filter_rejectattr },
    { "unique", filter_unique },
    { "batch", filter_batch },
    { "slice", filter_slice },
    { "items", filter_items },
    { "default", filter_default },
    { "d", filter_default },
    { "attr", filter_attr },
    { NULL, NULL },
};
