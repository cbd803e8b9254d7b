/*
 * What templates may call by name: filters, tests, global functions, methods; and how they get their
 * arguments.
 */
#ifndef TEMPLATE_LIBRARY_LIBRARY_H
#define TEMPLATE_LIBRARY_LIBRARY_H

#include "template/values/value.h"

struct run;

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

/* Values in the order of the signature, "replace old new [count]": the name for messages, parameters,
 * optional ones from the bracket on. What is not given is VALUE_MISSING. */
SY_MUST_CHECK bool arguments_bind(struct run *run, const struct arguments *arguments, const char *signature,
                                  struct value *values);
/* The first `skip` positional arguments left out. */
struct arguments arguments_rest(const struct arguments *arguments, int64_t skip);

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

const struct filter *filter_find(const struct string *name); /* NULL: none */
const struct test *test_find(const struct string *name);
const struct function *function_find(const struct string *name);
const struct method *method_find(const struct method *table, const struct string *name);

extern const struct filter filters_text[], filters_text_shape[], filters_list[], filters_sort[],
    filters_select[], filters_number[], filters_markup[], filters_url[], filters_print[];
extern const struct test tests[];
extern const struct function functions[];
extern const struct method methods_string[], methods_string_kind[], methods_string_split[], methods_list[],
    methods_tuple[], methods_dict[], methods_view[], methods_integer[], methods_float[], methods_range[],
    methods_loop[], methods_cycler[];

/* ---- used by several of them ---- */

/* An optional argument: `value` unless it is missing. */
static inline struct value value_or(struct value value, struct value otherwise) {
    return value.type == VALUE_MISSING ? otherwise : value;
}
/* A string argument; `what` names it in the error. */
SY_MUST_CHECK bool argument_string(struct run *run, struct value value, const char *what,
                                   const struct string **out);
SY_MUST_CHECK bool argument_integer(struct run *run, struct value value, int64_t otherwise, int64_t *out);

/* "a.b.0" step by step, as jinja2's make_attrgetter; `fallback` stands in for what is undefined. */
SY_MUST_CHECK bool attribute_path(struct run *run, struct value of, struct value path, struct value fallback,
                                  struct value *out);
/* Lower case where it is a string and case does not count. */
SY_MUST_CHECK bool fold_case(struct run *run, struct value value, bool case_sensitive, struct value *out);
SY_MUST_CHECK bool sort_values(struct run *run, struct value *items, struct value *keys, int64_t count,
                               bool reverse);

#endif
