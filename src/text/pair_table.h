/*
 * A hash table from a pair of numbers to two others: which merge a pair of neighbours has (rank, new symbol),
 * or where an edge of a trie leads.
 */
#ifndef TEXT_PAIR_TABLE_H
#define TEXT_PAIR_TABLE_H

#include "base/error.h"
#include <stdint.h>

struct pair_slot {
    uint32_t left, right;
    uint32_t rank;
    int32_t made; /* -1: the slot is free */
};

struct pair_table { /* open addressing, at most half full */
    struct pair_slot *slots;
    uint64_t mask;
    int64_t count;
};

SY_MUST_CHECK bool pair_table_open(struct pair_table *table, int64_t count, struct sy_error *err);
void pair_table_close(struct pair_table *table);
int64_t pair_table_bytes(const struct pair_table *table);
/* Adds a pair, or changes it where it is there already. Grows as needed. */
SY_MUST_CHECK bool pair_table_add(struct pair_table *table, uint32_t left, uint32_t right, uint32_t rank,
                                  int32_t made, struct sy_error *err);

static inline uint64_t pair_hash(uint32_t left, uint32_t right) {
    uint64_t key = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u;
    return key ^ key >> 32;
}

/* NULL: no such pair. */
static inline const struct pair_slot *pair_table_find(const struct pair_table *table, uint32_t left,
                                                      uint32_t right) {
    for (uint64_t at = pair_hash(left, right) & table->mask;; at = (at + 1) & table->mask) {
        const struct pair_slot *slot = &table->slots[at];
        if (slot->left == left && slot->right == right) return slot->made < 0 ? NULL : slot;
        if (slot->made < 0) return NULL;
    }
}

#endif
