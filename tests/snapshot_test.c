/*
 * The law of saved sequences: restored, in another session, with other threads and at another level, they go
 * on with the same bits as if nothing had happened; and only under the model and the arithmetic that made
 * them.
 */
#include "model/fingerprint.h"
#include "test.h"
#include "tiny.h"

#include <stdlib.h>
#include <string.h>

enum { VOCAB = 97, PROMPT = 330, STEPS = 12, ALL = PROMPT + STEPS };

static bool take(void *argument, int64_t feed, int64_t index, const float *logits, struct sy_error *err) {
    (void)feed, (void)err;
    memcpy((float *)argument + index * VOCAB, logits, VOCAB * sizeof *logits);
    return true;
}

/* Runs ids [0, n), the last `steps` of them as steps; logits of all. */
static void feed_ids(struct tiny *tiny, struct kv_sequence *sequence, const int64_t *ids, int64_t n,
                     int64_t steps, float *logits) {
    struct sy_error err = { 0 };
    struct feed feed = { ids, n, steps, sequence, true, false };
    struct feed_sink sink = { logits, take, NULL };
    if (!session_feed(&tiny->session, &feed, 1, 0, &sink, &err)) fail_msg("%s", err.message);
}

static void open_wide(struct tiny *tiny, enum tiny_base base, const struct tiny_run *run, uint64_t change) {
    struct arena arena;
    struct spec spec;
    struct sy_error err = { 0 };
    arena_open(&arena);
    tiny_spec_wide(base, &arena, &spec);
    if (change) spec.norm_eps *= 2;
    if (!tiny_open(tiny, &spec, DTYPE_BF16, run, &err)) fail_msg("%s", err.message);
    arena_close(&arena);
}

static void some_ids(int64_t *ids) {
    for (int64_t i = 0; i < ALL; i++) ids[i] = (i * i * 11 + 7 * i + 3) % VOCAB;
}

static void continues(enum tiny_base base, enum compute compute, enum dtype kv) {
    struct tiny tiny;
    struct kv_sequence *s, *back;
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX];
    int64_t ids[ALL], *got_ids, count;
    float *want = malloc(ALL * VOCAB * sizeof *want), *got = malloc(ALL * VOCAB * sizeof *got);
    struct tiny_run run = { .level = level_of_machine(), .compute = compute, .kv = kv };
    some_ids(ids);
    test_temp_path(path, "kept");
    print_message("%s, %s\n", tiny_name(base), dtype_name(kv));

    open_wide(&tiny, base, &run, 0);
    assert_true(session_sequence(&tiny.session, PROMPT, &s, &err));
    feed_ids(&tiny, s, ids, PROMPT - 20, 5, want);
    if (!session_save(&tiny.session, s, ids, PROMPT - 20, path, &err)) fail_msg("%s", err.message);
    feed_ids(&tiny, s, ids + PROMPT - 20, 20 + STEPS, STEPS, want);
    kv_sequence_close(s);
    tiny_close(&tiny);

    run.threads = 2;
    run.level = LEVEL_REF;
    open_wide(&tiny, base, &run, 0);
    if (!session_restore(&tiny.session, path, &back, &got_ids, &count, &err)) fail_msg("%s", err.message);
    assert_int_equal(count, PROMPT - 20);
    assert_memory_equal(got_ids, ids, (size_t)count * sizeof *ids);
    feed_ids(&tiny, back, ids + PROMPT - 20, 20 + STEPS, STEPS, got);
    assert_same_bits(got, want, (20 + STEPS) * VOCAB);
    free(got_ids);
    kv_sequence_close(back);
    tiny_close(&tiny);
    free(want);
    free(got);
}

TEST(a_restored_sequence_goes_on_as_if_nothing_had_happened) {
    static const enum dtype types[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_Q8_0 };
    for (int i = 0; i < TINY_BASE_COUNT * 2; i++)
        continues((enum tiny_base)(i / 2), i % 2 ? COMPUTE_BF16 : COMPUTE_F32, types[(i + i / 4) % 4]);
}

