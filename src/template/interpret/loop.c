/*
 * {% for %}, and the `loop` that its body may ask.
 *
 * As in jinja2 the else part runs when no round came to its end: after an empty loop, and also after a break
 * or continue in every round.
 */
#include "template/interpret/loop.h"
#include "template/interpret/arguments.h"
#include "template/interpret/interpreter.h"
#include "template/values/equal.h"
#include "template/values/undefined.h"

#include <stdio.h>
#include <string.h>

/* ---- the loop object ---- */

/* The next item, kept for later too. */
static bool peek(struct run *run, struct loop *loop) {
    bool more;
    if (loop->after.type != VALUE_MISSING) return true;
    if (!iterator_next(run, loop->iterator, &loop->after, &more)) return false;
    if (!more) loop->after = value_missing;
    return true;
}

static bool advance(struct run *run, struct loop *loop, struct value *item, bool *more) {
    if (!peek(run, loop)) return false;
    *more = loop->after.type != VALUE_MISSING;
    if (!*more) return true;
    *item = loop->after;
    loop->after = value_missing;
    loop->index++;
    loop->before = loop->current;
    loop->current = *item;
    return true;
}

static int64_t known_length(struct value value) {
    switch (value.type) {
    case VALUE_STRING: return value.string->points;
    case VALUE_LIST:
    case VALUE_TUPLE: return value.list->count;
    case VALUE_DICT:
    case VALUE_KEYS:
    case VALUE_VALUES:
    case VALUE_ITEMS: return value.dict->count;
    case VALUE_RANGE: return value.range->count;
    case VALUE_UNDEFINED: return 0;
    default: return -1;
    }
}

bool loop_length(struct run *run, struct loop *loop, int64_t *length) {
    if (loop->length < 0) loop->length = known_length(loop->iterated);
    if (loop->length < 0) { /* a generator: all that is left is asked for now */
        struct values rest = { 0 };
        struct value all;
        if (!iterate_all(run, (struct value){ .type = VALUE_ITERATOR, .iterator = loop->iterator }, &rest) ||
            !value_list(&run->heap, VALUE_LIST, rest.items, rest.count, &all) ||
            !iterate(run, all, &loop->iterator))
            return false;
        loop->length = rest.count + loop->index + 1 + (loop->after.type != VALUE_MISSING);
    }
    *length = loop->length;
    return true;
}

static bool loop_repr(struct heap *heap, struct value value, struct buffer *out) {
    const struct loop *loop = value.loop;
    char text[96];
    int64_t length = loop->length < 0 ? known_length(loop->iterated) : loop->length;
    snprintf(text, sizeof text, "<LoopContext %lld/%lld>", (long long)loop->index + 1, (long long)length);
    return buffer_text(heap, out, text);
}

static bool neighbour(struct run *run, struct loop *loop, bool next, struct value *out) {
    if (next && !peek(run, loop)) return false;
    *out = next ? loop->after : loop->index == 0 ? value_missing : loop->before;
    if (out->type != VALUE_MISSING) return true;
    return value_undefined_hint(&run->heap, next ? "there is no next item" : "there is no previous item",
                                out);
}

static bool from_length(struct run *run, struct loop *loop, int64_t less, struct value *out) {
    int64_t length;
    if (!loop_length(run, loop, &length)) return false;
    *out = value_int(length - less);
    return true;
}

bool loop_attribute(struct run *run, struct loop *loop, const struct string *name, bool *found,
                    struct value *out) {
    *found = true;
    if (string_equals(name, "index"))
        *out = value_int(loop->index + 1);
    else if (string_equals(name, "index0"))
        *out = value_int(loop->index);
    else if (string_equals(name, "first"))
        *out = value_bool(loop->index == 0);
    else if (string_equals(name, "depth"))
        *out = value_int(loop->depth + 1);
    else if (string_equals(name, "depth0"))
        *out = value_int(loop->depth);
    else if (string_equals(name, "length"))
        return from_length(run, loop, 0, out);
    else if (string_equals(name, "revindex"))
        return from_length(run, loop, loop->index, out);
    else if (string_equals(name, "revindex0"))
        return from_length(run, loop, loop->index + 1, out);
    else if (string_equals(name, "previtem"))
        return neighbour(run, loop, false, out);
    else if (string_equals(name, "nextitem"))
        return neighbour(run, loop, true, out);
    else if (string_equals(name, "last")) {
        if (!peek(run, loop)) return false;
        *out = value_bool(loop->after.type == VALUE_MISSING);
    } else {
        *found = false;
    }
    return true;
}

static bool loop_cycle(struct run *run, struct value self, const struct arguments *arguments,
                       struct value *out) {
    if (arguments->named_count > 0) return heap_fail(&run->heap, "cycle() takes no keyword arguments");
    if (arguments->count == 0) return heap_fail(&run->heap, "no items for cycling given");
    *out = arguments->positional[self.loop->index % arguments->count];
    return true;
}

