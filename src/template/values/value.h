/*
 * Values of a template, which behave as Python's do. All lie in a heap and live as long as it; strings, lists
 * and tuples never change once made, so that any number of values may share one.
 *
 *     struct value { type, and a word: boolean, integer, real, or a pointer to what is larger }
 */
#ifndef TEMPLATE_VALUES_VALUE_H
#define TEMPLATE_VALUES_VALUE_H

#include "template/values/heap.h"

enum value_type {
    VALUE_MISSING, /* not there at all: an argument left out, a name never set; templates never see it */
    VALUE_UNDEFINED,
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_BIG, /* an integer beyond int64 */
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_TUPLE,
    VALUE_DICT,
    VALUE_KEYS, /* views of a dict */
    VALUE_VALUES,
    VALUE_ITEMS,
    VALUE_RANGE,
    VALUE_SLICE,
    VALUE_ITERATOR,
    VALUE_NAMESPACE,
    VALUE_MACRO,
    VALUE_LOOP,
    VALUE_METHOD,   /* bound to its receiver */
    VALUE_FUNCTION, /* range, dict, raise_exception, ... */
    VALUE_CYCLER,
    VALUE_JOINER,
    VALUE_SELF,  /* the template's blocks, as `self` */
    VALUE_BLOCK, /* one of them */
};

struct value {
    enum value_type type;
    union {
        bool boolean;
        int64_t integer;
        double real;
        const struct big *big;
        const struct string *string;
        const struct undefined *undefined;
        const struct list *list; /* VALUE_LIST and VALUE_TUPLE */
        struct dict *dict;       /* also of views and namespaces */
        const struct range *range;
        const struct slice *slice;
        struct iterator *iterator;
        const struct macro *macro;
        struct loop *loop;
        const struct method_value *method;
        const struct function *function;
        struct cycler *cycler;
        struct joiner *joiner;
        const struct block *block;
        const struct object *object; /* what a loop and a macro begin with */
    };
};

/* Loops and macros are the interpreter's: all that is known of them here is how they print. */
struct object {
    bool (*repr)(struct heap *heap, struct value value, struct buffer *out);
};

struct string_room { /* the bytes behind strings that grow at their end: see string_join */
    int64_t used, room;
};

struct string {
    const char *data; /* well-formed UTF-8, lone surrogates allowed; not NUL-terminated */
    int64_t size, points;
    bool markup;              /* is HTML already: is escaped no more */
    struct string_room *room; /* or NULL */
};

/* For "%.*s" in a message: as much of it as a line takes. */
#define STRING_START(string) (int)((string)->size < 60 ? (string)->size : 60), (string)->data

struct undefined {      /* undefined.h */
    const char *hint;   /* whole message, or NULL */
    struct value owner; /* whose attribute or element it would be; VALUE_MISSING: a name's */
    struct value name;
    bool unsafe; /* the sandbox hides it */
};

struct list {
    const struct value *items;
    int64_t count;
    bool group; /* of groupby: .grouper and .list name the two */
};

struct dict_entry {
    struct value key, value;
    uint64_t hash;
};
struct dict { /* dict.h; keeps the order of insertion; entries never go */
    struct dict_entry *entries;
    int64_t count, room;
    int32_t *slots; /* open addressing, -1 free; NULL while there are few */
    int64_t slot_count;
};

struct range {
    int64_t start, stop, step, count;
};
struct slice {
    struct value start, stop, step;
};
struct cycler {
    const struct list *items;
    int64_t position;
};
struct joiner {
    const struct string *separator;
    bool used;
};

/* ---- making them: false, or a NULL pointer, where the heap refuses ---- */

#define value_missing      ((struct value){ .type = VALUE_MISSING })
#define value_none         ((struct value){ .type = VALUE_NONE })
#define value_bool(b)      ((struct value){ .type = VALUE_BOOL, .boolean = (b) })
#define value_int(i)       ((struct value){ .type = VALUE_INT, .integer = (i) })
#define value_float(f)     ((struct value){ .type = VALUE_FLOAT, .real = (f) })
#define value_of_string(s) ((struct value){ .type = VALUE_STRING, .string = (s) })

SY_MUST_CHECK bool value_string(struct heap *heap, const char *data, int64_t size,
                                struct value *out); /* copies */
SY_MUST_CHECK bool value_text(struct heap *heap, const char *text, struct value *out);
/* The bytes are the heap's already; `points` -1: count them. */
SY_MUST_CHECK bool value_string_of(struct heap *heap, const char *data, int64_t size, int64_t points,
                                   struct value *out);
SY_MUST_CHECK bool value_buffer(struct heap *heap, const struct buffer *buffer, struct value *out);
SY_MUST_CHECK bool value_markup(struct heap *heap, struct value string, bool markup, struct value *out);
/* a + b. Where a is the last that grew in its room, b is put behind it in place, so that text which a loop
 * builds piece by piece costs no more than its length. */
SY_MUST_CHECK bool string_join(struct heap *heap, const struct string *a, const struct string *b,
                               struct value *out);

SY_MUST_CHECK bool value_list(struct heap *heap, enum value_type type, const struct value *items,
                              int64_t count, struct value *out); /* keeps the items */
SY_MUST_CHECK bool value_pair(struct heap *heap, struct value a, struct value b, struct value *out);
SY_MUST_CHECK bool value_range(struct heap *heap, int64_t start, int64_t stop, int64_t step,
                               struct value *out);

/* Growing lists. Starts as { 0 }. */
struct values {
    struct value *items;
    int64_t count, room;
};
SY_MUST_CHECK bool values_add(struct heap *heap, struct values *values, struct value item);

/* ---- asking ---- */

bool value_truth(struct value value);
const char *value_type_name(struct value value); /* as type(x).__name__ */
bool string_equals(const struct string *string, const char *text);
static inline bool value_is_integer(struct value value) { /* bool is one too */
    return value.type == VALUE_INT || value.type == VALUE_BOOL || value.type == VALUE_BIG;
}
static inline bool value_is_number(struct value value) {
    return value_is_integer(value) || value.type == VALUE_FLOAT;
}
static inline bool value_is_string(struct value value) {
    return value.type == VALUE_STRING;
}
bool value_same(struct value a, struct value b); /* `is` */

#endif
