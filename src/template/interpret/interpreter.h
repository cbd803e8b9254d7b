/*
 * Running a tree. What a template nests, these five nest too, so each calls the others:
 *
 *     execute.c    statements
 *     evaluate.c   expressions
 *     call.c       calls: arguments evaluated, the callee found
 *     invoke.c     what runs in an activation of its own: macros, call blocks, blocks, the template
 *     for.c        loops, which may recurse
 */
#ifndef TEMPLATE_INTERPRET_INTERPRETER_H
#define TEMPLATE_INTERPRET_INTERPRETER_H

#include "template/interpret/loop.h"
#include "template/interpret/macro.h"
#include "template/interpret/run.h"

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

/* ---- expressions ---- */

SY_MUST_CHECK bool evaluate(struct run *run, struct activation *activation, const struct node *node,
                            struct value *out);
/* The filter of a filter or set block, whose text stands in for the innermost subject. */
SY_MUST_CHECK bool evaluate_filters(struct run *run, struct activation *activation, const struct node *node,
                                    struct value text, struct value *out);

/* ---- statements ---- */

SY_MUST_CHECK bool execute(struct run *run, struct activation *activation, const struct nodes *body,
                           enum flow *flow);
/* Runs a body whose output is kept from the page. */
SY_MUST_CHECK bool execute_captured(struct run *run, struct activation *activation, const struct nodes *body,
                                    enum flow *flow, struct buffer *text);
SY_MUST_CHECK bool execute_for(struct run *run, struct activation *activation, const struct node *node,
                               enum flow *flow);

/* ---- calls ---- */

SY_MUST_CHECK bool evaluate_call(struct run *run, struct activation *activation, const struct node *node,
                                 const struct macro *caller, struct value *out);
SY_MUST_CHECK bool evaluate_arguments(struct run *run, struct activation *activation,
                                      const struct call_nodes *nodes, struct arguments *out);
SY_MUST_CHECK bool call_macro(struct run *run, const struct macro *macro, const struct arguments *arguments,
                              struct value *out);
SY_MUST_CHECK bool call_block(struct run *run, const struct block *block, const struct dict *locals,
                              struct value *out);
SY_MUST_CHECK bool call_loop(struct run *run, struct loop *loop, const struct arguments *arguments,
                             struct value *out);
SY_MUST_CHECK bool execute_template(struct run *run);

#endif
