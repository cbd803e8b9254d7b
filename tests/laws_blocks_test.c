/*
 * The laws of laws_test.c where weights are blocks, in fast, whose prompts and steps are computed apart:
 * within each role no bit depends on chunks, threads, levels or company; and the regime in integers leaves
 * one role.
 */
#include "base/random.h"
#include "test.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T = 268, STEPS = 20, VOCAB = 97, CHOICES = 2 * 8 };

static void draw_ids(int64_t *ids, int64_t n, uint64_t seed) {
    struct random random = random_seed(seed);
    for (int64_t i = 0; i < n; i++) ids[i] = (int64_t)random_below(&random, VOCAB);
}

struct answer {
    float logits[T * VOCAB];
    int32_t experts[T * CHOICES];
};

struct law {
    const char *name;
    struct tiny tiny;
    enum dtype dtype;
    struct tiny_run run; /* what all variants share */
    int64_t ids[T];
    struct answer want, got;
};

static void ask(struct law *law, struct tiny_run run, int64_t n, struct answer *answer) {
    run.compute = COMPUTE_BF16;
    run.kv = DTYPE_F16;
    run.regime = law->run.regime;
    run.steps = law->run.steps;
    assert_true(tiny_reopen(&law->tiny, &run, NULL));
    tiny_logits(&law->tiny, &run, law->ids, n, answer->logits, answer->experts);
}

static void same(const struct law *law, int64_t n, const char *what) {
    print_message("%s, %s, %ld steps%s: %s\n", law->name, dtype_name(law->dtype), (long)law->run.steps,
                  law->run.regime == REGIME_BF16 ? ", bf16 regime" : "", what);
    assert_same_bits(law->got.logits, law->want.logits, (size_t)(n * VOCAB));
    assert_memory_equal(law->got.experts, law->want.experts, (size_t)(n * CHOICES) * sizeof(int32_t));
}

static void variants_agree(struct law *law) {
    enum level best = level_of_machine();
    const struct {
        const char *what;
        struct tiny_run run;
    } variants[] = {
        { "chunks of 1, level avx512", { .level = best < LEVEL_AVX512 ? best : LEVEL_AVX512, .chunk = 1 } },
        { "chunks of 67, 2 threads, level avx2",
          { .level = best < LEVEL_AVX2 ? best : LEVEL_AVX2, .chunk = 67, .threads = 2 } },
        { "batches of 100 rows, 3 threads", { .level = best, .rows = 100, .threads = 3 } },
        { "5 threads, statistics", { .level = best, .threads = 5, .statistics = true } },
        { "level ref", { .level = LEVEL_REF, .threads = 2 } },
    };
    ask(law, (struct tiny_run){ .level = best }, T, &law->want);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        ask(law, variants[i].run, T, &law->got);
        same(law, T, variants[i].what);
    }
    if (law->run.steps > 0) return;
    ask(law, (struct tiny_run){ .level = best }, 130, &law->got); /* a prefix */
    same(law, 130, "the prompt's first 130 ids alone");
}

/* Prompts, then prompts with steps behind, in both regimes. What prompts and steps share must be equal, and
 * what they do not must differ, else nobody took the integers. */
static void laws_of(enum tiny_base base, enum dtype dtype, bool narrow) {
    struct arena arena;
    struct spec spec;
    struct law *law = calloc(1, sizeof *law);
    struct answer *prompts = malloc(sizeof *prompts);
    arena_open(&arena);
    tiny_spec_blocks(base, narrow, &arena, &spec);
    *law = (struct law){ .name = tiny_name(base), .dtype = dtype, .run.regime = REGIME_BF16 };
    assert_true(tiny_open(&law->tiny, &spec, dtype, &law->run, NULL));
    draw_ids(law->ids, T, 5);
    variants_agree(law);
    *prompts = law->want;
    law->run.steps = STEPS;
    variants_agree(law);
    size_t before = (size_t)((T - STEPS) * VOCAB), whole = (size_t)(T * VOCAB);
    assert_same_bits(law->want.logits, prompts->logits, before);
    assert_memory_not_equal(law->want.logits + before, prompts->logits + before,
                            (whole - before) * sizeof(float));

    law->run.regime = REGIME_INTEGER;
    variants_agree(law);
    *prompts = law->want;
    law->run.steps = 0;
    ask(law, (struct tiny_run){ .level = level_of_machine(), .threads = 2 }, T, &law->got);
    if (spec.attention.kind == ATTENTION_GROUPED) same(law, T, "a prompt as its steps");
    law->run.steps = T;
    ask(law, (struct tiny_run){ .level = level_of_machine(), .threads = 2 }, T, &law->got);
    if (spec.attention.kind == ATTENTION_GROUPED) {
        same(law, T, "all ids as steps");
        law->run.regime = REGIME_BF16; /* where all are steps, the regimes are one */
        ask(law, (struct tiny_run){ .level = level_of_machine(), .threads = 2 }, T, &law->got);
        same(law, T, "all ids as steps in bf16");
    }
    tiny_close(&law->tiny);
    arena_close(&arena);
    free(prompts);
    free(law);
}

