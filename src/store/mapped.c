/*
 * A store filled from a checkpoint: matrices stay in its mapping, vectors are decoded once.
 *
 * Vectors are small (norm weights, biases, sinks), are read for every row, and come in any dtype; operations
 * want them in f32. So they are decoded into one block whose size is computed from the spec alone: the sum of
 * all slots that are vectors, each rounded up to a cache line. Biases of experts are not among them:
 * gpt-oss-120b has 159 MB of them in f32, of which a token needs 3 %.
 */
#include "base/checked.h"
#include "store/store_private.h"

#define LINE 16 /* floats */

/* Walk all decoded vectors of a spec: floats of each, in one fixed order. Called with visit NULL to count. */
typedef void visit_fn(void *argument, int64_t layer, enum slot slot, int64_t count, int64_t offset);

static bool walk_vectors(const struct spec *spec, visit_fn *visit, void *argument, int64_t *total,
                         struct sy_error *err) {
    int64_t offset = 0;
    for (int64_t layer = -1; layer < spec->decoder.layer_count; layer++) {
        for (int s = 0; s < SLOT_COUNT; s++) {
            enum slot slot = (enum slot)s;
            int64_t rows, cols;
            if (!slot_is_decoded(slot) || slot_is_global(slot) != (layer < 0)) continue;
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

static void decode(void *argument, int64_t layer, enum slot slot, int64_t count, int64_t offset) {
    struct store *store = argument;
    float *target = (float *)(void *)store->memory + offset;
    weight_get_row(store_weight(store, layer, slot), 0, 0, count, target);
    *store_vector_at(store, layer, slot) = target;
}

bool store_open(const struct model *model, struct store *store, struct sy_error *err) {
    int64_t bytes = 0, floats;
    if (!store_begin(&model->spec, store, err)) goto fail;
    store->table = model->binding;
    store->path = model->path;
    if (!store_bytes(&model->spec, &bytes, err) || !store_take(store, bytes, err)) goto fail;
    if (!walk_vectors(&model->spec, decode, store, &floats, err)) goto fail;
    return true;
fail:
    store_close(store);
    return false;
}
