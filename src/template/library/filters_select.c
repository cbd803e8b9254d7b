/*
 * Filters that give generators (map, select and their kin, unique, batch, slice, items), and those that pick
 * one thing (default, attr).
 */
#include "template/interpret/arguments.h"
#include "template/interpret/attributes.h"
#include "template/interpret/iterate.h"
#include "template/library/tables.h"
#include "template/values/dict.h"
#include "template/values/equal.h"
#include "template/values/slices.h"
#include "template/values/text_tools.h"
#include "template/values/undefined.h"

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

/* *out: a generator of this step and state. */
static bool generate(struct run *run, struct value subject, iterator_step *next, void *own,
                     struct value *out) {
    struct iterator *generator = generator_new(run, subject, next, own);
    *out = (struct value){ .type = VALUE_ITERATOR, .iterator = generator };
    return generator != NULL;
}

static bool missing_helper(struct run *run, const char *kind, const struct string *name) {
    return heap_fail(&run->heap, "No %s named '%.*s'.", kind, STRING_START(name));
}

/* ---- map ---- */

struct mapping {
    const struct filter *filter;       /* NULL: an attribute */
    const struct string *missing_name; /* of a filter that is not there */
    struct arguments arguments;
    struct value attribute, fallback; /* VALUE_MISSING: the item itself */
};

static bool next_mapped(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    const struct mapping *mapping = generator->own;
    struct value item;
    if (!value_truth(generator->source)) return true; /* so none|map gives nothing, and 0 too */
    if (!source_next(run, generator, &item, more)) return false;
    if (!*more) return true;
    if (mapping->attribute.type != VALUE_MISSING)
        return attribute_path(run, item, mapping->attribute, mapping->fallback, out);
    if (!mapping->filter) return missing_helper(run, "filter", mapping->missing_name);
    return mapping->filter->apply(run, item, &mapping->arguments, out);
}

/* map(attribute='x', default=y) */
static bool map_attribute(struct run *run, const struct arguments *arguments, struct mapping *mapping) {
    for (int64_t i = 0; i < arguments->named_count; i++) {
        const struct argument *argument = &arguments->named[i];
        if (string_equals(argument->name, "attribute"))
            mapping->attribute = argument->value;
        else if (string_equals(argument->name, "default"))
            mapping->fallback = argument->value;
        else
            return heap_fail(&run->heap, "Unexpected keyword argument '%.*s'", STRING_START(argument->name));
    }
    if (mapping->fallback.type == VALUE_NONE) mapping->fallback = value_missing;
    return mapping->attribute.type != VALUE_MISSING ||
           heap_fail(&run->heap, "map requires a filter argument");
}

FILTER(filter_map) {
    struct mapping *mapping = heap_take(&run->heap, sizeof *mapping);
    const struct string *name;
    if (!mapping || !generate(run, subject, next_mapped, mapping, out)) return false;
    if (!value_truth(subject)) return true; /* jinja2 looks at the arguments only where there is an item */
    if (arguments->count == 0) return map_attribute(run, arguments, mapping);
    if (!argument_string(run, arguments->positional[0], "a filter's name", &name)) return false;
    mapping->filter = run->library->filter(name);
    if (!mapping->filter) mapping->missing_name = name;
    mapping->arguments = arguments_rest(arguments, 1);
    return true;
}

/* ---- select, reject, selectattr, rejectattr ---- */

struct selection {
    const struct test *test;           /* NULL: truth */
    const struct string *missing_name; /* of a test that is not there */
    struct arguments arguments;
    struct value attribute; /* VALUE_MISSING: the item itself */
    bool negated;
};

static bool selects(struct run *run, const struct selection *selection, struct value item, bool *out) {
    if (selection->attribute.type != VALUE_MISSING &&
        !attribute_path(run, item, selection->attribute, value_missing, &item))
        return false;
    if (selection->missing_name) return missing_helper(run, "test", selection->missing_name);
    *out = value_truth(item);
    if (selection->test && !selection->test->holds(run, item, &selection->arguments, out)) return false;
    *out ^= selection->negated;
    return true;
}

static bool next_selected(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    if (!value_truth(generator->source)) return true; /* as for map */
    for (bool found = false; !found;) {
        if (!source_next(run, generator, out, more)) return false;
        if (!*more) return true;
        if (!selects(run, generator->own, *out, &found)) return false;
    }
    return true;
}

