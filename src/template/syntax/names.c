/*
 * Names to places, by jinja2's rules (jinja2/idtracking.py and compiler.py, 3.1).
 *
 * Each loop body, macro, with, filter and set block has a scope of its own; an if has none. Which names a
 * scope owns is found by reading its statements in order, not those of scopes within it:
 *
 *     a name that is set here    is owned: it begins as the outer name of that name (alias), or as nothing;
 *                                or as the context's, where it was read before or is set only under an if
 *     a name that is only read   is an outer scope's, or else is owned and begins as the context's
 *
 * So a set in a loop is gone in the next round, and a loop reads the outer name only until it sets its own.
 * What a scope owns is known before any scope within it is read: {{ x }} in a loop means the x that is set
 * behind it.
 *
 * The same walk runs twice over a scope: collecting what it owns, then binding each name to its place.
 */
#include "template/syntax/names.h"
#include "template/syntax/frames.h"

struct walk {
    struct heap *heap;
    const struct library *library;
    struct frame *frame;
    bool binding;
    int32_t conditional; /* ifs around this statement, in this scope */
    int32_t loops;       /* around it, in any: `loop` may not be set there */
};

static bool walk_body(struct walk *walk, const struct nodes *body);
static bool walk_expression(struct walk *walk, struct node *node);

static bool fail_at(struct walk *walk, const struct node *node) {
    return sy_error_at(walk->heap->err, "line %d, column %d", node->line, node->column);
}

/* ---- names of a scope ---- */

static bool own(struct walk *walk, const struct string *name, enum load_action action, int32_t *slot) {
    struct load *load = frame_own(walk->heap, walk->frame, name);
    if (!load) return false;
    load->action = action;
    if (slot) *slot = load->slot;
    return heap_work(walk->heap, 1);
}

static bool read_name(struct walk *walk, const struct string *name) {
    struct place place;
    if (frame_place(walk->frame, walk->frame, name, &place)) return heap_work(walk->heap, 1);
    return own(walk, name, LOAD_RESOLVE, NULL);
}

static bool set_name(struct walk *walk, const struct string *name) {
    struct place place;
    if (frame_find(walk->frame, name)) return true;
    if (!frame_place(walk->frame, walk->frame->outer, name, &place))
        return own(walk, name, walk->conditional ? LOAD_RESOLVE : LOAD_UNDEFINED, NULL);
    if (!own(walk, name, LOAD_ALIAS, NULL)) return false;
    frame_find(walk->frame, name)->from = place;
    return true;
}

static bool bind_name(struct walk *walk, struct node *node) {
    if (!frame_place(walk->frame, walk->frame, node->name.id, &node->name.place)) {
        /* Read only where jinja2 does not look (a set block's filter): the context's. */
        if (!own(walk, node->name.id, LOAD_RESOLVE, &node->name.place.slot)) return false;
        node->name.place.hops = 0;
    }
    return heap_work(walk->heap, 1);
}

static bool named_text(struct heap *heap, const char *text, const struct string **out) {
    struct value value;
    if (!value_text(heap, text, &value)) return false;
    *out = value.string;
    return true;
}

/* A parameter of this name, if the body mentions it. */
static bool own_special(struct walk *walk, bool mentioned, const char *text, int32_t *slot) {
    const struct string *name;
    *slot = SLOT_NONE;
    return !mentioned || (named_text(walk->heap, text, &name) && own(walk, name, LOAD_PARAMETER, slot));
}

/* ---- inner scopes ---- */

struct saved { /* the walk before an inner scope */
    struct walk walk;
    struct frame frame;
};

static void enter(struct walk *walk, struct saved *saved, struct function_state *function) {
    saved->walk = *walk;
    saved->frame =
        (struct frame){ .outer = walk->frame, .function = function ? function : walk->frame->function };
    walk->frame = &saved->frame;
    walk->binding = false;
    walk->conditional = 0;
}

static void leave(struct walk *walk, struct saved *saved, struct scope *scope) {
    *scope = (struct scope){ saved->frame.entries, saved->frame.count };
    *walk = saved->walk;
}

static struct function_state inner_function(const struct walk *walk) {
    return (struct function_state){ .depth = walk->frame->function->depth + 1 };
}

/* Both walks over a body. */
static bool walk_twice(struct walk *walk, const struct nodes *body) {
    walk->binding = false;
    if (!walk_body(walk, body)) return false;
    walk->binding = true;
    return walk_body(walk, body);
}

/* ---- targets ---- */

enum target_use { TARGET_SET, TARGET_PARAMETER };

