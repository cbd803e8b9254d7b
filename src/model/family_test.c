/*
 * What families make of configs: spellings, defaults, and the places where they differ.
 */
#include "model/family.h"
#include "test.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct spec spec;
static struct sy_error err;
static const char *known_family;

/* Reads the config `{ base, more }`; `more` may be "". False on an error, which stays in `err`. */
static bool reads(const char *base, const char *more) {
    static char text[8192];
    struct config config;
    const struct family *family;
    snprintf(text, sizeof text, "{%s%s%s}", base, *more ? ", " : "", more);
    memset(&err, 0, sizeof err);
    arena_close(&arena); /* of the former spec; zeroed at first */
    arena_open(&arena);
    if (!config_parse(text, (int64_t)strlen(text), "config.json", &arena, &config, &err))
        fail_msg("%s: %s", err.place, err.message);
    bool ok = spec_from_config(&config, &arena, &family, &spec, &err);
    known_family = ok ? family->name : NULL;
    config_close(&config);
    return ok;
}

static void must_read(const char *base, const char *more) {
    if (!reads(base, more)) fail_msg("%s: %s: %s", more, err.place, err.message);
}

static void must_refuse(const char *base, const char *more, const char *place) {
    if (reads(base, more)) fail_msg("read: %s", more);
    assert_string_equal(err.place, place);
    assert_string_equal(err.file, "config.json");
}

#define SIZES                                                                                                \
    "\"hidden_size\": 32, \"vocab_size\": 100, \"num_hidden_layers\": 4, \"num_attention_heads\": 4, "       \
    "\"num_key_value_heads\": 2"
#define LLAMA "\"model_type\": \"llama\", \"intermediate_size\": 44, " SIZES
#define MIXTRAL                                                                                              \
    "\"model_type\": \"mixtral\", \"intermediate_size\": 44, \"num_local_experts\": 6, "                     \
    "\"num_experts_per_tok\": 2, " SIZES
#define MOE   "\"moe_intermediate_size\": 12, \"num_experts_per_tok\": 2, " SIZES
#define QWEN3 "\"model_type\": \"qwen3\", \"intermediate_size\": 44, \"head_dim\": 16, " SIZES
#define V2                                                                                                   \
    "\"model_type\": \"deepseek_v2\", \"n_routed_experts\": 6, \"kv_lora_rank\": 14, \"qk_nope_head_dim\": " \
    "8, "                                                                                                    \
    "\"qk_rope_head_dim\": 4, \"v_head_dim\": 10, " MOE
#define V3                                                                                                   \
    "\"model_type\": \"deepseek_v3\", \"n_routed_experts\": 6, \"kv_lora_rank\": 14, \"qk_nope_head_dim\": " \
    "8, "                                                                                                    \
    "\"qk_rope_head_dim\": 4, \"v_head_dim\": 10, \"first_k_dense_replace\": 1, \"intermediate_size\": "     \
    "44, " MOE
#define GPT_OSS                                                                                              \
    "\"model_type\": \"gpt_oss\", \"intermediate_size\": 32, \"head_dim\": 8, \"num_local_experts\": 6, "    \
    "\"num_experts_per_tok\": 2, " SIZES
#define LLAMA4                                                                                               \
    "\"model_type\": \"llama4_text\", \"intermediate_size\": 20, \"head_dim\": 8, \"num_local_experts\": "   \
    "6, "                                                                                                    \
    "\"num_experts_per_tok\": 1, " SIZES

static void assert_close(double got, double want) {
    if (fabs(got - want) > 1e-6 * fabs(want)) fail_msg("%.9g, not %.9g", got, want);
}

