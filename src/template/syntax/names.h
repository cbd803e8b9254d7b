/*
 * Names of a parsed template to places (tree.h).
 */
#ifndef TEMPLATE_SYNTAX_NAMES_H
#define TEMPLATE_SYNTAX_NAMES_H

#include "template/syntax/tree.h"
#include "template/values/callable.h"

/* Also finds filters and tests by name, and says which are not there. */
SY_MUST_CHECK bool names_resolve(struct heap *heap, const struct library *library, struct tree *tree,
                                 unsigned mentions);

#endif
