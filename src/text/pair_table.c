#include "text/pair_table.h"

#include <stdlib.h>
#include <string.h>

bool pair_table_open(struct pair_table *table, int64_t count, struct sy_error *err) {
    uint64_t slots = 16;
    while (slots < (uint64_t)count * 2 + 1) slots *= 2;
    *table = (struct pair_table){ .slots = malloc(slots * sizeof *table->slots), .mask = slots - 1 };
    if (!table->slots) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld pairs", (long long)count);
    memset(table->slots, 0xff, slots * sizeof *table->slots);
    return true;
}

void pair_table_close(struct pair_table *table) {
    free(table->slots);
    *table = (struct pair_table){ .slots = NULL };
}

int64_t pair_table_bytes(const struct pair_table *table) {
    return table->slots ? (int64_t)((table->mask + 1) * sizeof *table->slots) : 0;
}

static struct pair_slot *slot_of(struct pair_table *table, uint32_t left, uint32_t right) {
    uint64_t at = pair_hash(left, right) & table->mask;
    while (table->slots[at].made >= 0 && (table->slots[at].left != left || table->slots[at].right != right))
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

static bool grow(struct pair_table *table, struct sy_error *err) {
    struct pair_table larger;
    if (!pair_table_open(&larger, table->count * 2 + 16, err)) return false;
    for (uint64_t at = 0; at <= table->mask; at++) {
        struct pair_slot slot = table->slots[at];
        if (slot.made >= 0) *slot_of(&larger, slot.left, slot.right) = slot;
    }
    larger.count = table->count;
    pair_table_close(table);
    *table = larger;
    return true;
}

bool pair_table_add(struct pair_table *table, uint32_t left, uint32_t right, uint32_t rank, int32_t made,
                    struct sy_error *err) {
    if ((uint64_t)table->count * 2 >= table->mask && !grow(table, err)) return false;
    struct pair_slot *slot = slot_of(table, left, right);
    table->count += slot->made < 0;
    *slot = (struct pair_slot){ left, right, rank, made };
    return true;
}
