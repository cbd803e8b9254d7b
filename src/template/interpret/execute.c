/*
 * Statements.
 */
#include "template/interpret/interpreter.h"
#include "template/values/dict.h"
#include "template/values/equal.h"
#include "template/values/markup.h"
#include "template/values/value_text.h"

#include <string.h>

/* ---- scopes ---- */

struct activation *activation_new(struct run *run, struct activation *outer, int32_t slot_count) {
    struct activation *activation = heap_take(&run->heap, sizeof *activation);
    if (!activation) return NULL;
    activation->outer = outer;
    activation->slots = heap_array(&run->heap, slot_count, sizeof *activation->slots); /* zero is missing */
    return activation->slots ? activation : NULL;
}

static struct value entry_value(const struct dict *dict, const struct string *name, struct value otherwise) {
    const struct dict_entry *entry = dict ? dict_find_text(dict, name->data, name->size) : NULL;
    return entry ? entry->value : otherwise;
}

struct value context_find(struct run *run, const struct activation *activation, const struct string *name) {
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

/* What `ns.x` assigns to must be a namespace before the value is worked out. */
static bool check_namespaces(struct run *run, struct activation *activation, const struct node *target) {
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

/* ---- printing ---- */

bool print_value(struct run *run, struct value value) {
    if (run->autoescape && !markup_escape(&run->heap, value, &value)) return false;
    return value_print(&run->heap, value, run->out);
}

static bool execute_output(struct run *run, struct activation *activation, const struct node *node) {
    for (int64_t i = 0; i < node->list.count; i++) {
        const struct node *part = node->list.items[i];
        struct value value;
        if (part->kind == NODE_DATA) {
            const struct string *data = part->constant.string;
            if (!buffer_add(&run->heap, run->out, data->data, data->size)) return run_fail_at(run, part);
        } else if (!evaluate(run, activation, part, &value) || !print_value(run, value)) {
            return run_fail_at(run, part);
        }
    }
    return true;
}

bool execute_captured(struct run *run, struct activation *activation, const struct nodes *body,
                      enum flow *flow, struct buffer *text) {
    struct buffer *outer = run->out;
    *text = (struct buffer){ 0 };
    run->out = text;
    bool done = execute(run, activation, body, flow);
    run->out = outer;
    return done;
}

/* ---- statements ---- */

static bool execute_if(struct run *run, struct activation *activation, const struct node *node,
                       enum flow *flow) {
    int64_t i = 0;
    for (bool found = false; i < node->branch.count && !found; i += !found) {
        struct value test;
        if (!evaluate(run, activation, node->branch.tests[i], &test)) return false;
        found = value_truth(test);
    }
    return execute(run, activation, &node->branch.bodies[i], flow);
}

static bool execute_set(struct run *run, struct activation *activation, const struct node *node) {
    struct value value;
    return check_namespaces(run, activation, node->set.target) &&
           evaluate(run, activation, node->set.value, &value) &&
           assign(run, activation, node->set.target, value);
}

static bool execute_set_block(struct run *run, struct activation *activation, const struct node *node,
                              enum flow *flow) {
    struct buffer text;
    struct value value;
    if (!scope_enter(run, activation, &node->set.scope) ||
        !execute_captured(run, activation, &node->set.body, flow, &text) ||
        !value_buffer(&run->heap, &text, &value))
        return false;
    if (*flow != FLOW_ON) return true;
    if (node->set.value && !evaluate_filters(run, activation, node->set.value, value, &value)) return false;
    if (run->autoescape && value.type == VALUE_STRING && !value_markup(&run->heap, value, true, &value))
        return false;
    bool done = assign(run, activation, node->set.target, value);
    scope_leave(activation, &node->set.scope);
    return done;
}

static bool execute_macro(struct run *run, struct activation *activation, const struct node *node) {
    struct value macro;
    return make_macro(run, activation, node->macro.function, &macro) &&
           assign(run, activation, node->macro.target, macro);
}

static bool execute_call_block(struct run *run, struct activation *activation, const struct node *node) {
    struct value caller, text;
    return make_macro(run, activation, node->macro.function, &caller) &&
           evaluate_call(run, activation, node->macro.target, caller.macro, &text) && print_value(run, text);
}

static bool note_span(struct run *run, int64_t begin, int64_t end) {
    struct template_spans *spans = run->spans;
    if (!spans) return true;
    if (spans->count == spans->room) {
        int64_t room = spans->room ? spans->room * 2 : 8;
        struct template_span *larger = template_spans_grow(spans->data, room);
        if (!larger)
            return sy_fail(run->heap.err, SY_ERR_MEMORY, "no memory for %lld spans", (long long)room);
        spans->data = larger;
        spans->room = room;
    }
    spans->data[spans->count++] = (struct template_span){ begin, end };
    return true;
}

static bool execute_generation(struct run *run, struct activation *activation, const struct node *node) {
    struct value body, text;
    struct arguments none = { .count = 0 };
    int64_t begin = run->root->size;
    if (!make_macro(run, activation, node->macro.function, &body) ||
        !call_macro(run, body.macro, &none, &text))
        return false;
    return note_span(run, begin, begin + text.string->size) && print_value(run, text);
}

static bool execute_filter_block(struct run *run, struct activation *activation, const struct node *node,
                                 enum flow *flow) {
    struct buffer text;
    struct value value;
    if (!scope_enter(run, activation, &node->scoped.scope) ||
        !execute_captured(run, activation, &node->scoped.body, flow, &text) ||
        !value_buffer(&run->heap, &text, &value))
        return false;
    if (*flow != FLOW_ON) return true;
    if (run->autoescape && !value_markup(&run->heap, value, true, &value)) return false;
    bool done =
        evaluate_filters(run, activation, node->scoped.head, value, &value) && print_value(run, value);
    scope_leave(activation, &node->scoped.scope);
    return done;
}

static bool execute_with(struct run *run, struct activation *activation, const struct node *node,
                         enum flow *flow) {
    if (!scope_enter(run, activation, &node->scoped.scope)) return false;
    for (int64_t i = 0; i < node->scoped.targets.count; i++) {
        struct value value;
        if (!evaluate(run, activation, node->scoped.values.items[i], &value) ||
            !assign(run, activation, node->scoped.targets.items[i], value))
            return false;
    }
    if (!execute(run, activation, &node->scoped.body, flow)) return false;
    scope_leave(activation, &node->scoped.scope);
    return true;
}

static bool execute_autoescape(struct run *run, struct activation *activation, const struct node *node,
                               enum flow *flow) {
    struct value on;
    bool outer = run->autoescape;
    if (!scope_enter(run, activation, &node->scoped.scope) ||
        !evaluate(run, activation, node->scoped.head, &on))
        return false;
    run->autoescape = value_truth(on);
    bool done = execute(run, activation, &node->scoped.body, flow);
    run->autoescape = outer;
    scope_leave(activation, &node->scoped.scope);
    return done;
}

static bool execute_block(struct run *run, struct activation *activation, const struct node *node) {
    const struct block *block = node->block;
    struct value locals = value_none, text;
    if (block->required)
        return heap_fail(&run->heap, "Required block '%.*s' not found", STRING_START(block->name));
    if (block->scoped) {
        if (!value_dict(&run->heap, &locals)) return false;
        for (int64_t i = block->local_count - 1; i >= 0; i--) { /* inner names come first, and win */
            struct value name = value_of_string(block->locals[i].name);
            struct value value = *place_slot(activation, block->locals[i].from);
            if (value.type != VALUE_MISSING && !dict_set(&run->heap, locals.dict, name, value)) return false;
        }
    }
    return call_block(run, block, block->scoped ? locals.dict : NULL, &text) &&
           buffer_add(&run->heap, run->out, text.string->data, text.string->size);
}

static bool execute_kind(struct run *run, struct activation *activation, const struct node *node,
                         enum flow *flow) {
    switch (node->kind) {
    case NODE_OUTPUT: return execute_output(run, activation, node);
    case NODE_FOR: return execute_for(run, activation, node, flow);
    case NODE_IF: return execute_if(run, activation, node, flow);
    case NODE_SET: return execute_set(run, activation, node);
    case NODE_SET_BLOCK: return execute_set_block(run, activation, node, flow);
    case NODE_MACRO: return execute_macro(run, activation, node);
    case NODE_CALL_BLOCK: return execute_call_block(run, activation, node);
    case NODE_GENERATION: return execute_generation(run, activation, node);
    case NODE_FILTER_BLOCK: return execute_filter_block(run, activation, node, flow);
    case NODE_WITH: return execute_with(run, activation, node, flow);
    case NODE_AUTOESCAPE: return execute_autoescape(run, activation, node, flow);
    case NODE_BLOCK: return execute_block(run, activation, node);
    case NODE_BREAK: *flow = FLOW_BREAK; return true;
    case NODE_CONTINUE: *flow = FLOW_CONTINUE; return true;
    case NODE_LOAD: return heap_fail(&run->heap, "no loader for this environment specified");
    default: return sy_fail(run->heap.err, SY_ERR_INTERNAL, "no statement");
    }
}

bool execute(struct run *run, struct activation *activation, const struct nodes *body, enum flow *flow) {
    *flow = FLOW_ON;
    for (int64_t i = 0; i < body->count && *flow == FLOW_ON; i++) {
        const struct node *node = body->items[i];
        if (!heap_enter(&run->heap) || !heap_work(&run->heap, 1) ||
            !execute_kind(run, activation, node, flow))
            return run_fail_at(run, node);
        heap_leave(&run->heap);
    }
    return true;
}