TEST(families_are_found_by_either_name) {
    assert_string_equal(family_find("Qwen3MoeForCausalLM", NULL)->name, "qwen3_moe");
    assert_string_equal(family_find(NULL, "kimi_k2")->name, "deepseek_v3");
    assert_string_equal(family_find("Unheard", "olmoe")->name, "olmoe");
    assert_null(family_find(NULL, NULL));
    assert_null(family_find("Unheard", "of"));
    must_read("\"architectures\": [\"Unheard\", \"LlamaForCausalLM\"], \"intermediate_size\": 44, " SIZES,
              "");
    assert_string_equal(known_family, "llama");
    must_refuse("\"architectures\": [\"MambaForCausalLM\"]", "", "architectures");
    assert_non_null(strstr(err.message, "MambaForCausalLM"));
    assert_non_null(strstr(err.remedy, "deepseek_v3"));
    must_refuse("\"model_type\": \"mamba\"", "", "model_type");
    must_refuse("\"hidden_size\": 4", "", "architectures");
}

TEST(heads_and_their_width) {
    must_read(LLAMA, "");
    assert_int_equal(spec.attention.head_width, 8);
    assert_close(spec.attention.scale, 1 / sqrt(8));
    must_read(LLAMA, "\"head_dim\": 12");
    assert_int_equal(spec.attention.head_width, 12);
    must_read(LLAMA, "\"head_dim\": null");
    assert_int_equal(spec.attention.head_width, 8);
    must_refuse("\"model_type\": \"qwen3\", \"intermediate_size\": 4, " SIZES, "", "head_dim");
    must_refuse(
        "\"model_type\": \"llama\", \"intermediate_size\": 4, \"hidden_size\": 32, \"vocab_size\": 9, "
        "\"num_hidden_layers\": 1, \"num_attention_heads\": 5",
        "", "num_attention_heads");
    must_refuse(LLAMA, "\"num_local_experts\": 1, \"head_dim\": 7", "rope.dims");
}

TEST(rope_in_all_spellings) {
    must_read(LLAMA, "");
    assert_close(spec.rope.theta, 10000);
    assert_int_equal(spec.rope.scaling, ROPE_PLAIN);
    must_read(MIXTRAL, "");
    assert_close(spec.rope.theta, 1e6);
    must_read(LLAMA, "\"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}");
    assert_int_equal(spec.rope.scaling, ROPE_LINEAR);
    assert_close(spec.rope.theta, 5e5);
    assert_close(spec.rope.factor, 4);
    must_read(LLAMA, "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}, "
                     "\"rope_parameters\": {\"rope_theta\": 7.0}");
    assert_close(spec.rope.theta, 7);
    assert_close(spec.rope.factor, 4);
    must_refuse(LLAMA,
                "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}, "
                "\"rope_parameters\": {\"factor\": 8}",
                "rope_parameters");
    must_refuse(LLAMA, "\"rope_theta\": 5e5, \"rope_parameters\": {\"rope_theta\": 7.0}",
                "rope_parameters.rope_theta");
    must_refuse(LLAMA, "\"rope_scaling\": {\"factor\": 4}",
                "rope_scaling.rope_type"); /* not plain, but what? */
    must_read(LLAMA, "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 7}");
    assert_close(spec.rope.theta, 7);
    must_read(LLAMA,
              "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, "
              "\"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192}");
    assert_int_equal(spec.rope.scaling, ROPE_LLAMA3);
    assert_int_equal(spec.rope.original_context, 8192);
    must_read(LLAMA,
              "\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\", \"rope_theta\": 9.0}, "
              "\"sliding_attention\": {\"rope_type\": \"default\", \"rope_theta\": 9.0}}");
    assert_close(spec.rope.theta, 9);
    must_refuse(LLAMA,
                "\"rope_parameters\": {\"full_attention\": {\"rope_theta\": 9.0}, "
                "\"sliding_attention\": {\"rope_theta\": 8.0}}",
                "rope_parameters.sliding_attention");
    must_refuse(LLAMA, "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}", "rope_scaling.type");
    must_refuse(LLAMA, "\"rope_scaling\": {\"rope_type\": \"linear\"}", "rope_scaling.factor");
    must_refuse(LLAMA, "\"rope_theta\": 0", "rope.theta");
}

