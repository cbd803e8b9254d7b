/*
 * Equality, and what stands on it. Numbers are equal across their types, so 1, 1.0 and True are one key of a
 * dict; lists and tuples are equal item by item, dicts where each finds the other's keys with equal values.
 *
 * Values that are equal have one hash, and a dict finds a key by both: so equality and finding need each
 * other, and stand together.
 */
#include "template/values/equal.h"
#include "template/values/big.h"

#include <math.h>
#include <string.h>

/* ---- hashes ---- */

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

/* ---- finding ---- */

bool dict_look(struct heap *heap, const struct dict *dict, struct value key, uint64_t hash,
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

struct dict_entry *dict_find(struct heap *heap, const struct dict *dict, struct value key, bool *failed) {
    struct dict_entry *entry = NULL;
    uint64_t hash = 0;
    *failed = !value_hash(heap, key, &hash) || !dict_look(heap, dict, key, hash, &entry);
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

/* ---- equality ---- */

int string_order(const struct string *a, const struct string *b) {
    int64_t shorter = a->size < b->size ? a->size : b->size;
    int order = shorter > 0 ? memcmp(a->data, b->data, (size_t)shorter) : 0;
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

bool number_order(struct heap *heap, struct value a, struct value b, int *order, bool *ordered) {
    double x = a.type == VALUE_FLOAT ? a.real : 0, y = b.type == VALUE_FLOAT ? b.real : 0;
    *ordered = !isnan(x) && !isnan(y);
    *order = 0;
    if (!*ordered) return true;
    if (a.type == VALUE_FLOAT && b.type == VALUE_FLOAT) {
        *order = (x > y) - (x < y);
    } else if (b.type == VALUE_FLOAT) {
        return integer_compare_double(heap, a, y, order);
    } else if (a.type == VALUE_FLOAT) {
        if (!integer_compare_double(heap, b, x, order)) return false;
        *order = -*order;
    } else {
        *order = integer_compare(a, b);
    }
    return true;
}

bool item_equal(struct heap *heap, struct value a, struct value b, bool *equal) {
    *equal = true;
    return (value_same(a, b) && a.type != VALUE_BIG) || value_equal(heap, a, b, equal);
}

static bool list_equal(struct heap *heap, const struct list *a, const struct list *b, bool *equal) {
    *equal = a->count == b->count;
    if (a == b) return true;
    for (int64_t i = 0; *equal && i < a->count; i++)
        if (!item_equal(heap, a->items[i], b->items[i], equal)) return false;
    return true;
}

static bool dict_equal(struct heap *heap, const struct dict *a, const struct dict *b, bool *equal) {
    *equal = a->count == b->count;
    if (a == b) return true;
    for (int64_t i = 0; *equal && i < a->count; i++) {
        bool failed;
        struct dict_entry *other = dict_find(heap, b, a->entries[i].key, &failed);
        if (failed || (other && !item_equal(heap, a->entries[i].value, other->value, equal))) return false;
        if (!other) *equal = false;
    }
    return true;
}

/* Keys alone, as sets. */
static bool keys_equal(struct heap *heap, const struct dict *a, const struct dict *b, bool *equal) {
    *equal = a->count == b->count;
    for (int64_t i = 0; *equal && i < a->count; i++) {
        bool failed;
        *equal = dict_find(heap, b, a->entries[i].key, &failed) != NULL;
        if (failed) return false;
    }
    return true;
}

static bool range_equal(const struct range *a, const struct range *b) {
    if (a->count != b->count || a->count == 0) return a->count == b->count;
    return a->start == b->start && (a->count == 1 || a->step == b->step);
}

static bool container_equal(struct heap *heap, struct value a, struct value b, bool *equal) {
    switch (a.type) {
    case VALUE_LIST:
    case VALUE_TUPLE: return list_equal(heap, a.list, b.list, equal);
    case VALUE_DICT: return dict_equal(heap, a.dict, b.dict, equal);
    case VALUE_KEYS: return keys_equal(heap, a.dict, b.dict, equal);
    case VALUE_ITEMS: return dict_equal(heap, a.dict, b.dict, equal);
    case VALUE_RANGE: *equal = range_equal(a.range, b.range); return true;
    case VALUE_SLICE:
        *equal = false;
        return item_equal(heap, a.slice->start, b.slice->start, equal) &&
               (!*equal || item_equal(heap, a.slice->stop, b.slice->stop, equal)) &&
               (!*equal || item_equal(heap, a.slice->step, b.slice->step, equal));
    case VALUE_UNDEFINED: *equal = true; return true;
    default: *equal = value_same(a, b); return true;
    }
}

bool value_equal(struct heap *heap, struct value a, struct value b, bool *equal) {
    if (!heap_work(heap, 1)) return false;
    if (value_is_number(a) && value_is_number(b)) {
        int order;
        bool ordered, done = number_order(heap, a, b, &order, &ordered);
        *equal = done && ordered && order == 0;
        return done;
    }
    *equal = false;
    if (a.type != b.type) return true;
    if (a.type == VALUE_STRING) {
        *equal = a.string->size == b.string->size && string_order(a.string, b.string) == 0;
        return heap_copy_work(heap, a.string->size);
    }
    if (!heap_enter(heap) || !container_equal(heap, a, b, equal)) return false;
    heap_leave(heap);
    return true;
}