static bool walk_target(struct walk *walk, struct node *target, enum target_use use) {
    if (target->kind == NODE_TUPLE) {
        for (int64_t i = 0; i < target->list.count; i++)
            if (!walk_target(walk, target->list.items[i], use)) return false;
        return true;
    }
    if (walk->binding) {
        bool loop = walk->loops > 0 && target->kind == NODE_NAME && string_equals(target->name.id, "loop");
        if (loop) {
            heap_fail(walk->heap, "Can't assign to special loop variable in for-loop target");
            return fail_at(walk, target);
        }
        target->name.exported = walk->frame->top && target->kind == NODE_NAME;
        return bind_name(walk, target);
    }
    if (target->kind == NODE_NAMESPACE) return read_name(walk, target->name.id);
    if (use == TARGET_PARAMETER) return own(walk, target->name.id, LOAD_PARAMETER, NULL);
    return set_name(walk, target->name.id);
}

static bool both_targets(struct walk *walk, struct node *target) {
    walk->binding = false;
    if (!walk_target(walk, target, TARGET_PARAMETER)) return false;
    walk->binding = true;
    bool done = walk_target(walk, target, TARGET_PARAMETER);
    walk->binding = false;
    return done;
}

static struct node *copy_target(struct heap *heap, const struct node *target) {
    struct node *copy = heap_take(heap, sizeof *copy);
    if (!copy) return NULL;
    *copy = *target;
    if (target->kind != NODE_TUPLE) return copy;
    copy->list.items = heap_array(heap, target->list.count, sizeof(struct node *));
    for (int64_t i = 0; copy->list.items && i < target->list.count; i++)
        if (!(copy->list.items[i] = copy_target(heap, target->list.items[i]))) return NULL;
    return copy->list.items ? copy : NULL;
}

/* ---- expressions ---- */

static bool walk_list(struct walk *walk, const struct nodes *list) {
    for (int64_t i = 0; i < list->count; i++)
        if (!walk_expression(walk, list->items[i])) return false;
    return true;
}

static bool walk_arguments(struct walk *walk, struct call_nodes *arguments) {
    if (!walk_list(walk, &arguments->positional)) return false;
    for (int64_t i = 0; i < arguments->keyword_count; i++)
        if (!walk_expression(walk, arguments->keywords[i].value)) return false;
    return walk_expression(walk, arguments->star) && walk_expression(walk, arguments->star_star);
}

static bool walk_call(struct walk *walk, struct node *node) {
    bool filter = node->kind == NODE_FILTER, test = node->kind == NODE_TEST;
    if (walk->binding && (filter || test)) {
        if (filter)
            node->call.filter = walk->library->filter(node->call.name);
        else
            node->call.test = walk->library->test(node->call.name);
        if (!(filter ? (const void *)node->call.filter : (const void *)node->call.test) &&
            !walk->frame->soft) {
            heap_fail(walk->heap, "No %s named '%.*s'.", filter ? "filter" : "test",
                      STRING_START(node->call.name));
            return fail_at(walk, node);
        }
    }
    return walk_expression(walk, node->call.subject) && walk_arguments(walk, &node->call.arguments);
}

static bool walk_conditional(struct walk *walk, struct node *node) {
    bool soft = walk->frame->soft;
    walk->frame->soft = true;
    bool done = walk_expression(walk, node->conditional.test) &&
                walk_expression(walk, node->conditional.yes) && walk_expression(walk, node->conditional.no);
    walk->frame->soft = soft;
    return done;
}

static bool walk_compare(struct walk *walk, struct node *node) {
    if (!walk_expression(walk, node->compare.left)) return false;
    for (int64_t i = 0; i < node->compare.count; i++)
        if (!walk_expression(walk, node->compare.items[i].right)) return false;
    return true;
}

static bool walk_parts(struct walk *walk, struct node *node) {
    switch (node->kind) {
    case NODE_NAME: return walk->binding ? bind_name(walk, node) : read_name(walk, node->name.id);
    case NODE_TUPLE:
    case NODE_LIST:
    case NODE_DICT:
    case NODE_CONCAT: return walk_list(walk, &node->list);
    case NODE_ATTRIBUTE: return walk_expression(walk, node->member.of);
    case NODE_ITEM:
        return walk_expression(walk, node->member.of) && walk_expression(walk, node->member.index);
    case NODE_SLICE:
        return walk_expression(walk, node->slice.start) && walk_expression(walk, node->slice.stop) &&
               walk_expression(walk, node->slice.step);
    case NODE_CALL:
    case NODE_FILTER:
    case NODE_TEST: return walk_call(walk, node);
    case NODE_NOT:
    case NODE_NEGATE:
    case NODE_PLUS: return walk_expression(walk, node->binary.left);
    case NODE_BINARY:
    case NODE_AND:
    case NODE_OR:
        return walk_expression(walk, node->binary.left) && walk_expression(walk, node->binary.right);
    case NODE_COMPARE: return walk_compare(walk, node);
    case NODE_CONDITIONAL: return walk_conditional(walk, node);
    default: return true;
    }
}

