/*
 * Experts in waves (store/store.h): a request is given wave by wave, as its store's source has them.
 */
#include "store/store.h"

#include <assert.h>

struct store_request store_acquire(struct store *store, int64_t layer, const int32_t *ids, int64_t count,
                                   int32_t *order) {
    return (
        struct store_request){ .store = store, .layer = layer, .ids = ids, .order = order, .count = count };
}

bool store_next_wave(struct team *team, struct store_request *request, struct store_wave *wave) {
    if (request->given == request->count) return false;
    *wave = (struct store_wave){ .store = request->store, .layer = request->layer };
    request->store->source->next(team, request, wave);
    assert(wave->count > 0 && wave->count <= request->count - request->given);
    request->given += wave->count;
    return true;
}

const struct weight *wave_weight(const struct store_wave *wave, enum slot slot, int64_t index) {
    assert(index >= 0 && index < wave->count);
    return wave->store->source->weight(wave, slot, index);
}

void wave_vector(const struct store_wave *wave, enum slot slot, int64_t index, float *out) {
    const struct weight *bias = wave_weight(wave, slot, index);
    weight_get_row(bias, 0, 0, bias->cols, out);
}

void store_release(struct team *team, struct store_wave *wave) {
    wave->store->source->release(team, wave);
    wave->count = 0;
}

/* ---- resident: all at once, in the order asked for ---- */

static void resident_next(struct team *team, const struct store_request *request, struct store_wave *wave) {
    (void)team;
    wave->ids = request->ids + request->given;
    wave->count = request->count - request->given;
}

static const struct weight *resident_weight(const struct store_wave *wave, enum slot slot, int64_t index) {
    return binding_expert(&wave->store->table, wave->layer, slot, wave->ids[index]);
}

static void resident_release(struct team *team, struct store_wave *wave) {
    (void)team, (void)wave;
}

const struct store_source store_resident = { resident_next, resident_weight, resident_release };
