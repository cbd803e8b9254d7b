/*
 * {% for %}.
 *
 * As in jinja2 the else part runs when no round came to its end: after an empty loop, and also after a break
 * or continue in every round.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/interpreter.h"
#include "template/interpret/scope.h"

/* The items of `for x in ... if ...`: a generator, so that the test sees what earlier rounds have set. */
struct tested {
    const struct node *loop;
    struct activation *activation;
};

static bool next_tested(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    const struct tested *tested = generator->own;
    const struct node *loop = tested->loop;
    for (bool found = false; !found;) {
        struct value holds;
        if (!source_next(run, generator, out, more)) return false;
        if (!*more) return true;
        if (!scope_enter(run, tested->activation, &loop->loop.test_scope) ||
            !assign(run, tested->activation, loop->loop.test_target, *out) ||
            !evaluate(run, tested->activation, loop->loop.test, &holds))
            return run_fail_at(run, loop->loop.test);
        found = value_truth(holds);
    }
    return true;
}

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
    struct loop *loop = loop_new(run, node, iterated, depth);
    bool whole = false, rest = true, more = true;
    struct value item;
    if (!loop) return false;
    loop->activation = node->loop.recursive ? outer : NULL;
    if (node->loop.test) {
        struct tested *own = heap_take(&run->heap, sizeof *own);
        struct iterator *tested = own ? generator_new(run, iterated, next_tested, own) : NULL;
        if (!tested || !iterate(run, iterated, &tested->inner)) return false;
        *own = (struct tested){ node, outer };
        loop->iterated = (struct value){ .type = VALUE_ITERATOR, .iterator = tested };
    }
    if (!iterate(run, loop->iterated, &loop->iterator)) return false;
    while (rest) {
        if (!loop_advance(run, loop, &item, &more)) return false;
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
