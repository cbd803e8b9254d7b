/*
 * Sizes beside files that people publish, and a recount of a mix by hand.
 */
#include "plan/plan_test.h"

static int64_t bytes_of(const char *preset, const char *recipe) {
    struct arena arena;
    struct spec spec;
    int64_t bytes = 0;
    preset_spec(preset, &arena, &spec);
    assert_true(recipe_bytes(recipe_find(recipe), &spec, &bytes, NULL));
    arena_close(&arena);
    return bytes;
}

/* Files made by llama.cpp and listed on their pages in GB (without metadata and tokenizer, up to 8 MB), and
 * gpt-oss as OpenAI publishes it. */
TEST(mixes_are_as_large_as_published_files) {
    static const struct {
        const char *preset, *recipe;
        double gigabytes;
    } files[] = {
        { "llama-3-8b", "q4_k_m", 4.92 },       { "llama-2-70b", "q4_k_m", 41.42 },
        { "llama-2-70b", "q5_k_m", 48.75 },     { "llama-2-70b", "q4_k_s", 39.25 },
        { "llama-2-70b", "q3_k_m", 33.27 },     { "mixtral-8x22b", "q4_k_m", 85.59 },
        { "mixtral-8x7b", "q4_k_m", 28.45 },    { "qwen3-30b-a3b", "q4_k_m", 18.56 },
        { "gpt-oss-20b", "mxfp4_bf16", 13.76 },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_close((double)bytes_of(files[i].preset, files[i].recipe) / 1e9, files[i].gigabytes, 0.002);
}

/* Bits as stored: an f16 scale for 32 codes, and so on. */
TEST(plain_types_count_their_scales) {
    struct arena arena;
    struct spec spec;
    int64_t one;
    preset_spec("mixtral-8x7b", &arena, &spec);
    static const struct {
        const char *recipe;
        double bits;
    } types[] = { { "q8_0", 8.5 },
                  { "q4_0", 4.5 },
                  { "q4_1", 5 },
                  { "q4_k", 4.5 },
                  { "q6_k", 6.5625 },
                  { "q5_k", 5.5 },
                  { "q2_k", 2.625 },
                  { "q3_k", 3.4375 },
                  { "iq4_xs", 4.25 },
                  { "mxfp4", 4.25 },
                  { "f8_e4m3", 8 + 32.0 / 128 / 128 } };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        assert_true(recipe_slot_bytes(recipe_find(types[i].recipe), &spec, 3, SLOT_EXPERT_UP, &one));
        assert_close(8.0 * (double)one / (14336.0 * 4096), types[i].bits, 1e-12);
        assert_true(recipe_slot_bytes(recipe_find(types[i].recipe), &spec, 3, SLOT_ROUTER, &one));
        bool float8 = i == sizeof types / sizeof *types - 1;
        assert_int_equal(one, 8 * 4096 * (float8 ? 2 : 4)); /* routers stay wide */
    }
    arena_close(&arena);
}

/* 2880 is a multiple of 32, not of 256: gpt-oss' experts fall back. */
TEST(rows_that_are_no_whole_blocks_fall_back) {
    struct arena arena;
    struct spec spec;
    preset_spec("gpt-oss-20b", &arena, &spec);
    assert_int_equal(recipe_dtype(recipe_find("q4_k"), &spec, 0, SLOT_EXPERT_UP, 2880), DTYPE_Q5_0);
    assert_int_equal(recipe_dtype(recipe_find("q6_k"), &spec, 0, SLOT_EXPERT_UP, 2880), DTYPE_Q8_0);
    assert_int_equal(recipe_dtype(recipe_find("q5_k"), &spec, 0, SLOT_EXPERT_UP, 2880), DTYPE_Q5_1);
    assert_int_equal(recipe_dtype(recipe_find("q2_k"), &spec, 0, SLOT_EXPERT_UP, 2880), DTYPE_IQ4_NL);
    assert_int_equal(recipe_dtype(recipe_find("q4_0"), &spec, 0, SLOT_EXPERT_UP, 2881), DTYPE_BF16);
    assert_int_equal(recipe_dtype(recipe_find("mxfp4"), &spec, 0, SLOT_Q, 2880), DTYPE_Q8_0);
    assert_int_equal(recipe_dtype(recipe_find("mxfp4_bf16"), &spec, 0, SLOT_Q, 2880), DTYPE_BF16);
    assert_int_equal(recipe_dtype(recipe_find("q4_0"), &spec, 0, SLOT_SINKS, 64), DTYPE_F32);
    arena_close(&arena);
}

TEST(recipes_are_found_by_name) {
    assert_null(recipe_find("q4km"));
    assert_string_equal(recipe_nearest("q4_km"), "q4_k_m");
    assert_ptr_equal(recipe_find("f32"), recipes);
}
