/*
 * The whole of a measuring, on a tiny model: what depends on the machine's level is asked of a made-up one.
 */
#include "commands/bench/bench.h"
#include "test.h"

#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char config[] =
    "{\"architectures\": [\"MixtralForCausalLM\"], \"model_type\": \"mixtral\", \"hidden_size\": 32,"
    " \"intermediate_size\": 64, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
    "\"num_key_value_heads\": 2, \"num_local_experts\": 5, \"num_experts_per_tok\": 2, \"vocab_size\": 100, "
    "\"rms_norm_eps\": 1e-5, \"rope_theta\": 1e6, \"max_position_embeddings\": 64, \"hidden_act\": "
    "\"silu\"}";

static const char *model(const char *dtype) {
    static char path[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    test_temp_path(path, "c.json");
    test_temp_path(folder, "m.gguf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(config, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(test_run("synth", path, "--out", folder, "--dtype", dtype).status, 0);
    return folder;
}

static bool gain_is_told(const char *path, const char *tiles, struct bench_args args) {
    static const struct style style = { .columns = 80 };
    struct text text = { 0 };
    struct sy_error err = { 0 };
    args.threads = "1";
    args.runs = 1;
    if (!bench_measure(&args, path, tiles, &style, &text, &err)) fail_msg("%s", err.message);
    assert_non_null(strstr(text.data, args.prompts[0] == '0' ? "\ntg2 " : "\npp8 "));
    const char *line = strstr(text.data, "\n--regime bf16 would make prompts ");
    if (line) assert_non_null(strstr(line, " times as fast here: pp16 "));
    if (line) assert_null(strstr(line + 1, "\n--regime"));
    text_free(&text);
    return line != NULL;
}

TEST(tiles_make_bench_tell_what_the_other_regime_gains) {
    struct bench_args args = { .common = COMMON_DEFAULTS, .prompts = "8,16", .batches = "1", .steps = 2 };
    const char *here = level_name(level_of_machine());
    const char *path = model("q8_0");
    assert_true(gain_is_told(path, here, args));
    assert_true(gain_is_told(path, level_name(LEVEL_REF), args));
    assert_int_equal(gain_is_told(path, BENCH_TILES, args), strcmp(here, BENCH_TILES) == 0);
    struct bench_args other = args;
    other.prompts = "0";
    assert_false(gain_is_told(path, here, other));
    other = args;
    other.common.regime = 1;
    assert_false(gain_is_told(path, here, other));
    other = args;
    other.common.exact = true;
    assert_false(gain_is_told(path, here, other));
}

static double number_of(const json_t *rows, size_t row, const char *key) {
    return json_number_value(json_object_get(json_array_get(rows, row), key));
}

/* Under --regime bf16 prompts are unpacked, and steps stay in integers. */
TEST(prompts_and_steps_are_counted_by_their_own_arithmetic) {
    static const struct style style = { .columns = 80 };
    struct bench_args args = { .common = COMMON_DEFAULTS, .prompts = "8", .batches = "1", .threads = "1" };
    struct text text = { 0 };
    const char *path = model("q8_0");
    args.steps = 2, args.runs = 1, args.json = true;
    for (int regime = 0; regime < 2; regime++) {
        args.common.regime = regime;
        assert_true(bench_measure(&args, path, BENCH_TILES, &style, &text, NULL));
        json_t *rows = json_parse(text.data, (int64_t)text.size, (struct json_limits){ 1 << 20, 8 }, NULL);
        assert_int_equal(json_array_size(rows), 2);
        assert_true((number_of(rows, 0, "bf16_op_per_tok") > 0) == (regime == 1));
        assert_true((number_of(rows, 0, "integer_op_per_tok") > 0) == (regime == 0));
        assert_true(number_of(rows, 1, "bf16_op_per_tok") == 0);
        assert_true(number_of(rows, 1, "integer_op_per_tok") > 0);
        for (size_t i = 0; i < 2; i++) {
            double sum = number_of(rows, i, "f32_op_per_tok") + number_of(rows, i, "bf16_op_per_tok") +
                         number_of(rows, i, "integer_op_per_tok");
            assert_true(fabs(sum / number_of(rows, i, "op_per_tok") - 1) < 1e-9);
        }
        json_decref(rows);
        text_free(&text);
    }
}
