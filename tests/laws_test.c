/*
 * Laws of a whole pass, over every kind of part, at shapes where work is divided: the bits of a row depend on
 * the model, its sequence's ids and roles, and the precision. Not on chunks, threads, levels, company,
 * statistics.
 */
#include "base/random.h"
#include "test.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T = 420, VOCAB = 97, CHOICES = 2 * 8 };

static void draw_ids(int64_t *ids, int64_t n, uint64_t seed) {
    struct random random = random_seed(seed);
    for (int64_t i = 0; i < n; i++) ids[i] = (int64_t)random_below(&random, VOCAB);
}

struct answer {
    float logits[T * VOCAB];
    int32_t experts[T * CHOICES];
};

static void same(const struct answer *got, const struct answer *want, int64_t n, const char *base,
                 const char *what) {
    print_message("%s: %s\n", base, what);
    assert_same_bits(got->logits, want->logits, (size_t)(n * VOCAB));
    assert_memory_equal(got->experts, want->experts, (size_t)(n * CHOICES) * sizeof *got->experts);
}

static void laws_of(enum tiny_base base, enum dtype dtype, enum compute compute, enum dtype kv) {
    struct arena arena;
    struct spec spec;
    int64_t ids[T];
    struct answer *want = malloc(sizeof *want), *got = malloc(sizeof *got);
    arena_open(&arena);
    tiny_spec_wide(base, &arena, &spec);
    draw_ids(ids, T, 5);
    enum level best = level_of_machine();
    struct tiny_run plain = { .level = best, .compute = compute, .kv = kv };
    tiny_eval(&spec, dtype, &plain, ids, T, want->logits, want->experts);

    const struct {
        const char *what;
        struct tiny_run run;
    } variants[] = {
        { "chunks of 1", { .level = best, .chunk = 1 } },
        { "chunks of 64", { .level = best, .chunk = 64, .threads = 2 } },
        { "chunks of 257", { .level = best, .chunk = 257 } },
        { "batches of 100 rows", { .level = best, .rows = 100 } },
        { "3 threads", { .level = best, .threads = 3 } },
        { "5 threads, statistics", { .level = best, .threads = 5, .statistics = true } },
        { "level avx2", { .level = best < LEVEL_AVX2 ? best : LEVEL_AVX2 } },
        { "level ref", { .level = LEVEL_REF, .threads = 2 } },
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct tiny_run run = variants[i].run;
        run.compute = compute, run.kv = kv;
        tiny_eval(&spec, dtype, &run, ids, T, got->logits, got->experts);
        same(got, want, T, tiny_name(base), variants[i].what);
    }
    /* a shorter prompt is a prefix of a longer one; longrope alone looks at the whole length */
    if (spec.rope.scaling != ROPE_LONGROPE) {
        tiny_eval(&spec, dtype, &plain, ids, 130, got->logits, got->experts);
        same(got, want, 130, tiny_name(base), "the prompt's first 130 ids alone");
    }
    /* steps: grouped attention in f32 or bf16 knows no difference; the latent one only within a bound */
    struct tiny_run steps = plain;
    steps.steps = 60;
    tiny_eval(&spec, dtype, &steps, ids, T, got->logits, got->experts);
    if (spec.attention.kind == ATTENTION_GROUPED)
        same(got, want, T, tiny_name(base), "the last 60 ids as steps");
    else if (compute == COMPUTE_F32)
        assert_near(got->logits, want->logits, T * VOCAB, 1e-3);
    free(want);
    free(got);
    arena_close(&arena);
}

#define LAW(base, name)                                                                                      \
    TEST(bits_of_##name##_in_f32) {                                                                          \
        laws_of(base, DTYPE_F32, COMPUTE_F32, DTYPE_F32);                                                    \
    }                                                                                                        \
    TEST(bits_of_##name##_in_bf16) {                                                                         \
        laws_of(base, DTYPE_BF16, COMPUTE_BF16, DTYPE_F16);                                                  \
    }
