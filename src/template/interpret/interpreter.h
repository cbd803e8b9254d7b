/*
 * A rendering under way: what the files of the interpreter share.
 *
 *     execute.c   statements      evaluate.c  expressions       call.c   calls, and binding arguments to
 * parameters loop.c      for             macro.c     macros, blocks    iterate.c  whatever can be looped over
 */
#ifndef TEMPLATE_INTERPRET_INTERPRETER_H
#define TEMPLATE_INTERPRET_INTERPRETER_H

#include "template/interpret/loop.h"
#include "template/syntax/tree.h"
#include "template/template.h"

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

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

/* ---- expressions ---- */

SY_MUST_CHECK bool evaluate(struct run *run, struct activation *activation, const struct node *node,
                            struct value *out);
/* The filter of a filter or set block, whose text stands in for the innermost subject. */
SY_MUST_CHECK bool evaluate_filters(struct run *run, struct activation *activation, const struct node *node,
                                    struct value text, struct value *out);
struct value *place_slot(struct activation *activation, struct place place);
bool run_fail_at(struct run *run, const struct node *node); /* adds the place; always false */

/* ---- statements ---- */

SY_MUST_CHECK bool execute(struct run *run, struct activation *activation, const struct nodes *body,
                           enum flow *flow);
SY_MUST_CHECK bool execute_template(struct run *run);
/* Runs a body whose output is kept from the page. */
SY_MUST_CHECK bool execute_captured(struct run *run, struct activation *activation, const struct nodes *body,
                                    enum flow *flow, struct buffer *text);
SY_MUST_CHECK bool execute_for(struct run *run, struct activation *activation, const struct node *node,
                               enum flow *flow);

/* Sets names, tuples of names, attributes of namespaces. */
SY_MUST_CHECK bool assign(struct run *run, struct activation *activation, const struct node *target,
                          struct value value);
struct activation *activation_new(struct run *run, struct activation *outer, int32_t slot_count);
SY_MUST_CHECK bool scope_enter(struct run *run, struct activation *activation, const struct scope *scope);
void scope_leave(struct activation *activation, const struct scope *scope);
SY_MUST_CHECK bool print_value(struct run *run, struct value value); /* escaped where that is on */
/* A name as the context has it: set by the template, given, or global; VALUE_MISSING: none. */
struct value context_find(struct run *run, const struct activation *activation, const struct string *name);

struct template_span *template_spans_grow(struct template_span *data, int64_t room); /* NULL: no memory */

/* ---- calls ---- */

SY_MUST_CHECK bool call_value(struct run *run, struct value callee, const struct arguments *arguments,
                              struct value *out);
SY_MUST_CHECK bool call_macro(struct run *run, const struct macro *macro, const struct arguments *arguments,
                              struct value *out);
SY_MUST_CHECK bool call_loop(struct run *run, struct loop *loop, const struct arguments *arguments,
                             struct value *out);
SY_MUST_CHECK bool call_block(struct run *run, const struct block *block, const struct dict *locals,
                              struct value *out);
SY_MUST_CHECK bool evaluate_call(struct run *run, struct activation *activation, const struct node *node,
                                 const struct macro *caller, struct value *out);
SY_MUST_CHECK bool evaluate_arguments(struct run *run, struct activation *activation,
                                      const struct call_nodes *nodes, struct arguments *out);
SY_MUST_CHECK bool make_macro(struct run *run, struct activation *activation,
                              const struct function_tree *tree, struct value *out);

/* ---- members ---- */

SY_MUST_CHECK bool value_attribute(struct run *run, struct value of, const struct string *name,
                                   struct value *out); /* x.name */
SY_MUST_CHECK bool value_item(struct run *run, struct value of, struct value index,
                              struct value *out); /* x[i] */
/* "a.b.0" step by step, as jinja2's make_attrgetter; `fallback` stands in for what is undefined. */
SY_MUST_CHECK bool attribute_path(struct run *run, struct value of, struct value path, struct value fallback,
                                  struct value *out);
/* Python's len(); an error where it has none. */
SY_MUST_CHECK bool value_length(struct run *run, struct value value, int64_t *length);
/* The attribute that Python finds on the object itself: *found is false where there is none. */
SY_MUST_CHECK bool object_attribute(struct run *run, struct value of, const struct string *name, bool *found,
                                    struct value *out);
SY_MUST_CHECK bool value_contains(struct run *run, struct value container, struct value item, bool *contains);
SY_MUST_CHECK bool loop_attribute(struct run *run, struct loop *loop, const struct string *name, bool *found,
                                  struct value *out);

#endif