static bool walk_expression(struct walk *walk, struct node *node) {
    if (!node || node->kind == NODE_CONSTANT || node->kind == NODE_DATA) return true;
    if (!heap_enter(walk->heap)) return fail_at(walk, node);
    if (!walk_parts(walk, node)) return fail_at(walk, node);
    heap_leave(walk->heap);
    return true;
}

/* ---- statements ---- */

static bool bind_loop_test(struct walk *walk, struct node *node) {
    struct saved saved;
    if (!node->loop.test) return true;
    if (!(node->loop.test_target = copy_target(walk->heap, node->loop.target))) return false;
    enter(walk, &saved, NULL);
    bool done = both_targets(walk, node->loop.test_target) && walk_expression(walk, node->loop.test);
    walk->binding = true;
    done = done && walk_expression(walk, node->loop.test);
    leave(walk, &saved, &node->loop.test_scope);
    return done;
}

static bool bind_loop_body(struct walk *walk, struct node *node, struct function_state *function) {
    struct saved saved;
    enter(walk, &saved, function);
    walk->loops++;
    bool done = own_special(walk, node->loop.mentioned, "loop", &node->loop.loop_slot) &&
                both_targets(walk, node->loop.target) && walk_twice(walk, &node->loop.body);
    leave(walk, &saved, &node->loop.scope);
    if (!done) return false;
    enter(walk, &saved, function);
    walk->loops++;
    done = walk_twice(walk, &node->loop.otherwise);
    leave(walk, &saved, &node->loop.else_scope);
    return done;
}

static bool walk_for(struct walk *walk, struct node *node) {
    if (!walk_expression(walk, node->loop.iterated)) return false;
    if (!walk->binding) return true;
    struct function_state function = inner_function(walk);
    bool done =
        bind_loop_test(walk, node) && bind_loop_body(walk, node, node->loop.recursive ? &function : NULL);
    node->loop.slot_count = function.slots;
    return done;
}

static bool walk_if(struct walk *walk, struct node *node) {
    bool soft = walk->frame->soft, done = true;
    walk->frame->soft = true;
    for (int64_t i = 0; done && i < node->branch.count; i++) {
        done = walk_expression(walk,
                               node->branch.tests[i]); /* an elif's is no more conditional than its names */
        walk->conditional++;
        done = done && walk_body(walk, &node->branch.bodies[i]);
        if (i + 1 < node->branch.count) continue;
        done = done && walk_body(walk, &node->branch.bodies[i + 1]);
    }
    walk->conditional -= (int32_t)node->branch.count;
    walk->frame->soft = soft;
    return done;
}

static bool bind_body(struct walk *walk, struct function_tree *function) {
    struct function_state state = inner_function(walk);
    struct saved saved;
    bool caller = false, done = true;
    enter(walk, &saved, &state);
    for (int64_t i = 0; done && i < function->parameters.count; i++) {
        struct node *parameter = function->parameters.items[i];
        caller |= string_equals(parameter->name.id, "caller");
        if (string_equals(parameter->name.id, "kwargs")) function->mentions &= ~(unsigned)MENTIONS_KWARGS;
        if (string_equals(parameter->name.id, "varargs")) function->mentions &= ~(unsigned)MENTIONS_VARARGS;
        if (caller && string_equals(parameter->name.id, "caller") && function->mentions & MENTIONS_CALLER &&
            i < function->parameters.count - function->defaults.count) {
            heap_fail(walk->heap,
                      "When defining macros or call blocks the special \"caller\" argument must be "
                      "omitted or be given a default.");
            return fail_at(walk, parameter);
        }
        done = own(walk, parameter->name.id, LOAD_PARAMETER, NULL);
    }
    unsigned mentions = function->mentions;
    done = done &&
           own_special(walk, !caller && mentions & MENTIONS_CALLER, "caller", &function->caller_slot) &&
           own_special(walk, mentions & MENTIONS_KWARGS, "kwargs", &function->kwargs_slot) &&
           own_special(walk, mentions & MENTIONS_VARARGS, "varargs", &function->varargs_slot);
    for (int pass = 0; done && pass < 2; pass++) {
        walk->binding = pass == 1;
        done = (pass == 0 || walk_list(walk, &function->parameters)) &&
               walk_list(walk, &function->defaults) && walk_body(walk, &function->body);
    }
    function->slot_count = state.slots;
    leave(walk, &saved, &function->scope);
    return done;
}

static bool walk_macro(struct walk *walk, struct node *node) {
    if (node->kind == NODE_MACRO && !walk_target(walk, node->macro.target, TARGET_SET)) return false;
    if (node->kind == NODE_CALL_BLOCK && !walk_expression(walk, node->macro.target)) return false;
    return !walk->binding || bind_body(walk, node->macro.function);
}

