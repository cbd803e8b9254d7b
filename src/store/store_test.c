/*
 * The store gives what the binding holds: vectors decoded once, matrices where they lie, experts in waves;
 * and takes what store_bytes says.
 */
#include "store/store.h"

#include "base/checked.h"
#include "base/os.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

enum { COLS_MOST = 4096 };

static void open_base(struct tiny *tiny, enum tiny_base base, enum dtype dtype, struct arena *arena) {
    struct spec spec;
    struct tiny_run run = { .level = LEVEL_REF };
    struct sy_error err = { 0 };
    arena_open(arena);
    tiny_spec(base, arena, &spec);
    if (!tiny_open(tiny, &spec, dtype, &run, &err)) fail_msg("%s: %s", tiny_name(base), err.message);
    print_message("%s in %s\n", tiny_name(base), dtype_name(dtype));
}

static void close_base(struct tiny *tiny, struct arena *arena) {
    tiny_close(tiny);
    arena_close(arena);
}

/* The weight of a slot that the store decodes for this layer; NULL where it decodes none. */
static const struct weight *vector_of(const struct model *model, int64_t layer, enum slot slot) {
    if (slot_is_global(slot) != (layer < 0) || slot_is_expert(slot)) return NULL;
    const struct weight *w = binding_weight(&model->binding, layer, slot);
    if (!weight_exists(w) || !slot_is_vector(slot) || slot == SLOT_SHARED_SCALE) return NULL;
    return w;
}

/* Every vector of every layer; returns their bytes, each on cache lines of its own. */
static int64_t check_vectors(const struct store *store, const struct model *model) {
    const float *first = (const float *)(const void *)store->memory, *end = first;
    int64_t bytes = 0;
    for (int64_t layer = -1; layer < model->spec.decoder.layer_count; layer++)
        for (int s = 0; s < SLOT_COUNT; s++) {
            const float *got = store_vector(store, layer, (enum slot)s);
            const struct weight *w = vector_of(model, layer, (enum slot)s);
            float want[COLS_MOST];
            if (!w != !got) fail_msg("layer %d: %s", (int)layer, slot_name((enum slot)s));
            if (!w) continue;
            assert_true(w->cols <= COLS_MOST);
            weight_get_row(w, 0, 0, w->cols, want);
            assert_same_bits(got, want, (size_t)w->cols);
            assert_int_equal((uintptr_t)got % 64, 0);
            assert_true(got >= end); /* in the order of slots, none within another */
            end = got + w->cols;
            bytes += round_up(w->cols * (int64_t)sizeof(float), 64);
        }
    assert_true(end <= first + store->memory_bytes / (int64_t)sizeof(float));
    return bytes;
}

TEST(vectors_are_what_the_binding_holds) {
    static const enum dtype dtypes[] = { DTYPE_F32, DTYPE_BF16, DTYPE_F16 };
    for (int base = 0; base < TINY_BASE_COUNT; base++)
        for (int d = 0; d < 3; d++) {
            struct arena arena;
            struct tiny tiny;
            int64_t bytes;
            open_base(&tiny, (enum tiny_base)base, dtypes[d], &arena);
            const struct store *store = &tiny.session.store;
            int64_t decoded = check_vectors(store, &tiny.session.model);
            assert_true(store_bytes(tiny.spec, &bytes, NULL));
            assert_int_equal(bytes, decoded); /* by the spec alone */
            assert_int_equal(bytes, store->memory_bytes);
            close_base(&tiny, &arena);
        }
}

/* They would be 159 MB of gpt-oss-120b. */
TEST(biases_of_experts_take_no_memory_of_the_store) {
    struct arena arena;
    struct spec spec;
    int64_t with, without;
    arena_open(&arena);
    tiny_spec(TINY_GPT_OSS, &arena, &spec);
    assert_true(spec.expert_bias);
    assert_true(store_bytes(&spec, &with, NULL));
    spec.expert_bias = false;
    assert_true(store_bytes(&spec, &without, NULL));
    assert_int_equal(with, without);
    arena_close(&arena);
}

