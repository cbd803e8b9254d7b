#include "kv/kv_private.h"

#include "base/checked.h"
#include "base/random.h"
#include "test.h"

#include <string.h>

/* Two layers, the second with a window of 300. */
static void small_spec(struct spec *spec, struct arena *arena) {
    arena_open(arena);
    spec_init(spec);
    spec->attention.kv_heads = 2;
    spec->attention.head_width = spec->attention.value_width = 4;
    assert_true(spec_layers(spec, arena, 2, NULL));
    spec->decoder.layers[1].window = WINDOW_SLIDING;
    spec->decoder.layers[1].window_size = 300;
}

/* Write a value into every byte of the rows of [from, to). */
static void write_rows(struct kv_sequence *s, int64_t from, int64_t to, int value) {
    for (int64_t layer = 0; layer < 2; layer++)
        for (int64_t p = from; p < to; p++) {
            const struct kv_layout *l = &s->pool->layout;
            for (int64_t head = 0; head < 2; head++) {
                memset((char *)kv_key(s, layer, p) + head * l->key_head_stride, value, (size_t)l->key_stride);
                memset((char *)kv_value(s, layer, p) + head * l->value_head_stride, value,
                       (size_t)l->value_stride);
            }
        }
}

/* What the row's key holds; its value holds the same. */
static int read_row(const struct kv_sequence *s, int64_t layer, int64_t p) {
    const struct kv_layout *l = &s->pool->layout;
    const unsigned char *key = kv_key(s, layer, p), *value = kv_value(s, layer, p);
    assert_int_equal(key[l->key_head_stride + l->key_stride - 1], key[0]);
    assert_int_equal(value[l->value_head_stride + l->value_stride - 1], key[0]);
    return key[0];
}

TEST(kv_layouts_hold_what_they_say) {
    struct spec spec;
    struct arena arena;
    small_spec(&spec, &arena);
    struct kv_layout l = kv_layout_of(&spec, DTYPE_F16);
    assert_int_equal(l.key_stride, 8);
    assert_int_equal(l.key_head_stride, 256 * 8);
    assert_int_equal(l.value_offset, 256 * 16);
    assert_int_equal(l.page_bytes, 256 * 32);
    l = kv_layout_of(&spec, DTYPE_Q8_0); /* a head of 4 takes a whole block of 32 */
    assert_int_equal(l.key_stride, 34);
    assert_int_equal(l.page_bytes, 256 * 34 * 4);
    spec.attention.kind = ATTENTION_LATENT;
    spec.attention.kv_lora_rank = 512;
    spec.attention.nope_width = 128;
    spec.attention.head_width = 192;
    l = kv_layout_of(&spec, DTYPE_BF16);
    assert_int_equal(l.key_width, 576); /* DeepSeek-V3: 576 elements a layer, never expanded keys */
    assert_int_equal(l.page_bytes, 256 * 576 * 2);
    assert_int_equal(kv_layout_of(&spec, DTYPE_Q8_0).page_bytes, 256 * 576 / 32 * 34);
    int64_t pages;
    struct sy_error err = { 0 };
    assert_true(kv_pages_needed(&spec, 3, 257, &pages, NULL));
    assert_int_equal(pages, 3 * 2 * 2);
    assert_false(kv_pages_needed(&spec, 1, (int64_t)1 << 39, &pages, &err)); /* 2^32 of them */
    assert_int_equal(err.code, SY_ERR_LIMIT);
    arena_close(&arena);
}

TEST(kv_pages_are_taken_and_given_back) {
    struct spec spec;
    struct arena arena;
    struct kv_pool *pool;
    struct kv_sequence *s;
    small_spec(&spec, &arena);
    assert_true(kv_pool_open(&spec, DTYPE_F32, 8, &pool, NULL));
    assert_true(kv_sequence_open(pool, 1024, &s, NULL));
    assert_true(kv_reserve(s, 300, NULL));
    assert_int_equal(kv_pool_free_pages(pool), 4);
    kv_commit(s, 300, KV_BY_PROMPT);
    assert_true(kv_reserve(s, 212, NULL)); /* the second pages have room */
    assert_int_equal(kv_pool_free_pages(pool), 4);
    kv_commit(s, 212, KV_BY_STEP);
    assert_int_equal(s->pool->roles[pool_index(pool, kv_pages(s, 0)[1])], KV_BY_PROMPT | KV_BY_STEP);
    struct sy_error err = { 0 };
    assert_false(kv_reserve(s, 600, &err)); /* more than its room */
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_false(kv_rollback(s, 513, NULL)); /* ahead is not back */
    assert_int_equal(kv_length(s), 512);
    assert_true(kv_rollback(s, 256, NULL));
    assert_int_equal(kv_pool_free_pages(pool), 6);
    assert_true(kv_reserve(s, 1, NULL)); /* a page that others made before forgets their roles */
    kv_commit(s, 1, KV_BY_PROMPT);
    assert_int_equal(s->pool->roles[pool_index(pool, kv_pages(s, 0)[1])], KV_BY_PROMPT);
    kv_sequence_close(s);
    assert_int_equal(kv_pool_free_pages(pool), 8);
    kv_pool_close(pool);
    arena_close(&arena);
}

