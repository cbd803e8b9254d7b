/* What the ways to fill a store share. For the files of this folder alone. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/store.h"

/* An empty table for a copy of the spec; store_close it, also on failure. */
SY_MUST_CHECK bool store_begin(const struct spec *spec, struct store *store, struct sy_error *err);
/* The memory that it holds itself, zeroed. */
SY_MUST_CHECK bool store_take(struct store *store, int64_t bytes, struct sy_error *err);
const float **store_vector_at(struct store *store, int64_t layer, enum slot slot);

/* Is this slot kept as a vector in f32? The shared expert's gate is a vector by shape but a product by
 * use. */
static inline bool slot_is_decoded(enum slot slot) {
    return slot_is_vector(slot) && slot != SLOT_SHARED_SCALE && !slot_is_expert(slot);
}

#endif
