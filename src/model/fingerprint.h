/*
 * A model's fingerprint: what a file that only makes sense with this model (saved keys and values) is bound
 * to.
 *
 * It covers the whole spec, and of every bound weight its slot, dtype and shape, and a few of its elements:
 * the first, the last, and some between at places that depend on the weight's index alone. Two checkpoints
 * that differ by training or quantisation differ there; one that was changed in a single element elsewhere is
 * taken for the same. A checkpoint of 400 GB is read at some 200,000 places, not as a whole. Names, and the
 * form of the file, do not count.
 */
#ifndef MODEL_FINGERPRINT_H
#define MODEL_FINGERPRINT_H

#include "base/hash.h"
#include "model/bind.h"

/* False only without memory. */
SY_MUST_CHECK bool model_fingerprint(const struct spec *spec, const struct binding *binding,
                                     uint8_t out[HASH_BYTES], struct sy_error *err);

#endif