TEST(yarn_magnitudes) {
    must_read(GPT_OSS, "");
    assert_int_equal(spec.rope.scaling, ROPE_YARN);
    assert_false(spec.rope.truncate);
    assert_close(spec.rope.magnitude, 0.1 * log(32) + 1);
    assert_close(spec.rope.theta, 150000);
    must_read(GPT_OSS, "\"rope_scaling\": {\"rope_type\": \"default\"}");
    assert_int_equal(spec.rope.scaling, ROPE_PLAIN);
    must_read(QWEN3, "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4.0, \"attention_factor\": 1.25, "
                     "\"original_max_position_embeddings\": 100}");
    assert_close(spec.rope.magnitude, 1.25);
    assert_true(spec.rope.truncate);
    must_read(QWEN3, "\"max_position_embeddings\": 800, \"rope_scaling\": {\"type\": \"yarn\", "
                     "\"original_max_position_embeddings\": 100}");
    assert_close(spec.rope.factor, 8);
    must_read(V2, "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 40, \"mscale\": 0.707, "
                  "\"mscale_all_dim\": 0.707, \"original_max_position_embeddings\": 4096}");
    assert_close(spec.rope.magnitude, 1);
    assert_close(spec.attention.scale * sqrt(12), 1.5896261);
    must_read(
        V2,
        "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 40, \"original_max_position_embeddings\": 64}");
    assert_close(spec.rope.magnitude, 0.1 * log(40) + 1);
    assert_close(spec.attention.scale * sqrt(12), 1);
}

#define PHI                                                                                                  \
    "\"model_type\": \"phimoe\", \"intermediate_size\": 12, \"num_local_experts\": 4, "                      \
    "\"num_experts_per_tok\": 2, " SIZES
#define FACTORS "\"short_factor\": [1, 1.5, 2, 3], \"long_factor\": [1, 2, 4, 8]"

TEST(longrope_magnitudes) {
    must_read(PHI,
              "\"max_position_embeddings\": 256, \"rope_scaling\": {\"type\": \"longrope\", " FACTORS
              ", \"short_mscale\": 1.1, \"long_mscale\": 1.3, \"original_max_position_embeddings\": 64}");
    assert_int_equal(spec.rope.scaling, ROPE_LONGROPE);
    assert_int_equal(spec.rope.factor_count, 4);
    assert_close(spec.rope.long_factor[3], 8);
    assert_close(spec.rope.magnitude, 1.1);
    assert_close(spec.rope.long_magnitude, 1.3);
    must_read(PHI, "\"max_position_embeddings\": 256, \"original_max_position_embeddings\": 64, "
                   "\"rope_scaling\": {\"type\": \"su\", " FACTORS "}");
    assert_close(spec.rope.magnitude, sqrt(1 + log(4) / log(64)));
    assert_int_equal(spec.rope.original_context, 64);
    must_refuse(PHI,
                "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1]}",
                "rope_scaling.short_factor");
    must_refuse(PHI, "\"rope_scaling\": {\"type\": \"longrope\"}", "rope_scaling.short_factor");
    must_refuse("\"model_type\": \"phimoe\", \"intermediate_size\": 12, \"num_local_experts\": 4, "
                "\"experts_per_token\": 3, " SIZES,
                "", "num_experts_per_tok");
}

static void assert_windows(const char *kinds, int64_t size) {
    for (int i = 0; kinds[i]; i++) {
        const struct layer_spec *layer = &spec.decoder.layers[i];
        enum window_kind want = kinds[i] == 's'   ? WINDOW_SLIDING
                                : kinds[i] == 'c' ? WINDOW_CHUNKED
                                                  : WINDOW_NONE;
        assert_int_equal(layer->window, want);
        assert_int_equal(layer->window_size, want == WINDOW_NONE ? 0 : size);
    }
}

