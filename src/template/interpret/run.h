/*
 * A rendering under way.
 */
#ifndef TEMPLATE_INTERPRET_RUN_H
#define TEMPLATE_INTERPRET_RUN_H

#include "template/syntax/tree.h"
#include "template/template.h"
#include "template/values/callable.h"

struct activation { /* one call of a function: its slots, and those around where it was defined */
    struct activation *outer;
    struct value *slots;
    const struct dict *locals; /* of a scoped block: what its names are looked up in first; or NULL */
};

struct run {
    struct heap heap;
    const struct library *library;
    const struct tree *tree;
    const struct dict *context;
    struct dict *vars;   /* names that the top of the template set */
    struct buffer *out;  /* what is printed now goes there */
    struct buffer *root; /* and at last there */
    bool autoescape;
    int64_t calls, calls_max;
    struct template_clock clock;
    struct template_spans *spans; /* or NULL */
};

/* Adds the place to the error that is set; always false. */
bool run_fail_at(struct run *run, const struct node *node);

#endif
