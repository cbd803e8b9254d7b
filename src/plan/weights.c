/*
 * Sizes of weights by slot. A checkpoint's come from the views that the pass would read, and its total from
 * the census, which is what a session adds up.
 */
#include "plan/weights.h"

#include "base/checked.h"

const char *weights_name(const struct weights *w) {
    return w->recipe ? w->recipe->name : "as stored";
}

static bool stored_bytes(const struct weights *w, int64_t layer, enum slot slot, int64_t *bytes) {
    const struct binding *binding = &w->model->binding;
    int64_t rows, cols, total = 0, experts = w->spec->router.experts;
    *bytes = 0;
    if (!slot_shape(w->spec, layer, slot, &rows, &cols) || (slot == SLOT_HEAD && w->spec->tied)) return true;
    if (!slot_is_expert(slot)) {
        *bytes = weight_bytes(binding_weight(binding, layer, slot));
        return true;
    }
    for (int64_t e = 0; e < experts; e++)
        if (!size_add(total, weight_bytes(binding_expert(binding, layer, slot, e)), &total)) return false;
    *bytes = total / experts;
    return true;
}

bool weights_slot_bytes(const struct weights *w, int64_t layer, enum slot slot, int64_t *bytes) {
    return w->recipe ? recipe_slot_bytes(w->recipe, w->spec, layer, slot, bytes)
                     : stored_bytes(w, layer, slot, bytes);
}

bool weights_bytes(const struct weights *w, int64_t *bytes, struct sy_error *err) {
    if (w->recipe) return recipe_bytes(w->recipe, w->spec, bytes, err);
    *bytes = 0;
    for (int d = 0; d <= DTYPE_COUNT; d++) /* the last: types that are not read */
        if (!size_add(*bytes, w->model->census.dtype_bytes[d], bytes))
            return sy_fail(err, SY_ERR_LIMIT, "the weights pass 2^63 bytes");
    return true;
}