TEST(windows) {
    must_read(MIXTRAL, "\"sliding_window\": 7");
    assert_windows("ssss", 7);
    must_read(MIXTRAL, "\"sliding_window\": null");
    assert_windows("----", 0);
    must_read(MIXTRAL, "\"sliding_window\": 0");
    assert_windows("----", 0);
    must_refuse(QWEN3, "\"sliding_window\": 0, \"use_sliding_window\": true", "sliding_window");
    must_read(QWEN3, "\"sliding_window\": 5");
    assert_windows("----", 0);
    must_read(QWEN3, "\"sliding_window\": 5, \"use_sliding_window\": true, \"max_window_layers\": 3");
    assert_windows("---s", 5);
    must_read(QWEN3,
              "\"sliding_window\": 5, \"use_sliding_window\": true, \"layer_types\": "
              "[\"sliding_attention\", \"full_attention\", \"full_attention\", \"sliding_attention\"]");
    assert_windows("s--s", 5);
    must_read(GPT_OSS, "");
    assert_windows("s-s-", 128);
    must_read(GPT_OSS, "\"sliding_window\": 9, \"layer_types\": "
                       "[\"full_attention\", \"sliding_attention\", \"full_attention\", \"full_attention\"]");
    assert_windows("-s--", 9);
    must_read(LLAMA4, "\"attention_chunk_size\": 6");
    assert_windows("ccc-", 6);
    must_read(LLAMA4, "\"attention_chunk_size\": null");
    assert_windows("----", 0);
    must_refuse(GPT_OSS, "\"layer_types\": [\"full_attention\"]", "layer_types");
    must_refuse(GPT_OSS,
                "\"layer_types\": [\"full_attention\", \"mamba\", \"full_attention\", \"full_attention\"]",
                "layer_types");
    must_refuse(QWEN3,
                "\"layer_types\": [\"sliding_attention\", \"full_attention\", \"full_attention\", "
                "\"full_attention\"]",
                "layer_types");
}

TEST(which_layers_have_experts) {
    must_read("\"model_type\": \"qwen3_moe\", \"num_experts\": 6, \"intermediate_size\": 44, " MOE,
              "\"decoder_sparse_step\": 2, \"mlp_only_layers\": [3]");
    for (int i = 0; i < 4; i++) assert_int_equal(spec.decoder.layers[i].ffn, i == 1 ? FFN_MOE : FFN_DENSE);
    assert_int_equal(spec.decoder.layers[0].dense_width, 44);
    assert_int_equal(spec.decoder.layers[1].dense_width, 0);
    must_read(V3, "\"moe_layer_freq\": 2");
    for (int i = 0; i < 4; i++) assert_int_equal(spec.decoder.layers[i].ffn, i == 2 ? FFN_MOE : FFN_DENSE);
    must_refuse(V2, "\"first_k_dense_replace\": 1", "intermediate_size");
    must_read(LLAMA4, "\"interleave_moe_layer_step\": 2, \"intermediate_size_mlp\": 50");
    for (int i = 0; i < 4; i++) assert_int_equal(spec.decoder.layers[i].ffn, i % 2 ? FFN_MOE : FFN_DENSE);
    must_read(LLAMA4, "\"moe_layers\": [0, 1, 2], \"intermediate_size_mlp\": 50");
    assert_int_equal(spec.decoder.layers[3].dense_width, 50);
    must_refuse(LLAMA4, "\"moe_layers\": [4], \"intermediate_size_mlp\": 50", "moe_layers");
    must_refuse(LLAMA4, "\"moe_layers\": [0]", "intermediate_size_mlp");
}

