/*
 * Weights that a type cannot hold: what convert makes of them is sound, or it is not made.
 */
#include "../converted.h"
#include "../hostile.h"
#include "base/os.h"
#include "formats/gguf.h"
#include "tensor/dtype.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG                                                                                               \
    "{\"architectures\":[\"MixtralForCausalLM\"],\"model_type\":\"mixtral\",\"hidden_size\":256,"            \
    "\"intermediate_size\":256,\"num_hidden_layers\":1,\"num_attention_heads\":4,"                           \
    "\"num_key_value_heads\":2,\"num_local_experts\":4,\"num_experts_per_tok\":2,\"vocab_size\":64,"         \
    "\"max_position_embeddings\":64,\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0}"
#define EXPERT "model.layers.0.block_sparse_moe.experts.2.w1.weight"

static const char *const block_types[] = { "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q6_k", "mxfp4" };
enum { BLOCK_TYPES = sizeof block_types / sizeof block_types[0] };

/* A synthetic model of this type, its folder in the test's own. */
static void make(char folder[TEST_PATH_MAX], const char *dtype) {
    char config[TEST_PATH_MAX];
    test_temp_path(folder, "model");
    test_temp_path(config, "c.json");
    hostile_file("c.json", CONFIG, (int64_t)strlen(CONFIG));
    must_run(test_run("synth", config, "--out", folder, "--dtype", dtype, "--force"));
}

/* Puts bytes into a tensor of a model's file, from `at` on, `count` times. */
static void poke_bytes(const char *path, const struct tensor *tensor, int64_t at, const void *bytes,
                       size_t size, int64_t count) {
    char *text;
    int64_t length;
    assert_true(os_read_file(path, 1 << 24, &text, &length, NULL));
    const char *found = memmem(text, (size_t)length, tensor->data, (size_t)tensor->bytes);
    assert_non_null(found);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)(found - text + at), SEEK_SET), 0);
    for (int64_t i = 0; i < count; i++) assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(text);
}

/* Puts a number into a tensor of a folder's weights, from number `first` on. */
static void poke(const char *folder, const char *name, int64_t first, int64_t count, float value) {
    char path[TEST_PATH_MAX];
    struct checkpoint checkpoint;
    unsigned char bytes[4];
    snprintf(path, sizeof path, "%.4000s/model.safetensors", folder);
    assert_true(checkpoint_open(folder, &checkpoint, NULL));
    const struct tensor *tensor = checkpoint_find(&checkpoint, name);
    assert_non_null(tensor);
    size_t size = (size_t)dtype_bits(tensor->dtype) / 8;
    dtype_from_f32(tensor->dtype, &value, 1, bytes);
    poke_bytes(path, tensor, first * (int64_t)size, bytes, size, count);
    checkpoint_close(&checkpoint);
}

/* What was written runs. */
static void runs(const char *model) {
    char out[TEST_PATH_MAX];
    test_temp_path(out, "o.safetensors");
    must_run(test_run("logits", model, "--ids", "1,2,3,4,5,6,7,8", "--out", out));
    remove(out);
}

static enum dtype type_of(const char *file, const char *name) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    assert_true(gguf_open(file, &checkpoint, &gguf, NULL));
    const struct tensor *tensor = checkpoint_find(&checkpoint, name);
    assert_non_null(tensor);
    enum dtype dtype = tensor->dtype;
    checkpoint_close(&checkpoint);
    return dtype;
}

/* A scale of 16 bits ended at 65504: the weights became infinite, convert said nothing, and run called the
 * new file damaged. */
