/*
 * What runs in an activation of its own: macros, call blocks, template blocks, and the template itself.
 */
#include "template/interpret/interpreter.h"
#include "template/interpret/scope.h"
#include "template/values/dict.h"
#include "template/values/undefined.h"
#include "template/values/value_text.h"

#include <string.h>

static bool call_enter(struct run *run) {
    if (run->calls >= run->calls_max)
        return heap_limit(&run->heap, "calls nested deeper than %lld, the limit", (long long)run->calls_max);
    run->calls++;
    return true;
}

/* ---- arguments ---- */

static bool same_text(const struct string *a, const struct string *b) {
    return a->size == b->size && memcmp(a->data, b->data, (size_t)a->size) == 0;
}

static const struct string *parameter_name(const struct function_tree *tree, int64_t i) {
    return tree->parameters.items[i]->name.id;
}

static struct value *parameter_slot(const struct function_tree *tree, struct activation *activation,
                                    int64_t i) {
    return &activation->slots[tree->parameters.items[i]->name.place.slot];
}

static bool named_argument(struct run *run, const struct function_tree *tree,
                           const struct arguments *arguments, struct activation *activation,
                           const struct argument *argument, struct dict *kwargs) {
    for (int64_t i = 0; i < tree->parameters.count; i++) {
        if (!same_text(parameter_name(tree, i), argument->name) || i < arguments->count) continue;
        *parameter_slot(tree, activation, i) = argument->value;
        return true;
    }
    if (tree->caller_slot != SLOT_NONE && string_equals(argument->name, "caller")) {
        activation->slots[tree->caller_slot] = argument->value;
        return true;
    }
    if (kwargs) return dict_set(&run->heap, kwargs, value_of_string(argument->name), argument->value);
    const char *name = tree->name ? value_quoted(&run->heap, value_of_string(tree->name)) : "None";
    if (string_equals(argument->name, "caller"))
        return heap_fail(
            &run->heap,
            "macro %s was invoked with two values for the special caller argument. This is most likely "
            "a bug.",
            name);
    return heap_fail(&run->heap, "macro %s takes no keyword argument '%.*s'", name,
                     STRING_START(argument->name));
}

static bool bind_special(struct run *run, const struct function_tree *tree, const struct arguments *arguments,
                         struct activation *activation) {
    int64_t taken = arguments->count < tree->parameters.count ? arguments->count : tree->parameters.count;
    struct value rest, kwargs = value_none;
    if (tree->caller_slot != SLOT_NONE &&
        !value_undefined_hint(&run->heap, "No caller defined", &activation->slots[tree->caller_slot]))
        return false;
    if (tree->kwargs_slot != SLOT_NONE) {
        if (!value_dict(&run->heap, &kwargs)) return false;
        activation->slots[tree->kwargs_slot] = kwargs;
    }
    for (int64_t i = 0; i < arguments->named_count; i++)
        if (!named_argument(run, tree, arguments, activation, &arguments->named[i],
                            kwargs.type == VALUE_DICT ? kwargs.dict : NULL))
            return false;
    if (tree->varargs_slot == SLOT_NONE) {
        if (arguments->count <= tree->parameters.count) return true;
        return heap_fail(&run->heap, "macro %s takes not more than %lld argument(s)",
                         tree->name ? value_quoted(&run->heap, value_of_string(tree->name)) : "None",
                         (long long)tree->parameters.count);
    }
    const struct value *items = taken > 0 ? arguments->positional + taken : arguments->positional;
    if (!value_list(&run->heap, VALUE_TUPLE, items, arguments->count - taken, &rest)) return false;
    activation->slots[tree->varargs_slot] = rest;
    return true;
}

/* In order, so that a default may use the parameters before it. */
static bool bind_defaults(struct run *run, const struct function_tree *tree, struct activation *activation) {
    int64_t plain = tree->parameters.count - tree->defaults.count;
    for (int64_t i = 0; i < tree->parameters.count; i++) {
        struct value *slot = parameter_slot(tree, activation, i);
        if (slot->type != VALUE_MISSING) continue;
        if (i >= plain) {
            if (!evaluate(run, activation, tree->defaults.items[i - plain], slot)) return false;
            continue;
        }
        struct buffer hint = { 0 };
        const struct string *name = parameter_name(tree, i);
        if (!buffer_text(&run->heap, &hint, "parameter '") ||
            !buffer_add(&run->heap, &hint, name->data, name->size) ||
            !buffer_add(&run->heap, &hint, "' was not provided", sizeof "' was not provided") ||
            !value_undefined_hint(&run->heap, hint.data, slot))
            return false;
    }
    return true;
}

bool call_macro(struct run *run, const struct macro *macro, const struct arguments *arguments,
                struct value *out) {
    const struct function_tree *tree = macro->tree;
    struct activation *activation = activation_new(run, macro->closure, tree->slot_count);
    struct buffer text;
    enum flow flow;
    if (!activation || !call_enter(run)) return false;
    if (!scope_enter(run, activation, &tree->scope)) return false;
    for (int64_t i = 0; i < tree->parameters.count && i < arguments->count; i++)
        *parameter_slot(tree, activation, i) = arguments->positional[i];
    if (!bind_special(run, tree, arguments, activation) || !bind_defaults(run, tree, activation) ||
        !execute_captured(run, activation, &tree->body, &flow, &text) ||
        !value_buffer(&run->heap, &text, out))
        return false;
    run->calls--;
    return !run->autoescape || value_markup(&run->heap, *out, true, out);
}

/* ---- blocks ---- */

bool call_block(struct run *run, const struct block *block, const struct dict *locals, struct value *out) {
    struct activation *activation = activation_new(run, NULL, block->slot_count);
    struct buffer text;
    enum flow flow;
    if (!activation || !call_enter(run)) return false;
    activation->locals = locals;
    if (!scope_enter(run, activation, &block->scope)) return false;
    if (block->self_slot != SLOT_NONE)
        activation->slots[block->self_slot] = (struct value){ .type = VALUE_SELF };
    if (block->super_slot != SLOT_NONE &&
        !value_undefined_hint(&run->heap, "there is no parent block", &activation->slots[block->super_slot]))
        return false;
    if (!execute_captured(run, activation, &block->body, &flow, &text) ||
        !value_buffer(&run->heap, &text, out))
        return false;
    run->calls--;
    return !run->autoescape || value_markup(&run->heap, *out, true, out);
}

bool execute_template(struct run *run) {
    const struct tree *tree = run->tree;
    struct activation *activation = activation_new(run, NULL, tree->slot_count);
    enum flow flow;
    if (!activation || !scope_enter(run, activation, &tree->scope)) return false;
    if (tree->self_slot != SLOT_NONE)
        activation->slots[tree->self_slot] = (struct value){ .type = VALUE_SELF };
    return execute(run, activation, &tree->body, &flow);
}
