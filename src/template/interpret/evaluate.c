/*
 * Expressions. Every failure gets the line and column of the innermost node that it happened in.
 */
#include "template/interpret/attributes.h"
#include "template/interpret/interpreter.h"
#include "template/interpret/operate.h"
#include "template/interpret/scope.h"
#include "template/values/compare.h"
#include "template/values/dict.h"
#include "template/values/equal.h"
#include "template/values/markup.h"
#include "template/values/slices.h"
#include "template/values/undefined.h"
#include "template/values/value_text.h"

#include <string.h>

static bool evaluate_all(struct run *run, struct activation *activation, const struct nodes *nodes,
                         struct value **items) {
    *items = heap_array(&run->heap, nodes->count, sizeof **items);
    if (!*items) return false;
    for (int64_t i = 0; i < nodes->count; i++)
        if (!evaluate(run, activation, nodes->items[i], &(*items)[i])) return false;
    return true;
}

static bool evaluate_list(struct run *run, struct activation *activation, const struct node *node,
                          struct value *out) {
    struct value *items;
    return evaluate_all(run, activation, &node->list, &items) &&
           value_list(&run->heap, node->kind == NODE_LIST ? VALUE_LIST : VALUE_TUPLE, items, node->list.count,
                      out);
}

static bool evaluate_dict(struct run *run, struct activation *activation, const struct node *node,
                          struct value *out) {
    if (!value_dict(&run->heap, out)) return false;
    for (int64_t i = 0; i < node->list.count; i += 2) {
        struct value key, value;
        if (!evaluate(run, activation, node->list.items[i], &key) ||
            !evaluate(run, activation, node->list.items[i + 1], &value) ||
            !dict_set(&run->heap, out->dict, key, value))
            return false;
    }
    return true;
}

static bool evaluate_name(struct run *run, struct activation *activation, const struct node *node,
                          struct value *out) {
    *out = *place_slot(activation, node->name.place);
    return out->type != VALUE_MISSING || value_undefined_name(&run->heap, node->name.id, out);
}

/* ---- subscripts ---- */

static bool evaluate_optional(struct run *run, struct activation *activation, const struct node *node,
                              struct value *out) {
    *out = value_none;
    return !node || evaluate(run, activation, node, out);
}

static bool evaluate_slice(struct run *run, struct activation *activation, const struct node *node,
                           struct value *out) {
    struct slice *slice = heap_take(&run->heap, sizeof *slice);
    if (!slice || !evaluate_optional(run, activation, node->slice.start, &slice->start) ||
        !evaluate_optional(run, activation, node->slice.stop, &slice->stop) ||
        !evaluate_optional(run, activation, node->slice.step, &slice->step))
        return false;
    *out = (struct value){ .type = VALUE_SLICE, .slice = slice };
    return true;
}

static bool evaluate_item(struct run *run, struct activation *activation, const struct node *node,
                          struct value *out) {
    struct value of, index;
    if (!evaluate(run, activation, node->member.of, &of) ||
        !evaluate(run, activation, node->member.index, &index))
        return false;
    if (node->member.index->kind == NODE_SLICE) return value_slice(&run->heap, of, index.slice, out);
    return value_item(run, of, index, out);
}

/* ---- operators ---- */

static bool evaluate_binary(struct run *run, struct activation *activation, const struct node *node,
                            struct value *out) {
    struct value left, right;
    return evaluate(run, activation, node->binary.left, &left) &&
           evaluate(run, activation, node->binary.right, &right) &&
           operate(run, node->binary.operator_kind, left, right, out);
}

static bool evaluate_concat(struct run *run, struct activation *activation, const struct node *node,
                            struct value *out) {
    struct heap *heap = &run->heap;
    struct value *parts;
    if (!evaluate_all(run, activation, &node->list, &parts)) return false;
    for (int64_t i = 0; i < node->list.count; i++) {
        bool done = run->autoescape ? markup_escape(heap, parts[i], &parts[i])
                                    : value_to_string(heap, parts[i], &parts[i]);
        if (!done || (i > 0 && !string_join(heap, parts[0].string, parts[i].string, &parts[0]))) return false;
    }
    *out = parts[0];
    return out->string->markup == run->autoescape || value_markup(heap, *out, run->autoescape, out);
}

static bool compare(struct run *run, enum compare_kind how, struct value left, struct value right,
                    bool *holds) {
    bool done;
    switch (how) {
    case COMPARE_IS_EQUAL: return value_equal(&run->heap, left, right, holds);
    case COMPARE_IS_NOT_EQUAL:
        done = value_equal(&run->heap, left, right, holds);
        *holds = !*holds;
        return done;
    case COMPARE_IN: return value_contains(run, right, left, holds);
    case COMPARE_NOT_IN:
        done = value_contains(run, right, left, holds);
        *holds = !*holds;
        return done;
    default: return value_compare(&run->heap, (enum comparison)how, left, right, holds);
    }
}

/* a < b < c: each side once, until one does not hold. */
static bool evaluate_compare(struct run *run, struct activation *activation, const struct node *node,
                             struct value *out) {
    struct value left, right;
    bool holds = true;
    if (!evaluate(run, activation, node->compare.left, &left)) return false;
    for (int64_t i = 0; holds && i < node->compare.count; i++) {
        if (!evaluate(run, activation, node->compare.items[i].right, &right) ||
            !compare(run, node->compare.items[i].how, left, right, &holds))
            return false;
        left = right;
    }
    *out = value_bool(holds);
    return true;
}