static bool walk_set(struct walk *walk, struct node *node) {
    struct saved saved;
    if (node->kind == NODE_SET)
        return walk_expression(walk, node->set.value) && walk_target(walk, node->set.target, TARGET_SET);
    if (!walk_target(walk, node->set.target, TARGET_SET)) return false;
    if (!walk->binding) return true;
    enter(walk, &saved, NULL);
    bool done = walk_twice(walk, &node->set.body) && walk_expression(walk, node->set.value);
    leave(walk, &saved, &node->set.scope);
    return done;
}

/* with, filter, autoescape */
static bool walk_scoped(struct walk *walk, struct node *node) {
    struct saved saved;
    bool with = node->kind == NODE_WITH, filter = node->kind == NODE_FILTER_BLOCK;
    if (with && !walk_list(walk, &node->scoped.values)) return false;
    if (filter && !walk->binding) return walk_expression(walk, node->scoped.head);
    if (!walk->binding) return true;
    enter(walk, &saved, NULL);
    bool done = true;
    for (int64_t i = 0; done && i < node->scoped.targets.count; i++)
        done = both_targets(walk, node->scoped.targets.items[i]);
    done = done && walk_expression(walk, node->scoped.head) && walk_twice(walk, &node->scoped.body) &&
           walk_expression(walk, node->scoped.head);
    leave(walk, &saved, &node->scoped.scope);
    return done;
}

/* What a scoped block sees of the names around it. */
static bool walk_block(struct walk *walk, struct block *block) {
    if (!walk->binding || !block->scoped) return true;
    int64_t room = 0;
    for (const struct frame *frame = walk->frame; frame; frame = frame->outer) room += frame->count;
    block->locals = heap_array(walk->heap, room, sizeof *block->locals);
    if (!block->locals || !heap_work(walk->heap, room)) return false;
    for (const struct frame *frame = walk->frame; frame; frame = frame->outer)
        for (int64_t i = 0; i < frame->count; i++) {
            struct load *local = &block->locals[block->local_count];
            *local = frame->entries[i];
            local->from =
                (struct place){ walk->frame->function->depth - frame->function->depth, local->slot };
            block->local_count++;
        }
    return true;
}

static bool walk_statement(struct walk *walk, struct node *node) {
    switch (node->kind) {
    case NODE_OUTPUT: return walk_list(walk, &node->list);
    case NODE_FOR: return walk_for(walk, node);
    case NODE_IF: return walk_if(walk, node);
    case NODE_SET:
    case NODE_SET_BLOCK: return walk_set(walk, node);
    case NODE_MACRO:
    case NODE_CALL_BLOCK:
    case NODE_GENERATION: return walk_macro(walk, node);
    case NODE_WITH:
    case NODE_FILTER_BLOCK:
    case NODE_AUTOESCAPE: return walk_scoped(walk, node);
    case NODE_BLOCK: return walk_block(walk, node->block);
    default: return true;
    }
}

static bool walk_body(struct walk *walk, const struct nodes *body) {
    if (!heap_enter(walk->heap)) return false;
    for (int64_t i = 0; i < body->count; i++)
        if (!walk_statement(walk, body->items[i])) return fail_at(walk, body->items[i]);
    heap_leave(walk->heap);
    return true;
}

static bool resolve_block(struct heap *heap, const struct library *library, struct block *block) {
    struct function_state function = { .depth = 0 };
    struct frame frame = { .function = &function };
    struct walk walk = { .heap = heap, .library = library, .frame = &frame };
    bool done = own_special(&walk, block->mentions & MENTIONS_SELF, "self", &block->self_slot) &&
                own_special(&walk, block->mentions & MENTIONS_SUPER, "super", &block->super_slot) &&
                walk_twice(&walk, &block->body);
    block->slot_count = function.slots;
    block->scope = (struct scope){ frame.entries, frame.count };
    return done;
}

bool names_resolve(struct heap *heap, const struct library *library, struct tree *tree, unsigned mentions) {
    struct function_state function = { .depth = 0 };
    struct frame frame = { .function = &function, .top = true };
    struct walk walk = { .heap = heap, .library = library, .frame = &frame };
    if (!own_special(&walk, mentions & MENTIONS_SELF, "self", &tree->self_slot)) return false;
    if (!walk_twice(&walk, &tree->body)) return false;
    tree->slot_count = function.slots;
    tree->scope = (struct scope){ frame.entries, frame.count };
    for (int64_t i = 0; i < tree->block_count; i++)
        if (!resolve_block(heap, library, tree->blocks[i])) return false;
    return true;
}
