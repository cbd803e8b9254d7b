/*
 * Undefined values: each knows what it would have been, for the message once it is used.
 */
#include "template/values/undefined.h"
#include "template/values/value_text.h"

static bool make_undefined(struct heap *heap, struct undefined made, struct value *out) {
    struct undefined *undefined = heap_take(heap, sizeof *undefined);
    if (!undefined) return false;
    *undefined = made;
    *out = (struct value){ .type = VALUE_UNDEFINED, .undefined = undefined };
    return true;
}

bool value_undefined_name(struct heap *heap, const struct string *name, struct value *out) {
    return make_undefined(heap, (struct undefined){ .name = { .type = VALUE_STRING, .string = name } }, out);
}

bool value_undefined_hint(struct heap *heap, const char *hint, struct value *out) {
    return make_undefined(heap, (struct undefined){ .hint = hint }, out);
}

bool value_undefined_of(struct heap *heap, struct value owner, struct value name, bool unsafe,
                        struct value *out) {
    return make_undefined(heap, (struct undefined){ .owner = owner, .name = name, .unsafe = unsafe }, out);
}

bool undefined_fail(struct heap *heap, struct value value) {
    const struct undefined *undefined = value.undefined;
    if (undefined->hint) return heap_fail(heap, "%s", undefined->hint);
    const char *name = value_quoted(heap, undefined->name), *type = value_type_name(undefined->owner);
    if (undefined->owner.type == VALUE_MISSING) return heap_fail(heap, "%s is undefined", name);
    if (undefined->unsafe)
        return heap_fail(heap, "access to attribute %s of '%s' object is unsafe", name, type);
    bool none = undefined->owner.type == VALUE_NONE;
    const char *owner = none ? "None" : type, *object = none ? "" : " object";
    if (undefined->name.type != VALUE_STRING)
        return heap_fail(heap, "%s%s has no element %s", owner, object, name);
    return heap_fail(heap, "'%s%s' has no attribute %s", owner, object, name);
}