static bool loop_changed(struct run *run, struct value self, const struct arguments *arguments,
                         struct value *out) {
    struct value now;
    bool same = false;
    struct loop *loop = self.loop;
    if (arguments->named_count > 0) return heap_fail(&run->heap, "changed() takes no keyword arguments");
    if (!value_list(&run->heap, VALUE_TUPLE, arguments->positional, arguments->count, &now)) return false;
    if (loop->changed.type != VALUE_MISSING && !value_equal(&run->heap, loop->changed, now, &same))
        return false;
    if (!same) loop->changed = now;
    *out = value_bool(!same);
    return true;
}

const struct method methods_loop[] = { { "cycle", loop_cycle }, { "changed", loop_changed }, { NULL, NULL } };

/* ---- running ---- */

/* One round. *rest: the loop goes on; *whole: the body came to its end. */
static bool run_round(struct run *run, struct activation *activation, const struct node *node,
                      struct loop *loop, struct value item, bool *rest, bool *whole) {
    enum flow flow;
    if (!scope_enter(run, activation, &node->loop.scope)) return false;
    if (node->loop.loop_slot != SLOT_NONE)
        activation->slots[node->loop.loop_slot] = (struct value){ .type = VALUE_LOOP, .loop = loop };
    if (!assign(run, activation, node->loop.target, item) ||
        !execute(run, activation, &node->loop.body, &flow))
        return false;
    *rest = flow != FLOW_BREAK;
    *whole |= flow == FLOW_ON;
    return true;
}

/* outer: where the loop's test is evaluated. */
static bool run_loop(struct run *run, struct activation *activation, struct activation *outer,
                     const struct node *node, struct value iterated, int64_t depth, enum flow *flow) {
    struct loop *loop = heap_take(&run->heap, sizeof *loop);
    bool whole = false, rest = true, more = true;
    struct value item;
    if (!loop) return false;
    *loop = (struct loop){
        .object = { loop_repr }, .iterated = iterated, .index = -1, .length = -1, .depth = depth, .node = node
    };
    loop->activation = node->loop.recursive ? outer : NULL;
    if (node->loop.test) {
        struct iterator *tested = iterator_new(run, ITERATE_TESTED, iterated);
        if (!tested || !iterate(run, iterated, &tested->inner)) return false;
        tested->loop = node;
        tested->activation = outer;
        loop->iterated = (struct value){ .type = VALUE_ITERATOR, .iterator = tested };
    }
    if (!iterate(run, loop->iterated, &loop->iterator)) return false;
    while (rest) {
        if (!advance(run, loop, &item, &more)) return false;
        if (!more) break;
        if (!run_round(run, activation, node, loop, item, &rest, &whole)) return false;
    }
    scope_leave(activation, &node->loop.scope);
    *flow = FLOW_ON;
    if (whole || node->loop.otherwise.count == 0) return true;
    if (!scope_enter(run, activation, &node->loop.else_scope) ||
        !execute(run, activation, &node->loop.otherwise, flow))
        return false;
    scope_leave(activation, &node->loop.else_scope);
    return true;
}

/* A recursive loop is a function: its output is its result. */
static bool recurse(struct run *run, const struct node *node, struct activation *outer, struct value iterated,
                    int64_t depth, struct value *out) {
    struct activation *activation = activation_new(run, outer, node->loop.slot_count);
    struct buffer text = { 0 }, *page = run->out;
    enum flow flow;
    if (!activation) return false;
    if (run->calls >= run->calls_max)
        return heap_limit(&run->heap, "calls nested deeper than %lld, the limit", (long long)run->calls_max);
    run->calls++;
    run->out = &text;
    bool done = run_loop(run, activation, outer, node, iterated, depth, &flow);
    run->out = page;
    run->calls--;
    if (!done || !value_buffer(&run->heap, &text, out)) return false;
    return !run->autoescape || value_markup(&run->heap, *out, true, out);
}

bool call_loop(struct run *run, struct loop *loop, const struct arguments *arguments, struct value *out) {
    struct value iterated;
    if (!arguments_bind(run, arguments, "loop iterable", &iterated)) return false;
    if (!loop->activation)
        return heap_fail(&run->heap, "The loop must have the 'recursive' marker to be called recursively.");
    return recurse(run, loop->node, loop->activation, iterated, loop->depth + 1, out);
}

bool execute_for(struct run *run, struct activation *activation, const struct node *node, enum flow *flow) {
    struct value iterated, text;
    if (!evaluate(run, activation, node->loop.iterated, &iterated)) return false;
    if (!node->loop.recursive) return run_loop(run, activation, activation, node, iterated, 0, flow);
    return recurse(run, node, activation, iterated, 0, &text) &&
           buffer_add(&run->heap, run->out, text.string->data, text.string->size);
}
