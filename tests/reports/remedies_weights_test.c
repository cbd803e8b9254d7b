/*
 * Remedies that are about the weights of a checkpoint, followed: each tensor is taken, or made, as the remedy
 * says, and the model runs.
 */
#include "converted.h"
#include "hostile.h"

#include <stdio.h>
#include <string.h>

#define LAYER "model.layers.0."
#define Q     LAYER "self_attn.q_proj.weight"
#define GATE  LAYER "block_sparse_moe.gate.weight"
#define TWIN  LAYER "mlp.gate.weight"

static void refused(const struct hostile *h, const char *remedy) {
    hostile_write(h);
    must_refuse(test_run("run", test_temp_dir(), "--ids", "1", "-n", "1"), remedy);
}

static void accepted(const struct hostile *h) {
    hostile_write(h);
    hostile_accepted();
    must_run(test_run("run", test_temp_dir(), "--ids", "1", "-n", "1"));
}

/* Zeros of another type in place of what the tensor has. */
static struct hostile_tensor *retype(struct hostile *h, const char *name, const char *dtype, int bits) {
    struct hostile_tensor was = *hostile_tensor(h, name);
    int64_t shape[3] = { was.shape[0], was.shape[1], was.shape[2] };
    hostile_remove(h, name);
    return hostile_add(h, was.name, dtype, bits, was.rank, shape);
}

static void by_blocks_of(struct hostile *h, int side) {
    json_object_set_new(h->config, "quantization_config",
                        json_pack("{s:s, s:[i,i]}", "quant_method", "fp8", "weight_block_size", side, side));
}

/* Somebody's program had stored a matrix as whole numbers. */
TEST(remedy_types_of_weights_that_are_read) {
    static const struct {
        const char *name;
        int bits;
    } types[] = { { "F32", 32 }, { "F16", 16 },    { "BF16", 16 },
                  { "F64", 64 }, { "F8_E4M3", 8 }, { "F8_E5M2", 8 } };
    struct hostile h;
    hostile_open(&h);
    retype(&h, Q, "I8", 8);
    refused(&h, "take the model in F32, F16, BF16, F64, F8_E4M3 or F8_E5M2");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        retype(&h, Q, types[i].name, types[i].bits);
        accepted(&h);
    }
    hostile_close(&h);
}

/* Somebody's weights were packed by another program. */
TEST(remedy_forms_of_storage_that_are_read) {
    static const char remedy[] = "take the model in BF16, in float8 by blocks (fp8), in MXFP4, or as GGUF";
    char gguf[TEST_PATH_MAX];
    struct hostile h;
    hostile_open(&h);
    json_object_set_new(h.config, "quantization_config", json_pack("{s:s}", "quant_method", "gptq"));
    refused(&h, remedy);
    json_object_del(h.config, "quantization_config");
    hostile_add(&h, LAYER "self_attn.q_proj.qweight", "F32", 32, 1, (int64_t[]){ 1 });
    refused(&h, remedy);
    hostile_remove(&h, LAYER "self_attn.q_proj.qweight");
    accepted(&h); /* in BF16 */
    test_temp_path(gguf, "m.gguf");
    must_run(test_run("convert", test_temp_dir(), "--out", gguf));
    must_run(test_run("run", gguf, "--ids", "1", "-n", "1"));
    test_source(gguf, "tests/golden/deepseek_v3_fp8");
    must_run(test_run("run", gguf, "--ids", "1", "-n", "1"));
    test_source(gguf, "tests/golden/gpt_oss_mxfp4");
    must_run(test_run("run", gguf, "--ids", "1", "-n", "1"));
    hostile_close(&h);
}