TEST(kv_a_window_gives_its_pages_back) {
    struct spec spec;
    struct arena arena;
    struct kv_pool *pool;
    struct kv_sequence *s;
    small_spec(&spec, &arena);
    assert_true(kv_pool_open(&spec, DTYPE_F32, 8, &pool, NULL));
    assert_true(kv_sequence_open(pool, 1024, &s, NULL));
    assert_true(kv_reserve(s, 555, NULL));
    kv_commit(s, 555, KV_BY_PROMPT); /* position 555 sees 256 .. 555 in layer 1 */
    assert_null(kv_pages(s, 1)[0]);
    assert_non_null(kv_pages(s, 0)[0]);
    assert_non_null(kv_pages(s, 1)[1]);
    struct sy_error err = { 0 };
    assert_false(kv_rollback(s, 554, &err));
    assert_true(kv_rollback(s, 555, NULL));
    assert_true(kv_rollback(s, 0, NULL)); /* everything anew is always possible */
    assert_int_equal(kv_pool_free_pages(pool), 8);
    kv_sequence_close(s);
    kv_pool_close(pool);
    arena_close(&arena);
}

/* The layer that needs most decides, whichever comes first. */
TEST(kv_the_widest_window_bounds_the_way_back) {
    for (int wide = 0; wide < 2; wide++) {
        struct spec spec;
        struct arena arena;
        struct kv_pool *pool;
        struct kv_sequence *s;
        small_spec(&spec, &arena);
        for (int l = 0; l < 2; l++) {
            spec.decoder.layers[l].window = WINDOW_SLIDING;
            spec.decoder.layers[l].window_size = l == wide ? 300 : 2;
        }
        assert_true(kv_pool_open(&spec, DTYPE_F32, 8, &pool, NULL));
        assert_true(kv_sequence_open(pool, 1024, &s, NULL));
        assert_true(kv_reserve(s, 556, NULL));
        kv_commit(s, 556, KV_BY_PROMPT); /* 256 .. is left of the one, 512 .. of the other */
        assert_false(kv_rollback(s, 554, NULL));
        assert_true(kv_rollback(s, 555, NULL));
        kv_sequence_close(s);
        kv_pool_close(pool);
        arena_close(&arena);
    }
}

/* A chunk of 300 ends at 300 and at 600: a query at 599 sees 300 .. 599, one at 600 nothing before. */
TEST(kv_a_chunk_gives_its_pages_back) {
    struct spec spec;
    struct arena arena;
    struct kv_pool *pool;
    struct kv_sequence *s;
    small_spec(&spec, &arena);
    spec.decoder.layers[1].window = WINDOW_CHUNKED;
    assert_true(kv_pool_open(&spec, DTYPE_F32, 8, &pool, NULL));
    assert_true(kv_sequence_open(pool, 1024, &s, NULL));
    assert_true(kv_reserve(s, 600, NULL));
    kv_commit(s, 299, KV_BY_PROMPT);
    assert_non_null(kv_pages(s, 1)[0]);
    assert_true(kv_rollback(s, 1, NULL));
    assert_true(kv_reserve(s, 599, NULL));
    kv_commit(s, 598, KV_BY_PROMPT); /* 599 is next */
    assert_null(kv_pages(s, 1)[0]);
    assert_non_null(kv_pages(s, 1)[1]);
    assert_non_null(kv_pages(s, 0)[0]);
    assert_false(kv_rollback(s, 299, NULL)); /* its first chunk is gone */
    assert_true(kv_rollback(s, 300, NULL));
    assert_true(kv_reserve(s, 300, NULL));
    kv_commit(s, 300, KV_BY_PROMPT);
    assert_null(kv_pages(s, 1)[1]); /* 256 .. 511 lie before 600 */
    assert_non_null(kv_pages(s, 1)[2]);
    assert_false(kv_rollback(s, 599, NULL));
    assert_true(kv_rollback(s, 600, NULL));
    kv_sequence_close(s);
    assert_int_equal(kv_pool_free_pages(pool), 8);
    kv_pool_close(pool);
    arena_close(&arena);
}

