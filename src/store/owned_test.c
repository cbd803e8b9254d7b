/*
 * A store filled from nothing: every slot of a spec, writable, of exactly the bytes that were computed; and a
 * second one of the same shape beside it. Weights copied into it give the bits of the model they came from.
 */
#include "store/store.h"

#include "base/checked.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

enum { N = 40, VOCAB = 37 };

/* Calls `visit` for every weight of the store. */
static void each_weight(struct store *store, void *argument,
                        void (*visit)(struct store *store, int64_t layer, enum slot slot, int64_t expert,
                                      const struct weight *weight, void *argument)) {
    const struct spec *spec = &store->spec;
    for (int64_t layer = -1; layer < spec->decoder.layer_count; layer++)
        for (int s = 0; s < SLOT_COUNT; s++) {
            enum slot slot = (enum slot)s;
            int64_t rows, cols;
            if (slot_is_global(slot) != (layer < 0) || !slot_shape(spec, layer, slot, &rows, &cols)) continue;
            if (!slot_is_expert(slot))
                visit(store, layer, slot, -1, store_weight(store, layer, slot), argument);
            for (int64_t e = 0; slot_is_expert(slot) && e < spec->router.experts; e++)
                visit(store, layer, slot, e, binding_expert(&store->table, layer, slot, e), argument);
        }
}

struct extent {
    int64_t bytes, count;
    const unsigned char *end;
};

static void measure(struct store *store, int64_t layer, enum slot slot, int64_t expert,
                    const struct weight *w, void *argument) {
    struct extent *x = argument;
    int64_t rows, cols;
    assert_true(slot_shape(&store->spec, layer, slot, &rows, &cols) && w->rows == rows && w->cols == cols);
    assert_ptr_equal(w->data, store_owned(store, layer, slot, expert));
    if (slot == SLOT_HEAD && store->spec.tied) {
        assert_ptr_equal(w->data, store_weight(store, -1, SLOT_EMBED)->data);
        return;
    }
    assert_int_equal(w->dtype, slot_is_vector(slot) ? DTYPE_F32 : DTYPE_BF16);
    assert_true(w->data >= store->memory && w->data + weight_bytes(w) <= store->memory + store->memory_bytes);
    assert_int_equal((uintptr_t)w->data % 64, 0);
    for (int64_t i = 0; i < weight_bytes(w); i++) assert_int_equal(w->data[i], 0);
    memset(store_owned(store, layer, slot, expert), (int)(slot + 1),
           (size_t)weight_bytes(w)); /* nobody else's */
    x->bytes += round_up(weight_bytes(w), 64);
    x->count++;
}

TEST(a_store_filled_from_nothing_has_every_slot) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct store store, gradients;
        struct extent extent = { 0 };
        int64_t bytes;
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        assert_true(store_own_bytes(&spec, DTYPE_BF16, &bytes, NULL));
        assert_true(store_own(&spec, DTYPE_BF16, &store, NULL));
        assert_true(store_own(&store.spec, DTYPE_BF16, &gradients, NULL)); /* a second of the same shape */
        each_weight(&store, &extent, measure);
        assert_int_equal(extent.bytes, bytes);
        assert_int_equal(store.memory_bytes, bytes);
        assert_int_equal(gradients.memory_bytes, bytes);
        struct extent second = { 0 };
        each_weight(&gradients, &second, measure); /* still zeros: what was written went to the first */
        assert_int_equal(second.count, extent.count);
        store_close(&store);
        store_close(&gradients);
        store_close(&gradients);
        arena_close(&arena);
    }
}

static void copy_weight(struct store *store, int64_t layer, enum slot slot, int64_t expert,
                        const struct weight *w, void *argument) {
    const struct binding *from = argument;
    const struct weight *source =
        expert < 0 ? binding_weight(from, layer, slot) : binding_expert(from, layer, slot, expert);
    float *row = malloc((size_t)w->cols * sizeof *row);
    for (int64_t n = 0; n < w->rows; n++) {
        weight_get_row(source, n, 0, w->cols, row);
        unsigned char *to = (unsigned char *)store_owned(store, layer, slot, expert) + n * w->row_stride;
        dtype_from_f32(w->dtype, row, w->cols, to);
    }
    free(row);
}

/* Its vectors are read where they are written: no copy stands between. */
TEST(owned_weights_give_the_bits_of_mapped_ones) {
    int64_t ids[N];
    for (int64_t i = 0; i < N; i++) ids[i] = (i * i * 7 + 3 * i) % VOCAB;
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        struct store owned, mapped;
        float want[N * VOCAB], got[N * VOCAB];
        struct tiny_run run = { .level = level_of_machine(), .threads = 2, .steps = 7 };
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, NULL));
        tiny_logits(&tiny, &run, ids, N, want, NULL);
        assert_true(store_own(&spec, DTYPE_F32, &owned, NULL));
        each_weight(&owned, &tiny.session.model.binding, copy_weight);
        mapped = tiny.session.store; /* the pass goes on over the other's weights */
        tiny.session.store = owned;
        tiny_logits(&tiny, &run, ids, N, got, NULL);
        print_message("%s\n", tiny_name((enum tiny_base)base));
        assert_same_bits(got, want, N * VOCAB);
        float *norm = store_owned(&tiny.session.store, -1, SLOT_FINAL_NORM, -1);
        for (int64_t i = 0; i < spec.width; i++) norm[i] *= 2;
        tiny_logits(&tiny, &run, ids, N, got, NULL);
        assert_true(memcmp(got, want, sizeof want) != 0);
        tiny.session.store = mapped;
        store_close(&owned);
        tiny_close(&tiny);
        arena_close(&arena);
    }
}

TEST(owned_weights_without_end_are_refused) {
    struct arena arena;
    struct spec spec;
    struct store store;
    struct sy_error err = { 0 };
    int64_t bytes;
    arena_open(&arena);
    tiny_spec(TINY_MIXTRAL, &arena, &spec);
    spec.width = INT64_MAX / 64;
    assert_false(store_own_bytes(&spec, DTYPE_F32, &bytes, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_false(store_own(&spec, DTYPE_F32, &store, &err));
    store_close(&store);
    arena_close(&arena);
}