TEST(bits_of_mixtral_in_q8_0) {
    laws_of(TINY_MIXTRAL, DTYPE_Q8_0, true);
}
TEST(bits_of_mixtral_in_q4_0) {
    laws_of(TINY_MIXTRAL, DTYPE_Q4_0, true);
}
TEST(bits_of_mixtral_in_q4_1) {
    laws_of(TINY_MIXTRAL, DTYPE_Q4_1, true);
}
#ifndef SY_REF_ONLY /* minutes of the reference kernels, which have nobody to differ from there */
TEST(bits_of_mixtral_in_q4_k) {
    laws_of(TINY_MIXTRAL, DTYPE_Q4_K, false);
}
TEST(bits_of_qwen2_in_q4_k) {
    laws_of(TINY_QWEN2, DTYPE_Q4_K, false);
}
TEST(bits_of_qwen2_in_q6_k) {
    laws_of(TINY_QWEN2, DTYPE_Q6_K, false);
}
#endif
TEST(bits_of_deepseek_in_q5_1) {
    laws_of(TINY_DEEPSEEK, DTYPE_Q5_1, true);
}
TEST(bits_of_deepseek_in_q8_0) {
    laws_of(TINY_DEEPSEEK, DTYPE_Q8_0, true);
}
TEST(bits_of_gpt_oss_in_q4_0) {
    laws_of(TINY_GPT_OSS, DTYPE_Q4_0, true);
}

/* ---- company ---- */

struct company {
    float *logits[4];
};

static bool take(void *argument, int64_t feed, int64_t index, const float *logits, struct sy_error *err) {
    struct company *c = argument;
    (void)err;
    memcpy(c->logits[feed] + index * VOCAB, logits, VOCAB * sizeof *logits);
    return true;
}

static void company_of(enum tiny_base base, enum dtype dtype, enum regime regime) {
    static const int64_t lengths[4] = { 211, 7, 1, 100 }, steps[4] = { 0, 3, 1, 27 };
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct tiny_run run = { .level = level_of_machine(),
                            .threads = 2,
                            .rows = 128,
                            .compute = COMPUTE_BF16,
                            .kv = DTYPE_F16,
                            .regime = regime };
    struct company c;
    struct feed feeds[4];
    int64_t ids[4][211];
    float *alone = malloc(211 * VOCAB * sizeof *alone);
    arena_open(&arena);
    tiny_spec_blocks(base, false, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, dtype, &run, NULL));
    for (int i = 0; i < 4; i++) {
        draw_ids(ids[i], lengths[i], 90 + (uint64_t)i);
        c.logits[i] = malloc((size_t)(lengths[i] * VOCAB) * sizeof(float));
        feeds[i] = (struct feed){ ids[i], lengths[i], steps[i], NULL, true, false };
        assert_true(session_sequence(&tiny.session, lengths[i], &feeds[i].sequence, NULL));
    }
    struct feed_sink sink = { &c, take, NULL };
    assert_true(session_feed(&tiny.session, feeds, 4, 50, &sink, NULL));
    for (int i = 0; i < 4; i++) {
        kv_sequence_close(feeds[i].sequence);
        run.steps = steps[i];
        tiny_logits(&tiny, &run, ids[i], lengths[i], alone, NULL);
        assert_same_bits(c.logits[i], alone, (size_t)(lengths[i] * VOCAB));
        free(c.logits[i]);
    }
    free(alone);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(company_changes_no_bit_of_blocks) {
    static const enum dtype dtypes[] = { DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_Q4_1, DTYPE_Q4_K };
    for (int i = 0; i < 4; i++) {
        company_of(TINY_MIXTRAL, dtypes[i], REGIME_BF16);
        company_of(TINY_MIXTRAL, dtypes[i], REGIME_INTEGER);
    }
    company_of(TINY_DEEPSEEK, DTYPE_Q8_0, REGIME_BF16);
}

/* Fast through blocks is another arithmetic than exact, but not another model, in both regimes. */
TEST(both_regimes_stay_near_exact) {
    static const enum dtype dtypes[] = { DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_Q4_1, DTYPE_Q4_K };
    struct answer *exact = malloc(sizeof *exact), *fast = malloc(sizeof *fast);
    for (int i = 0; i < 8; i++) {
        struct arena arena;
        struct spec spec;
        int64_t ids[T];
        struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
        double dot = 0, a = 0, b = 0;
        arena_open(&arena);
        tiny_spec_blocks(TINY_QWEN2, false, &arena, &spec);
        draw_ids(ids, 60, 8);
        tiny_eval(&spec, dtypes[i / 2], &run, ids, 60, exact->logits, NULL);
        run.compute = COMPUTE_BF16;
        run.kv = DTYPE_F16;
        run.regime = i % 2 ? REGIME_BF16 : REGIME_INTEGER;
        tiny_eval(&spec, dtypes[i / 2], &run, ids, 60, fast->logits, NULL);
        for (int64_t j = 0; j < 60 * VOCAB; j++) {
            dot += (double)exact->logits[j] * fast->logits[j];
            a += (double)exact->logits[j] * exact->logits[j];
            b += (double)fast->logits[j] * fast->logits[j];
        }
        print_message("%s, regime %d: cosine %.6f\n", dtype_name(dtypes[i / 2]), i % 2, dot / sqrt(a * b));
        assert_true(dot / sqrt(a * b) > 0.99);
        assert_memory_not_equal(exact->logits, fast->logits, 60 * VOCAB * sizeof(float));
        arena_close(&arena);
    }
    free(exact);
    free(fast);
}
