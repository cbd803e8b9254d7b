/*
 * The store: where a slot lives when an operation wants it, and who holds it. Nothing above touches a file.
 *
 *   mapped    used in place, from the checkpoint's read-only mapping: the matrices, today
 *   owned     decoded once to f32: vectors (norm weights, biases, sinks, selection bias), which are small;
 *             but not those of experts, which are many and come with their expert
 *   packed, streamed   later: the same calls
 *
 * Experts come in waves: those that are resident first, then others as they arrive. A resident model is one
 * wave. Outputs go to rows of their own, so the order of waves never shows.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "model/bind.h"

enum residence { RESIDENCE_MAPPED };

/* What a plan decides, and the engine obeys. */
struct placement {
    enum residence experts;
    int64_t kv_pages;   /* of the pool */
    int64_t batch_rows; /* at most, in one pass */
};

struct store {
    const struct model *model;
    float *vectors; /* owned, one block */
    int64_t vector_bytes;
    const float **layer; /* [(layers + 1) * SLOT_COUNT]: decoded vectors, layer -1 first; NULL where none */
    struct arena arena;  /* the tables */
};

/* Bytes of decoded vectors that store_open takes. False on overflow. */
SY_MUST_CHECK bool store_bytes(const struct spec *spec, int64_t *bytes, struct sy_error *err);
SY_MUST_CHECK bool store_open(const struct model *model, struct store *store,
                              struct sy_error *err); /* borrows the model */
void store_close(struct store *store);

/* A matrix that is always resident (attention, router, shared experts, embedding, head); .data NULL where the
 * model has none. */
const struct weight *store_weight(const struct store *store, int64_t layer, enum slot slot);
/* A vector in f32, or NULL where the model has none. layer -1: the model's own. */
const float *store_vector(const struct store *store, int64_t layer, enum slot slot);

/* Waves. ids: experts wanted, ascending, without repeats. Every thread of a team calls these with equal
 * arguments. */
struct store_wave {
    int64_t layer;
    const int32_t
        *ids; /* [count] experts of this wave; their weights by wave_weight, valid until store_release */
    int64_t count;
    const struct store *store;
};
struct store_request {
    const struct store *store;
    int64_t layer;
    const int32_t *ids;
    int64_t count, given;
};
struct store_request store_acquire(const struct store *store, int64_t layer, const int32_t *ids,
                                   int64_t count);
bool store_next_wave(struct store_request *request, struct store_wave *wave); /* false: all were given */
const struct weight *wave_weight(const struct store_wave *wave, enum slot slot,
                                 int64_t index); /* of ids[index] */
/* Decodes a bias of ids[index], which the model has, into `out`. */
void wave_vector(const struct store_wave *wave, enum slot slot, int64_t index, float *out);
void store_release(struct store_wave *wave);

#endif
