/*
 * A store filled from nothing: every slot that the spec has, writable, in one block of memory. Matrices of
 * one dtype, vectors in f32, each from a cache line on; layer by layer, an expert's slots apart.
 *
 *     layer -1: embed, final norm, head ... | layer 0: norms, q, k ..., gate of expert 0, of 1, ... | layer 1
 *     ...
 */
#include "base/checked.h"
#include "store/store_private.h"

#include <assert.h>
#include <string.h>

/* One weight on the walk over all of them. */
struct place {
    int64_t layer, expert; /* expert -1: none */
    enum slot slot;
    enum dtype dtype;
    int64_t rows, cols, offset;
};
typedef void place_fn(void *argument, const struct place *place);

static bool walk_slot(const struct spec *spec, struct place *place, place_fn *visit, void *argument) {
    int64_t count, bytes, experts = slot_is_expert(place->slot) ? spec->router.experts : 1;
    if (!size_mul(place->rows, place->cols, &count) || !dtype_bytes(place->dtype, count, &bytes) ||
        !size_round_up(bytes, ARENA_ALIGN, &bytes))
        return false;
    for (int64_t e = 0; e < experts; e++) {
        place->expert = slot_is_expert(place->slot) ? e : -1;
        if (visit) visit(argument, place);
        if (!size_add(place->offset, bytes, &place->offset)) return false;
    }
    return true;
}

static bool walk_weights(const struct spec *spec, enum dtype dtype, place_fn *visit, void *argument,
                         int64_t *total, struct sy_error *err) {
    struct place place = { 0 };
    for (place.layer = -1; place.layer < spec->decoder.layer_count; place.layer++)
        for (int s = 0; s < SLOT_COUNT; s++) {
            place.slot = (enum slot)s;
            if (slot_is_global(place.slot) != (place.layer < 0)) continue;
            if (place.slot == SLOT_HEAD && spec->tied) continue;
            if (!slot_shape(spec, place.layer, place.slot, &place.rows, &place.cols)) continue;
            place.dtype = slot_is_vector(place.slot) ? DTYPE_F32 : dtype;
            if (!walk_slot(spec, &place, visit, argument))
                return sy_fail(err, SY_ERR_LIMIT, "the weights of slot %s overflow 64 bits",
                               slot_name(place.slot));
        }
    *total = place.offset;
    return true;
}

bool store_own_bytes(const struct spec *spec, enum dtype dtype, int64_t *bytes, struct sy_error *err) {
    assert(!dtype_is_block(dtype));
    return walk_weights(spec, dtype, NULL, NULL, bytes, err);
}

static struct weight *entry(struct store *store, int64_t layer, enum slot slot, int64_t expert) {
    return (struct weight *)(expert < 0 ? binding_weight(&store->table, layer, slot)
                                        : binding_expert(&store->table, layer, slot, expert));
}

static void put(void *argument, const struct place *place) {
    struct store *store = argument;
    unsigned char *at = store->memory + place->offset;
    struct weight *w = entry(store, place->layer, place->slot, place->expert);
    *w = weight_matrix(at, place->dtype, place->rows, place->cols);
    w->name = slot_name(place->slot);
    if (slot_is_decoded(place->slot))
        *store_vector_at(store, place->layer, place->slot) = (const float *)(void *)at;
}

static bool take_table(struct store *store, struct sy_error *err) {
    struct binding *t = &store->table;
    int64_t layers = store->spec.decoder.layer_count, experts = store->spec.router.experts, views;
    if (!size_mul(layers * (SLOT_COUNT - SLOT_EXPERT_GATE), max_i64(experts, 1), &views))
        return sy_fail(err, SY_ERR_LIMIT, "the table of experts overflows 64 bits");
    t->layers = layers, t->experts = experts;
    t->layer = arena_new(&store->arena, struct weight, layers * SLOT_COUNT, err);
    t->expert = t->layer ? arena_new(&store->arena, struct weight, views, err) : NULL;
    return t->expert != NULL;
}

bool store_own(const struct spec *spec, enum dtype dtype, struct store *store, struct sy_error *err) {
    int64_t bytes = 0;
    if (!store_begin(spec, store, err) || !take_table(store, err)) goto fail;
    if (!store_own_bytes(spec, dtype, &bytes, err) || !store_take(store, bytes, err)) goto fail;
    memset(store->memory, 0, (size_t)bytes);
    if (!walk_weights(spec, dtype, put, store, &bytes, err)) goto fail;
    if (spec->tied) store->table.global[SLOT_HEAD] = store->table.global[SLOT_EMBED];
    store->writable = true;
    return true;
fail:
    store_close(store);
    return false;
}

void *store_owned(struct store *store, int64_t layer, enum slot slot, int64_t expert) {
    assert(store->writable && (expert >= 0) == slot_is_expert(slot));
    return (void *)entry(store, layer, slot, expert)->data;
}