static bool pick(struct run *run, struct value subject, const struct arguments *arguments, bool attribute,
                 bool negated, struct value *out) {
    struct selection *selection = heap_take(&run->heap, sizeof *selection);
    const struct string *name;
    int64_t used = attribute;
    if (!selection || !generate(run, subject, next_selected, selection, out)) return false;
    if (!value_truth(subject)) return true; /* as for map */
    selection->negated = negated;
    if (attribute) {
        if (arguments->count == 0) return heap_fail(&run->heap, "Missing parameter for attribute name");
        selection->attribute = arguments->positional[0];
    }
    if (arguments->count == used) return true;
    if (!argument_string(run, arguments->positional[used], "a test's name", &name)) return false;
    selection->test = run->library->test(name);
    if (!selection->test) selection->missing_name = name;
    selection->arguments = arguments_rest(arguments, used + 1);
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

/* ---- unique ---- */

struct uniqueness {
    struct value attribute; /* VALUE_MISSING: the item itself */
    bool case_sensitive;
    struct dict *seen;
};

static bool next_unique(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    const struct uniqueness *unique = generator->own;
    for (;;) {
        struct value key;
        bool failed;
        if (!source_next(run, generator, out, more)) return false;
        if (!*more) return true;
        if (!attribute_path(run, *out, unique->attribute, value_missing, &key) ||
            !fold_case(&run->heap, key, unique->case_sensitive, &key))
            return false;
        if (dict_find(&run->heap, unique->seen, key, &failed)) continue;
        return !failed && dict_set(&run->heap, unique->seen, key, value_none);
    }
}

FILTER(filter_unique) {
    struct uniqueness *unique = heap_take(&run->heap, sizeof *unique);
    struct value values[2], seen;
    if (!unique || !generate(run, subject, next_unique, unique, out) ||
        !arguments_bind(run, arguments, "unique [case_sensitive attribute]", values) ||
        !value_dict(&run->heap, &seen))
        return false;
    *unique = (struct uniqueness){ values[1], value_truth(values[0]), seen.dict };
    return true;
}

/* ---- batch, slice ---- */

struct portions {
    int64_t count;         /* of items in a batch, of slices */
    int64_t at;            /* slices given out */
    struct value fill;     /* VALUE_NONE: short ones stay short */
    struct values pending; /* of the batch; all items, to be cut into slices */
};

static bool fill_up(struct run *run, const struct portions *portions, struct values *items, int64_t count) {
    if (portions->fill.type == VALUE_NONE || items->count >= count) return true;
    if (!heap_fits(&run->heap, count - items->count, sizeof(struct value))) return false;
    while (items->count < count)
        if (!heap_work(&run->heap, 1) || !values_add(&run->heap, items, portions->fill)) return false;
    return true;
}

static bool next_batch(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    struct portions *portions = generator->own;
    struct values *pending = &portions->pending;
    struct value item;
    for (bool got = true; got;) {
        if (!source_next(run, generator, &item, &got)) return false;
        bool full = got && pending->count == portions->count;
        if (!got && !fill_up(run, portions, pending, pending->count > 0 ? portions->count : 0)) return false;
        *more = full || (!got && pending->count > 0);
        if (*more && !value_list(&run->heap, VALUE_LIST, pending->items, pending->count, out)) return false;
        if (*more || !got) *pending = (struct values){ 0 };
        if (got && !values_add(&run->heap, pending, item)) return false;
        if (*more) return true;
    }
    return true;
}

static bool next_slice(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    struct portions *portions = generator->own;
    struct values *all = &portions->pending, part = { 0 };
    int64_t slices = portions->count;
    if (portions->at == 0 && !iterate_all(run, generator->source, all)) return false;
    if (slices == 0) return heap_fail(&run->heap, "integer division or modulo by zero");
    *more = portions->at < slices;
    if (!*more) return true;
    int64_t each = all->count / slices, longer = all->count % slices, number = portions->at++;
    int64_t from = number * each + (number < longer ? number : longer), to = from + each + (number < longer);
    for (int64_t i = from; i < to; i++)
        if (!values_add(&run->heap, &part, all->items[i])) return false;
    if (number >= longer && !fill_up(run, portions, &part, part.count + 1)) return false;
    return value_list(&run->heap, VALUE_LIST, part.items, part.count, out);
}

static bool portion(struct run *run, struct value subject, const struct arguments *arguments, bool batch,
                    struct value *out) {
    struct portions *portions = heap_take(&run->heap, sizeof *portions);
    struct value values[2];
    if (!portions || !generate(run, subject, batch ? next_batch : next_slice, portions, out) ||
        !arguments_bind(run, arguments, batch ? "batch linecount [fill_with]" : "slice slices [fill_with]",
                        values))
        return false;
    portions->fill = value_or(values[1], value_none);
    portions->count = -1; /* what is no number never equals one */
    if (batch && !value_is_integer(values[0]) && portions->fill.type == VALUE_NONE) return true;
    return value_index(&run->heap, values[0], &portions->count);
}

FILTER(filter_batch) {
    return portion(run, subject, arguments, true, out);
}

FILTER(filter_slice) {
    return portion(run, subject, arguments, false, out);
}

/* ---- items ---- */

static bool next_of_no_mapping(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    (void)generator, (void)out, (void)more;
    return heap_fail(&run->heap, "Can only get item pairs from a mapping.");
}

FILTER(filter_items) {
    if (!arguments_bind(run, arguments, "items", NULL)) return false;
    if (subject.type == VALUE_DICT) subject.type = VALUE_ITEMS;
    *out = (struct value){ .type = VALUE_ITERATOR };
    if (subject.type == VALUE_ITEMS || subject.type == VALUE_UNDEFINED)
        return iterate(run, subject, &out->iterator);
    return generate(run, subject, next_of_no_mapping, NULL, out); /* an error once an item is asked for */
}

/* ---- one thing ---- */

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
