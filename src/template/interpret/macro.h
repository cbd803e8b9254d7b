/*
 * Macros as values: the tree of one, and where it was defined.
 */
#ifndef TEMPLATE_INTERPRET_MACRO_H
#define TEMPLATE_INTERPRET_MACRO_H

#include "template/interpret/run.h"

struct macro {
    struct object object;
    const struct function_tree *tree;
    struct activation *closure;
};
SY_MUST_CHECK bool make_macro(struct run *run, struct activation *activation,
                              const struct function_tree *tree, struct value *out);
/* *found: a macro has an attribute of this name. */
SY_MUST_CHECK bool macro_attribute(struct run *run, const struct macro *macro, const struct string *name,
                                   bool *found, struct value *out);

#endif