TEST(routers) {
    const struct router_spec *r = &spec.router;
    must_read(MIXTRAL, "");
    assert_true(r->score == SCORE_SOFTMAX && r->weigh == WEIGH_NORMALISED && r->epsilon == 0 &&
                r->scale == 1);
    must_read("\"model_type\": \"qwen3_moe\", \"num_experts\": 6, " MOE, "");
    assert_true(r->weigh == WEIGH_SCORE);
    must_read(V2, "\"routed_scaling_factor\": 16.0");
    assert_true(r->select == SELECT_TOP_K && r->weigh == WEIGH_SCORE && r->scale == 16);
    must_read(V2, "\"routed_scaling_factor\": 16.0, \"norm_topk_prob\": true");
    assert_true(r->weigh == WEIGH_NORMALISED && r->epsilon == 1e-20 && r->scale == 1);
    must_read(V2, "\"topk_method\": \"group_limited_greedy\", \"n_group\": 3, \"topk_group\": 2");
    assert_true(r->select == SELECT_TOP_K_IN_GROUPS && r->group_score == GROUP_BEST && r->group_mask_zero);
    must_refuse(V2, "\"topk_method\": \"noaux_tc\"", "topk_method");
    must_refuse(V2, "\"scoring_func\": \"sigmoid\"", "scoring_func");
    must_read(V3, "\"n_group\": 3, \"topk_group\": 2");
    assert_true(r->select == SELECT_TOP_K_IN_GROUPS && r->group_score == GROUP_BEST_TWO &&
                !r->group_mask_zero);
    assert_true(r->score == SCORE_SIGMOID && r->selection_bias && r->epsilon == 1e-20 && r->scale == 2.5);
    must_refuse(V3, "\"scoring_func\": \"softmax\"", "scoring_func");
    must_read(GPT_OSS, "");
    assert_true(r->score == SCORE_RAW && r->weigh == WEIGH_SOFTMAX_OF_SELECTED && r->bias);
    must_read(LLAMA4, "");
    assert_true(r->score == SCORE_RAW && r->weigh == WEIGH_SIGMOID_ON_INPUT);
    must_read(PHI, "\"router_jitter_noise\": 0.05");
    assert_true(r->score == SCORE_SPARSEMIXER && r->jitter == 0.05);
    must_refuse("\"model_type\": \"mixtral\", \"intermediate_size\": 12, \"num_local_experts\": 4, "
                "\"experts_per_token\": 7, " SIZES,
                "", "router.top_k");
    must_refuse("\"model_type\": \"olmoe\", \"intermediate_size\": 12, " SIZES, "", "num_experts");
}

TEST(llama4_details) {
    must_read(LLAMA4, "");
    assert_true(spec.attention.tuned && spec.attention.tune_floor == 8192 &&
                spec.attention.tune_scale == 0.1);
    assert_true(spec.rope.interleaved && spec.attention.qk_norm == QK_NORM_L2_AFTER_ROPE);
    assert_int_equal(spec.shared_width, 20);
    for (int i = 0; i < 4; i++) assert_int_equal(spec.decoder.layers[i].rope, i != 3);
    must_read(LLAMA4, "\"attn_temperature_tuning\": 4, \"no_rope_layers\": [0, 1, 0, 1]");
    assert_true(spec.attention.tuned);
    for (int i = 0; i < 4; i++) assert_int_equal(spec.decoder.layers[i].rope, i % 2);
    must_read(LLAMA4, "\"attn_temperature_tuning\": 0, \"no_rope_layers\": []");
    assert_false(spec.attention.tuned);
    must_read(LLAMA4, "\"attn_temperature_tuning\": false, \"use_qk_norm\": false");
    assert_true(!spec.attention.tuned && spec.attention.qk_norm == QK_NORM_NONE);
    must_refuse(LLAMA4, "\"no_rope_layers\": [1, 2, 1, 1]", "no_rope_layers");
    must_refuse(LLAMA4, "\"no_rope_layers\": [1]", "no_rope_layers");
    must_read("\"model_type\": \"llama4\", \"text_config\": {" LLAMA4 "}", "");
    assert_int_equal(spec.width, 32);
    must_refuse("\"model_type\": \"llama4\", \"text_config\": {" LLAMA4 "}",
                "\"quantization_config\": {\"quant_method\": \"compressed-tensors\"}",
                "quantization_config.quant_method");
    must_refuse("\"model_type\": \"llama4\", \"text_config\": {\"hidden_size\": -3}", "",
                "text_config.hidden_size");
}

