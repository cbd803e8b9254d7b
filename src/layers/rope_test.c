#include "layers/rope.h"

#include "test.h"

#include <math.h>

/* The column where YaRN leaves the plain frequencies, and the one where it has reached those divided by
 * factor. */
static void yarn_range(const struct rope_spec *rope, int *last_plain, int *first_divided) {
    float inverse[256];
    rope_frequencies(rope, false, inverse);
    *last_plain = -1;
    *first_divided = (int)rope->dims / 2;
    for (int i = 0; i < rope->dims / 2; i++) {
        double plain = pow(rope->theta, -2.0 * i / (double)rope->dims);
        if (fabs(inverse[i] / plain - 1) < 1e-5) *last_plain = i;
        if (fabs(inverse[i] * rope->factor / plain - 1) < 1e-5 && i < *first_divided) *first_divided = i;
    }
}

/* Check values of the published configs: DeepSeek 10 .. 23, Kimi K2 19 .. 20, gpt-oss 8.09 .. 17.40 (not
 * rounded). */
TEST(yarn_corrects_between_the_published_columns) {
    int plain, divided;
    struct rope_spec deepseek = { .scaling = ROPE_YARN,
                                  .theta = 1e4,
                                  .dims = 64,
                                  .factor = 40,
                                  .original_context = 4096,
                                  .beta_fast = 32,
                                  .beta_slow = 1,
                                  .truncate = true };
    yarn_range(&deepseek, &plain, &divided);
    assert_int_equal(plain, 10);
    assert_int_equal(divided, 23);
    struct rope_spec kimi = deepseek;
    kimi.theta = 5e4, kimi.factor = 32, kimi.beta_fast = 1;
    yarn_range(&kimi, &plain, &divided);
    assert_int_equal(plain, 19);
    assert_int_equal(divided, 20);
    kimi.truncate = false; /* a ramp of no width is a step */
    yarn_range(&kimi, &plain, &divided);
    assert_int_equal(plain, 19);
    assert_int_equal(divided, 20);
    struct rope_spec gpt_oss = { .scaling = ROPE_YARN,
                                 .theta = 1.5e5,
                                 .dims = 64,
                                 .factor = 32,
                                 .original_context = 4096,
                                 .beta_fast = 32,
                                 .beta_slow = 1,
                                 .truncate = false };
    yarn_range(&gpt_oss, &plain, &divided);
    assert_int_equal(plain, 8);
    assert_int_equal(divided, 18);
    float inverse[32];
    rope_frequencies(&gpt_oss, false, inverse);
    double ramp = (9 - 8.0928) / (17.3980 - 8.0928), theta = pow(1.5e5, -9.0 / 32);
    assert_true(fabs(inverse[9] / (theta / 32 * ramp + theta * (1 - ramp)) - 1) < 1e-5);
}

TEST(llama3_keeps_blends_and_divides) {
    struct rope_spec r = { .scaling = ROPE_LLAMA3,
                           .theta = 5e5,
                           .dims = 128,
                           .factor = 8,
                           .original_context = 8192,
                           .low_freq_factor = 1,
                           .high_freq_factor = 4 };
    float scaled[64], plain[64];
    rope_frequencies(&r, false, scaled);
    r.scaling = ROPE_PLAIN;
    rope_frequencies(&r, false, plain);
    for (int i = 0; i < 64; i++) {
        double wave = 2 * M_PI / plain[i];
        if (wave < 8192.0 / 4)
            assert_true(scaled[i] == plain[i]);
        else if (wave > 8192)
            assert_true(scaled[i] == plain[i] / 8);
        else
            assert_true(scaled[i] < plain[i] && scaled[i] > plain[i] / 8);
    }
    r.scaling = ROPE_LLAMA3;
    r.factor = 1;
    rope_frequencies(&r, false, scaled);
    for (int i = 0; i < 64; i++) assert_true(fabsf(scaled[i] / plain[i] - 1) < 1e-6f);
    r.factor = 16;
    r.high_freq_factor = 1; /* Llama 4 Scout: no band between, and nothing to divide by */
    rope_frequencies(&r, false, scaled);
    for (int i = 0; i < 64; i++) assert_true(scaled[i] == plain[i] || scaled[i] == plain[i] / 16);
}

TEST(longrope_chooses_by_length) {
    double short_factor[4] = { 1, 2, 3, 4 }, long_factor[4] = { 8, 8, 16, 16 };
    struct rope_spec r = { .scaling = ROPE_LONGROPE,
                           .theta = 100,
                           .dims = 8,
                           .factor_count = 4,
                           .short_factor = short_factor,
                           .long_factor = long_factor,
                           .magnitude = 1.25,
                           .long_magnitude = 1.5 };
    float inverse[4];
    rope_frequencies(&r, false, inverse);
    assert_true(fabsf(inverse[1] * 2 * powf(100, 0.25f) - 1) < 1e-6f);
    rope_frequencies(&r, true, inverse);
    assert_true(fabsf(inverse[2] * 16 * powf(100, 0.5f) - 1) < 1e-6f);
    assert_true(rope_magnitude(&r, false) == 1.25f && rope_magnitude(&r, true) == 1.5f);
}
