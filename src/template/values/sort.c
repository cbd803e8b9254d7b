/*
 * Sorting is a stable merge that asks only whether one key is less than another, as Python's does; from the
 * last to the first it keeps the order of equals too.
 */
#include "template/values/sort.h"
#include "template/values/compare.h"

#include <string.h>

struct sorting {
    struct heap *heap;
    struct value *keys, *items, *spare_keys, *spare_items;
    bool reverse;
};

/* Merges [from, middle) and [middle, to) into the spare arrays and back. */
static bool merge(struct sorting *sorting, int64_t from, int64_t middle, int64_t to) {
    int64_t left = from, right = middle;
    for (int64_t i = from; i < to; i++) {
        bool take_right = left == middle;
        if (left < middle && right < to) { /* the right one goes first only where it must */
            struct value *keys = sorting->keys;
            bool done =
                sorting->reverse
                    ? value_compare(sorting->heap, COMPARE_LESS, keys[left], keys[right], &take_right)
                    : value_compare(sorting->heap, COMPARE_LESS, keys[right], keys[left], &take_right);
            if (!done) return false;
        }
        int64_t taken = take_right ? right++ : left++;
        sorting->spare_keys[i] = sorting->keys[taken];
        sorting->spare_items[i] = sorting->items[taken];
    }
    size_t bytes = (size_t)(to - from) * sizeof(struct value);
    memcpy(sorting->keys + from, sorting->spare_keys + from, bytes);
    memcpy(sorting->items + from, sorting->spare_items + from, bytes);
    return heap_work(sorting->heap, to - from);
}

bool sort_values(struct heap *heap, struct value *items, struct value *keys, int64_t count, bool reverse) {
    struct sorting sorting = { .heap = heap, .keys = keys, .items = items, .reverse = reverse };
    sorting.spare_keys = heap_array(heap, count, sizeof *keys);
    sorting.spare_items = heap_array(heap, count, sizeof *items);
    if (!sorting.spare_keys || !sorting.spare_items) return false;
    for (int64_t width = 1; width < count; width *= 2)
        for (int64_t from = 0; from + width < count; from += 2 * width) {
            int64_t to = from + 2 * width < count ? from + 2 * width : count;
            if (!merge(&sorting, from, from + width, to)) return false;
        }
    return true;
}
