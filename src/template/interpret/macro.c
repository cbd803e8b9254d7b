/*
 * Macros as values: making one, and what a template may ask it. invoke.c calls them.
 */
#include "template/interpret/macro.h"
#include "template/values/value_text.h"

static bool macro_repr(struct heap *heap, struct value value, struct buffer *out) {
    const struct string *name = value.macro->tree->name;
    if (!name) return buffer_text(heap, out, "<Macro anonymous>");
    return buffer_text(heap, out, "<Macro ") && string_repr(heap, name, false, out) &&
           buffer_text(heap, out, ">");
}

bool make_macro(struct run *run, struct activation *activation, const struct function_tree *tree,
                struct value *out) {
    struct macro *macro = heap_take(&run->heap, sizeof *macro);
    if (!macro) return false;
    *macro = (struct macro){ { macro_repr }, tree, activation };
    *out = (struct value){ .type = VALUE_MACRO, .macro = macro };
    return true;
}

bool macro_attribute(struct run *run, const struct macro *macro, const struct string *name, bool *found,
                     struct value *out) {
    const struct function_tree *tree = macro->tree;
    struct values names = { 0 };
    *found = true;
    if (string_equals(name, "name")) {
        *out = tree->name ? value_of_string(tree->name) : value_none;
    } else if (string_equals(name, "catch_kwargs")) {
        *out = value_bool(tree->kwargs_slot != SLOT_NONE);
    } else if (string_equals(name, "catch_varargs")) {
        *out = value_bool(tree->varargs_slot != SLOT_NONE);
    } else if (string_equals(name, "caller")) {
        *out = value_bool(tree->caller_slot != SLOT_NONE);
    } else if (string_equals(name, "arguments")) {
        for (int64_t i = 0; i < tree->parameters.count; i++)
            if (!values_add(&run->heap, &names, value_of_string(tree->parameters.items[i]->name.id)))
                return false;
        return value_list(&run->heap, VALUE_TUPLE, names.items, names.count, out);
    } else {
        *found = false;
    }
    return true;
}
