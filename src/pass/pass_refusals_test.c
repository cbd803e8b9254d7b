/*
 * What a pass takes and what stops it: memory computed beforehand and enough for the fullest batch, a pool
 * without pages, weights that are no numbers.
 */
#include "pass/pass.h"

#include "test.h"
#include "tiny.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VOCAB = 37, ROWS = 40 };

struct heard {
    int64_t logits, layers;
    float row[VOCAB]; /* the last one's */
};

static bool hear_logits(void *argument, int64_t row, const float *logits, struct sy_error *err) {
    struct heard *h = argument;
    (void)row, (void)err;
    h->logits++;
    memcpy(h->row, logits, sizeof h->row);
    return true;
}

static bool hear_routing(void *argument, int64_t layer, const struct routing *routing, struct sy_error *err) {
    struct heard *h = argument;
    (void)layer, (void)routing, (void)err;
    h->layers++;
    return true;
}

static int64_t add(struct batch_row *rows, int64_t count, int32_t sequence, int64_t n, enum role role) {
    for (int64_t i = 0; i < n; i++)
        rows[count + i] = (struct batch_row){ (int32_t)((i * 7 + sequence) % VOCAB), sequence, role,
                                              WANT_LOGITS | WANT_ROUTING };
    return count + n;
}

static bool run_batch(struct tiny *tiny, const struct batch_row *rows, int64_t count,
                      struct kv_sequence *const *sequences, struct heard *heard, struct moe_stats *stats,
                      struct sy_error *err) {
    struct pass_sink sink = { heard, hear_logits, hear_routing };
    memset(heard, 0, sizeof *heard);
    memset(err, 0, sizeof *err);
    pass_count(tiny->session.pass, stats);
    return pass_forward(tiny->session.pass, &(struct batch){ rows, count, sequences }, &sink, err);
}

/* ---- step memory ---- */

static bool keep_nothing(void *argument, int64_t row, const float *logits, struct sy_error *err) {
    (void)argument, (void)row, (void)logits, (void)err;
    return true;
}

/* The fullest batches: all rows a prompt, all steps, and four sequences of both. Running out of memory is
 * asserted. */
static void fill_up(struct tiny *tiny) {
    static const int64_t steps[3][4] = { { 0 }, { ROWS }, { 7, 3, 0, 0 } };
    static const int64_t prompts[3][4] = { { ROWS }, { 0 }, { 0, 0, 20, 10 } };
    const struct pass_sink sink = { NULL, keep_nothing, NULL };
    for (int b = 0; b < 3; b++) {
        struct batch_row rows[ROWS];
        struct kv_sequence *sequences[4];
        int64_t count = 0;
        for (int i = 0; i < 4; i++) {
            assert_true(session_sequence(&tiny->session, ROWS, &sequences[i], NULL));
            count = add(rows, count, i, steps[b][i], ROLE_STEP);
        }
        for (int i = 0; i < 4; i++) count = add(rows, count, i, prompts[b][i], ROLE_PROMPT);
        assert_int_equal(count, tiny->session.limits.rows);
        assert_true(pass_forward(tiny->session.pass, &(struct batch){ rows, count, sequences }, &sink, NULL));
        for (int i = 0; i < 4; i++) kv_sequence_close(sequences[i]);
    }
}

static void stay(struct spec *s) {
    (void)s;
}
static void widen_head(struct spec *s) {
    s->vocab = 1500;
}
static void widen_experts(struct spec *s) {
    s->expert_width = 300;
}
static void widen_shared(struct spec *s) {
    if (s->shared_width) s->shared_width = 700;
}
static void widen_dense(struct spec *s) {
    for (int64_t l = 0; l < s->decoder.layer_count; l++)
        if (s->decoder.layers[l].ffn == FFN_DENSE) s->decoder.layers[l].dense_width = 700;
}
static void more_heads(struct spec *s) {
    s->attention.kv_heads *= 8;
    s->attention.heads *= 8;
}