LAW(TINY_MIXTRAL, mixtral)
LAW(TINY_QWEN2, qwen2)
LAW(TINY_QWEN3, qwen3)
LAW(TINY_OLMOE, olmoe)
LAW(TINY_GRANITE, granite)
LAW(TINY_PHI, phi)
LAW(TINY_DEEPSEEK, deepseek)
LAW(TINY_LATENT_Q, latent_q)
LAW(TINY_GPT_OSS, gpt_oss)
LAW(TINY_LLAMA4, llama4)
LAW(TINY_CAPPED, capped)
LAW(TINY_TOP_P, top_p)
TEST(bits_of_exact_bf16_weights) {
    laws_of(TINY_MIXTRAL, DTYPE_BF16, COMPUTE_F32, DTYPE_BF16);
}
TEST(bits_of_latent_with_bf16_pages) {
    laws_of(TINY_LATENT_Q, DTYPE_BF16, COMPUTE_F32, DTYPE_BF16);
}
/* Pages of blocks: heads of 40 and latent rows of 96, of which the latent part ends inside a block. */
#define LAW_Q8_0(base, name)                                                                                 \
    TEST(bits_of_##name##_with_q8_0_pages) {                                                                 \
        laws_of(base, DTYPE_BF16, COMPUTE_BF16, DTYPE_Q8_0);                                                 \
    }
LAW_Q8_0(TINY_MIXTRAL, mixtral)
LAW_Q8_0(TINY_GPT_OSS, gpt_oss)
LAW_Q8_0(TINY_LLAMA4, llama4)
LAW_Q8_0(TINY_DEEPSEEK, deepseek)
LAW_Q8_0(TINY_LATENT_Q, latent_q)

/* ---- company: several sequences in one flat batch, prompts and steps mixed ---- */

struct company {
    float *logits[4];
    int64_t vocab;
};

static bool take(void *argument, int64_t feed, int64_t index, const float *logits, struct sy_error *err) {
    struct company *c = argument;
    (void)err;
    memcpy(c->logits[feed] + index * c->vocab, logits, (size_t)c->vocab * sizeof *logits);
    return true;
}

static void company_of(enum tiny_base base, enum dtype kv) {
    /* one of them within longrope's original context */
    static const int64_t lengths[4] = { 311, 7, 1, 200 }, steps[4] = { 0, 3, 0, 27 };
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine(), .threads = 2, .rows = 128, .kv = kv };
    arena_open(&arena);
    tiny_spec_wide(base, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, &err));
    struct company c = { .vocab = VOCAB };
    struct feed feeds[4];
    int64_t ids[4][311];
    for (int i = 0; i < 4; i++) {
        draw_ids(ids[i], lengths[i], 90 + (uint64_t)i);
        c.logits[i] = malloc((size_t)(lengths[i] * VOCAB) * sizeof(float));
        feeds[i] = (struct feed){ ids[i], lengths[i], steps[i], NULL, true, false };
        assert_true(session_sequence(&tiny.session, lengths[i], &feeds[i].sequence, &err));
    }
    struct feed_sink sink = { &c, take, NULL };
    assert_true(session_feed(&tiny.session, feeds, 4, 50, &sink, &err));
    float *alone = malloc(311 * VOCAB * sizeof *alone);
    for (int i = 0; i < 4; i++) {
        kv_sequence_close(feeds[i].sequence);
        struct tiny_run by_itself = run;
        by_itself.steps = steps[i];
        tiny_logits(&tiny, &by_itself, ids[i], lengths[i], alone, NULL);
        assert_same_bits(c.logits[i], alone, (size_t)(lengths[i] * VOCAB));
        free(c.logits[i]);
    }
    free(alone);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(company_changes_no_bit) {
    for (int base = 0; base < TINY_BASE_COUNT; base++)
        company_of((enum tiny_base)base, base % 2 ? DTYPE_F32 : DTYPE_Q8_0);
}

/* Rolling back and running on is as if the forgotten ids had never been. */
TEST(rollback_forgets) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        struct sy_error err = { 0 };
        struct tiny_run run = { .level = level_of_machine() };
        int64_t ids[120], other[120];
        float *want = malloc(120 * VOCAB * sizeof *want), *got = malloc(120 * VOCAB * sizeof *got);
        arena_open(&arena);
        tiny_spec_wide((enum tiny_base)base, &arena, &spec);
        assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, &err));
        draw_ids(ids, 120, 1);
        draw_ids(other, 120, 2);
        memcpy(other, ids, 70 * sizeof *ids); /* parts at 70 */
        tiny_logits(&tiny, &run, ids, 120, want, NULL);

        struct kv_sequence *sequence;
        assert_true(session_sequence(&tiny.session, 120, &sequence, &err));
        struct company c = { .logits = { got }, .vocab = VOCAB };
        struct feed_sink sink = { &c, take, NULL };
        struct feed feed = { other, 120, 0, sequence, true, false };
        assert_true(session_feed(&tiny.session, &feed, 1, 0, &sink, &err));
        assert_true(kv_rollback(sequence, 70, &err));
        struct feed rest = { ids + 70, 50, 0, sequence, true, false };
        assert_true(session_feed(&tiny.session, &rest, 1, 0, &sink, &err));
        assert_same_bits(got, want + 70 * VOCAB, 50 * VOCAB);
        kv_sequence_close(sequence);
        tiny_close(&tiny);
        arena_close(&arena);
        free(want);
        free(got);
    }
}

