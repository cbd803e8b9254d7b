/*
 * `loop`: it is an item ahead of the body where that asks for the next one, and counts a generator's items by
 * taking them all.
 */
#include "template/interpret/loop.h"
#include "template/values/equal.h"
#include "template/values/undefined.h"

#include <stdio.h>

/* The next item, kept for later too. */
static bool peek(struct run *run, struct loop *loop) {
    bool more;
    if (loop->after.type != VALUE_MISSING) return true;
    if (!iterator_next(run, loop->iterator, &loop->after, &more)) return false;
    if (!more) loop->after = value_missing;
    return true;
}

bool loop_advance(struct run *run, struct loop *loop, struct value *item, bool *more) {
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

struct loop *loop_new(struct run *run, const struct node *node, struct value iterated, int64_t depth) {
    struct loop *loop = heap_take(&run->heap, sizeof *loop);
    if (!loop) return NULL;
    *loop = (struct loop){ .object = { loop_repr }, .iterated = iterated, .node = node, .depth = depth };
    loop->index = loop->length = -1;
    return loop;
}

/* ---- what a template may ask it ---- */

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
