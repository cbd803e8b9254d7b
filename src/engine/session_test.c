/*
 * What a session decides when it opens: the arithmetic, the sizes, whether it all fits; and the order in
 * which it feeds.
 */
#include "engine/session.h"

#include "base/os.h"
#include "test.h"
#include "tiny.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct session_options plain = { .threads = 1, .kv = -1, .cpu = LEVEL_COUNT - 1, .context = 32 };

static bool opens(const char *golden, const struct session_options *options, struct session *session,
                  struct sy_error *err) {
    char path[TEST_PATH_MAX];
    test_source(path, golden);
    memset(err, 0, sizeof *err);
    return session_open(path, options, session, err);
}

static void expect_numerics(const char *golden, struct session_options options, enum compute compute,
                            enum dtype kv) {
    struct session session;
    struct sy_error err;
    if (!opens(golden, &options, &session, &err)) fail_msg("%s", err.message);
    assert_int_equal(session.numerics.compute, compute);
    assert_int_equal(session.numerics.kv, kv);
    session_close(&session);
}

TEST(precision_follows_the_options_and_the_weights) {
    static const char f32[] = "tests/golden/deepseek_norm", f8[] = "tests/golden/qwen3_moe_fp8";
    struct session_options options = plain;
    expect_numerics(f32, options, COMPUTE_F32, DTYPE_F32); /* nothing to gain from fast */
    expect_numerics(f8, options, COMPUTE_BF16, DTYPE_F16);
    options.kv = DTYPE_BF16;
    expect_numerics(f32, options, COMPUTE_F32, DTYPE_BF16);
    options.kv = -1;
    options.precision = PRECISION_FAST;
    expect_numerics(f32, options, COMPUTE_BF16, DTYPE_F16);
    options.precision = PRECISION_EXACT;
    expect_numerics(f8, options, COMPUTE_F32, DTYPE_F32);
    options.precision = PRECISION_DEFAULT;
    options.exact_default = true;
    expect_numerics(f8, options, COMPUTE_F32, DTYPE_F32);
}