TEST(vectors_without_end_are_refused) {
    struct arena arena;
    struct spec spec;
    int64_t bytes, before = 0;
    arena_open(&arena);
    tiny_spec(TINY_GPT_OSS, &arena, &spec);
    bool refused = false;
    for (spec.width = 16; spec.width > 0 && spec.width < INT64_MAX / 2; spec.width *= 2) {
        struct sy_error err = { 0 };
        bool taken = store_bytes(&spec, &bytes, &err);
        assert_true(!(refused && taken));
        assert_true(taken ? bytes > before : err.code == SY_ERR_LIMIT);
        before = taken ? bytes : before;
        refused = !taken;
    }
    assert_true(refused);
    spec.width = INT64_MAX;
    assert_false(store_bytes(&spec, &bytes, NULL));
    arena_close(&arena);
}

TEST(matrices_stay_where_they_lie) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct tiny tiny;
        open_base(&tiny, (enum tiny_base)base, DTYPE_BF16, &arena);
        const struct store *store = &tiny.session.store;
        for (int64_t layer = -1; layer < tiny.spec->decoder.layer_count; layer++)
            for (int s = 0; s < SLOT_COUNT; s++) {
                enum slot slot = (enum slot)s;
                int64_t rows, cols;
                if (slot_is_vector(slot) || slot_is_expert(slot)) continue;
                const struct weight *got = store_weight(store, layer, slot);
                bool there =
                    slot_is_global(slot) == (layer < 0) && slot_shape(tiny.spec, layer, slot, &rows, &cols);
                assert_int_equal(weight_exists(got), there);
                assert_ptr_equal(got->data, binding_weight(&tiny.session.model.binding, layer, slot)->data);
                if (there) assert_true(got->rows == rows && got->cols == cols && got->dtype == DTYPE_BF16);
            }
        const struct weight *embed = store_weight(store, -1, SLOT_EMBED),
                            *head = store_weight(store, -1, SLOT_HEAD);
        assert_int_equal(head->data == embed->data, tiny.spec->tied);
        close_base(&tiny, &arena);
    }
}

/* Of the experts of one layer: a single wave, all that were asked for, in their order. */
static void check_wave(struct store *store, int64_t layer, const int32_t *ids, int64_t count) {
    const struct spec *spec = &store->spec;
    int32_t order[6];
    struct store_request request = store_acquire(store, layer, ids, count, order);
    struct store_wave wave;
    assert_true(store_next_wave(NULL, &request, &wave));
    assert_int_equal(wave.count, count);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(wave.ids[i], ids[i]);
        for (int s = SLOT_EXPERT_GATE; s < SLOT_COUNT; s++) {
            enum slot slot = (enum slot)s;
            const struct weight *want = binding_expert(&store->table, layer, slot, ids[i]);
            const struct weight *got = wave_weight(&wave, slot, i);
            int64_t rows, cols;
            assert_int_equal(weight_exists(got), slot_shape(spec, layer, slot, &rows, &cols));
            assert_ptr_equal(got->data, want->data);
            if (!weight_exists(got) || !slot_is_vector(slot)) continue;
            float bias[COLS_MOST], row[COLS_MOST];
            assert_true(cols < COLS_MOST);
            bias[cols] = 12345; /* no more than that is written */
            wave_vector(&wave, slot, i, bias);
            weight_get_row(want, 0, 0, cols, row);
            assert_same_bits(bias, row, (size_t)cols);
            assert_true(bias[cols] == 12345);
        }
    }
    store_release(NULL, &wave);
    assert_false(store_next_wave(NULL, &request, &wave));
    assert_false(store_next_wave(NULL, &request, &wave));
}

