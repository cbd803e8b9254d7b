/*
 * The names that a scope owns: entries in the order in which they came, and an index by hash.
 */
#include "template/syntax/frames.h"

#include <string.h>

static uint64_t name_hash(const struct string *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (int64_t i = 0; i < name->size; i++) hash = (hash ^ (unsigned char)name->data[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static bool same_name(const struct string *a, const struct string *b) {
    return a->size == b->size && memcmp(a->data, b->data, (size_t)a->size) == 0;
}

struct load *frame_find(const struct frame *frame, const struct string *name) {
    if (frame->index_size == 0) return NULL;
    uint64_t mask = (uint64_t)frame->index_size - 1;
    for (uint64_t at = name_hash(name) & mask; frame->index[at]; at = (at + 1) & mask)
        if (same_name(frame->entries[frame->index[at] - 1].name, name))
            return &frame->entries[frame->index[at] - 1];
    return NULL;
}

static void frame_index(struct frame *frame, int64_t entry) {
    uint64_t mask = (uint64_t)frame->index_size - 1, at = name_hash(frame->entries[entry].name) & mask;
    while (frame->index[at]) at = (at + 1) & mask;
    frame->index[at] = (int32_t)entry + 1;
}

static bool frame_grow(struct heap *heap, struct frame *frame) {
    int64_t room = frame->room ? frame->room * 2 : 4;
    struct load *larger = heap_array(heap, room, sizeof *larger);
    frame->index = heap_array(heap, room * 2, sizeof *frame->index);
    if (!larger || !frame->index) return false;
    if (frame->count > 0) memcpy(larger, frame->entries, (size_t)frame->count * sizeof *larger);
    frame->entries = larger;
    frame->room = room;
    frame->index_size = room * 2;
    for (int64_t i = 0; i < frame->count; i++) frame_index(frame, i);
    return true;
}

struct load *frame_own(struct heap *heap, struct frame *frame, const struct string *name) {
    struct load *load = frame_find(frame, name);
    if (load) return load;
    if (frame->count == frame->room && !frame_grow(heap, frame)) return NULL;
    load = &frame->entries[frame->count++];
    *load = (struct load){ .name = name, .slot = frame->function->slots++ };
    frame_index(frame, frame->count - 1);
    return load;
}

bool frame_place(const struct frame *frame, const struct frame *from, const struct string *name,
                 struct place *place) {
    for (; from; from = from->outer) {
        const struct load *load = frame_find(from, name);
        if (!load) continue;
        *place = (struct place){ frame->function->depth - from->function->depth, load->slot };
        return true;
    }
    return false;
}