TEST(memory_is_allowed_to_the_byte) {
    struct session_options options = plain;
    struct session session;
    struct sy_error err;
    assert_true(opens("tests/golden/mixtral_window", &options, &session, &err));
    const struct memory_need *n = &session.need;
    assert_true(n->weights > 0 && n->vectors > 0 && n->cache > 0 && n->step > 0 && n->tables > 0);
    int64_t total = memory_total(n), anonymous = memory_anonymous(n);
    assert_int_equal(total, n->weights + anonymous);
    session_close(&session);
    options.memory = total;
    assert_true(opens("tests/golden/mixtral_window", &options, &session, &err));
    session_close(&session);
    options.memory = total - 1;
    assert_false(opens("tests/golden/mixtral_window", &options, &session, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_non_null(strstr(err.message, "0.0 MiB more than sy_options.memory_bytes allows"));
    assert_non_null(strstr(err.remedy, "sy_options.context"));
    options.memory = total;
    options.beside = 1; /* what the caller takes counts */
    assert_false(opens("tests/golden/mixtral_window", &options, &session, &err));
    options.memory++;
    assert_true(opens("tests/golden/mixtral_window", &options, &session, &err));
    session_close(&session);
}

/* The context that a refusal names fits, and one more page does not; or none does. */
TEST(a_refusal_says_what_would_fit) {
    struct session_options options = plain;
    struct session session;
    struct sy_error err;
    long long fits;
    options.context = 3000;
    assert_true(opens("tests/golden/mixtral_window", &options, &session, &err));
    int64_t page = session.pool ? kv_pool_layout(session.pool)->page_bytes : 0,
            total = memory_total(&session.need);
    int64_t layers = session.model.spec.decoder.layer_count;
    session_close(&session);
    options.memory = total - 5 * layers * page;
    assert_false(opens("tests/golden/mixtral_window", &options, &session, &err));
    assert_int_equal(sscanf(err.remedy, "sy_options.context %lld would fit", &fits), 1);
    assert_true(fits > 256 && fits < 3000);
    options.context = fits;
    assert_true(opens("tests/golden/mixtral_window", &options, &session, &err));
    session_close(&session);
    options.context = fits + 1;
    assert_false(opens("tests/golden/mixtral_window", &options, &session, &err));
    options.memory = 100000;
    assert_false(opens("tests/golden/mixtral_window", &options, &session, &err));
    assert_non_null(strstr(err.remedy, "MiB are needed without any cache"));
}

/* Tables are bounded by the spec alone, and not by much more than they take. */
TEST(tables_of_a_model_take_what_was_computed) {
    static const char *const models[] = { "mixtral_window", "kimi_k2",         "gpt_oss_mxfp4",
                                          "llama4_nested",  "qwen3_moe_fused", "llama_linear_tied" };
    for (int i = 0; i < 6; i++) {
        struct session_options options = plain;
        struct session session;
        struct sy_error err;
        char path[100];
        int64_t bytes;
        snprintf(path, sizeof path, "tests/golden/%s", models[i]);
        assert_true(opens(path, &options, &session, &err));
        const struct model *m = &session.model;
        int64_t of_store = 0;
        assert_true(model_tables_bytes(&m->spec, &bytes, &err) &&
                    store_tables_bytes(&m->spec, &of_store, &err));
        bytes += of_store;
        int64_t taken = (int64_t)(m->arena.total + m->checkpoint.arena.total + session.store.arena.total);
        print_message("%s: %lld computed, %lld taken\n", models[i], (long long)bytes, (long long)taken);
        assert_true(taken <= bytes + 8192 && bytes <= 2 * taken + 8192);
        session_close(&session);
    }
}

static bool ignore_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                          struct sy_error *err) {
    (void)argument, (void)feed, (void)index, (void)logits, (void)err;
    return true;
}

struct choices {
    int64_t count; /* of assignments a row */
    int32_t first[8];
};

static bool take_choices(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct choices *choices = argument;
    (void)err;
    choices->count = row->count;
    if (row->layer == 0) choices->first[row->index] = row->experts[0];
    return true;
}

static struct choices choose(const char *golden, int64_t experts_per_token, char *departure) {
    struct session_options options = plain;
    struct session session;
    struct sy_error err;
    struct choices choices = { 0 };
    struct kv_sequence *sequence;
    options.experts_per_token = experts_per_token;
    if (!opens(golden, &options, &session, &err)) fail_msg("%s", err.message);
    static const int64_t ids[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct feed feed = { ids, 8, 3, NULL, false, true };
    struct feed_sink sink = { &choices, NULL, take_choices };
    assert_true(session_sequence(&session, 8, &sequence, &err));
    feed.sequence = sequence;
    sink.logits = ignore_logits;
    assert_true(session_feed(&session, &feed, 1, 0, &sink, &err));
    kv_sequence_close(sequence);
    memcpy(departure, session.departure, sizeof session.departure);
    session_close(&session);
    return choices;
}

TEST(experts_a_token_can_be_chosen) {
    static const char golden[] = "tests/golden/mixtral_fused"; /* 3 of 6 */
    char departure[sizeof((struct session *)0)->departure];
    struct choices own = choose(golden, 0, departure);
    assert_int_equal(own.count, 3);
    assert_string_equal(departure, "");
    for (int64_t k = 1; k <= 6; k++) {
        struct choices other = choose(golden, k, departure);
        assert_int_equal(other.count, k);
        assert_memory_equal(other.first, own.first, sizeof own.first); /* the best stays the best */
        assert_int_equal(departure[0] == 0, k == 3);
    }
    assert_string_equal(departure, "6 of 6 experts a token; the model was made for 3");
}

TEST(experts_a_token_must_be_there) {
    static const struct {
        const char *golden;
        int64_t count;
        const char *message;
    } cases[] = {
        { "tests/golden/mixtral_fused", 7, "1 to 6" },         { "tests/golden/mixtral_fused", -1, "1 to 6" },
        { "tests/golden/mixtral_fused", INT64_MAX, "1 to 6" }, { "tests/golden/qwen3_yarn", 1, "has none" },
        { "tests/golden/deepseek_v2_groups", 7, "1 to 6" }, /* the best 2 of 4 groups of 3 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct session_options options = plain;
        struct session session;
        struct sy_error err;
        options.experts_per_token = cases[i].count;
        assert_false(opens(cases[i].golden, &options, &session, &err));
        assert_int_equal(err.code, SY_ERR_INPUT);
        if (!strstr(err.message, cases[i].message)) fail_msg("%s", err.message);
    }
}

TEST(sizes_have_their_defaults) {
    struct session_options options = plain;
    struct session session;
    struct sy_error err;
    options.context = 0;
    assert_true(opens("tests/golden/mixtral_window", &options, &session, &err));
    int64_t context = session.model.spec.context;
    assert_int_equal(session.context, context < 4096 ? context : 4096);
    assert_int_equal(session.limits.sequences, 1);
    session_close(&session);
    options.context = 8;
    options.sequences = 9;
    options.rows = 4; /* a step of each sequence fits into a batch */
    assert_true(opens("tests/golden/mixtral_window", &options, &session, &err));
    assert_int_equal(session.limits.rows, 9);
    session_close(&session);
}

/* ---- feeding ---- */

struct fed {
    int32_t order[64]; /* feed * 100 + index, as logits came */
    int64_t count, routed[4];
};

static bool see(void *argument, int64_t feed, int64_t index, const float *logits, struct sy_error *err) {
    struct fed *seen = argument;
    (void)logits, (void)err;
    seen->order[seen->count++] = (int32_t)(feed * 100 + index);
    return true;
}

static bool see_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct fed *seen = argument;
    (void)err;
    seen->routed[row->sequence]++;
    return true;
}

static const int64_t ids[] = { 3, 1, 4, 1, 5, 9, 2, 6 };

/* Feeds `count` times the same 8 ids, the last `steps` as steps; the second feed alone wants no routing. */
static bool feed_all(int64_t rows, int64_t count, int64_t steps, int64_t chunk, struct fed *seen,
                     struct sy_error *err) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine(), .rows = rows };
    struct feed feeds[4];
    memset(seen, 0, sizeof *seen);
    arena_open(&arena);
    tiny_spec(TINY_MIXTRAL, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, err));
    for (int64_t i = 0; i < count; i++) {
        feeds[i] = (struct feed){ ids, 8, steps, NULL, true, i != 1 };
        assert_true(session_sequence(&tiny.session, 8, &feeds[i].sequence, err));
    }
    struct feed_sink sink = { seen, see, see_routing };
    bool done = session_feed(&tiny.session, feeds, count, chunk, &sink, err);
    for (int64_t i = 0; i < count; i++) kv_sequence_close(feeds[i].sequence);
    tiny_close(&tiny);
    arena_close(&arena);
    return done;
}

