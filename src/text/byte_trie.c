/*
 * Building a trie of byte strings (byte_trie.h). A table that is filled to one half is doubled. Somebody who
 * makes edges collide is refused after BYTE_TRIE_PROBES_MAX steps; by chance that does not happen.
 */
#include "text/byte_trie.h"
#include <stdlib.h>
#include <string.h>

#define NODES_MAX  ((int64_t)1 << BYTE_TRIE_NODE_BITS)
#define EDGE_SHIFT (BYTE_TRIE_NODE_BITS + 8)
#define KEY_MASK   (((uint64_t)1 << EDGE_SHIFT) - 1)

static bool edge_put(struct byte_trie *trie, uint64_t edge, struct sy_error *err) {
    uint64_t at = byte_trie_slot(trie, edge & KEY_MASK);
    for (int probe = 0; probe < BYTE_TRIE_PROBES_MAX; probe++, at = (at + 1) & trie->mask) {
        if (trie->edges[at] != 0) continue;
        trie->edges[at] = edge;
        return true;
    }
    return sy_fail(err, SY_ERR_LIMIT, "the texts of pieces are chosen so that looking them up is slow");
}

static bool table_grow(struct byte_trie *trie, struct sy_error *err) {
    uint64_t *old = trie->edges, old_slots = trie->edges ? trie->mask + 1 : 0;
    uint64_t slots = old_slots ? old_slots * 2 : 1024;
    trie->edges = calloc(slots, sizeof *trie->edges);
    if (!trie->edges) {
        trie->edges = old;
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a trie of %lld nodes", (long long)trie->node_count);
    }
    trie->mask = slots - 1;
    bool ok = true;
    for (uint64_t at = 0; at < old_slots && ok; at++) ok = old[at] == 0 || edge_put(trie, old[at], err);
    free(old);
    return ok;
}

static bool node_add(struct byte_trie *trie, struct sy_error *err) {
    if (trie->node_count == trie->node_room) {
        int64_t room = trie->node_room ? trie->node_room * 2 : 512;
        int32_t *larger = realloc(trie->values, (size_t)room * sizeof *larger);
        if (!larger)
            return sy_fail(err, SY_ERR_MEMORY, "no memory for a trie of %lld nodes", (long long)room);
        trie->values = larger;
        trie->node_room = room;
    }
    if (trie->node_count == NODES_MAX)
        return sy_fail(err, SY_ERR_LIMIT, "more than %lld nodes in a trie of pieces", (long long)NODES_MAX);
    trie->values[trie->node_count++] = -1;
    return true;
}

/* The child of `node` by `byte`, made where it is missing; 0 and err on failure. */
static uint32_t child_get(struct byte_trie *trie, uint32_t node, unsigned char byte, struct sy_error *err) {
    uint32_t child = byte_trie_child(trie, node, byte);
    if (child) return child;
    if ((uint64_t)trie->node_count * 2 > trie->mask && !table_grow(trie, err)) return 0;
    if (!node_add(trie, err)) return 0;
    child = (uint32_t)trie->node_count - 1;
    if (node == 0)
        trie->first[byte] = (int32_t)child;
    else if (!edge_put(trie, (uint64_t)child << EDGE_SHIFT | (uint64_t)node << 8 | byte, err))
        return 0;
    return child;
}

bool byte_trie_add(struct byte_trie *trie, const char *string, int64_t size, int32_t value,
                   struct sy_error *err) {
    uint32_t node = 0;
    if (!trie->edges && !table_grow(trie, err)) return false;
    if (trie->node_count == 0 && !node_add(trie, err)) return false;
    for (int64_t i = 0; i < size; i++) {
        node = child_get(trie, node, (unsigned char)string[i], err);
        if (node == 0) return false;
    }
    trie->values[node] = value;
    return true;
}

void byte_trie_close(struct byte_trie *trie) {
    free(trie->edges);
    free(trie->values);
    *trie = (struct byte_trie){ .edges = NULL };
}

int64_t byte_trie_bytes(const struct byte_trie *trie) {
    int64_t edge_bytes = trie->edges ? (int64_t)((trie->mask + 1) * sizeof *trie->edges) : 0;
    return edge_bytes + trie->node_room * (int64_t)sizeof *trie->values;
}
