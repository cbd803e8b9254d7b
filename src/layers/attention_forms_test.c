/*
 * Every form of attention reads caps and windows: grouped, latent for prompts, latent for steps. No published
 * model has them all, so no golden case would tell; and that prompts and steps agree shows that both do it.
 */
#include "test.h"
#include "tiny.h"

#include <math.h>

enum { N = 24, STEPS = 16, VOCAB = 37 };

static void capped(struct spec *s) {
    s->attention.soft_cap = 0.3;
}
static void sliding(struct spec *s) {
    for (int l = 0; l < 2; l++) s->decoder.layers[l].window = WINDOW_SLIDING;
    for (int l = 0; l < 2; l++) s->decoder.layers[l].window_size = 3;
}
static void chunked(struct spec *s) {
    for (int l = 0; l < 2; l++) s->decoder.layers[l].window = WINDOW_CHUNKED;
    for (int l = 0; l < 2; l++) s->decoder.layers[l].window_size = 4;
}
static void unrotated(struct spec *s) {
    for (int l = 0; l < 2; l++) s->decoder.layers[l].rope = false;
}

/* Does some logit of the rows that go as steps differ by more than rounding? */
static bool differ(const float *a, const float *b) {
    float most = 0;
    for (int i = (N - STEPS) * VOCAB; i < N * VOCAB; i++) {
        float d = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
        if (d > most) most = d;
    }
    return most > 0.01f;
}

TEST(caps_and_windows_are_read_in_every_form) {
    static void (*const changes[])(struct spec *) = { capped, sliding, chunked, unrotated };
    static const enum tiny_base bases[] = { TINY_QWEN3, TINY_DEEPSEEK, TINY_LATENT_Q };
    int64_t ids[N];
    for (int64_t i = 0; i < N; i++) ids[i] = (i * i * 5 + 3 * i + 1) % VOCAB;
    for (size_t b = 0; b < sizeof bases / sizeof *bases; b++)
        for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
            struct arena arena;
            struct spec spec;
            float plain[N * VOCAB], prompt[N * VOCAB], steps[N * VOCAB];
            struct tiny_run run = { .level = level_of_machine() }, stepwise = run;
            stepwise.steps = STEPS;
            arena_open(&arena);
            tiny_spec(bases[b], &arena, &spec);
            spec.router.select = SELECT_TOP_K; /* rounding moves no choice to another group */
            tiny_eval(&spec, DTYPE_F32, &run, ids, N, plain, NULL);
            changes[i](&spec);
            tiny_eval(&spec, DTYPE_F32, &run, ids, N, prompt, NULL);
            tiny_eval(&spec, DTYPE_F32, &stepwise, ids, N, steps, NULL);
            print_message("%s, change %zu\n", tiny_name(bases[b]), i);
            assert_true(differ(prompt, plain));
            assert_near(steps, prompt, N * VOCAB, 1e-3);
            arena_close(&arena);
        }
}

/* In bf16 each head's product rounds its own rows: absorbed steps stay near the expanded prompt. */
TEST(latent_steps_in_bf16_are_near_the_prompt) {
    int64_t ids[N];
    for (int64_t i = 0; i < N; i++) ids[i] = (i * i * 5 + 3 * i + 1) % VOCAB;
    for (int base = TINY_DEEPSEEK; base <= TINY_LATENT_Q; base++) {
        struct arena arena;
        struct spec spec;
        float prompt[N * VOCAB], steps[N * VOCAB];
        double dot = 0, a = 0, b = 0;
        struct tiny_run run = { .level = level_of_machine(), .compute = COMPUTE_BF16, .kv = DTYPE_F16 };
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        spec.router.select = SELECT_TOP_K;
        spec.router.top_k = spec.router.experts; /* rounding changes no choice */
        tiny_eval(&spec, DTYPE_BF16, &run, ids, N, prompt, NULL);
        run.steps = STEPS;
        tiny_eval(&spec, DTYPE_BF16, &run, ids, N, steps, NULL);
        for (int i = (N - STEPS) * VOCAB; i < N * VOCAB; i++) {
            dot += (double)prompt[i] * steps[i];
            a += (double)prompt[i] * prompt[i];
            b += (double)steps[i] * steps[i];
        }
        print_message("%s: 1 - cosine %.2g\n", tiny_name((enum tiny_base)base), 1 - dot / sqrt(a * b));
        assert_true(dot > 0.999 * sqrt(a * b));
        arena_close(&arena);
    }
}
