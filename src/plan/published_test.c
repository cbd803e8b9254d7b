/* What configs say of their files' types, in the words of the programs that write them. */
#include "plan/plan_test.h"
#include "plan/published.h"

#include <string.h>

static struct published_types types_of(const char *config) {
    struct published_types types;
    json_t *root = json_loads(config, 0, NULL);
    assert_non_null(root);
    published_from_config(root, &types);
    json_decref(root);
    return types;
}

static void expect(const char *config, const char *name, bool said, bool read_here) {
    struct published_types types = types_of(config);
    if (strcmp(types.name, name) != 0 || types.said != said || types.read_here != read_here)
        fail_msg("%s: %s, said %d, read here %d", config, types.name, types.said, types.read_here);
}

TEST(published_types_are_what_a_config_says) {
    expect("{}", "bf16", false, true);
    expect("{\"torch_dtype\": \"bfloat16\"}", "bf16", true, true);
    expect("{\"dtype\": \"float16\"}", "f16", true, true);
    expect("{\"torch_dtype\": \"torch.float32\"}", "f32", true, true);
    expect("{\"text_config\": {\"dtype\": \"float16\"}}", "f16", true, true);
    expect("{\"torch_dtype\": 7, \"dtype\": \"auto\"}", "bf16", false, true);
    expect("{\"torch_dtype\": \"bfloat16\", \"quantization_config\": {\"quant_method\": \"fp8\"}}", "f8_e4m3",
           true, true);
    expect("{\"quantization_config\": {\"quant_method\": \"mxfp4\"}}", "mxfp4_bf16", true, true);
    expect("{\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 3}}", "gptq_3bit", true, false);
    expect("{\"quantization_config\": {\"quant_method\": \"awq\", \"bits\": 4}}", "awq_4bit", true, false);
    expect("{\"quantization_config\": {\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}}",
           "bitsandbytes_4bit", true, false);
    expect("{\"text_config\": {\"quantization_config\": {\"quant_method\": \"compressed-tensors\", "
           "\"config_groups\": {\"group_0\": {\"weights\": {\"num_bits\": 4, \"type\": \"int\", "
           "\"group_size\": 32}}}}}}",
           "int_4bit", true, false);
    expect("{\"quantization_config\": {\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\"}}",
           "nvfp4_4bit", true, false);
    expect("{\"quantization_config\": []}", "bf16", false, true);
    struct published_types types = types_of("{\"quantization_config\": {\"quant_method\": \"quip#\"}}");
    assert_string_equal(types.unknown, "quip#");
    assert_false(types.read_here);
}

static double bytes_in(const char *preset, const char *config) {
    struct arena arena;
    struct spec spec;
    int64_t bytes = 0;
    struct published_types types = types_of(config);
    types.recipe.name = types.name;
    preset_spec(preset, &arena, &spec);
    assert_true(recipe_bytes(&types.recipe, &spec, &bytes, NULL));
    arena_close(&arena);
    return (double)bytes;
}

/* Bits of a code and of its scales, counted by hand: of all of Mixtral but table, head, routers and norms. */
TEST(packed_types_count_codes_and_scales) {
    const double all = 46702792704, table = 2 * 32000 * 4096.0, other = 32 * 8 * 4096.0 + 65 * 4096;
    const double linear = all - table - other, wide = 2 * (table + other), experts = 45097156608;
    assert_close(bytes_in("mixtral-8x7b",
                          "{\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4, "
                          "\"group_size\": 128}}"),
                 wide + linear * (4 + 20.0 / 128) / 8, 1e-9);
    assert_close(bytes_in("mixtral-8x7b", "{\"quantization_config\": {\"quant_method\": \"modelopt\", "
                                          "\"quant_algo\": \"NVFP4\"}}"),
                 wide + linear * 4.5 / 8, 1e-9);
    assert_close(
        bytes_in("mixtral-8x7b",
                 "{\"quantization_config\": {\"quant_method\": \"compressed-tensors\", \"ignore\": "
                 "[\"re:.*self_attn.*\", \"lm_head\"], \"config_groups\": {\"group_0\": {\"weights\": "
                 "{\"num_bits\": 4, \"type\": \"int\", \"group_size\": 32}}}}}"),
        wide + 2 * (linear - experts) + experts * 4.5 / 8, 1e-9);
    assert_close(bytes_in("mixtral-8x7b",
                          "{\"quantization_config\": {\"quant_method\": \"fp8\", "
                          "\"modules_to_not_convert\": [\"model.layers.0.self_attn.q_proj\"]}}"),
                 wide + linear * (1 + 4.0 / 128 / 128), 1e-9);
    assert_close(bytes_in("mixtral-8x7b", "{\"quantization_config\": {\"quant_method\": \"fp8\", "
                                          "\"modules_to_not_convert\": [\"self_attn\"]}}"),
                 wide + 2 * (linear - experts) + experts * (1 + 4.0 / 128 / 128), 1e-9);
}

/* As their pages list the files: without the modules for multi-token prediction (11.6 B of float8), metadata
 * and tokenizers. grok-1: the int8 checkpoint. */
TEST(presets_are_as_large_as_their_files) {
    static const struct {
        const char *preset;
        double gigabytes;
    } files[] = { { "deepseek-v3", 688.6 - 14.2 },
                  { "gpt-oss-20b", 13.76 },
                  { "gpt-oss-120b", 65.2 },
                  { "kimi-k2", 1029 },
                  { "grok-1", 318.2 },
                  { "switch-c-2048", 3142 },
                  { "kimi-k2-thinking", 594 } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct arena arena;
        struct spec spec;
        struct published published;
        struct published_types types;
        int64_t bytes;
        preset_spec(files[i].preset, &arena, &spec);
        assert_true(preset_published(preset_find(files[i].preset), &published));
        assert_true(published_from_word(published.type, &types));
        assert_true(recipe_bytes(&types.recipe, &spec, &bytes, NULL));
        assert_close((double)bytes / 1e9, files[i].gigabytes, 0.01);
        arena_close(&arena);
    }
    const struct preset *preset;
    for (int i = 0; (preset = preset_at(i)) != NULL; i++) {
        struct published published;
        struct published_types types;
        assert_true(preset_published(preset, &published));
        if (!published_from_word(published.type, &types)) fail_msg("%s: '%s'", preset->name, published.type);
    }
}