TEST(a_resident_model_is_one_wave) {
    static const int32_t all[] = { 0, 1, 2, 3, 4, 5 }, some[] = { 1, 4, 5 }, last[] = { 5 };
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct tiny tiny;
        open_base(&tiny, (enum tiny_base)base, DTYPE_BF16, &arena);
        struct store *store = &tiny.session.store;
        for (int64_t layer = 0; layer < tiny.spec->decoder.layer_count; layer++) {
            if (tiny.spec->decoder.layers[layer].ffn != FFN_MOE) continue;
            check_wave(store, layer, all, 6);
            check_wave(store, layer, some, 3);
            check_wave(store, layer, last, 1);
            struct store_request none = store_acquire(store, layer, all, 0, NULL);
            struct store_wave wave;
            assert_false(store_next_wave(NULL, &none, &wave));
        }
        close_base(&tiny, &arena);
    }
}

/* Requests know nothing of one another, as threads of a team need it. */
TEST(requests_side_by_side_do_not_meet) {
    static const int32_t a[] = { 0, 2 }, b[] = { 3 };
    struct arena arena;
    struct tiny tiny;
    struct store_wave x, y, z;
    open_base(&tiny, TINY_MIXTRAL, DTYPE_F32, &arena);
    struct store *store = &tiny.session.store;
    struct store_request first = store_acquire(store, 0, a, 2, NULL),
                         again = store_acquire(store, 0, a, 2, NULL),
                         second = store_acquire(store, 1, b, 1, NULL);
    assert_true(store_next_wave(NULL, &first, &x) && store_next_wave(NULL, &second, &y) &&
                store_next_wave(NULL, &again, &z));
    assert_true(x.layer == 0 && y.layer == 1 && z.layer == 0);
    assert_true(x.count == 2 && y.count == 1 && z.count == 2);
    store_release(NULL, &x);
    assert_ptr_equal(wave_weight(&z, SLOT_EXPERT_UP, 1), binding_expert(&store->table, 0, SLOT_EXPERT_UP, 2));
    assert_ptr_equal(wave_weight(&y, SLOT_EXPERT_UP, 0), binding_expert(&store->table, 1, SLOT_EXPERT_UP, 3));
    close_base(&tiny, &arena);
}

TEST(a_second_store_over_a_model_is_its_own) {
    struct arena arena;
    struct tiny tiny;
    struct store other;
    open_base(&tiny, TINY_PHI, DTYPE_BF16, &arena);
    struct store *store = &tiny.session.store;
    assert_true(store_open(&tiny.session.model, &other, NULL));
    assert_ptr_not_equal(other.memory, store->memory);
    check_vectors(&other, &tiny.session.model);
    memset(store->memory, 0, (size_t)store->memory_bytes);
    check_vectors(&other, &tiny.session.model);
    store_close(store);
    check_vectors(&other, &tiny.session.model);
    store_close(&other);
    close_base(&tiny, &arena);
}

/* Nothing is left in a struct that was closed, nor in one whose opening failed: both can be closed again. */
TEST(a_closed_store_may_be_closed_again) {
    static const struct store nothing;
    struct arena arena;
    struct tiny tiny;
    struct store store;
    open_base(&tiny, TINY_DENSE, DTYPE_F32, &arena);
    assert_true(store_open(&tiny.session.model, &store, NULL));
    for (int i = 0; i < 2; i++) {
        store_close(&store);
        assert_null(store.vectors);
        assert_null(store.memory);
    }
    store = nothing;
    store_close(&store);

    struct os_fault_plan plan = { OS_FAULT_FAIL, 1, 0 };
    struct sy_error err = { 0 };
    os_fault_install(&plan);
    bool taken = store_open(&tiny.session.model, &store, &err);
    os_fault_install(NULL);
    assert_false(taken);
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_null(store.vectors);
    assert_null(store.memory);
    store_close(&store);
    assert_true(store_open(&tiny.session.model, &store, NULL));
    check_vectors(&store, &tiny.session.model);
    store_close(&store);
    close_base(&tiny, &arena);
}