/* Somebody's scales were of other blocks than the config said, of another type, gone, or alone. */
TEST(remedy_scales_as_the_config_says) {
    static const char *const types[] = { "F32", "BF16", "F16", "F8_E8M0" };
    static const int bits[] = { 32, 16, 16, 8 };
    const int64_t one[2] = { 1, 1 };
    struct hostile h;
    hostile_open(&h);
    retype(&h, Q, "F8_E4M3", 8);
    hostile_add(&h, Q "_scale_inv", "F32", 32, 2, one);
    by_blocks_of(&h, 2);
    refused(&h,
            "correct weight_block_size in quantization_config; where a scale is for a row or a whole matrix, "
            "take the model in BF16 or as GGUF");
    by_blocks_of(&h, 128);
    accepted(&h);
    retype(&h, Q "_scale_inv", "F64", 64);
    refused(&h, "take the model with its scales in F32, BF16, F16 or F8_E8M0");
    for (size_t i = 0; i < 4; i++) {
        retype(&h, Q "_scale_inv", types[i], bits[i]);
        accepted(&h);
    }
    hostile_remove(&h, Q "_scale_inv");
    refused(&h, "its numbers mean nothing without it: take the checkpoint from where it was published");
    hostile_add(&h, Q "_scale_inv", "F32", 32, 2, one);
    accepted(&h);
    retype(&h, Q, "BF16", 16);
    refused(&h,
            "the tensor that they belong to is missing, or is not in 8 or 4 bits: take the checkpoint from "
            "where it was published");
    retype(&h, Q, "F8_E4M3", 8);
    accepted(&h);
    hostile_close(&h);
}

/* Somebody's checkpoint lacked a tensor, or had one twice, by two names. */
TEST(remedy_each_tensor_once) {
    struct hostile h;
    hostile_open(&h);
    struct hostile_tensor gate = *hostile_tensor(&h, GATE);
    hostile_add(&h, TWIN, "BF16", 16, 2, gate.shape);
    refused(&h, "remove one of the two");
    hostile_remove(&h, TWIN);
    accepted(&h);
    hostile_remove(&h, GATE);
    refused(&h, "): fetch what is missing of the checkpoint");
    hostile_add(&h, GATE, "BF16", 16, 2, gate.shape);
    accepted(&h);
    hostile_close(&h);
}

/* Somebody's program had put the config of another model beside the weights. */
TEST(remedy_weights_and_config_of_one_model) {
    struct hostile h;
    hostile_open(&h);
    json_object_set_new(h.config, "num_local_experts", json_integer(HOSTILE_EXPERTS - 1));
    refused(&h,
            "the weights and config.json are not of the same model: take both from where it was published");
    json_object_set_new(h.config, "num_local_experts", json_integer(HOSTILE_EXPERTS));
    accepted(&h);
    hostile_close(&h);
}

/* A key that a family never had was in somebody's config, put there by a program that nobody obeys. */
TEST(remedy_keys_that_the_program_ignores) {
    struct hostile h;
    hostile_open(&h);
    json_object_set_new(h.config, "mlp_bias", json_true());
    refused(&h, "if the program that the model was made for ignores this key, take it out");
    json_object_del(h.config, "mlp_bias");
    accepted(&h);
    hostile_close(&h);
}

/* A name of a tensor was spelt wrong in a copy that lay beside the right one. */
TEST(remedy_a_tensor_spelt_almost_right) {
    struct hostile h;
    hostile_open(&h);
    hostile_add(&h, LAYER "self_attn.q_prj.weight", "BF16", 16, 1, (int64_t[]){ 1 });
    refused(&h, "did you mean " Q "? --ignore-unknown leaves it out");
    must_run(test_run("run", test_temp_dir(), "--ids", "1", "-n", "1", "--ignore-unknown"));
    hostile_close(&h);
}

/* Somebody's experts were stored partly in one type and partly in another, and were to be joined. */
TEST(remedy_one_type_for_what_is_joined) {
    char gguf[TEST_PATH_MAX];
    struct hostile h;
    hostile_open(&h);
    test_temp_path(gguf, "m.gguf");
    retype(&h, LAYER "block_sparse_moe.experts.1.w1.weight", "F16", 16);
    hostile_write(&h);
    must_refuse(test_run("convert", test_temp_dir(), "--out", gguf), "choose one type with --dtype");
    must_run(test_run("convert", test_temp_dir(), "--out", gguf, "--dtype", "f32"));
    must_run(test_run("run", gguf, "--ids", "1", "-n", "1"));
    hostile_close(&h);
}
