/*
 * Calls: arguments evaluated, the callee found.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/interpreter.h"
#include "template/values/undefined.h"
#include "template/values/value_text.h"

#include <string.h>

/* ---- evaluating arguments ---- */

static bool add_named(struct heap *heap, struct argument **named, int64_t *count, int64_t *room,
                      struct argument argument) {
    if (*count == *room) {
        int64_t larger_room = *room ? *room * 2 : 4;
        struct argument *larger = heap_array(heap, larger_room, sizeof *larger);
        if (!larger) return false;
        if (*count > 0) memcpy(larger, *named, (size_t)*count * sizeof *larger);
        *named = larger;
        *room = larger_room;
    }
    (*named)[(*count)++] = argument;
    return true;
}

static bool spread_named(struct run *run, struct value spread, struct argument **named, int64_t *count,
                         int64_t *room) {
    if (spread.type != VALUE_DICT)
        return heap_fail(&run->heap, "argument after ** must be a mapping, not %s", value_type_name(spread));
    for (int64_t i = 0; i < spread.dict->count; i++) {
        const struct dict_entry *entry = &spread.dict->entries[i];
        if (entry->key.type != VALUE_STRING) return heap_fail(&run->heap, "keywords must be strings");
        for (int64_t j = 0; j < *count; j++)
            if (value_same(value_of_string((*named)[j].name), value_of_string(entry->key.string)))
                return heap_fail(&run->heap, "got multiple values for keyword argument %s",
                                 value_quoted(&run->heap, entry->key));
        if (!heap_work(&run->heap, *count) ||
            !add_named(&run->heap, named, count, room, (struct argument){ entry->key.string, entry->value }))
            return false;
    }
    return true;
}

bool evaluate_arguments(struct run *run, struct activation *activation, const struct call_nodes *nodes,
                        struct arguments *out) {
    struct values positional = { 0 };
    struct argument *named = NULL;
    int64_t count = 0, room = 0;
    struct value value;
    for (int64_t i = 0; i < nodes->positional.count; i++)
        if (!evaluate(run, activation, nodes->positional.items[i], &value) ||
            !values_add(&run->heap, &positional, value))
            return false;
    for (int64_t i = 0; i < nodes->keyword_count; i++)
        if (!evaluate(run, activation, nodes->keywords[i].value, &value) ||
            !add_named(&run->heap, &named, &count, &room,
                       (struct argument){ nodes->keywords[i].name, value }))
            return false;
    if (nodes->star &&
        (!evaluate(run, activation, nodes->star, &value) || !iterate_all(run, value, &positional)))
        return false;
    if (nodes->star_star && (!evaluate(run, activation, nodes->star_star, &value) ||
                             !spread_named(run, value, &named, &count, &room)))
        return false;
    *out = (struct arguments){ positional.items, positional.count, named, count };
    return true;
}

/* ---- calling ---- */

static bool call_joiner(struct run *run, struct joiner *joiner, const struct arguments *arguments,
                        struct value *out) {
    if (!arguments_bind(run, arguments, "joiner", NULL)) return false;
    *out = value_of_string(joiner->separator);
    if (joiner->used) return true;
    joiner->used = true;
    return value_text(&run->heap, "", out);
}

static bool call_value(struct run *run, struct value callee, const struct arguments *arguments,
                       struct value *out) {
    switch (callee.type) {
    case VALUE_MACRO: return call_macro(run, callee.macro, arguments, out);
    case VALUE_METHOD: return callee.method->method->call(run, callee.method->self, arguments, out);
    case VALUE_FUNCTION: return callee.function->call(run, arguments, out);
    case VALUE_LOOP: return call_loop(run, callee.loop, arguments, out);
    case VALUE_JOINER: return call_joiner(run, callee.joiner, arguments, out);
    case VALUE_BLOCK:
        return arguments_bind(run, arguments, "block", NULL) && call_block(run, callee.block, NULL, out);
    case VALUE_UNDEFINED: return undefined_fail(&run->heap, callee);
    default: return heap_fail(&run->heap, "'%s' object is not callable", value_type_name(callee));
    }
}

bool evaluate_call(struct run *run, struct activation *activation, const struct node *node,
                   const struct macro *caller, struct value *out) {
    struct value callee;
    struct arguments arguments;
    if (!evaluate(run, activation, node->call.subject, &callee) ||
        !evaluate_arguments(run, activation, &node->call.arguments, &arguments))
        return run_fail_at(run, node);
    if (caller) {
        struct value name;
        int64_t count = arguments.named_count;
        struct argument *named = heap_array(&run->heap, count + 1, sizeof *named);
        if (!named || !value_text(&run->heap, "caller", &name)) return false;
        if (count > 0) memcpy(named, arguments.named, (size_t)count * sizeof *named);
        named[count] = (struct argument){ name.string, { .type = VALUE_MACRO, .macro = caller } };
        arguments.named = named;
        arguments.named_count = count + 1;
    }
    return call_value(run, callee, &arguments, out) || run_fail_at(run, node);
}
