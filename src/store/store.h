/*
 * The store: where a slot lives when an operation wants it, and who holds it. It has its own spec and a table
 * of weights by slot; what fills the table is one of
 *
 *   mapped    store_open: matrices in place, in a checkpoint's read-only mapping; vectors (norm weights,
 *             biases, sinks, selection bias) decoded once to f32, since they are small; but not those of
 *             experts, which are many and come with their expert
 *   owned     store_own: writable memory of its own, zeros at first. Training's weights; a second store of
 *             the same shape holds their gradients. A vector is the owned memory itself, not a copy
 *   packed    store_pack, behind store_open: matrices brought into records (tensor/records.h), in memory of
 *             its own in place of the mapping's
 *   streamed  later: the same calls
 *
 * Experts come in waves: those that are resident first, then others as they arrive, in any order. Rows of an
 * expert go to places of their own, so the order never shows. Who decides what a wave holds is the store's
 * source; a resident model is one wave.
 *
 * Nothing above touches a file.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/team.h"
#include "kernels/numerics.h"
#include "model/bind.h"

struct store_source;

struct store {
    struct spec spec;      /* its own copy */
    struct binding table;  /* weights by slot; arrays borrowed from the model, or in the arena */
    const float **vectors; /* [(layers + 1) * SLOT_COUNT] f32, layer -1 first; NULL where none */
    const struct store_source *source;
    void *source_state;    /* the source's; NULL for resident weights */
    unsigned char *memory; /* what it holds itself: decoded vectors, or everything */
    int64_t memory_bytes;
    unsigned char *records; /* matrices brought into records; NULL: none were */
    int64_t records_bytes;
    bool writable;
    const char *path;   /* where the weights came from, for messages; NULL: from nowhere */
    struct arena arena; /* the tables */
};

/* ---- filled from a checkpoint ---- */

/* Bytes of decoded vectors that store_open takes. False on overflow. */
SY_MUST_CHECK bool store_bytes(const struct spec *spec, int64_t *bytes, struct sy_error *err);
/* Borrows the model's views and path. */
SY_MUST_CHECK bool store_open(const struct model *model, struct store *store, struct sy_error *err);

/* Brings what products read in records (matmul_reads_records) into them, by all threads; the mapping's pages
 * are given back meanwhile. No bit of a result depends on it. On failure the store is to be closed. */
SY_MUST_CHECK bool store_pack(struct store *store, const struct numerics *numerics, struct team_pool *team,
                              struct sy_error *err);
/* Bytes of the table that it then has beside the model's. By the spec alone. */
SY_MUST_CHECK bool store_tables_bytes(const struct spec *spec, int64_t *bytes, struct sy_error *err);
/* Bytes that it takes, of a bound table: those that these weights have where they are. 0: there are none. */
int64_t store_packed_bytes(const struct binding *table, const struct numerics *numerics);

/* ---- filled from nothing ---- */

/* Bytes of all weights of a spec with matrices of `dtype` (a plain one) and vectors in f32: what store_own
 * takes. A tied head is the embedding. */
SY_MUST_CHECK bool store_own_bytes(const struct spec *spec, enum dtype dtype, int64_t *bytes,
                                   struct sy_error *err);
SY_MUST_CHECK bool store_own(const struct spec *spec, enum dtype dtype, struct store *store,
                             struct sy_error *err);
/* Where an owned weight may be written, row-major as store_weight or wave_weight shows it; expert -1: none.
 * NULL where the spec has no such weight. */
void *store_owned(struct store *store, int64_t layer, enum slot slot, int64_t expert);

void store_close(struct store *store); /* may be called again, and on zeros */

/* ---- read ---- */

/* A matrix that is always resident (attention, router, shared experts, embedding, head); .data NULL where the
 * model has none. */
const struct weight *store_weight(const struct store *store, int64_t layer, enum slot slot);
/* A vector in f32, or NULL where the model has none. layer -1: the model's own. */
const float *store_vector(const struct store *store, int64_t layer, enum slot slot);
/* The first weight that holds a NaN or infinity, by tensor name; false when there is none. Reads
 * everything. */
bool store_find_nonfinite(const struct store *store, char *name, size_t size);

/* ---- experts, in waves ---- */

/* All threads of a team call these with equal arguments. */
struct store_request { /* this thread's view of what is asked for */
    struct store *store;
    int64_t layer;
    const int32_t *ids; /* [count] experts wanted, ascending, without repeats; borrowed */
    int32_t *order;     /* [count] room for the source's own order of them, shared by the team; borrowed */
    int64_t count, given;
};
struct store_wave {
    struct store *store;
    int64_t layer;
    const int32_t
        *ids; /* [count] experts of this wave; their weights by wave_weight, valid until store_release */
    int64_t count;
};
struct store_request store_acquire(struct store *store, int64_t layer, const int32_t *ids, int64_t count,
                                   int32_t *order);
bool store_next_wave(struct team *team, struct store_request *request,
                     struct store_wave *wave); /* false: all were given */
const struct weight *wave_weight(const struct store_wave *wave, enum slot slot,
                                 int64_t index); /* of ids[index] */
/* Decodes a bias of ids[index], which the model has, into `out`. */
void wave_vector(const struct store_wave *wave, enum slot slot, int64_t index, float *out);
void store_release(struct team *team, struct store_wave *wave);

/* How experts arrive: what a cache of streamed experts will be, and what tests put in to shuffle. Every
 * thread calls with equal arguments; where what comes next differs by the moment, one rank decides, writes
 * request->order and the barrier publishes. */
struct store_source {
    /* fills ids and count (at least one, at most what is left) */
    void (*next)(struct team *team, const struct store_request *request, struct store_wave *wave);
    const struct weight *(*weight)(const struct store_wave *wave, enum slot slot, int64_t index);
    void (*release)(struct team *team, struct store_wave *wave);
};
extern const struct store_source store_resident; /* all that is left, where the table says */

#endif
