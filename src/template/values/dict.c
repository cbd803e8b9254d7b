/*
 * Dicts: entries in the order in which keys came, and an index by hash once there are more than a few.
 */
#include "template/values/dict.h"
#include "template/values/equal.h"

#include <string.h>

#define FEW 8

bool value_dict(struct heap *heap, struct value *out) {
    struct dict *dict = heap_take(heap, sizeof *dict);
    if (!dict) return false;
    *out = (struct value){ .type = VALUE_DICT, .dict = dict };
    return true;
}

static void index_entry(struct dict *dict, int64_t entry) {
    uint64_t mask = (uint64_t)dict->slot_count - 1, slot = dict->entries[entry].hash & mask;
    while (dict->slots[slot] >= 0) slot = (slot + 1) & mask;
    dict->slots[slot] = (int32_t)entry;
}

static bool index_all(struct heap *heap, struct dict *dict) {
    int64_t count = dict->room * 2;
    if (count > INT32_MAX) return heap_limit(heap, "a dict of more than %d keys, the limit", INT32_MAX / 2);
    dict->slots = heap_array(heap, count, sizeof *dict->slots);
    if (!dict->slots || !heap_work(heap, count / 4)) return false;
    dict->slot_count = count;
    memset(dict->slots, 0xff, (size_t)count * sizeof *dict->slots);
    for (int64_t i = 0; i < dict->count; i++) index_entry(dict, i);
    return true;
}

bool dict_set(struct heap *heap, struct dict *dict, struct value key, struct value value) {
    struct dict_entry *entry;
    uint64_t hash = 0;
    if (!value_hash(heap, key, &hash) || !dict_look(heap, dict, key, hash, &entry)) return false;
    if (entry) {
        entry->value = value;
        return true;
    }
    if (dict->count == dict->room) {
        int64_t room = dict->room ? dict->room * 2 : 4;
        struct dict_entry *larger = heap_array(heap, room, sizeof *larger);
        if (!larger) return false;
        if (dict->count > 0) memcpy(larger, dict->entries, (size_t)dict->count * sizeof *larger);
        dict->entries = larger;
        dict->room = room;
        if (room > FEW && !index_all(heap, dict)) return false;
    }
    dict->entries[dict->count++] = (struct dict_entry){ key, value, hash };
    if (dict->slots) index_entry(dict, dict->count - 1);
    return true;
}

bool dict_set_text(struct heap *heap, struct dict *dict, const char *key, struct value value) {
    struct value name;
    return value_text(heap, key, &name) && dict_set(heap, dict, name, value);
}

bool dict_copy(struct heap *heap, const struct dict *from, struct dict *to) {
    for (int64_t i = 0; i < from->count; i++)
        if (!dict_set(heap, to, from->entries[i].key, from->entries[i].value)) return false;
    return true;
}
