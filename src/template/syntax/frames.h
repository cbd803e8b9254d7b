/*
 * The names that a scope owns, while a template's names are resolved.
 */
#ifndef TEMPLATE_SYNTAX_FRAMES_H
#define TEMPLATE_SYNTAX_FRAMES_H

#include "template/syntax/tree.h"

struct function_state { /* one that runs with slots of its own */
    int32_t depth;      /* of nesting */
    int32_t slots;
};

struct frame {
    struct frame *outer;
    struct function_state *function;
    struct load *entries;
    int64_t count, room;
    int32_t *index; /* by hash of the name; 0: free, else the entry + 1 */
    int64_t index_size;
    bool top;  /* of the template: what is set here the context learns of */
    bool soft; /* within an if: a filter that is missing is an error only when it runs */
};

struct load *frame_find(const struct frame *frame, const struct string *name); /* NULL: not owned */
/* The frame's own entry, made if there is none; NULL: no memory. */
struct load *frame_own(struct heap *heap, struct frame *frame, const struct string *name);
/* Where a name lies that `from` or a frame around it owns, as seen from `frame`; false where none does. */
bool frame_place(const struct frame *frame, const struct frame *from, const struct string *name,
                 struct place *place);

#endif
