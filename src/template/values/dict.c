/*
 * Dicts: entries in the order in which keys came, and an index by hash once there are more than a few. A key
 * is found by Python's equality, so 1, 1.0 and True are one key.
 */
#include "template/values/big.h"
#include "template/values/value.h"

#include <math.h>
#include <string.h>

#define FEW 8

static uint64_t mix(uint64_t hash) {
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
    return hash ^ (hash >> 31);
}

static uint64_t bytes_hash(const char *bytes, int64_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (int64_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return mix(hash);
}

static uint64_t float_hash(double real) {
    if (real >= -0x1p63 && real < 0x1p63 && real == (double)(int64_t)real)
        return mix((uint64_t)(int64_t)real);
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    return mix(bits);
}

static bool tuple_hash(struct heap *heap, const struct list *list, uint64_t *hash) {
    *hash = 1;
    if (!heap_enter(heap)) return false;
    for (int64_t i = 0; i < list->count; i++) {
        uint64_t one = 0;
        if (!value_hash(heap, list->items[i], &one)) return false;
        *hash = mix(*hash * 31 + one);
    }
    heap_leave(heap);
    return true;
}

bool value_hash(struct heap *heap, struct value value, uint64_t *hash) {
    if (!heap_work(heap, 1)) return false;
    switch (value.type) {
    case VALUE_BOOL: *hash = mix(value.boolean); return true;
    case VALUE_INT: *hash = mix((uint64_t)value.integer); return true;
    case VALUE_BIG: *hash = float_hash(big_to_double(value.big)); return true;
    case VALUE_FLOAT: *hash = float_hash(value.real); return true;
    case VALUE_STRING:
        *hash = bytes_hash(value.string->data, value.string->size);
        return heap_copy_work(heap, value.string->size * 4);
    case VALUE_TUPLE: return tuple_hash(heap, value.list, hash);
    case VALUE_LIST:
    case VALUE_DICT:
    case VALUE_KEYS:
    case VALUE_ITEMS:
    case VALUE_SLICE: return heap_fail(heap, "unhashable type: '%s'", value_type_name(value));
    case VALUE_NONE:
    case VALUE_UNDEFINED:
    case VALUE_MISSING: *hash = mix(value.type); return true;
    default: *hash = mix((uint64_t)(uintptr_t)value.dict); return true;
    }
}

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

/* *found: the entry, or NULL. */
static bool find(struct heap *heap, const struct dict *dict, struct value key, uint64_t hash,
                 struct dict_entry **found) {
    bool equal = false;
    *found = NULL;
    uint64_t mask = (uint64_t)dict->slot_count - 1, slot = hash & mask;
    for (int64_t i = 0; dict->slots ? dict->slots[slot] >= 0 : i < dict->count; i++) {
        struct dict_entry *entry = &dict->entries[dict->slots ? dict->slots[slot] : i];
        if (entry->hash == hash && !value_equal(heap, entry->key, key, &equal)) return false;
        if (entry->hash == hash && equal) {
            *found = entry;
            return true;
        }
        if (dict->slots && !heap_work(heap, 1)) return false;
        slot = (slot + 1) & mask;
    }
    return true;
}

bool dict_set(struct heap *heap, struct dict *dict, struct value key, struct value value) {
    struct dict_entry *entry;
    uint64_t hash = 0;
    if (!value_hash(heap, key, &hash) || !find(heap, dict, key, hash, &entry)) return false;
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

struct dict_entry *dict_find(struct heap *heap, const struct dict *dict, struct value key, bool *failed) {
    struct dict_entry *entry = NULL;
    uint64_t hash = 0;
    *failed = !value_hash(heap, key, &hash) || !find(heap, dict, key, hash, &entry);
    return *failed ? NULL : entry;
}

struct dict_entry *dict_find_text(const struct dict *dict, const char *key, int64_t size) {
    uint64_t hash = bytes_hash(key, size), mask = (uint64_t)dict->slot_count - 1, slot = hash & mask;
    for (int64_t i = 0; dict->slots ? dict->slots[slot] >= 0 : i < dict->count; i++) {
        struct dict_entry *entry = &dict->entries[dict->slots ? dict->slots[slot] : i];
        bool match = entry->hash == hash && entry->key.type == VALUE_STRING &&
                     entry->key.string->size == size &&
                     (size == 0 || memcmp(entry->key.string->data, key, (size_t)size) == 0);
        if (match) return entry;
        slot = (slot + 1) & mask;
    }
    return NULL;
}

bool dict_copy(struct heap *heap, const struct dict *from, struct dict *to) {
    for (int64_t i = 0; i < from->count; i++)
        if (!dict_set(heap, to, from->entries[i].key, from->entries[i].value)) return false;
    return true;
}