/* What a window gave back stays out of reach. */
TEST(a_restored_sequence_rolls_back_as_far_as_the_saved_one) {
    struct tiny tiny;
    struct kv_sequence *s, *back;
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX];
    int64_t ids[ALL], *got_ids, count;
    float *logits = malloc(ALL * VOCAB * sizeof *logits), *again = malloc(ALL * VOCAB * sizeof *again);
    struct tiny_run run = { .level = level_of_machine() };
    some_ids(ids);
    test_temp_path(path, "kept");
    open_wide(&tiny, TINY_LLAMA4, &run, 0); /* chunks of 150: the first page went with the third chunk */
    assert_true(session_sequence(&tiny.session, ALL, &s, &err));
    feed_ids(&tiny, s, ids, ALL, 0, logits);
    assert_true(session_save(&tiny.session, s, ids, ALL, path, &err));
    assert_true(session_restore(&tiny.session, path, &back, &got_ids, &count, &err));
    for (int64_t length = ALL; length > 0; length -= 1) {
        bool may = kv_rollback(s, length, NULL);
        assert_int_equal(kv_rollback(back, length, NULL), may);
    }
    feed_ids(&tiny, back, ids + kv_length(back), 1, 0, again);
    assert_same_bits(again, logits + (kv_length(back) - 1) * VOCAB, VOCAB);
    free(got_ids), free(logits), free(again);
    kv_sequence_close(s);
    kv_sequence_close(back);
    tiny_close(&tiny);
}

static void refused_by(const char *path, enum tiny_base base, const struct tiny_run *run, uint64_t change,
                       const char *word) {
    struct tiny tiny;
    struct kv_sequence *back;
    struct sy_error err = { 0 };
    int64_t *ids, count;
    open_wide(&tiny, base, run, change);
    if (session_restore(&tiny.session, path, &back, &ids, &count, &err)) fail_msg("taken: %s", word);
    if (!strstr(err.message, word)) fail_msg("%s, wanted: %s", err.message, word);
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_string_equal(err.file, path);
    tiny_close(&tiny);
}

TEST(a_sequence_of_another_model_or_precision_is_refused) {
    struct tiny tiny;
    struct kv_sequence *s;
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX];
    int64_t ids[ALL];
    float *logits = malloc(ALL * VOCAB * sizeof *logits);
    struct tiny_run run = { .level = level_of_machine(), .compute = COMPUTE_BF16, .kv = DTYPE_F16 };
    some_ids(ids);
    test_temp_path(path, "kept");
    open_wide(&tiny, TINY_QWEN2, &run, 0);
    assert_true(session_sequence(&tiny.session, 20, &s, &err));
    feed_ids(&tiny, s, ids, 20, 0, logits);
    assert_true(session_save(&tiny.session, s, ids, 20, path, &err));
    kv_sequence_close(s);
    tiny_close(&tiny);
    struct tiny_run other = run;
    other.kv = DTYPE_Q8_0;
    refused_by(path, TINY_QWEN2, &other, 0, "a cache of F16, and this is Q8_0");
    other = run, other.regime = REGIME_BF16;
    refused_by(path, TINY_QWEN2, &other, 0,
               "precision fast (regime integer), and this is fast (regime bf16)");
    refused_by(path, TINY_QWEN2, &run, 1, "another model"); /* one number of the spec */
    refused_by(path, TINY_QWEN3, &run, 0, "another model");
    other = run, other.compute = COMPUTE_F32;
    refused_by(path, TINY_QWEN2, &other, 0, "precision fast (regime integer), and this is exact");
    free(logits);
}

/* The first and the last element of each weight count, and so does its dtype. */
TEST(a_fingerprint_reads_every_weight) {
    struct tiny tiny;
    uint8_t plain[HASH_BYTES], other[HASH_BYTES];
    struct tiny_run run = { .level = level_of_machine() };
    int64_t weights = 0;
    open_wide(&tiny, TINY_LATENT_Q, &run, 0);
    struct binding *b = &tiny.session.model.binding;
    assert_true(model_fingerprint(tiny.spec, b, plain, NULL));
    assert_true(model_fingerprint(tiny.spec, b, other, NULL));
    assert_memory_equal(plain, other, HASH_BYTES);
    int64_t layers = b->layers * SLOT_COUNT, experts = b->layers * 6 * b->experts;
    for (int64_t i = 0; i < SLOT_ATTENTION_NORM + layers + experts; i++) {
        struct weight *w = i < SLOT_ATTENTION_NORM            ? &b->global[i]
                           : i < SLOT_ATTENTION_NORM + layers ? &b->layer[i - SLOT_ATTENTION_NORM]
                                                              : &b->expert[i - SLOT_ATTENTION_NORM - layers];
        if (!w->data) continue;
        weights++;
        for (int end = 0; end < 2; end++) {
            uint16_t *element = (uint16_t *)(uintptr_t)w->data + (end ? w->rows * w->cols - 1 : 0);
            *element ^= 1;
            assert_true(model_fingerprint(tiny.spec, b, other, NULL));
            assert_memory_not_equal(plain, other, HASH_BYTES);
            *element ^= 1;
        }
        w->dtype = DTYPE_F16;
        assert_true(model_fingerprint(tiny.spec, b, other, NULL));
        assert_memory_not_equal(plain, other, HASH_BYTES);
        w->dtype = DTYPE_BF16;
    }
    assert_true(weights > 60);
    tiny_close(&tiny);
}
