/*
 * Statements.
 */
#include "template/interpret/interpreter.h"
#include "template/interpret/scope.h"
#include "template/interpret/spans.h"
#include "template/values/dict.h"
#include "template/values/markup.h"
#include "template/values/value_text.h"

#include <string.h>

/* ---- printing ---- */

static bool print_value(struct run *run, struct value value) {
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

static bool execute_generation(struct run *run, struct activation *activation, const struct node *node) {
    struct value body, text;
    struct arguments none = { .count = 0 };
    int64_t begin = run->root->size;
    if (!make_macro(run, activation, node->macro.function, &body) ||
        !call_macro(run, body.macro, &none, &text))
        return false;
    bool noted = !run->spans || spans_add(run->spans, begin, begin + text.string->size, run->heap.err);
    return noted && print_value(run, text);
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