TEST(a_weight_beyond_its_type_is_kept_in_a_wider_one) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], first[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    test_temp_path(first, "first.gguf");
    make(folder, "bf16");
    poke(folder, EXPERT, 700, 1, -3e9f);
    must_run(test_run("convert", folder, "--out", first));
    for (int from_gguf = 0; from_gguf < 2; from_gguf++)
        for (int i = 0; i < BLOCK_TYPES; i++) {
            const char *source = from_gguf ? first : folder;
            struct test_output output =
                must_run(test_run("convert", source, "--out", file, "--dtype", block_types[i], "--force"));
            bool holds = strcmp(block_types[i], "mxfp4") == 0;
            if (holds == (strstr(output.err, "kept in BF16") != NULL)) fail_msg("%s", output.err);
            if (!holds) assert_non_null(strstr(output.out, " tensors, 1 of them in a wider type, "));
            if (!holds) assert_non_null(strstr(output.err, "blk.0.ffn_gate_exps.weight holds -3"));
            assert_int_equal(type_of(file, "blk.0.ffn_gate_exps.weight"), holds ? DTYPE_MXFP4 : DTYPE_BF16);
            assert_true(dtype_is_block(type_of(file, "blk.0.ffn_up_exps.weight")));
            runs(file);
        }
    must_run(test_run("convert", folder, "--out", file, "--dtype", "f16", "--force"));
    assert_int_equal(type_of(file, "blk.0.ffn_gate_exps.weight"), DTYPE_BF16); /* the source's own */
    runs(file);
    make(folder, "f32");
    poke(folder, EXPERT, 700, 1, 3e38f);
    poke(folder, "lm_head.weight", 0, 1, 3.4e38f); /* BF16 would round it to infinity */
    must_run(test_run("convert", folder, "--out", file, "--dtype", "q8_0", "--force"));
    assert_int_equal(type_of(file, "blk.0.ffn_gate_exps.weight"), DTYPE_BF16);
    assert_int_equal(type_of(file, "output.weight"), DTYPE_F32);
}

/* The same on the way to safetensors, where one type is named for all: refused, and the type that holds it
 * told, which works. */
TEST(a_weight_beyond_f16_is_refused_on_the_way_to_a_folder) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again");
    make(folder, "bf16");
    poke(folder, EXPERT, 700, 1, 1e6f);
    must_run(test_run("convert", folder, "--out", file));
    must_refuse(test_run("convert", folder, "--out", again, "--dtype", "f16"),
                EXPERT ": holds 999424, beyond the 65504 of F16; --dtype bf16 holds it\n");
    must_refuse(test_run("convert", file, "--out", again, "--dtype", "f16"),
                "ffn_gate_exps.weight: holds 999424, beyond the 65504 of F16; --dtype bf16 holds it\n");
    must_run(test_run("convert", folder, "--out", again, "--dtype", "bf16"));
    runs(again);
}

/* A model with NaN in its weights, which run refuses, became one without: a block's codes have no NaN. */
TEST(nan_is_refused_by_name_on_every_route) {
    static const char *const types[] = { "f32", "bf16", "f16" };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again");
    for (int special = 0; special < 2; special++) {
        const char *named = special ? EXPERT ": holds infinity, " : EXPERT ": holds NaN, ";
        make(folder, "bf16");
        poke(folder, EXPERT, 2 * 256 + 5, 1, special ? INFINITY : NAN);
        must_refuse(test_run("convert", folder, "--out", file), named);
        for (int i = 0; i < BLOCK_TYPES; i++)
            must_refuse(test_run("convert", folder, "--out", file, "--dtype", block_types[i]), named);
        for (int i = 0; i < 3; i++)
            must_refuse(test_run("convert", folder, "--out", again, "--dtype", types[i], "--force"), named);
        must_refuse(test_run("convert", folder, "--out", again, "--force"), named);
        assert_false(os_is_file(file));
    }
}

/* The same of a GGUF file, also where its blocks only travel: a scale that is NaN makes 32 numbers so. */
TEST(nan_in_a_gguf_file_is_refused_by_name) {
    static const char *const types[] = { "bf16", "q8_0" };
    static const char *const wanted[] = { NULL, "q4_0", "q8_0", "bf16", "f32" };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again.gguf");
    make(folder, "bf16");
    for (int t = 0; t < 2; t++) {
        struct checkpoint checkpoint;
        struct gguf gguf;
        must_run(test_run("convert", folder, "--out", file, "--dtype", types[t], "--force"));
        assert_true(gguf_open(file, &checkpoint, &gguf, NULL));
        const struct tensor *tensor = checkpoint_find(&checkpoint, "blk.0.ffn_down_exps.weight");
        assert_non_null(tensor);
        poke_bytes(file, tensor, 34 * 100, "\xff\x7f", 2, 1); /* NaN as BF16, and as F16 */
        checkpoint_close(&checkpoint);
        for (int w = 0; w < 5; w++)
            must_refuse(wanted[w] ? test_run("convert", file, "--out", again, "--dtype", wanted[w])
                                  : test_run("convert", file, "--out", again),
                        "blk.0.ffn_down_exps.weight: holds NaN, ");
        assert_false(os_is_file(again));
        test_temp_path(folder, "to");
        must_refuse(test_run("convert", file, "--out", folder, "--dtype", "bf16"), "holds NaN, ");
        test_temp_path(folder, "model");
    }
}

