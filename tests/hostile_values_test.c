/*
 * Weights and ids that no arithmetic can use: a NaN or an infinity is found when logits are asked for, and
 * the tensor that holds it is named; ids beyond the vocabulary never reach a table.
 */
#include "hostile.h"

#include "formats/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_element(struct hostile_tensor *t, int64_t index, uint16_t code) {
    memcpy(t->data + 2 * index, &code, sizeof code);
}

/* A NaN anywhere is found when logits are asked for, and named. With all ids and two of three experts a
 * token, every expert is used. */
TEST(hostile_nan_in_each_tensor_is_named) {
    int64_t ids[HOSTILE_VOCAB];
    for (int64_t i = 0; i < HOSTILE_VOCAB; i++) ids[i] = i;
    struct hostile h;
    hostile_open(&h);
    hostile_write(&h);
    hostile_accepted();
    for (int i = 0; i < h.count; i++) {
        struct hostile_tensor *t = &h.tensors[i];
        int64_t last = t->bytes / 2 - 1;
        for (int at_end = 0; at_end < 2; at_end++) {
            uint16_t former;
            struct sy_error err;
            memcpy(&former, t->data + (at_end ? 2 * last : 0), sizeof former);
            set_element(t, at_end ? last : 0, at_end ? 0xff81 : 0x7fc0); /* one signals, one is quiet */
            hostile_write(&h);
            if (hostile_runs_fast(ids, HOSTILE_VOCAB, &err)) fail_msg("%s: logits, in fast", t->name);
            assert_int_equal(err.code, SY_ERR_NUMERIC);
            if (hostile_runs(ids, HOSTILE_VOCAB, &err)) fail_msg("%s: logits were given", t->name);
            print_message("%s: %s: %s\n", err.place, err.message, err.remedy);
            assert_int_equal(err.code, SY_ERR_NUMERIC);
            assert_string_equal(err.place, t->name);
            assert_string_equal(err.file, test_temp_dir());
            set_element(t, at_end ? last : 0, former);
        }
    }
    hostile_close(&h);
}

TEST(hostile_infinity_is_named) {
    static const char *const names[] = { "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight",
                                         "model.layers.0.block_sparse_moe.gate.weight",
                                         "model.layers.0.self_attn.o_proj.weight" };
    int64_t ids[HOSTILE_VOCAB];
    for (int64_t i = 0; i < HOSTILE_VOCAB; i++) ids[i] = i;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct hostile h;
        struct sy_error err;
        hostile_open(&h);
        set_element(hostile_tensor(&h, names[i]), 0, 0x7f80);
        hostile_write(&h);
        assert_false(hostile_runs(ids, HOSTILE_VOCAB, &err));
        assert_int_equal(err.code, SY_ERR_NUMERIC);
        if (!strstr(err.place, names[i]) && !strstr(err.message, names[i]))
            fail_msg("%s is not named: %s: %s", names[i], err.place, err.message);
        hostile_close(&h);
    }
}

/* Finite weights whose products overflow: no tensor is at fault, and the error says so. */
TEST(hostile_overflow_without_a_nan) {
    static const int64_t ids[2] = { 3, 4 };
    struct hostile h;
    struct sy_error err;
    hostile_open(&h);
    struct hostile_tensor *head = hostile_tensor(&h, "lm_head.weight");
    struct hostile_tensor *norm = hostile_tensor(&h, "model.norm.weight");
    for (int64_t i = 0; i < head->bytes / 2; i++) set_element(head, i, 0x7f7f);
    for (int64_t i = 0; i < norm->bytes / 2; i++) set_element(norm, i, 0x7f7f);
    hostile_write(&h);
    assert_false(hostile_runs(ids, 2, &err));
    assert_int_equal(err.code, SY_ERR_NUMERIC);
    hostile_close(&h);
}

TEST(hostile_ids_out_of_range) {
    static const int64_t wrong[] = { -1,        HOSTILE_VOCAB, 1ll << 31, 1ll << 32, (1ll << 32) + 1,
                                     INT64_MAX, INT64_MIN };
    struct hostile h;
    hostile_open(&h);
    hostile_write(&h);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int place = 0; place < 3; place++) {
            int64_t ids[3] = { 0, HOSTILE_VOCAB - 1, 5 };
            struct sy_error err;
            char text[24];
            ids[place] = wrong[i];
            assert_false(hostile_runs(ids, 3, &err));
            assert_int_equal(err.code, SY_ERR_INPUT);
            snprintf(text, sizeof text, "%lld", (long long)wrong[i]);
            assert_non_null(strstr(err.message, text));
            snprintf(text, sizeof text, "number %d", place + 1);
            assert_non_null(strstr(err.place, text));
        }
    hostile_close(&h);
}

/* ---- stored in 8 and 4 bits ---- */

/* Bytes of a tensor of a golden case, in a copy of its file in the test's folder, all set to one value. */
static void fill_tensor(const char *name, int byte) {
    struct checkpoint checkpoint;
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX];
    if (!checkpoint_open(test_temp_dir(), &checkpoint, &err)) fail_msg("%s", err.message);
    const struct tensor *tensor = checkpoint_find(&checkpoint, name);
    assert_non_null(tensor);
    snprintf(path, sizeof path, "%s", strrchr(tensor->file, '/') + 1);
    for (int i = 0; i < checkpoint.shard_count; i++) {
        const struct os_map *map = &checkpoint.maps[i];
        if (tensor->data < map->data || tensor->data >= map->data + map->size) continue;
        char *bytes = malloc((size_t)map->size);
        memcpy(bytes, map->data, (size_t)map->size);
        memset(bytes + (tensor->data - map->data), byte, (size_t)tensor->bytes);
        hostile_file(path, bytes, map->size); /* a new file: the mapping keeps the former */
        free(bytes);
    }
    checkpoint_close(&checkpoint);
}

TEST(hostile_nan_codes_and_scales_are_named) {
    static const struct {
        const char *golden, *tensor, *named;
        int byte;
    } cases[] = {
        { "qwen3_moe_fp8", "model.layers.0.self_attn.q_proj.weight", "self_attn.q_proj.weight", 0x7f },
        { "qwen3_moe_fp8", "model.layers.0.self_attn.o_proj.weight_scale_inv", "self_attn.o_proj.weight",
          0xff },
        { "deepseek_v3_fp8", "model.layers.0.self_attn.kv_b_proj.weight", "self_attn.kv_b_proj.weight",
          0xff },
        { "deepseek_v3_fp8", "model.layers.0.mlp.down_proj.weight_scale_inv", "mlp.down_proj.weight", 0x7f },
        { "llama_e5m2", "model.layers.0.mlp.gate_proj.weight", "mlp.gate_proj.weight", 0x7e },
        { "gpt_oss_mxfp4", "model.layers.0.mlp.experts.down_proj_scales", "mlp.experts.down_proj", 0xff },
    };
    static const int64_t ids[] = { 1, 2, 3, 4 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sy_error err;
        json_t *config = hostile_golden(cases[i].golden);
        hostile_config(config);
        assert_true(hostile_runs(ids, 4, &err));
        fill_tensor(cases[i].tensor, cases[i].byte);
        if (hostile_runs(ids, 4, &err)) fail_msg("%s: logits were given", cases[i].tensor);
        print_message("%s: %s: %s\n", err.place, err.message, err.remedy);
        assert_int_equal(err.code, SY_ERR_NUMERIC);
        if (!strstr(err.place, cases[i].named) && !strstr(err.message, cases[i].named))
            fail_msg("%s is not named", cases[i].tensor);
        json_decref(config);
    }
}
