/*
 * A store brought into records: the same bits, of exactly the bytes that were computed, and the model's own
 * table as it was bound.
 */
#include "store/store.h"

#include "base/checked.h"
#include "tensor/records.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

enum { N = 70 };

/* Every weight of the table, against the model's: the same numbers. Returns how many are in records. */
static int64_t compare(const struct weight *got, const struct weight *want, int64_t count) {
    int64_t records = 0;
    for (int64_t i = 0; i < count; i++) {
        assert_false(want[i].records);
        assert_int_equal(weight_exists(&got[i]), weight_exists(&want[i]));
        if (!got[i].records) {
            assert_ptr_equal(got[i].data, want[i].data);
            continue;
        }
        records++;
        for (int64_t n = 0; n < got[i].rows; n += 1 + n / 8) {
            float a[8], b[8];
            int64_t columns = min_i64(8, got[i].cols);
            weight_get_row(&got[i], n, got[i].cols - columns, columns, a);
            weight_get_row(&want[i], n, got[i].cols - columns, columns, b);
            assert_same_bits(a, b, (size_t)columns);
        }
    }
    return records;
}

static int64_t compare_tables(const struct binding *got, const struct binding *want) {
    int64_t records = compare(got->global, want->global, SLOT_ATTENTION_NORM);
    records += compare(got->layer, want->layer, want->layers * SLOT_COUNT);
    return records +
           compare(got->expert, want->expert, want->layers * (SLOT_COUNT - SLOT_EXPERT_GATE) * want->experts);
}

static void packed_gives_the_bits(enum tiny_base base, enum dtype dtype, enum compute compute,
                                  enum regime regime) {
    static float want[N * 4096], got[N * 4096];
    int64_t ids[N];
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct tiny_run run = {
        .level = level_of_machine(), .threads = 3, .compute = compute, .regime = regime, .steps = 5
    };
    arena_open(&arena);
    tiny_spec_blocks(base, dtype != DTYPE_Q4_K, &arena, &spec);
    assert_true(spec.vocab <= 4096);
    for (int64_t i = 0; i < N; i++) ids[i] = (i * i * 7 + 3 * i) % spec.vocab;
    assert_true(tiny_open(&tiny, &spec, dtype, &run, NULL));
    struct session *s = &tiny.session;
    tiny_logits(&tiny, &run, ids, N, want, NULL);
    int64_t bytes = store_packed_bytes(&s->model.binding, &s->numerics);
    assert_true(bytes > 0);
    assert_true(store_pack(&s->store, &s->numerics, s->team, NULL));
    assert_int_equal(s->store.records_bytes, bytes);
    assert_true(compare_tables(&s->store.table, &s->model.binding) > spec.decoder.layer_count);
    print_message("%s, %s\n", tiny_name(base), dtype_name(dtype));
    tiny_logits(&tiny, &run, ids, N, got, NULL);
    assert_same_bits(got, want, (size_t)(N * spec.vocab));
    memset(s->store.records, 0x3c, (size_t)bytes); /* it is what products read */
    tiny_logits(&tiny, &run, ids, N, got, NULL);
    assert_true(memcmp(got, want, (size_t)(N * spec.vocab) * sizeof *got) != 0);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(records_change_no_bit) {
    static const enum dtype dtypes[] = { DTYPE_BF16, DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_Q4_1, DTYPE_Q4_K };
    for (int d = 0; d < 5; d++) {
        packed_gives_the_bits(TINY_MIXTRAL, dtypes[d], COMPUTE_BF16, REGIME_INTEGER);
        packed_gives_the_bits(TINY_MIXTRAL, dtypes[d], COMPUTE_BF16, REGIME_BF16);
    }
    packed_gives_the_bits(TINY_GPT_OSS, DTYPE_BF16, COMPUTE_BF16, REGIME_INTEGER);
    packed_gives_the_bits(TINY_DEEPSEEK, DTYPE_Q8_0, COMPUTE_BF16, REGIME_INTEGER);
    packed_gives_the_bits(TINY_LLAMA4, DTYPE_F32, COMPUTE_F32, REGIME_INTEGER);
}

/* A type that no product reads in records stays where it is. */
TEST(what_has_no_kernel_stays_mapped) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine(), .threads = 1 };
    arena_open(&arena);
    tiny_spec(TINY_MIXTRAL, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F16, &run, NULL));
    struct session *s = &tiny.session;
    assert_int_equal(store_packed_bytes(&s->model.binding, &s->numerics), 0);
    assert_true(store_pack(&s->store, &s->numerics, s->team, NULL));
    assert_null(s->store.records);
    tiny_close(&tiny);
    arena_close(&arena);
}