TEST(the_fullest_batch_has_room) {
    static void (*const changes[])(struct spec *) = { stay,         widen_head,  widen_experts,
                                                      widen_shared, widen_dense, more_heads };
    for (int base = 0; base < TINY_BASE_COUNT; base++)
        for (size_t c = 0; c < sizeof changes / sizeof *changes; c++)
            for (int fast = 0; fast < 2; fast++) {
                struct arena arena;
                struct spec spec;
                struct tiny tiny;
                struct sy_error err = { 0 };
                struct tiny_run run = { .level = level_of_machine(), .rows = ROWS, .context = 256 };
                if (fast) run.compute = COMPUTE_BF16, run.kv = DTYPE_F16;
                arena_open(&arena);
                tiny_spec((enum tiny_base)base, &arena, &spec);
                changes[c](&spec);
                print_message("%s, change %d, fast %d\n", tiny_name((enum tiny_base)base), (int)c, fast);
                if (!tiny_open(&tiny, &spec, fast ? DTYPE_BF16 : DTYPE_F32, &run, &err))
                    fail_msg("%s", err.message);
                for (run.threads = 1; run.threads <= 3; run.threads++) {
                    assert_true(tiny_reopen(&tiny, &run, &err));
                    fill_up(&tiny);
                }
                tiny_close(&tiny);
                arena_close(&arena);
            }
}

TEST(step_memory_grows_with_rows_and_threads) {
    for (int base = 0; base < TINY_BASE_COUNT; base++)
        for (int fast = 0; fast < 2; fast++) {
            struct arena arena;
            struct spec spec;
            struct numerics numerics = { fast ? COMPUTE_BF16 : COMPUTE_F32, fast ? DTYPE_F16 : DTYPE_F32, 0 };
            int64_t bytes, before = 0, tables, tables_before = 0;
            arena_open(&arena);
            tiny_spec((enum tiny_base)base, &arena, &spec);
            for (int64_t rows = 1; rows <= 300; rows++) {
                struct pass_limits limits = { rows, 4, 2 };
                assert_true(pass_bytes(&spec, &numerics, &limits, &bytes, NULL));
                assert_true(pass_table_bytes(&limits, &tables));
                assert_true(bytes > before);
                assert_true(tables > tables_before);
                before = bytes, tables_before = tables;
            }
            before = 0;
            for (int threads = 1; threads <= TEAM_MAX; threads++) {
                struct pass_limits limits = { 16, 4, threads };
                assert_true(pass_bytes(&spec, &numerics, &limits, &bytes, NULL));
                assert_true(bytes > before);
                before = bytes;
            }
            arena_close(&arena);
        }
}

/* Doubled until it is refused, a size never makes a sum wrap around: it grows, then stays refused. */
static void doubled(struct spec *spec, struct pass_limits *limits, int64_t *size) {
    const struct numerics numerics = { COMPUTE_BF16, DTYPE_F16, 0 };
    int64_t bytes, before = 0, was = *size;
    bool refused = false;
    for (; *size > 0 && *size <= INT64_MAX / 2; *size *= 2) {
        struct sy_error err = { 0 };
        bool taken = pass_bytes(spec, &numerics, limits, &bytes, &err);
        assert_false(taken && refused);
        assert_true(taken ? bytes >= before && bytes > 0 : err.code == SY_ERR_LIMIT);
        if (taken) before = bytes;
        refused = !taken;
    }
    assert_true(refused);
    *size = was;
}

TEST(step_memory_that_overflows_is_refused) {
    static const enum tiny_base bases[] = { TINY_QWEN2, TINY_LATENT_Q, TINY_DENSE };
    for (int i = 0; i < 3; i++) {
        struct arena arena;
        struct spec spec;
        struct pass_limits limits = { 4, 1, 2 };
        int64_t bytes;
        arena_open(&arena);
        tiny_spec(bases[i], &arena, &spec);
        doubled(&spec, &limits, &limits.rows);
        doubled(&spec, &limits, &spec.width);
        doubled(&spec, &limits, &spec.vocab);
        doubled(&spec, &limits, &spec.attention.heads);
        doubled(&spec, &limits, &spec.attention.head_width);
        if (bases[i] == TINY_DENSE)
            doubled(&spec, &limits, &spec.decoder.layers[1].dense_width);
        else
            doubled(&spec, &limits, &spec.expert_width);
        if (spec.shared_width) doubled(&spec, &limits, &spec.shared_width);
        if (spec.attention.q_lora_rank) doubled(&spec, &limits, &spec.attention.q_lora_rank);
        limits.rows = INT64_MAX / 8;
        assert_false(pass_table_bytes(&limits, &bytes));
        arena_close(&arena);
    }
}

/* ---- a pool without pages ---- */

/* Two sequences have what they need, the third would be one page too much: nothing ran, nobody is longer, and
 * the pass goes on. */