static bool evaluate_logic(struct run *run, struct activation *activation, const struct node *node,
                           struct value *out) {
    if (!evaluate(run, activation, node->binary.left, out)) return false;
    bool decided = value_truth(*out) == (node->kind == NODE_OR);
    return decided || evaluate(run, activation, node->binary.right, out);
}

static bool evaluate_conditional(struct run *run, struct activation *activation, const struct node *node,
                                 struct value *out) {
    struct value test;
    if (!evaluate(run, activation, node->conditional.test, &test)) return false;
    if (value_truth(test)) return evaluate(run, activation, node->conditional.yes, out);
    if (node->conditional.no) return evaluate(run, activation, node->conditional.no, out);
    return value_undefined_hint(
        &run->heap, "the inline if-expression evaluated to false and no else section was defined.", out);
}

static bool evaluate_unary(struct run *run, struct activation *activation, const struct node *node,
                           struct value *out) {
    struct value operand;
    if (!evaluate(run, activation, node->binary.left, &operand)) return false;
    if (node->kind == NODE_NEGATE) return value_negate(&run->heap, operand, out);
    if (node->kind == NODE_PLUS) return value_plus(&run->heap, operand, out);
    *out = value_bool(!value_truth(operand));
    return true;
}

/* ---- filters and tests ---- */

static bool helper_missing(struct run *run, const struct node *node) {
    const char *kind = node->kind == NODE_FILTER ? "filter" : "test";
    return heap_fail(&run->heap, "No %s named '%.*s' found.", kind, STRING_START(node->call.name));
}

static bool apply_filter(struct run *run, struct activation *activation, const struct node *node,
                         struct value subject, struct value *out) {
    struct arguments arguments;
    if (!evaluate_arguments(run, activation, &node->call.arguments, &arguments)) return false;
    if (!node->call.filter) return helper_missing(run, node);
    return node->call.filter->apply(run, subject, &arguments, out);
}

static bool evaluate_filter(struct run *run, struct activation *activation, const struct node *node,
                            struct value *out) {
    struct value subject;
    return evaluate(run, activation, node->call.subject, &subject) &&
           apply_filter(run, activation, node, subject, out);
}

bool evaluate_filters(struct run *run, struct activation *activation, const struct node *node,
                      struct value text, struct value *out) {
    struct value subject = text;
    if (!heap_enter(&run->heap)) return run_fail_at(run, node);
    if (node->call.subject && !evaluate_filters(run, activation, node->call.subject, text, &subject))
        return false;
    heap_leave(&run->heap);
    return apply_filter(run, activation, node, subject, out) || run_fail_at(run, node);
}

static bool evaluate_test(struct run *run, struct activation *activation, const struct node *node,
                          struct value *out) {
    struct arguments arguments;
    struct value subject;
    bool holds;
    if (!evaluate(run, activation, node->call.subject, &subject) ||
        !evaluate_arguments(run, activation, &node->call.arguments, &arguments))
        return false;
    if (!node->call.test) return helper_missing(run, node);
    if (!node->call.test->holds(run, subject, &arguments, &holds)) return false;
    *out = value_bool(holds);
    return true;
}

static bool evaluate_attribute(struct run *run, struct activation *activation, const struct node *node,
                               struct value *out) {
    struct value of;
    return evaluate(run, activation, node->member.of, &of) &&
           value_attribute(run, of, node->member.name, out);
}

/* ---- all of them ---- */

static bool evaluate_kind(struct run *run, struct activation *activation, const struct node *node,
                          struct value *out) {
    switch (node->kind) {
    case NODE_NAME: return evaluate_name(run, activation, node, out);
    case NODE_TUPLE:
    case NODE_LIST: return evaluate_list(run, activation, node, out);
    case NODE_DICT: return evaluate_dict(run, activation, node, out);
    case NODE_ATTRIBUTE: return evaluate_attribute(run, activation, node, out);
    case NODE_ITEM: return evaluate_item(run, activation, node, out);
    case NODE_SLICE: return evaluate_slice(run, activation, node, out);
    case NODE_CALL: return evaluate_call(run, activation, node, NULL, out);
    case NODE_FILTER: return evaluate_filter(run, activation, node, out);
    case NODE_TEST: return evaluate_test(run, activation, node, out);
    case NODE_NOT:
    case NODE_NEGATE:
    case NODE_PLUS: return evaluate_unary(run, activation, node, out);
    case NODE_BINARY: return evaluate_binary(run, activation, node, out);
    case NODE_AND:
    case NODE_OR: return evaluate_logic(run, activation, node, out);
    case NODE_CONCAT: return evaluate_concat(run, activation, node, out);
    case NODE_COMPARE: return evaluate_compare(run, activation, node, out);
    case NODE_CONDITIONAL: return evaluate_conditional(run, activation, node, out);
    default: return sy_fail(run->heap.err, SY_ERR_INTERNAL, "no expression");
    }
}

bool evaluate(struct run *run, struct activation *activation, const struct node *node, struct value *out) {
    if (node->kind == NODE_CONSTANT) {
        *out = node->constant;
        return true;
    }
    if (!heap_enter(&run->heap) || !heap_work(&run->heap, 1) || !evaluate_kind(run, activation, node, out))
        return run_fail_at(run, node);
    heap_leave(&run->heap);
    return true;
}
