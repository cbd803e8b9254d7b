/*
 * `loop`, as the body of a {% for %} sees it.
 */
#ifndef TEMPLATE_INTERPRET_LOOP_H
#define TEMPLATE_INTERPRET_LOOP_H

#include "template/interpret/iterate.h"

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

/* Before its first item; the iterator is still to be set. NULL: no memory. */
struct loop *loop_new(struct run *run, const struct node *node, struct value iterated, int64_t depth);
SY_MUST_CHECK bool loop_advance(struct run *run, struct loop *loop, struct value *item, bool *more);
SY_MUST_CHECK bool loop_length(struct run *run, struct loop *loop, int64_t *length);
/* *found: a loop has an attribute of this name. */
SY_MUST_CHECK bool loop_attribute(struct run *run, struct loop *loop, const struct string *name, bool *found,
                                  struct value *out);
extern const struct method methods_loop[];

#endif