TEST(activations_and_tokens) {
    must_read(LLAMA, "\"hidden_act\": \"gelu_pytorch_tanh\"");
    assert_int_equal(spec.activation, ACTIVATION_GELU_TANH);
    must_refuse(LLAMA, "\"hidden_act\": \"mish\"", "hidden_act");
    must_refuse(GPT_OSS, "\"hidden_act\": \"gelu\"", "hidden_act");
    must_read(LLAMA, "\"eos_token_id\": [128001, 128008], \"bos_token_id\": 128000, \"pad_token_id\": -1");
    assert_true(spec.tokens.eos_count == 2 && spec.tokens.eos[1] == 128008);
    assert_true(spec.tokens.bos == 128000 && spec.tokens.pad == -1);
    must_read(LLAMA, "\"eos_token_id\": 2");
    assert_true(spec.tokens.eos_count == 1 && spec.tokens.eos[0] == 2);
    must_refuse(LLAMA, "\"eos_token_id\": [1, \"x\"]", "eos_token_id");
    must_refuse(LLAMA, "\"eos_token_id\": [1, 2, 3, 4, 5, 6, 7, 8, 9]", "eos_token_id");
}

TEST(stored_in_float8) {
    must_read(V3, "\"quantization_config\": {\"quant_method\": \"fp8\", \"weight_block_size\": [64, 32]}");
    assert_true(spec.scale_block_rows == 64 && spec.scale_block_cols == 32);
    must_read(V3, "\"quantization_config\": {\"quant_method\": \"fp8\"}");
    assert_true(spec.scale_block_rows == 128 && spec.scale_block_cols == 128);
    must_read(GPT_OSS, "\"quantization_config\": {\"quant_method\": \"mxfp4\"}");
    must_refuse(V3, "\"quantization_config\": {\"quant_method\": \"gptq\"}",
                "quantization_config.quant_method");
    must_refuse(V3, "\"quantization_config\": {\"quant_method\": \"fp8\", \"weight_block_size\": [0, 128]}",
                "quantization_config.weight_block_size");
    must_refuse(V3, "\"quantization_config\": {\"bits\": 4}", "quantization_config.quant_method");
}

TEST(multipliers_of_granite) {
    static const char granite[] = "\"model_type\": \"granitemoe\", \"intermediate_size\": 12, "
                                  "\"num_local_experts\": 4, \"num_experts_per_tok\": 2, " SIZES;
    must_read(granite, "\"attention_multiplier\": 0.2, \"logits_scaling\": 4, \"residual_multiplier\": 0.5");
    assert_true(spec.attention.scale == 0.2 && spec.logits_multiplier == 0.25 &&
                spec.residual_multiplier == 0.5);
    must_refuse(granite, "\"logits_scaling\": 0", "logits_scaling");
}

/* What a file does not say: the defaults of the classes that wrote it (transformers, or the authors'
 * code). */
