/*
 * The resident store: matrices stay in the checkpoint's mapping, vectors are decoded once.
 *
 * Vectors are small (norm weights, biases, sinks), are read for every row, and come in any dtype; operations
 * want them in f32. So they are decoded into one block whose size is computed from the spec alone: the sum of
 * all slots that are vectors, each rounded up to a cache line. Biases of experts are not among them:
 * gpt-oss-120b has 159 MB of them in f32, of which a token needs 3 %.
 */
#include "store/store.h"

#include "base/checked.h"
#include "base/os.h"

#include <assert.h>
#include <string.h>

#define LINE 16 /* floats */

/* Does the store decode this slot? The shared expert's gate is a vector by shape but a product by use. */
static bool decoded(enum slot slot) {
    return slot_is_vector(slot) && slot != SLOT_SHARED_SCALE && !slot_is_expert(slot);
}

/* Walk all decoded vectors of a spec: floats of each, in one fixed order. Called with visit NULL to count. */
typedef void visit_fn(void *argument, int64_t layer, enum slot slot, int64_t count, int64_t offset);

static bool walk_vectors(const struct spec *spec, visit_fn *visit, void *argument, int64_t *total,
                         struct sy_error *err) {
    int64_t offset = 0;
    for (int64_t layer = -1; layer < spec->decoder.layer_count; layer++) {
        for (int s = 0; s < SLOT_COUNT; s++) {
            enum slot slot = (enum slot)s;
            int64_t rows, cols;
            if (!decoded(slot) || slot_is_global(slot) != (layer < 0)) continue;
            if (!slot_shape(spec, layer, slot, &rows, &cols)) continue;
            int64_t end;
            if (!size_round_up(cols, LINE, &end) || !size_add(offset, end, &end))
                return sy_fail(err, SY_ERR_LIMIT, "the vectors of slot %s overflow 64 bits", slot_name(slot));
            if (visit) visit(argument, layer, slot, cols, offset);
            offset = end;
        }
    }
    *total = offset;
    return true;
}

bool store_bytes(const struct spec *spec, int64_t *bytes, struct sy_error *err) {
    int64_t floats = 0;
    if (!walk_vectors(spec, NULL, NULL, &floats, err)) return false;
    if (!size_mul(max_i64(floats, LINE), (int64_t)sizeof(float), bytes))
        return sy_fail(err, SY_ERR_LIMIT, "the vectors overflow 64 bits");
    return true;
}

static int64_t layer_index(int64_t layer, enum slot slot) {
    return (layer + 1) * SLOT_COUNT + (int64_t)slot;
}

static void decode(void *argument, int64_t layer, enum slot slot, int64_t count, int64_t offset) {
    struct store *store = argument;
    float *target = store->vectors + offset;
    weight_get_row(binding_weight(&store->model->binding, layer, slot), 0, 0, count, target);
    store->layer[layer_index(layer, slot)] = target;
}

bool store_open(const struct model *model, struct store *store, struct sy_error *err) {
    const struct spec *spec = &model->spec;
    int64_t floats = 0;
    memset(store, 0, sizeof *store);
    store->model = model;
    arena_open(&store->arena);
    if (!store_bytes(spec, &store->vector_bytes, err)) goto fail;
    store->layer = arena_new(&store->arena, const float *, (spec->decoder.layer_count + 1) * SLOT_COUNT, err);
    if (!store->layer) goto fail;
    void *block;
    if (!os_memory_take(store->vector_bytes, &block, err)) goto fail;
    store->vectors = block;
    if (!walk_vectors(spec, decode, store, &floats, err)) goto fail;
    return true;
fail:
    store_close(store);
    return false;
}

void store_close(struct store *store) {
    if (store->vectors) os_memory_release(store->vectors, store->vector_bytes);
    arena_close(&store->arena);
    memset(store, 0, sizeof *store);
}

const struct weight *store_weight(const struct store *store, int64_t layer, enum slot slot) {
    return binding_weight(&store->model->binding, layer, slot);
}

const float *store_vector(const struct store *store, int64_t layer, enum slot slot) {
    return store->layer[layer_index(layer, slot)];
}

struct store_request store_acquire(const struct store *store, int64_t layer, const int32_t *ids,
                                   int64_t count) {
    return (struct store_request){ .store = store, .layer = layer, .ids = ids, .count = count };
}

bool store_next_wave(struct store_request *request, struct store_wave *wave) {
    if (request->given == request->count) return false;
    *wave = (struct store_wave){ .layer = request->layer,
                                 .ids = request->ids + request->given,
                                 .count = request->count - request->given,
                                 .store = request->store };
    request->given = request->count;
    return true;
}

const struct weight *wave_weight(const struct store_wave *wave, enum slot slot, int64_t index) {
    assert(index >= 0 && index < wave->count);
    return binding_expert(&wave->store->model->binding, wave->layer, slot, wave->ids[index]);
}

void wave_vector(const struct store_wave *wave, enum slot slot, int64_t index, float *out) {
    const struct weight *bias = wave_weight(wave, slot, index);
    weight_get_row(bias, 0, 0, bias->cols, out);
}

void store_release(struct store_wave *wave) {
    wave->count = 0;
}