TEST(a_batch_without_pages_leaves_all_as_it_was) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct kv_sequence *sequences[3];
    struct batch_row rows[64];
    struct heard heard, want;
    struct moe_stats stats;
    struct sy_error err;
    struct tiny_run run = { .level = level_of_machine(), .threads = 2, .pages = 5 };
    arena_open(&arena);
    tiny_spec(TINY_QWEN2, &arena, &spec); /* two layers: a sequence of up to 256 takes two pages */
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, &err));
    assert_true(moe_stats_open(&spec, false, &arena, &stats, NULL));
    for (int i = 0; i < 3; i++) assert_true(session_sequence(&tiny.session, 10, &sequences[i], NULL));
    int64_t n = add(rows, 0, 0, 10, ROLE_PROMPT);
    assert_true(run_batch(&tiny, rows, n, sequences, &heard, NULL, &err));

    n = add(rows, 0, 0, 2, ROLE_STEP);
    n = add(rows, n, 1, 6, ROLE_PROMPT);
    int64_t fits = n;
    n = add(rows, n, 2, 5, ROLE_PROMPT);
    for (int again = 0; again < 2; again++) {
        assert_false(run_batch(&tiny, rows, n, sequences, &heard, &stats, &err));
        assert_int_equal(err.code, SY_ERR_MEMORY);
        assert_non_null(strstr(err.message, "pages"));
        assert_int_equal(heard.logits + heard.layers, 0);
        for (int64_t l = 0; l < stats.layers; l++) assert_int_equal(stats.tokens[l], 0);
        assert_int_equal(kv_length(sequences[0]), 10);
        assert_int_equal(kv_length(sequences[1]), 0);
        assert_int_equal(kv_length(sequences[2]), 0);
    }
    assert_true(run_batch(&tiny, rows, fits, sequences, &heard, &stats, &err));
    assert_int_equal(heard.logits, 8);
    assert_int_equal(kv_length(sequences[0]), 12);
    assert_int_equal(kv_length(sequences[1]), 6);
    want = heard; /* the last row is b's */
    kv_sequence_close(sequences[0]);
    kv_sequence_close(sequences[1]);
    n = add(rows, 0, 2, 6, ROLE_PROMPT); /* the pages of those that left are taken by the third */
    for (int i = 0; i < 6; i++) rows[i].token = (i * 7 + 1) % VOCAB;
    assert_true(run_batch(&tiny, rows, n, sequences, &heard, NULL, &err));
    assert_same_bits(heard.row, want.row, VOCAB);
    kv_sequence_close(sequences[2]);
    assert_int_equal(kv_pool_free_pages(tiny.session.pool), 5);
    tiny_close(&tiny);
    arena_close(&arena);
}