/* With every expert chosen and weights renormalised, a softmax router is the dense mixture: its order of
 * choice is all that remains of it, so permuting the experts leaves the output within rounding. */
TEST(permuting_experts_permutes_statistics_only) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine(), .statistics = true };
    int64_t ids[64];
    float *want = malloc(64 * VOCAB * sizeof *want), *got = malloc(64 * VOCAB * sizeof *got);
    int32_t *before = malloc(64 * CHOICES * sizeof *before), *after = malloc(64 * CHOICES * sizeof *after);
    arena_open(&arena);
    tiny_spec_wide(TINY_MIXTRAL, &arena, &spec);
    draw_ids(ids, 64, 3);
    assert_true(tiny_open(&tiny, &spec, DTYPE_F32, &run, &err));
    tiny_logits(&tiny, &run, ids, 64, want, before);
    /* reverse the experts: rows of the router, and every expert's weights */
    int64_t E = spec.router.experts;
    struct binding *b = &tiny.session.model.binding;
    for (int64_t l = 0; l < spec.decoder.layer_count; l++) {
        struct weight *router = &b->layer[l * SLOT_COUNT + SLOT_ROUTER];
        router->data += (E - 1) * router->row_stride;
        router->row_stride = -router->row_stride;
        for (int64_t s = 0; s < 6; s++)
            for (int64_t e = 0; e < E / 2; e++) {
                struct weight *x = &b->expert[(l * 6 + s) * E + e],
                              *y = &b->expert[(l * 6 + s) * E + E - 1 - e], swap = *x;
                *x = *y, *y = swap;
            }
    }
    tiny_logits(&tiny, &run, ids, 64, got, after);
    assert_near(got, want, 64 * VOCAB, 1e-5);
    for (int64_t i = 0; i < 64 * CHOICES; i++)
        assert_int_equal(after[i], before[i] < 0 ? -1 : E - 1 - before[i]);
    tiny_close(&tiny);
    arena_close(&arena);
    free(want), free(got), free(before), free(after);
}

/* The cosine between the logits of two ways to run a model on 40 ids. */
static double cosine_between(enum tiny_base base, const struct tiny_run *one, const struct tiny_run *other) {
    struct arena arena;
    struct spec spec;
    int64_t ids[40];
    float *x = malloc(40 * VOCAB * sizeof *x), *y = malloc(40 * VOCAB * sizeof *y);
    arena_open(&arena);
    tiny_spec_wide(base, &arena, &spec);
    draw_ids(ids, 40, 8);
    tiny_eval(&spec, DTYPE_BF16, one, ids, 40, x, NULL);
    tiny_eval(&spec, DTYPE_BF16, other, ids, 40, y, NULL);
    double dot = 0, a = 0, b = 0;
    for (int64_t i = 0; i < 40 * VOCAB; i++) {
        dot += (double)x[i] * y[i];
        a += (double)x[i] * x[i];
        b += (double)y[i] * y[i];
    }
    assert_memory_not_equal(x, y, 40 * VOCAB * sizeof *x);
    arena_close(&arena);
    free(x);
    free(y);
    return dot / sqrt(a * b);
}

/* fast is another arithmetic, but not another model. */
TEST(fast_stays_near_exact) {
    struct tiny_run exact = { .level = level_of_machine() }, fast = exact;
    fast.compute = COMPUTE_BF16, fast.kv = DTYPE_F16;
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        double cosine = cosine_between((enum tiny_base)base, &exact, &fast);
        print_message("%s: cosine %.6f\n", tiny_name((enum tiny_base)base), cosine);
        assert_true(cosine > 0.99);
    }
}

TEST(narrow_caches_stay_near_f32) {
    static const enum dtype types[] = { DTYPE_F16, DTYPE_BF16, DTYPE_Q8_0 };
    static const double least[] = { 0.995, 0.99, 0.98 };
    struct tiny_run wide = { .level = level_of_machine() };
    for (int base = 0; base < TINY_BASE_COUNT; base++)
        for (int i = 0; i < 3; i++) {
            struct tiny_run narrow = wide;
            narrow.kv = types[i];
            double cosine = cosine_between((enum tiny_base)base, &wide, &narrow);
            print_message("%s, %s: cosine %.6f\n", tiny_name((enum tiny_base)base), dtype_name(types[i]),
                          cosine);
            assert_true(cosine > least[i]);
        }
}
