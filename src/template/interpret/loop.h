/*
 * What can be looped over, and the loops and macros that templates hold as values.
 */
#ifndef TEMPLATE_INTERPRET_LOOP_H
#define TEMPLATE_INTERPRET_LOOP_H

#include "template/values/callable.h"
#include "template/values/value.h"

struct activation;
struct node;
struct function_tree;

enum iterator_kind {
    ITERATE_ITEMS,  /* an array of values */
    ITERATE_POINTS, /* a string's characters */
    ITERATE_KEYS,
    ITERATE_VALUES,
    ITERATE_PAIRS,
    ITERATE_RANGE,
    /* generators: they begin when the first item is asked for */
    ITERATE_TESTED, /* for x in ... if ... */
    ITERATE_MAP,
    ITERATE_SELECT,
    ITERATE_UNIQUE,
    ITERATE_BATCH,
    ITERATE_SLICE,
    ITERATE_NO_MAPPING,
};

struct iterator {
    enum iterator_kind kind;
    struct value source;
    int64_t at, count, step; /* of the array, the dict, the range */
    const struct value *items;
    struct iterator *inner; /* a generator's source, once begun */
    bool ended;
    /* generators */
    const struct node *loop; /* ITERATE_TESTED */
    struct activation *activation;
    const struct filter *filter;       /* ITERATE_MAP; NULL: an attribute */
    const struct test *test;           /* ITERATE_SELECT; NULL: truth */
    const struct string *missing_name; /* of a filter or test that is not there */
    struct arguments arguments;
    struct value attribute, fallback; /* VALUE_MISSING: the item itself */
    bool negated, case_sensitive;
    struct dict *seen;     /* ITERATE_UNIQUE */
    struct value fill;     /* ITERATE_BATCH, ITERATE_SLICE */
    struct values pending; /* ITERATE_BATCH */
};

/* Python's iter(); a TypeError for what cannot. An iterator gives itself. */
SY_MUST_CHECK bool iterate(struct run *run, struct value value, struct iterator **out);
bool value_is_iterable(struct value value);
SY_MUST_CHECK bool iterator_next(struct run *run, struct iterator *iterator, struct value *out, bool *more);
struct iterator *iterator_new(struct run *run, enum iterator_kind kind, struct value source);
SY_MUST_CHECK bool iterate_all(struct run *run, struct value value, struct values *out); /* list(value) */

struct loop {
    struct object object;
    struct value iterated;
    struct iterator *iterator;
    int64_t index, length;                        /* index: from 0; length: -1 unknown */
    int64_t depth;                                /* of recursion, from 0 */
    struct value after, current, before, changed; /* VALUE_MISSING: not known */
    const struct node *node;
    struct activation *activation; /* around a recursive loop; NULL: it is none */
};
extern const struct method methods_loop[];
SY_MUST_CHECK bool loop_length(struct run *run, struct loop *loop, int64_t *length);

struct macro {
    struct object object;
    const struct function_tree *tree;
    struct activation *closure;
};

#endif
