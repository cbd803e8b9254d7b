/*
 * What templates call by name: filters, tests, global functions, methods.
 *
 * All of them stand above the interpreter, in library/, and are handed down to it as a struct library:
 * nothing below them knows one by its name in C.
 */
#ifndef TEMPLATE_VALUES_CALLABLE_H
#define TEMPLATE_VALUES_CALLABLE_H

#include "template/values/value.h"

struct run; /* the rendering that calls */

struct argument {
    const struct string *name;
    struct value value;
};
struct arguments {
    const struct value *positional;
    int64_t count;
    const struct argument *named;
    int64_t named_count;
};

struct filter {
    const char *name; /* NULL ends a table */
    bool (*apply)(struct run *run, struct value subject, const struct arguments *arguments,
                  struct value *out);
};
struct test {
    const char *name;
    bool (*holds)(struct run *run, struct value subject, const struct arguments *arguments, bool *out);
};
struct function { /* a global */
    const char *name;
    bool (*call)(struct run *run, const struct arguments *arguments, struct value *out);
};
struct method {
    const char *name;
    bool (*call)(struct run *run, struct value self, const struct arguments *arguments, struct value *out);
};
struct method_value {
    const struct method *method;
    struct value self;
};

struct library { /* each finds by name; NULL: there is none */
    const struct filter *(*filter)(const struct string *name);
    const struct test *(*test)(const struct string *name);
    const struct function *(*function)(const struct string *name);
    const struct method *(*method)(enum value_type of, const struct string *name);
    /* format % values, where format is a string */
    bool (*modulo)(struct heap *heap, struct value format, struct value values, struct value *out);
};

#endif
