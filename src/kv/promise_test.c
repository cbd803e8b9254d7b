#include "base/checked.h"
#include "base/random.h"
#include "kv/kv.h"
#include "test.h"

/* A layer that sees everything, one with a window, one in chunks. */
static void three_layers(struct spec *spec, struct arena *arena, int64_t window, int64_t chunk) {
    arena_open(arena);
    spec_init(spec);
    spec->attention.kv_heads = 1;
    spec->attention.head_width = spec->attention.value_width = 4;
    assert_true(spec_layers(spec, arena, 3, NULL));
    spec->decoder.layers[1].window = WINDOW_SLIDING;
    spec->decoder.layers[1].window_size = window;
    spec->decoder.layers[2].window = WINDOW_CHUNKED;
    spec->decoder.layers[2].window_size = chunk;
}

TEST(promises_count_pages_by_layer) {
    struct spec spec;
    struct arena arena;
    int64_t pages;
    three_layers(&spec, &arena, 5, 2000);
    struct sy_error err = { 0 };
    assert_true(kv_pages_promised(&spec, 0, 1024, 1, &pages, &err));
    assert_int_equal(pages, 4 + 2 + 4);
    assert_true(kv_pages_promised(&spec, 0, 1024, 300, &pages, &err)); /* 304 positions touch 3 pages */
    assert_int_equal(pages, 4 + 3 + 4);
    assert_true(kv_pages_promised(&spec, 300, 1024, 1, &pages, &err)); /* the second page is copied */
    assert_int_equal(pages, 3 + 2 + 3);
    assert_true(kv_pages_promised(&spec, 512, 513, 1, &pages, &err));
    assert_int_equal(pages, 3);
    spec.decoder.layers[1].window_size = 1; /* sees only itself */
    assert_true(kv_pages_promised(&spec, 0, 1024, 1, &pages, &err));
    assert_int_equal(pages, 4 + 1 + 4);
    assert_false(kv_pages_promised(&spec, 0, INT64_MAX, 1, &pages, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    arena_close(&arena);
}

/* Appends until `positions`, at most `rows` at once; what it holds for itself never passes the promise. */
static int64_t grow(struct kv_sequence *s, struct random *random, int64_t past, int64_t positions,
                    int64_t rows, int64_t promised) {
    int64_t most = 0;
    while (kv_length(s) < positions) {
        int64_t n = 1 + (int64_t)random_below(random, (uint64_t)min_i64(rows, positions - kv_length(s)));
        assert_true(kv_reserve(s, n, NULL));
        most = max_i64(most, kv_pages_own(s, past));
        assert_true(most <= promised);
        kv_commit(s, n, KV_BY_PROMPT);
    }
    return most;
}

TEST(no_sequence_takes_more_than_was_promised) {
    struct random random = random_seed(3);
    int64_t reached = 0;
    for (int round = 0; round < 300; round++) {
        struct spec spec;
        struct arena arena;
        struct kv_pool *pool;
        struct kv_sequence *kept, *fork;
        int64_t rows = 1 + (int64_t)random_below(&random, 400), promised;
        int64_t length = 1 + (int64_t)random_below(&random, 1200),
                more = 1 + (int64_t)random_below(&random, 900);
        three_layers(&spec, &arena, 1 + (int64_t)random_below(&random, 600),
                     1 + (int64_t)random_below(&random, 600));
        assert_true(kv_pages_promised(&spec, 0, length, rows, &promised, NULL));
        assert_true(kv_pool_open(&spec, DTYPE_F32, promised, &pool, NULL)); /* no page more */
        assert_true(kv_sequence_open(pool, 4096, &kept, NULL));
        reached += grow(kept, &random, 0, length, rows, promised) == promised;
        kv_sequence_close(kept);
        assert_int_equal(kv_pool_free_pages(pool), kv_pool_pages(pool));
        kv_pool_close(pool);

        assert_true(kv_pool_open(&spec, DTYPE_F32, 100, &pool, NULL));
        assert_true(kv_sequence_open(pool, 4096, &kept, NULL));
        grow(kept, &random, 0, length, rows, promised);
        assert_true(kv_sequence_fork(kept, &fork, NULL));
        int64_t past = (int64_t)random_below(&random, (uint64_t)length) + 1;
        if (!kv_rollback(fork, past, NULL)) past = length;
        if (random_below(&random, 3) == 0) kv_sequence_close(kept), kept = NULL;
        assert_true(kv_pages_promised(&spec, past, past + more, rows, &promised, NULL));
        int64_t held = kv_pool_pages(pool) - kv_pool_free_pages(pool) - kv_pages_own(fork, past);
        grow(fork, &random, past, past + more, rows, promised);
        assert_true(kv_pool_pages(pool) - kv_pool_free_pages(pool) <= held + promised);
        kv_sequence_close(fork);
        kv_sequence_close(kept);
        assert_int_equal(kv_pool_free_pages(pool), 100);
        kv_pool_close(pool);
        arena_close(&arena);
    }
    assert_true(reached > 30); /* the promise is no more than is needed */
}
