/*
 * A trie of byte strings: which of them does a text begin with?
 *
 * One open-addressing table holds all edges, (node, byte) -> node, each packed into one word; so a node costs
 * 16 to 32 bytes whatever the shape of the trie, and building is one insertion a byte.
 */
#ifndef TEXT_BYTE_TRIE_H
#define TEXT_BYTE_TRIE_H

#include "base/error.h"
#include "base/random.h"
#include <stdint.h>

enum { BYTE_TRIE_NODE_BITS = 28, BYTE_TRIE_PROBES_MAX = 512 };

struct byte_trie {   /* starts as { 0 } */
    uint64_t *edges; /* [mask + 1] child << 36 | node << 8 | byte; 0: free (no child is the root) */
    uint64_t mask;   /* a power of two - 1 */
    int32_t *values; /* [node_count] -1: no string ends here */
    int64_t node_count, node_room;
    int32_t first[256]; /* children of the root, 0: none: every search begins there */
};

/* A later value of the same string replaces the former one; value >= 0, size > 0. */
SY_MUST_CHECK bool byte_trie_add(struct byte_trie *trie, const char *string, int64_t size, int32_t value,
                                 struct sy_error *err);
void byte_trie_close(struct byte_trie *trie);
int64_t byte_trie_bytes(const struct byte_trie *trie);

/* The strings that a text begins with, from short to long. */
struct byte_trie_cursor {
    const struct byte_trie *trie;
    const char *text;
    int64_t size;
    int64_t used; /* bytes of the string found last */
    uint32_t node;
};

static inline struct byte_trie_cursor byte_trie_begin(const struct byte_trie *trie, const char *text,
                                                      int64_t size) {
    return (struct byte_trie_cursor){ .trie = trie, .text = text, .size = size };
}

static inline uint64_t byte_trie_slot(const struct byte_trie *trie, uint64_t key) {
    return (key * 0x9e3779b97f4a7c15u >> 20) & trie->mask;
}

/* The child of a node by this byte; 0: none. */
static inline uint32_t byte_trie_child(const struct byte_trie *trie, uint32_t node, unsigned char byte) {
    if (node == 0) return (uint32_t)trie->first[byte];
    uint64_t key = (uint64_t)node << 8 | byte;
    for (uint64_t at = byte_trie_slot(trie, key);; at = (at + 1) & trie->mask) {
        uint64_t edge = trie->edges[at];
        if ((edge & (((uint64_t)1 << (BYTE_TRIE_NODE_BITS + 8)) - 1)) == key || edge == 0)
            return (uint32_t)(edge >> (BYTE_TRIE_NODE_BITS + 8));
    }
}

/* The value of the next longer string, its bytes in cursor->used; -1: there is none. */
static inline int32_t byte_trie_next(struct byte_trie_cursor *cursor) {
    const struct byte_trie *trie = cursor->trie;
    if (trie->node_count == 0) return -1;
    while (cursor->used < cursor->size) {
        cursor->node = byte_trie_child(trie, cursor->node, (unsigned char)cursor->text[cursor->used]);
        if (cursor->node == 0) {
            cursor->size = cursor->used; /* the walk has ended */
            return -1;
        }
        cursor->used++;
        if (trie->values[cursor->node] >= 0) return trie->values[cursor->node];
    }
    return -1;
}

#endif