TEST(batches_are_steps_and_then_chunks) {
    struct fed seen;
    struct sy_error err = { 0 };
    assert_true(feed_all(16, 2, 1, 3, &seen, &err));
    static const int32_t want[] = { 0, 1, 2, 100, 101, 102, 3, 4, 5, 103, 104, 105, 6, 106, 7, 107 };
    assert_int_equal(seen.count, 16);
    assert_memory_equal(seen.order, want, sizeof want);
    assert_int_equal(seen.routed[0], 8 * 2);
    assert_int_equal(seen.routed[1], 0);            /* asked for none, though its company did */
    assert_true(feed_all(2, 4, 8, 0, &seen, &err)); /* more sequences than rows: they take turns */
    assert_int_equal(seen.count, 32);
}

TEST(feeding_stops_when_interrupted) {
    struct fed seen;
    struct sy_error err = { 0 };
    os_install_interrupt();
    raise(SIGINT);
    assert_false(feed_all(16, 1, 0, 0, &seen, &err));
    assert_int_equal(err.code, SY_ERR_STOPPED);
    assert_int_equal(seen.count, 0);
}

TEST(long_rope_is_for_prompts_beyond_the_original_context) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine() };
    arena_open(&arena);
    tiny_spec(TINY_PHI, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, NULL));
    for (int64_t beyond = 0; beyond < 2; beyond++) {
        struct kv_sequence *sequence;
        assert_true(session_sequence(&tiny.session, spec.rope.original_context + beyond, &sequence, NULL));
        assert_int_equal(kv_long_rope(sequence), beyond);
        kv_sequence_close(sequence);
    }
    tiny_close(&tiny);
    arena_close(&arena);
}
