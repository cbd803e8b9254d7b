/*
 * What can be looped over.
 */
#ifndef TEMPLATE_INTERPRET_ITERATE_H
#define TEMPLATE_INTERPRET_ITERATE_H

#include "template/interpret/run.h"

enum iterator_kind {
    ITERATE_ITEMS,  /* an array of values */
    ITERATE_POINTS, /* a string's characters */
    ITERATE_KEYS,
    ITERATE_VALUES,
    ITERATE_PAIRS,
    ITERATE_RANGE,
    ITERATE_GENERATED, /* a generator: it begins when the first item is asked for */
};

struct iterator;
/* Makes the next item, or says that there is none. */
typedef bool iterator_step(struct run *run, struct iterator *iterator, struct value *out, bool *more);

struct iterator {
    enum iterator_kind kind;
    struct value source;
    int64_t at, count; /* of the array, the dict, the range */
    const struct value *items;
    bool ended;
    /* ITERATE_GENERATED */
    iterator_step *next;
    void *own;              /* the generator's state, which `next` knows */
    struct iterator *inner; /* its source, once begun */
};

/* Python's iter(); a TypeError for what cannot. An iterator gives itself. */
SY_MUST_CHECK bool iterate(struct run *run, struct value value, struct iterator **out);
bool value_is_iterable(struct value value);
SY_MUST_CHECK bool iterator_next(struct run *run, struct iterator *iterator, struct value *out, bool *more);
SY_MUST_CHECK bool iterate_all(struct run *run, struct value value, struct values *out); /* list(value) */

/* A generator, whose source is begun when it first asks for an item of it. NULL: no memory. */
struct iterator *generator_new(struct run *run, struct value source, iterator_step *next, void *own);
/* For a generator's `next`: the next item of its source. */
SY_MUST_CHECK bool source_next(struct run *run, struct iterator *generator, struct value *out, bool *more);

#endif