TEST(kv_a_fork_shares_until_it_writes) {
    struct spec spec;
    struct arena arena;
    struct kv_pool *pool;
    struct kv_sequence *a, *b;
    small_spec(&spec, &arena);
    assert_true(kv_pool_open(&spec, DTYPE_F32, 16, &pool, NULL));
    assert_true(kv_sequence_open(pool, 1024, &a, NULL));
    kv_set_long_rope(a, true);
    assert_true(kv_reserve(a, 260, NULL));
    write_rows(a, 0, 260, 1);
    kv_commit(a, 260, KV_BY_PROMPT);
    assert_true(kv_sequence_fork(a, &b, NULL));
    assert_int_equal(kv_pool_free_pages(pool), 12);
    assert_int_equal(kv_length(b), 260);
    assert_true(kv_long_rope(b));         /* its keys were rotated so */
    assert_true(kv_reserve(b, 10, NULL)); /* copies the second page of each layer, not the first */
    assert_int_equal(kv_pool_free_pages(pool), 10);
    write_rows(b, 260, 270, 2);
    kv_commit(b, 10, KV_BY_STEP);
    assert_int_equal(pool->roles[pool_index(pool, kv_pages(b, 0)[1])], KV_BY_PROMPT | KV_BY_STEP);
    assert_int_equal(pool->roles[pool_index(pool, kv_pages(a, 0)[1])], KV_BY_PROMPT);
    assert_true(kv_reserve(a, 10, NULL)); /* its own alone again: no copy */
    assert_int_equal(kv_pool_free_pages(pool), 10);
    write_rows(a, 260, 270, 3);
    kv_commit(a, 10, KV_BY_STEP);
    for (int64_t layer = 0; layer < 2; layer++) {
        assert_int_equal(read_row(b, layer, 259), 1);
        assert_int_equal(read_row(b, layer, 265), 2);
        assert_int_equal(read_row(a, layer, 265), 3);
    }
    assert_ptr_equal(kv_pages(a, 0)[0], kv_pages(b, 0)[0]);
    kv_sequence_close(a);
    assert_int_equal(read_row(b, 0, 5), 1);
    kv_sequence_close(b);
    assert_int_equal(kv_pool_free_pages(pool), 16);
    kv_pool_close(pool);
    arena_close(&arena);
}

TEST(kv_a_full_pool_is_refused_and_changes_nothing) {
    struct spec spec;
    struct arena arena;
    struct kv_pool *pool;
    struct kv_sequence *s;
    struct sy_error err = { 0 };
    small_spec(&spec, &arena);
    assert_true(kv_pool_open(&spec, DTYPE_F32, 3, &pool, NULL));
    assert_true(kv_sequence_open(pool, 1024, &s, NULL));
    assert_false(kv_reserve(s, 257, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_int_equal(kv_pool_free_pages(pool), 3);
    assert_int_equal(kv_length(s), 0);
    assert_true(kv_reserve(s, 255, NULL));
    kv_commit(s, 255, KV_BY_PROMPT);
    struct kv_sequence *fork; /* would write into two shared pages, and one is free */
    assert_true(kv_sequence_fork(s, &fork, NULL));
    assert_false(kv_reserve(fork, 1, &err));
    assert_int_equal(kv_pool_free_pages(pool), 1);
    assert_ptr_equal(kv_pages(fork, 0)[0], kv_pages(s, 0)[0]);
    kv_sequence_close(fork);
    kv_sequence_close(s);
    assert_int_equal(kv_pool_free_pages(pool), 3);
    kv_pool_close(pool);
    arena_close(&arena);
}

/* Random sequences of reserve, commit, fork, rollback and close: what a sequence wrote is what it reads, and
 * no page is lost. */
TEST(kv_random_histories_keep_everyones_rows) {
    enum { N = 5, ROOM = 1500 };
    struct spec spec;
    struct arena arena;
    struct kv_pool *pool;
    struct kv_sequence *s[N] = { 0 };
    static unsigned char wrote[N][ROOM];
    struct random random = random_seed(11);
    small_spec(&spec, &arena);
    assert_true(kv_pool_open(&spec, DTYPE_F32, 40, &pool, NULL));
    for (int step = 0; step < 1500; step++) {
        int i = (int)random_below(&random, N), j = (int)random_below(&random, N);
        if (!s[i]) {
            if (s[j] && random_below(&random, 2)) {
                assert_true(kv_sequence_fork(s[j], &s[i], NULL));
                memcpy(wrote[i], wrote[j], ROOM);
            } else {
                assert_true(kv_sequence_open(pool, ROOM, &s[i], NULL));
            }
        }
        int64_t length = kv_length(s[i]), n = (int64_t)random_below(&random, 200);
        switch (random_below(&random, 8)) {
        case 0: {
            int64_t to = (int64_t)random_below(&random, (uint64_t)length + 1);
            if (kv_rollback(s[i], to, NULL)) assert_int_equal(kv_length(s[i]), to);
            break;
        }
        case 1:
            kv_sequence_close(s[i]);
            s[i] = NULL;
            continue;
        default:
            if (!kv_reserve(s[i], n, NULL)) break;
            int value = (int)random_below(&random, 250) + 1;
            write_rows(s[i], length, length + n, value);
            memset(wrote[i] + length, value, (size_t)n);
            kv_commit(s[i], n, KV_BY_STEP);
        }
        length = kv_length(s[i]);
        for (int64_t p = 0; p < length; p += 7) {
            assert_int_equal(read_row(s[i], 0, p), wrote[i][p]);
            if (p > length - 300) assert_int_equal(read_row(s[i], 1, p), wrote[i][p]);
        }
    }
    for (int i = 0; i < N; i++) kv_sequence_close(s[i]);
    assert_int_equal(kv_pool_free_pages(pool), 40);
    kv_pool_close(pool);
    arena_close(&arena);
}
