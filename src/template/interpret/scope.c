/*
 * Names while a template runs. names.c has found a slot for each; here are the slots, and what fills them
 * when a scope is entered.
 */
#include "template/interpret/scope.h"
#include "template/interpret/iterate.h"
#include "template/values/dict.h"
#include "template/values/equal.h"

struct activation *activation_new(struct run *run, struct activation *outer, int32_t slot_count) {
    struct activation *activation = heap_take(&run->heap, sizeof *activation);
    if (!activation) return NULL;
    activation->outer = outer;
    activation->slots = heap_array(&run->heap, slot_count, sizeof *activation->slots); /* zero is missing */
    return activation->slots ? activation : NULL;
}

struct value *place_slot(struct activation *activation, struct place place) {
    for (int32_t i = 0; i < place.hops; i++) activation = activation->outer;
    return &activation->slots[place.slot];
}

static struct value entry_value(const struct dict *dict, const struct string *name, struct value otherwise) {
    const struct dict_entry *entry = dict ? dict_find_text(dict, name->data, name->size) : NULL;
    return entry ? entry->value : otherwise;
}

/* A name as the context has it: set by the template, given, or global; VALUE_MISSING: none. */
static struct value context_find(struct run *run, const struct activation *activation,
                                 const struct string *name) {
    struct value found = entry_value(activation->locals, name, value_missing);
    if (found.type == VALUE_MISSING) found = entry_value(run->vars, name, found);
    if (found.type == VALUE_MISSING) found = entry_value(run->context, name, found);
    const struct function *function = found.type == VALUE_MISSING ? run->library->function(name) : NULL;
    return function ? (struct value){ .type = VALUE_FUNCTION, .function = function } : found;
}

bool scope_enter(struct run *run, struct activation *activation, const struct scope *scope) {
    for (int64_t i = 0; i < scope->count; i++) {
        const struct load *load = &scope->loads[i];
        struct value *slot = &activation->slots[load->slot];
        if (load->action == LOAD_RESOLVE) *slot = context_find(run, activation, load->name);
        if (load->action == LOAD_ALIAS) *slot = *place_slot(activation, load->from);
        if (load->action == LOAD_UNDEFINED) *slot = value_missing;
    }
    return heap_work(&run->heap, scope->count);
}

void scope_leave(struct activation *activation, const struct scope *scope) {
    for (int64_t i = 0; i < scope->count; i++) activation->slots[scope->loads[i].slot] = value_missing;
}

/* ---- assignment ---- */

static bool unpack(struct run *run, struct activation *activation, const struct node *target,
                   struct value value) {
    const struct nodes *names = &target->list;
    struct iterator *iterator;
    struct value item;
    bool more = true;
    if (!value_is_iterable(value))
        return heap_fail(&run->heap, "cannot unpack non-iterable %s object", value_type_name(value));
    if (!iterate(run, value, &iterator)) return false;
    struct value *items = heap_array(&run->heap, names->count, sizeof *items);
    if (!items) return false;
    for (int64_t i = 0; i < names->count; i++) {
        if (!iterator_next(run, iterator, &items[i], &more)) return false;
        if (!more)
            return heap_fail(&run->heap, "not enough values to unpack (expected %lld, got %lld)",
                             (long long)names->count, (long long)i);
    }
    if (!iterator_next(run, iterator, &item, &more)) return false;
    if (more)
        return heap_fail(&run->heap, "too many values to unpack (expected %lld)", (long long)names->count);
    for (int64_t i = 0; i < names->count; i++)
        if (!assign(run, activation, names->items[i], items[i])) return false;
    return true;
}

bool assign(struct run *run, struct activation *activation, const struct node *target, struct value value) {
    if (target->kind == NODE_TUPLE) return unpack(run, activation, target, value) || run_fail_at(run, target);
    if (target->kind == NODE_NAMESPACE) {
        struct value owner = *place_slot(activation, target->name.place);
        if (owner.type != VALUE_NAMESPACE) {
            heap_fail(&run->heap, "cannot assign attribute on non-namespace object");
            return run_fail_at(run, target);
        }
        return dict_set(&run->heap, owner.dict, value_of_string(target->name.attribute), value);
    }
    *place_slot(activation, target->name.place) = value;
    return !target->name.exported || dict_set(&run->heap, run->vars, value_of_string(target->name.id), value);
}

bool check_namespaces(struct run *run, struct activation *activation, const struct node *target) {
    if (target->kind == NODE_TUPLE) {
        for (int64_t i = 0; i < target->list.count; i++)
            if (!check_namespaces(run, activation, target->list.items[i])) return false;
        return true;
    }
    if (target->kind != NODE_NAMESPACE || place_slot(activation, target->name.place)->type == VALUE_NAMESPACE)
        return true;
    heap_fail(&run->heap, "cannot assign attribute on non-namespace object");
    return run_fail_at(run, target);
}
