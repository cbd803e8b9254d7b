/*
 * How what is built in gets its arguments.
 */
#ifndef TEMPLATE_INTERPRET_ARGUMENTS_H
#define TEMPLATE_INTERPRET_ARGUMENTS_H

#include "template/values/callable.h"

/* Values in the order of the signature, "replace old new [count]": the name for messages, parameters,
 * optional ones from the bracket on. What is not given is VALUE_MISSING. */
SY_MUST_CHECK bool arguments_bind(struct run *run, const struct arguments *arguments, const char *signature,
                                  struct value *values);
/* The first `skip` positional arguments left out. */
struct arguments arguments_rest(const struct arguments *arguments, int64_t skip);

/* An optional argument: `value` unless it is missing. */
static inline struct value value_or(struct value value, struct value otherwise) {
    return value.type == VALUE_MISSING ? otherwise : value;
}
/* A string argument; `what` names it in the error. */
SY_MUST_CHECK bool argument_string(struct run *run, struct value value, const char *what,
                                   const struct string **out);
/* The same of an integer; `otherwise` where it is missing. */
SY_MUST_CHECK bool argument_integer(struct run *run, struct value value, int64_t otherwise, int64_t *out);

#endif