/* The same for a sequence that has no room: the one before it stays as it was. */
TEST(a_batch_beyond_the_context_leaves_all_as_it_was) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct kv_sequence *sequences[2];
    struct batch_row rows[64];
    struct heard heard;
    struct sy_error err;
    struct tiny_run run = { .level = level_of_machine(), .context = 12 };
    arena_open(&arena);
    tiny_spec(TINY_QWEN2, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, &err));
    for (int i = 0; i < 2; i++) assert_true(session_sequence(&tiny.session, 10, &sequences[i], NULL));
    int64_t n = add(rows, 0, 0, 4, ROLE_PROMPT);
    n = add(rows, n, 1, 13, ROLE_PROMPT);
    assert_false(run_batch(&tiny, rows, n, sequences, &heard, NULL, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_int_equal(kv_length(sequences[0]) + kv_length(sequences[1]) + heard.logits, 0);
    assert_true(run_batch(&tiny, rows, n - 1, sequences, &heard, NULL, &err));
    assert_int_equal(kv_length(sequences[1]), 12);
    for (int i = 0; i < 2; i++) kv_sequence_close(sequences[i]);
    tiny_close(&tiny);
    arena_close(&arena);
}

/* ---- no numbers ---- */

static void fill_weight(const struct weight *w, float value) {
    float *data = (float *)(uintptr_t)w->data;
    assert_int_equal(w->dtype, DTYPE_F32);
    for (int64_t i = 0; i < w->rows * w->cols; i++) data[i] = value;
}

/* With one weight of this slot full of `value` (of an expert: of all experts), the pass fails; with what was
 * there, it runs again. */
static void spoiled(struct tiny *tiny, const struct tiny_run *run, int64_t layer, enum slot slot, float value,
                    const char *place) {
    const struct binding *binding = &tiny->session.model.binding;
    int64_t copies = slot_is_expert(slot) ? binding->experts : 1;
    struct batch_row rows[ROWS];
    struct kv_sequence *sequence;
    struct heard heard;
    struct sy_error err;
    float *kept = NULL;
    print_message("%s, layer %d: %g\n", slot_name(slot), (int)layer, (double)value);
    int64_t n = add(rows, 0, 0, 9, ROLE_PROMPT);
    for (int bad = 1; bad >= 0; bad--) {
        for (int64_t e = 0; e < copies; e++) {
            const struct weight *w = slot_is_expert(slot) ? binding_expert(binding, layer, slot, e)
                                                          : binding_weight(binding, layer, slot);
            size_t count = (size_t)(w->rows * w->cols);
            assert_true(weight_exists(w));
            if (!kept) kept = calloc((size_t)copies * count, sizeof *kept);
            if (bad) {
                memcpy(kept + (size_t)e * count, w->data, count * sizeof *kept);
                fill_weight(w, value);
            } else
                memcpy((void *)(uintptr_t)w->data, kept + (size_t)e * count, count * sizeof *kept);
        }
        assert_true(tiny_reopen(tiny, run, NULL)); /* vectors are decoded when a store is opened */
        assert_true(session_sequence(&tiny->session, 9, &sequence, NULL));
        bool ran = run_batch(tiny, rows, n, &sequence, &heard, NULL, &err);
        assert_int_equal(ran, !bad);
        assert_int_equal(kv_length(sequence), bad ? 0 : 9);
        assert_int_equal(heard.logits, bad ? 0 : 9);
        if (bad) {
            assert_int_equal(err.code, SY_ERR_NUMERIC);
            assert_string_equal(err.place, place);
            assert_string_equal(err.file, "some/model");
            assert_non_null(strstr(err.message, "NaN"));
            assert_true(err.remedy[0] != 0);
        }
        kv_sequence_close(sequence);
    }
    free(kept);
}

TEST(weights_that_are_no_numbers_are_named) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
    arena_open(&arena);
    tiny_spec(TINY_QWEN2, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, NULL));
    snprintf(tiny.session.model.path, sizeof tiny.session.model.path, "some/model");
    static const struct {
        int64_t layer;
        enum slot slot;
    } cases[] = { { -1, SLOT_EMBED },      { -1, SLOT_FINAL_NORM }, { -1, SLOT_HEAD },
                  { 0, SLOT_V },           { 1, SLOT_O },           { 0, SLOT_Q_BIAS },
                  { 1, SLOT_EXPERT_DOWN }, { 0, SLOT_SHARED_UP },   { 1, SLOT_FFN_NORM } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spoiled(&tiny, &run, cases[i].layer, cases[i].slot, NAN, slot_name(cases[i].slot));
        if (cases[i].slot != SLOT_Q_BIAS)
            spoiled(&tiny, &run, cases[i].layer, cases[i].slot, INFINITY, slot_name(cases[i].slot));
    }
    /* too large, but numbers: no tensor is to blame */
    spoiled(&tiny, &run, -1, SLOT_HEAD, FLT_MAX, "");
    tiny_close(&tiny);
    arena_close(&arena);
}

/* Among many rows, one without numbers: those that went through the head before it were given, no other is,
 * and the sequence is as before. */
TEST(rows_behind_one_without_numbers_are_not_given) {
    static const int64_t bad_rows[] = { 0, 31, 32, 39 }, given[] = { 0, 0, 32, 32 };
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct kv_sequence *sequence;
    struct batch_row rows[ROWS];
    struct heard heard;
    struct sy_error err;
    struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
    arena_open(&arena);
    tiny_spec(TINY_QWEN2, &arena, &spec); /* its head is not its embedding */
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, NULL));
    assert_true(session_sequence(&tiny.session, ROWS, &sequence, NULL));
    struct weight last =
        weight_rows(binding_weight(&tiny.session.model.binding, -1, SLOT_EMBED), VOCAB - 1, 1);
    fill_weight(&last, NAN);
    for (int i = 0; i < 4; i++) {
        for (int64_t r = 0; r < ROWS; r++)
            rows[r] = (struct batch_row){ (int32_t)(r == bad_rows[i] ? VOCAB - 1 : r % 20), 0, ROLE_PROMPT,
                                          WANT_LOGITS };
        assert_false(run_batch(&tiny, rows, ROWS, &sequence, &heard, NULL, &err));
        assert_int_equal(err.code, SY_ERR_NUMERIC);
        assert_string_equal(err.place, "embed");
        assert_int_equal(heard.logits, given[i]);
        assert_int_equal(kv_length(sequence), 0);
    }
    rows[39].token = 1; /* nobody asks for that token: the tensor's fault does not matter */
    assert_true(run_batch(&tiny, rows, ROWS, &sequence, &heard, NULL, &err));
    assert_int_equal(heard.logits, ROWS);
    kv_sequence_close(sequence);
    tiny_close(&tiny);
    arena_close(&arena);
}