/* MXFP4 has two forms: a scale of 255 is NaN in safetensors, and became 2^127 in GGUF. */
TEST(a_scale_that_is_nan_is_refused_by_name) {
    static const char *const types[] = { NULL, "mxfp4", "q8_0" };
    char source[TEST_PATH_MAX], folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX],
        command[3 * TEST_PATH_MAX];
    struct checkpoint checkpoint;
    test_source(source, "tests/golden/gpt_oss_mxfp4");
    test_temp_path(folder, "model");
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again");
    snprintf(command, sizeof command, "cp -r '%s' '%s'", source, folder);
    assert_int_equal(system(command), 0);
    assert_true(checkpoint_open(folder, &checkpoint, NULL));
    const struct tensor *scales = checkpoint_find(&checkpoint, "model.layers.1.mlp.experts.down_proj_scales");
    assert_non_null(scales);
    poke_bytes(scales->file, scales, 7, "\xff", 1, 1);
    checkpoint_close(&checkpoint);
    for (int t = 0; t < 3; t++)
        must_refuse(types[t] ? test_run("convert", folder, "--out", file, "--dtype", types[t])
                             : test_run("convert", folder, "--out", file),
                    "model.layers.1.mlp.experts.down_proj_blocks: holds NaN, ");
    must_refuse(test_run("convert", folder, "--out", again), "down_proj_blocks: holds NaN, ");
    must_refuse(test_run("convert", folder, "--out", again, "--dtype", "bf16"),
                "down_proj_blocks: holds NaN, ");
    assert_false(os_is_folder(again)); /* which was made for it */
}

/* A tensor of very small numbers became zeros, with every scale of 16 bits below the smallest. */
TEST(numbers_too_small_for_a_type_are_not_made_zero) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again");
    make(folder, "bf16");
    poke(folder, "lm_head.weight", 0, 64 * 256, 1e-10f);
    struct test_output output = must_run(test_run("convert", folder, "--out", file, "--dtype", "q8_0"));
    assert_non_null(
        strstr(output.err, "output.weight holds nothing above 1.00044e-10, which Q8_0 makes zero"));
    assert_int_equal(type_of(file, "output.weight"), DTYPE_BF16);
    runs(file);
    must_refuse(
        test_run("convert", folder, "--out", again, "--dtype", "f16"),
        "lm_head.weight: holds nothing above 1.00044e-10, which F16 makes zero; --dtype bf16 holds it\n");
    poke(folder, "lm_head.weight", 9, 1, 1); /* beside a 1 they are as good as zero */
    output = must_run(test_run("convert", folder, "--out", file, "--dtype", "q8_0", "--force"));
    assert_null(strstr(output.err, "which Q8_0 makes zero"));
}

/* A refused conversion over an older model left it without its config.json. */
TEST(a_refused_conversion_leaves_what_was_there) {
    char folder[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(again, "again");
    make(folder, "bf16");
    must_run(test_run("convert", folder, "--out", again));
    poke(folder, EXPERT, 0, 1, NAN);
    must_refuse(test_run("convert", folder, "--out", again, "--force"), "holds NaN");
    runs(again);
}

/* A number of the config beyond f32 was written as infinity, and the file that came of it "fetched again". */
TEST(a_number_that_metadata_cannot_hold_is_refused) {
    static const char whole[] = "\"rope_theta\":10000.0}";
    char folder[TEST_PATH_MAX], config[TEST_PATH_MAX], file[TEST_PATH_MAX], text[sizeof CONFIG + 32];
    test_temp_path(folder, "model");
    test_temp_path(config, "c.json");
    test_temp_path(file, "m.gguf");
    int length =
        snprintf(text, sizeof text, "%.*s\"rope_theta\":1e300}", (int)(sizeof CONFIG - sizeof whole), CONFIG);
    hostile_file("c.json", text, length);
    must_run(test_run("synth", config, "--out", folder));
    must_refuse(test_run("convert", folder, "--out", file),
                "rope.freq_base: 1e+300 is a number that f32, which GGUF takes, cannot hold\n");
}
