/*
 * Arguments of a call to the parameters of what is built in, which a signature names.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/run.h"
#include "template/values/slices.h"
#include "template/values/undefined.h"

#include <string.h>

struct arguments arguments_rest(const struct arguments *arguments, int64_t skip) {
    struct arguments rest = *arguments;
    if (skip > rest.count) skip = rest.count;
    if (skip > 0) rest.positional += skip;
    rest.count -= skip;
    return rest;
}

struct signature { /* words of one, in turn */
    const char *at;
    const char *word;
    int size;
    bool optional;
};

static bool signature_next(struct signature *signature) {
    signature->at += strspn(signature->at, " ]");
    if (*signature->at == '[') {
        signature->optional = true;
        signature->at++;
    }
    signature->word = signature->at;
    signature->size = (int)strcspn(signature->at, " []");
    signature->at += signature->size;
    return signature->size > 0;
}

static const struct value *find_named(const struct arguments *arguments, const struct signature *word) {
    for (int64_t i = 0; i < arguments->named_count; i++) {
        const struct string *name = arguments->named[i].name;
        if (name->size == word->size && memcmp(name->data, word->word, (size_t)word->size) == 0)
            return &arguments->named[i].value;
    }
    return NULL;
}

bool arguments_bind(struct run *run, const struct arguments *arguments, const char *text,
                    struct value *values) {
    struct signature word = { .at = text };
    struct heap *heap = &run->heap;
    int64_t count = 0, used = 0;
    signature_next(&word);
    const char *function = word.word;
    int function_size = word.size;
    for (; signature_next(&word); count++) {
        const struct value *named = find_named(arguments, &word);
        if (named && count < arguments->count)
            return heap_fail(heap, "%.*s() got multiple values for argument '%.*s'", function_size, function,
                             word.size, word.word);
        used += named != NULL;
        values[count] = named                      ? *named
                        : count < arguments->count ? arguments->positional[count]
                                                   : value_missing;
        if (values[count].type == VALUE_MISSING && !word.optional)
            return heap_fail(heap, "%.*s() missing a required argument: '%.*s'", function_size, function,
                             word.size, word.word);
    }
    if (arguments->count > count)
        return heap_fail(heap, "%.*s() takes at most %lld arguments (%lld given)", function_size, function,
                         (long long)count, (long long)arguments->count);
    if (used < arguments->named_count)
        return heap_fail(heap, "%.*s() got an unexpected keyword argument", function_size, function);
    return true;
}

bool argument_string(struct run *run, struct value value, const char *what, const struct string **out) {
    if (value.type == VALUE_UNDEFINED) return undefined_fail(&run->heap, value);
    if (value.type != VALUE_STRING)
        return heap_fail(&run->heap, "%s must be str, not %s", what, value_type_name(value));
    *out = value.string;
    return true;
}

bool argument_integer(struct run *run, struct value value, int64_t otherwise, int64_t *out) {
    *out = otherwise;
    return value.type == VALUE_MISSING || value_index(&run->heap, value, out);
}
