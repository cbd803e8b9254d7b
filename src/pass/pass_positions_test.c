/*
 * What a pass makes of positions: longrope's tables by sequence, and the queries that llama4 tunes.
 */
#include "pass/pass.h"

#include "test.h"
#include "tiny.h"

#include <math.h>
#include <string.h>

enum { VOCAB = 37, N = 40 };

struct rows_out {
    float logits[N][VOCAB];
};

static bool keep(void *argument, int64_t row, const float *logits, struct sy_error *err) {
    struct rows_out *out = argument;
    (void)err;
    memcpy(out->logits[row], logits, sizeof out->logits[row]);
    return true;
}

static int64_t prompt(struct batch_row *rows, int64_t count, int32_t sequence, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        rows[count + i] =
            (struct batch_row){ (int32_t)((i * 5 + i * i) % VOCAB), sequence, ROLE_PROMPT, WANT_LOGITS };
    return count + n;
}

static void run_rows(struct tiny *tiny, const struct batch_row *rows, int64_t count,
                     struct kv_sequence *const *sequences, struct rows_out *out) {
    const struct pass_sink sink = { out, keep, NULL };
    assert_true(pass_forward(tiny->session.pass, &(struct batch){ rows, count, sequences }, &sink, NULL));
}

static struct kv_sequence *new_sequence(struct tiny *tiny, bool long_rope) {
    struct kv_sequence *sequence;
    assert_true(kv_sequence_open(tiny->session.pool, N, &sequence, NULL));
    kv_set_long_rope(sequence, long_rope);
    return sequence;
}

/* ---- longrope ---- */

static void alone(struct tiny *tiny, bool long_rope, int64_t n, struct rows_out *out) {
    struct batch_row rows[N];
    struct kv_sequence *sequence = new_sequence(tiny, long_rope);
    run_rows(tiny, rows, prompt(rows, 0, 0, n), &sequence, out);
    kv_sequence_close(sequence);
}

/* One batch of three sequences, whose flags are the bits of the mask: each goes by its own. */
TEST(longrope_is_chosen_for_each_sequence_of_a_batch) {
    static struct rows_out both, short_one, long_one;
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
    arena_open(&arena);
    tiny_spec(TINY_PHI, &arena, &spec);
    assert_int_equal(spec.rope.scaling, ROPE_LONGROPE);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, NULL));
    alone(&tiny, false, 12, &short_one);
    alone(&tiny, true, 12, &long_one);
    assert_same_bits(long_one.logits[0], short_one.logits[0], VOCAB); /* sees itself alone: no angle */
    for (int i = 1; i < 12; i++)
        assert_memory_not_equal(long_one.logits[i], short_one.logits[i], sizeof long_one.logits[i]);
    for (unsigned mask = 0; mask < 8; mask++) {
        struct batch_row rows[N];
        struct kv_sequence *sequences[3];
        int64_t count = 0;
        for (int32_t i = 0; i < 3; i++) {
            sequences[i] = new_sequence(&tiny, mask >> i & 1);
            count = prompt(rows, count, i, 12);
        }
        run_rows(&tiny, rows, count, sequences, &both);
        for (int i = 0; i < 3; i++) {
            print_message("flags %x, sequence %d\n", mask, i);
            assert_same_bits(both.logits[12 * i], (mask >> i & 1 ? &long_one : &short_one)->logits[0],
                             12 * VOCAB);
            kv_sequence_close(sequences[i]);
        }
    }
    tiny_close(&tiny);
    arena_close(&arena);
}

/* ---- tuned queries ---- */

static void tuned_logits(const struct spec *spec, int64_t past, struct rows_out *out) {
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
    struct batch_row rows[N];
    assert_true(tiny_open(&tiny, spec, DTYPE_F32, &run, NULL));
    struct kv_sequence *sequence = new_sequence(&tiny, false);
    prompt(rows, 0, 0, N);
    if (past) run_rows(&tiny, rows, past, &sequence, out);
    struct rows_out rest;
    run_rows(&tiny, rows + past, N - past, &sequence, &rest);
    memcpy(out->logits[past], rest.logits[0], (size_t)(N - past) * sizeof out->logits[0]);
    kv_sequence_close(sequence);
    tiny_close(&tiny);
}

/*
 * One layer without rope, and tune_scale = 1 / ln 2: a query at position p is scaled by
 *
 *     1 + log2(1 + floor((p + 1) / 4))
 *
 * which is 1, 2 and 4 where the quotient is 0, 1 and 7. There its bits are those of a model whose scale of
 * q.k is so many times larger.
 */
TEST(queries_of_nope_layers_are_tuned_by_position) {
    static const struct {
        int64_t first;
        double factor;
    } cases[] = { { 0, 1 }, { 3, 2 }, { 27, 4 } };
    static struct rows_out tuned, later, plain;
    struct arena arena;
    struct spec spec;
    arena_open(&arena);
    tiny_spec(TINY_LLAMA4, &arena, &spec);
    spec.decoder.layer_count = 1;
    spec.decoder.layers[0].rope = false;
    spec.decoder.layers[0].window = WINDOW_NONE;
    spec.attention.tune_floor = 4;
    spec.attention.tune_scale = 1 / log(2);
    assert_true(spec.attention.tuned);
    tuned_logits(&spec, 0, &tuned);
    tuned_logits(&spec, 21, &later); /* positions go on behind the past */
    assert_same_bits(later.logits[0], tuned.logits[0], N * VOCAB);

    double scale = spec.attention.scale;
    spec.attention.tuned = false;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t at = cases[i].first, n = at ? 4 : 3;
        spec.attention.scale = scale * cases[i].factor;
        tuned_logits(&spec, 0, &plain);
        assert_same_bits(tuned.logits[at], plain.logits[at], (size_t)(n * VOCAB));
        assert_memory_not_equal(tuned.logits[at + n], plain.logits[at + n], sizeof plain.logits[0]);
        if (at) assert_memory_not_equal(tuned.logits[at - 1], plain.logits[at - 1], sizeof plain.logits[0]);
    }
    arena_close(&arena);
}

/* A layer with rope is not tuned. */
TEST(queries_of_other_layers_are_not_tuned) {
    static struct rows_out tuned, plain;
    struct arena arena;
    struct spec spec;
    arena_open(&arena);
    tiny_spec(TINY_LLAMA4, &arena, &spec);
    for (int l = 0; l < 2; l++) spec.decoder.layers[l].rope = true;
    tuned_logits(&spec, 0, &tuned);
    spec.attention.tuned = false;
    tuned_logits(&spec, 0, &plain);
    assert_same_bits(tuned.logits[0], plain.logits[0], N * VOCAB);
    arena_close(&arena);
}
