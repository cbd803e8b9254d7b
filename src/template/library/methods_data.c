/*
 * Methods of lists, tuples, dicts, views, ranges, numbers and cyclers: those that change nothing, for the
 * sandbox hides the others.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/attributes.h"
#include "template/interpret/iterate.h"
#include "template/library/tables.h"
#include "template/values/big.h"
#include "template/values/dict.h"
#include "template/values/equal.h"
#include "template/values/number_text.h"
#include "template/values/slices.h"
#include "template/values/value_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define METHOD(name)                                                                                         \
    static bool name(struct run *run, struct value self, const struct arguments *arguments, struct value *out)

/* ---- lists and tuples ---- */

METHOD(list_count) {
    struct value item;
    int64_t count = 0;
    if (!arguments_bind(run, arguments, "count value", &item)) return false;
    for (int64_t i = 0; i < self.list->count; i++) {
        bool equal;
        if (!value_equal(&run->heap, self.list->items[i], item, &equal)) return false;
        count += equal;
    }
    *out = value_int(count);
    return true;
}

METHOD(list_index) {
    struct value values[3];
    const struct list *list = self.list;
    int64_t start, stop;
    if (!arguments_bind(run, arguments, "index value [start stop]", values) ||
        !slice_end(&run->heap, values[1], list->count, 0, 0, list->count, &start) ||
        !slice_end(&run->heap, values[2], list->count, list->count, 0, list->count, &stop))
        return false;
    for (int64_t i = start; i < stop; i++) {
        bool equal;
        if (!value_equal(&run->heap, list->items[i], values[0], &equal)) return false;
        *out = value_int(i);
        if (equal) return true;
    }
    return heap_fail(&run->heap, "%s is not in %s", value_quoted(&run->heap, values[0]),
                     value_type_name(self));
}

METHOD(list_copy) {
    return arguments_bind(run, arguments, "copy", NULL) &&
           value_list(&run->heap, VALUE_LIST, self.list->items, self.list->count, out);
}

const struct method methods_list[] = {
    { "count", list_count }, { "index", list_index }, { "copy", list_copy }, { NULL, NULL }
};
const struct method methods_tuple[] = { { "count", list_count }, { "index", list_index }, { NULL, NULL } };

/* ---- dicts ---- */

static bool view(struct run *run, struct value self, const struct arguments *arguments, enum value_type type,
                 struct value *out) {
    *out = (struct value){ .type = type, .dict = self.dict };
    return arguments_bind(run, arguments, "view", NULL);
}

METHOD(dict_keys) {
    return view(run, self, arguments, VALUE_KEYS, out);
}

METHOD(dict_values) {
    return view(run, self, arguments, VALUE_VALUES, out);
}

METHOD(dict_items) {
    return view(run, self, arguments, VALUE_ITEMS, out);
}

METHOD(dict_get) {
    struct value values[2];
    bool failed;
    if (arguments->named_count > 0) return heap_fail(&run->heap, "dict.get() takes no keyword arguments");
    if (!arguments_bind(run, arguments, "get key [default]", values)) return false;
    struct dict_entry *entry = dict_find(&run->heap, self.dict, values[0], &failed);
    *out = entry ? entry->value : value_or(values[1], value_none);
    return !failed;
}

METHOD(dict_copied) {
    return arguments_bind(run, arguments, "copy", NULL) && value_dict(&run->heap, out) &&
           dict_copy(&run->heap, self.dict, out->dict);
}

static bool from_keys(struct run *run, const struct arguments *arguments, struct value *out) {
    struct value values[2], key;
    struct iterator *iterator;
    bool more;
    if (!arguments_bind(run, arguments, "fromkeys iterable [value]", values) ||
        !value_dict(&run->heap, out) || !iterate(run, values[0], &iterator))
        return false;
    for (;;) {
        if (!iterator_next(run, iterator, &key, &more)) return false;
        if (!more) return true;
        if (!dict_set(&run->heap, out->dict, key, value_or(values[1], value_none))) return false;
    }
}

METHOD(dict_fromkeys) {
    (void)self;
    return from_keys(run, arguments, out);
}

const struct method methods_dict[] = {
    { "keys", dict_keys },   { "values", dict_values },     { "items", dict_items }, { "get", dict_get },
    { "copy", dict_copied }, { "fromkeys", dict_fromkeys }, { NULL, NULL },
};

METHOD(view_isdisjoint) {
    struct value other, item;
    struct iterator *iterator;
    bool more = true, inside = false;
    if (!arguments_bind(run, arguments, "isdisjoint other", &other) || !iterate(run, other, &iterator))
        return false;
    while (more && !inside) {
        if (!iterator_next(run, iterator, &item, &more)) return false;
        if (more && !value_contains(run, self, item, &inside)) return false;
    }
    *out = value_bool(!inside);
    return true;
}