TEST(defaults_of_each_family) {
#define EXPERTS_OF(name)                                                                                     \
    "\"model_type\": \"" name "\", \"num_experts_per_tok\": 2, \"intermediate_size\": 12, " SIZES
    static const struct {
        const char *config;
        double norm_eps, theta;
        int64_t context;
        bool qkv_bias, output_bias;
        enum router_weigh weigh;
        enum qk_norm qk_norm;
        double scale;
        int64_t dense; /* the first layers without experts */
    } cases[] = {
        { LLAMA, 1e-6, 1e4, 2048, false, false, WEIGH_SCORE, QK_NORM_NONE, 1, 4 },
        { MIXTRAL, 1e-5, 1e6, 131072, false, false, WEIGH_NORMALISED, QK_NORM_NONE, 1, 0 },
        { QWEN3, 1e-6, 1e4, 32768, false, false, WEIGH_SCORE, QK_NORM_HEAD, 1, 4 },
        { "\"model_type\": \"qwen2_moe\", \"num_experts\": 6, \"shared_expert_intermediate_size\": 8, " MOE,
          1e-6, 1e4, 32768, true, false, WEIGH_SCORE, QK_NORM_NONE, 1, 0 },
        { "\"model_type\": \"qwen3_moe\", \"num_experts\": 6, " MOE, 1e-6, 1e4, 32768, false, false,
          WEIGH_SCORE, QK_NORM_HEAD, 1, 0 },
        { EXPERTS_OF("olmoe") ", \"num_experts\": 6", 1e-5, 1e4, 4096, false, false, WEIGH_SCORE,
          QK_NORM_WIDTH, 1, 0 },
        { EXPERTS_OF("granitemoe") ", \"num_local_experts\": 6", 1e-6, 1e4, 2048, false, false,
          WEIGH_SOFTMAX_OF_SELECTED, QK_NORM_NONE, 1, 0 },
        { PHI, 1e-5, 1e4, 131072, false, false, WEIGH_SCORE, QK_NORM_NONE, 1, 0 },
        { "\"model_type\": \"deepseek\", \"n_routed_experts\": 6, " MOE, 1e-6, 1e4, 2048, false, false,
          WEIGH_SCORE, QK_NORM_NONE, 1, 0 },
        { V2, 1e-6, 1e4, 2048, false, false, WEIGH_SCORE, QK_NORM_NONE, 1, 0 },
        { "\"model_type\": \"deepseek_v3\", \"n_routed_experts\": 6, \"kv_lora_rank\": 14, "
          "\"qk_nope_head_dim\": 8, \"qk_rope_head_dim\": 4, \"v_head_dim\": 10, \"intermediate_size\": "
          "44, " MOE,
          1e-6, 1e4, 4096, false, false, WEIGH_NORMALISED, QK_NORM_NONE, 2.5, 3 },
        { "\"model_type\": \"glm4_moe\", \"n_routed_experts\": 6, \"head_dim\": 8, \"intermediate_size\": "
          "44, " MOE,
          1e-5, 1e4, 131072, false, false, WEIGH_NORMALISED, QK_NORM_NONE, 1, 1 },
        { GPT_OSS, 1e-5, 150000, 131072, true, true, WEIGH_SOFTMAX_OF_SELECTED, QK_NORM_NONE, 1, 0 },
        { LLAMA4, 1e-5, 500000, 131072, false, false, WEIGH_SIGMOID_ON_INPUT, QK_NORM_L2_AFTER_ROPE, 1, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        must_read(cases[i].config, "");
        print_message("%s\n", known_family);
        assert_true(spec.norm_eps == cases[i].norm_eps && spec.rope.theta == cases[i].theta);
        assert_int_equal(spec.context, cases[i].context);
        assert_int_equal(spec.attention.qkv_bias, cases[i].qkv_bias);
        assert_int_equal(spec.attention.output_bias, cases[i].output_bias);
        assert_int_equal(spec.attention.qk_norm, cases[i].qk_norm);
        assert_int_equal(spec.activation, spec.attention.sinks ? ACTIVATION_SWIGLU_OAI : ACTIVATION_SILU);
        assert_false(spec.tied || spec.ffn_bias || spec.head_bias);
        for (int64_t l = 0; l < 4; l++)
            assert_int_equal(spec.decoder.layers[l].ffn, l < cases[i].dense ? FFN_DENSE : FFN_MOE);
        assert_int_equal(spec.mtp_layers, 0);
        if (cases[i].dense == 4) continue;
        assert_int_equal(spec.router.weigh, cases[i].weigh);
        assert_true(spec.router.scale == cases[i].scale);
        assert_int_equal(spec.router.select, SELECT_TOP_K);
    }
    must_read(V2,
              ""); /* the shared expert is there when it is asked for; a latent has as many keys as heads */
    assert_int_equal(spec.shared_width, 0);
    assert_int_equal(spec.attention.kv_heads, 4);
    assert_true(spec.rope.interleaved && spec.attention.latent_norm_eps == 1e-6);
    must_read("\"model_type\": \"deepseek_v2\", \"n_routed_experts\": 6, \"kv_lora_rank\": 14, "
              "\"qk_nope_head_dim\": 8, \"qk_rope_head_dim\": 4, \"v_head_dim\": 10, "
              "\"moe_intermediate_size\": 12, \"num_experts_per_tok\": 1, \"norm_topk_prob\": true, "
              "\"n_shared_experts\": 2, \"rope_interleave\": false, " SIZES,
              "");
    assert_true(!spec.rope.interleaved && spec.router.weigh == WEIGH_SCORE && spec.shared_width == 24);
    must_read(V3, "\"n_group\": 2, \"topk_group\": 1"); /* two groups are groups */
    assert_int_equal(spec.router.select, SELECT_TOP_K_IN_GROUPS);
    must_refuse(V3, "\"topk_method\": \"greedy\"", "topk_method");
    must_read(PHI, "");
    assert_true(spec.router.jitter == 0.01);
    must_read(GPT_OSS, "");
    assert_true(spec.activation_limit == 7 && spec.activation_alpha == 1.702);
    must_read("\"model_type\": \"glm4_moe\", \"n_routed_experts\": 6, \"head_dim\": 8, "
              "\"intermediate_size\": 44, " MOE,
              "");
    assert_int_equal(spec.rope.dims, 4); /* half of each head rotates */
    must_read("\"model_type\": \"granitemoe\", \"intermediate_size\": 12, \"num_local_experts\": 4, "
              "\"num_experts_per_tok\": 2, " SIZES,
              "");
    assert_true(spec.attention.scale == 1 && spec.logits_multiplier == 1 && spec.embedding_multiplier == 1 &&
                spec.residual_multiplier == 1);
    must_read(LLAMA4, "");
    assert_windows("ccc-", 8192);
    must_read("\"model_type\": \"qwen3\", \"intermediate_size\": 44, \"head_dim\": 16, \"hidden_size\": 32, "
              "\"vocab_size\": 100, \"num_hidden_layers\": 30, \"num_attention_heads\": 4, "
              "\"use_sliding_window\": true",
              "");
    for (int i = 0; i < 30; i++)
        assert_int_equal(spec.decoder.layers[i].window, i < 28 ? WINDOW_NONE : WINDOW_SLIDING);
    assert_int_equal(spec.decoder.layers[29].window_size, 4096);
    must_read(QWEN3, "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4.0, "
                     "\"original_max_position_embeddings\": 100}, \"original_max_position_embeddings\": 50");
    assert_true(spec.rope.beta_fast == 32 && spec.rope.beta_slow == 1 && spec.rope.truncate);
    must_read(PHI, "\"max_position_embeddings\": 256, \"rope_scaling\": {\"type\": \"longrope\", " FACTORS
                   ", \"attention_factor\": 1.5, \"original_max_position_embeddings\": 64}");
    assert_true(spec.rope.magnitude == 1.5 && spec.rope.long_magnitude == 1.5);
    must_read(
        "\"model_type\": \"qwen2_moe\", \"num_experts\": 6, \"shared_expert_intermediate_size\": 8, " MOE,
        "\"use_sliding_window\": true"); /* four layers, and 28 see all */
    assert_windows("----", 0);
    must_read(QWEN3, "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4.0, "
                     "\"original_max_position_embeddings\": 100}, \"original_max_position_embeddings\": 50");
    assert_int_equal(spec.rope.original_context, 50); /* the model's own level wins */
}

TEST(absurd_counts_of_layers) {
    must_refuse(LLAMA, "\"x\": 0, \"rms_norm_eps\": 1e308", "norm_eps");
    must_refuse(
        "\"model_type\": \"llama\", \"intermediate_size\": 4, \"hidden_size\": 32, \"vocab_size\": 9, "
        "\"num_attention_heads\": 4, \"num_hidden_layers\": 10001",
        "", "num_hidden_layers");
}
