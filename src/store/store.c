/*
 * The table of weights by slot, and the vectors beside it: what every store has, however it was filled.
 */
#include "store/store.h"

#include "base/os.h"
#include "store/store_private.h"

#include <string.h>

bool store_begin(const struct spec *spec, struct store *store, struct sy_error *err) {
    memset(store, 0, sizeof *store);
    store->source = &store_resident;
    arena_open(&store->arena);
    if (!spec_copy(spec, &store->spec, &store->arena, err)) return false;
    store->vectors =
        arena_new(&store->arena, const float *, (spec->decoder.layer_count + 1) * SLOT_COUNT, err);
    return store->vectors != NULL;
}

bool store_take(struct store *store, int64_t bytes, struct sy_error *err) {
    void *block;
    if (!os_memory_take(bytes, &block, err)) return false;
    store->memory = block, store->memory_bytes = bytes;
    return true;
}

void store_close(struct store *store) {
    if (store->memory) os_memory_release(store->memory, store->memory_bytes);
    if (store->records) os_memory_release(store->records, store->records_bytes);
    arena_close(&store->arena);
    memset(store, 0, sizeof *store);
}

const float **store_vector_at(struct store *store, int64_t layer, enum slot slot) {
    return &store->vectors[(layer + 1) * SLOT_COUNT + (int64_t)slot];
}

const float *store_vector(const struct store *store, int64_t layer, enum slot slot) {
    return store->vectors[(layer + 1) * SLOT_COUNT + (int64_t)slot];
}

const struct weight *store_weight(const struct store *store, int64_t layer, enum slot slot) {
    return binding_weight(&store->table, layer, slot);
}

bool store_find_nonfinite(const struct store *store, char *name, size_t size) {
    return binding_find_nonfinite(&store->table, name, size);
}