const struct method methods_view[] = { { "isdisjoint", view_isdisjoint }, { NULL, NULL } };

/* ---- ranges ---- */

METHOD(range_index) {
    struct value item;
    bool inside;
    if (!arguments_bind(run, arguments, "index value", &item) || !value_contains(run, self, item, &inside))
        return false;
    if (!inside) return heap_fail(&run->heap, "%s is not in range", value_quoted(&run->heap, item));
    if (!value_is_integer(item)) item = value_int((int64_t)item.real);
    *out = value_int((integer_clamped(item) - self.range->start) / self.range->step);
    return true;
}

METHOD(range_count) {
    struct value item;
    bool inside;
    if (!arguments_bind(run, arguments, "count value", &item) || !value_contains(run, self, item, &inside))
        return false;
    *out = value_int(inside);
    return true;
}

const struct method methods_range[] = { { "index", range_index }, { "count", range_count }, { NULL, NULL } };

/* ---- numbers ---- */

METHOD(integer_bit_length) {
    *out = value_int(integer_bits(self));
    return arguments_bind(run, arguments, "bit_length", NULL);
}

METHOD(integer_bit_count) {
    struct buffer digits = { 0 };
    int64_t count = 0;
    if (!arguments_bind(run, arguments, "bit_count", NULL) || !integer_digits(&run->heap, self, 2, &digits))
        return false;
    for (int64_t i = 0; i < digits.size; i++) count += digits.data[i] == '1';
    *out = value_int(count);
    return true;
}

METHOD(number_conjugate) {
    *out = self.type == VALUE_BOOL ? value_int(self.boolean) : self;
    return arguments_bind(run, arguments, "conjugate", NULL);
}

METHOD(integer_ratio) {
    struct value plain = self.type == VALUE_BOOL ? value_int(self.boolean) : self;
    return arguments_bind(run, arguments, "as_integer_ratio", NULL) &&
           value_pair(&run->heap, plain, value_int(1), out);
}

METHOD(float_is_integer) {
    *out = value_bool(isfinite(self.real) && floor(self.real) == self.real);
    return arguments_bind(run, arguments, "is_integer", NULL);
}

METHOD(float_ratio) {
    int exponent;
    double fraction = frexp(self.real, &exponent);
    struct value above, below = value_int(1), scale;
    if (!arguments_bind(run, arguments, "as_integer_ratio", NULL)) return false;
    if (!isfinite(self.real)) return heap_fail(&run->heap, "cannot convert Infinity or NaN to integer ratio");
    for (; fraction != floor(fraction); exponent--) fraction *= 2;
    if (!integer_from_double(&run->heap, fraction, &above)) return false;
    uint64_t shift = (uint64_t)(exponent < 0 ? -exponent : exponent);
    if (!integer_power(&run->heap, value_int(2), shift, &scale)) return false;
    if (exponent < 0)
        below = scale;
    else if (!integer_multiply(&run->heap, above, scale, &above))
        return false;
    return value_pair(&run->heap, above, below, out);
}

METHOD(float_hex) {
    char text[64], *mantissa;
    if (!arguments_bind(run, arguments, "hex", NULL)) return false;
    if (!isfinite(self.real)) return value_text(&run->heap, float_repr(self.real, text), out);
    snprintf(text, sizeof text, self.real == 0 ? "%.0a" : "%.13a", self.real);
    mantissa = strstr(text, "0x0p");
    if (mantissa) return value_text(&run->heap, signbit(self.real) ? "-0x0.0p+0" : "0x0.0p+0", out);
    return value_text(&run->heap, text, out);
}

const struct method methods_integer[] = {
    { "bit_length", integer_bit_length },
    { "bit_count", integer_bit_count },
    { "conjugate", number_conjugate },
    { "as_integer_ratio", integer_ratio },
    { NULL, NULL },
};
const struct method methods_float[] = {
    { "is_integer", float_is_integer },
    { "conjugate", number_conjugate },
    { "as_integer_ratio", float_ratio },
    { "hex", float_hex },
    { NULL, NULL },
};

/* ---- cyclers ---- */

METHOD(cycler_next) {
    struct cycler *cycler = self.cycler;
    *out = cycler->items->items[cycler->position];
    cycler->position = (cycler->position + 1) % cycler->items->count;
    return arguments_bind(run, arguments, "next", NULL);
}

METHOD(cycler_reset) {
    self.cycler->position = 0;
    *out = value_none;
    return arguments_bind(run, arguments, "reset", NULL);
}

const struct method methods_cycler[] = { { "next", cycler_next }, { "reset", cycler_reset }, { NULL, NULL } };
