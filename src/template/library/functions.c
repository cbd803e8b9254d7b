/*
 * Global functions: jinja2's own, and those that transformers adds (raise_exception, strftime_now).
 */
#include "template/interpret/arguments.h"
#include "template/interpret/iterate.h"
#include "template/library/clock.h"
#include "template/library/tables.h"
#include "template/values/dict.h"
#include "template/values/slices.h"
#include "template/values/value_text.h"

#include <string.h>

#define RANGE_MAX 100000 /* jinja2.sandbox.MAX_RANGE */

#define FUNCTION(name) static bool name(struct run *run, const struct arguments *arguments, struct value *out)

FUNCTION(make_range) {
    struct value values[3];
    int64_t start = 0, stop, step = 1;
    if (arguments->named_count > 0) return heap_fail(&run->heap, "range() takes no keyword arguments");
    if (!arguments_bind(run, arguments, "range stop [end step]", values)) return false;
    if (!value_index(&run->heap, values[0], &stop)) return false;
    if (values[1].type != VALUE_MISSING) {
        start = stop;
        if (!value_index(&run->heap, values[1], &stop)) return false;
    }
    if (values[2].type != VALUE_MISSING && !value_index(&run->heap, values[2], &step)) return false;
    if (step == 0) return heap_fail(&run->heap, "range() arg 3 must not be zero");
    if (!value_range(&run->heap, start, stop, step, out)) return false;
    if (out->range->count <= RANGE_MAX) return true;
    return heap_fail(&run->heap, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                     RANGE_MAX);
}

/* dict(mapping or pairs, name=value, ...) */
static bool fill_dict(struct run *run, const struct arguments *arguments, struct dict *dict) {
    struct iterator *iterator, *pair;
    struct value item, parts[3];
    bool more = true;
    if (arguments->count > 1)
        return heap_fail(&run->heap, "dict expected at most 1 argument, got %lld",
                         (long long)arguments->count);
    struct value first = arguments->count > 0 ? arguments->positional[0] : value_none;
    if (first.type == VALUE_DICT) {
        if (!dict_copy(&run->heap, first.dict, dict)) return false;
    } else if (arguments->count > 0) {
        if (!iterate(run, first, &iterator)) return false;
        for (;;) {
            if (!iterator_next(run, iterator, &item, &more)) return false;
            if (!more) break;
            if (!iterate(run, item, &pair)) return false;
            int64_t count = 0;
            for (bool there = true; there && count < 3; count += there)
                if (!iterator_next(run, pair, &parts[count], &there)) return false;
            if (count != 2) return heap_fail(&run->heap, "dictionary update sequence element is no pair");
            if (!dict_set(&run->heap, dict, parts[0], parts[1])) return false;
        }
    }
    for (int64_t i = 0; i < arguments->named_count; i++)
        if (!dict_set(&run->heap, dict, value_of_string(arguments->named[i].name), arguments->named[i].value))
            return false;
    return true;
}

FUNCTION(make_dict) {
    return value_dict(&run->heap, out) && fill_dict(run, arguments, out->dict);
}

FUNCTION(make_namespace) {
    if (!value_dict(&run->heap, out) || !fill_dict(run, arguments, out->dict)) return false;
    out->type = VALUE_NAMESPACE;
    return true;
}

FUNCTION(make_cycler) {
    struct cycler *cycler = heap_take(&run->heap, sizeof *cycler);
    struct value items;
    if (!cycler || !value_list(&run->heap, VALUE_TUPLE, arguments->positional, arguments->count, &items))
        return false;
    if (arguments->named_count > 0)
        return heap_fail(&run->heap, "cycler() got an unexpected keyword argument");
    if (arguments->count == 0) return heap_fail(&run->heap, "at least one item has to be provided");
    cycler->items = items.list;
    *out = (struct value){ .type = VALUE_CYCLER, .cycler = cycler };
    return true;
}

FUNCTION(make_joiner) {
    struct joiner *joiner = heap_take(&run->heap, sizeof *joiner);
    struct value separator;
    if (!joiner || !arguments_bind(run, arguments, "joiner [sep]", &separator)) return false;
    if (separator.type == VALUE_MISSING && !value_text(&run->heap, ", ", &separator)) return false;
    if (!value_to_string(&run->heap, separator, &separator)) return false;
    joiner->separator = separator.string;
    *out = (struct value){ .type = VALUE_JOINER, .joiner = joiner };
    return true;
}

/* The template refuses its input, in its own words. */
FUNCTION(raise_exception) {
    struct value message;
    struct buffer text = { 0 };
    (void)out;
    if (!arguments_bind(run, arguments, "raise_exception message", &message) ||
        !value_print(&run->heap, message, &text))
        return false;
    return sy_fail(run->heap.err, SY_ERR_INPUT, "%.*s", (int)(text.size < 1000 ? text.size : 1000),
                   text.data ? text.data : "");
}

FUNCTION(strftime_now) {
    struct value format;
    const struct string *text;
    return arguments_bind(run, arguments, "strftime_now format", &format) &&
           argument_string(run, format, "the format", &text) &&
           clock_format(&run->heap, run->clock, text, out);
}

FUNCTION(lipsum) {
    (void)arguments, (void)out;
    return heap_fail(&run->heap, "lipsum() makes random text, which is not known here");
}

const struct function functions[] = {
    { "range", make_range },
    { "dict", make_dict },
    { "namespace", make_namespace },
    { "cycler", make_cycler },
    { "joiner", make_joiner },
    { "raise_exception", raise_exception },
    { "lipsum", lipsum },
    { "strftime_now", strftime_now },
    { NULL, NULL },
};
