/*
 * Broken model.safetensors files, through the whole of model_open: each is refused by one line that names the
 * file, and leaves nothing behind. src/formats and src/model test their parts in more detail.
 */
#include "hostile.h"

#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEIGHTS "model.safetensors"

/* ---- cut ---- */

/* At every byte; or, in files of `stride` > 1, at every one of the header's, then at every stride-th. */
static void cut(int64_t stride) {
    char path[TEST_PATH_MAX];
    struct os_map map;
    struct sy_error err = { 0 };
    test_temp_path(path, WEIGHTS);
    assert_true(os_map_open(path, &map, &err));
    int64_t size = map.size, header = 0;
    memcpy(&header, map.data, sizeof header);
    header += 8;
    os_map_close(&map);
    assert_int_equal(truncate(path, size - 1), 0);
    hostile_refused(WEIGHTS, NULL);
    struct hostile_held before = hostile_held();
    for (int64_t length = size - 1; length >= 0; length -= length > header + stride ? stride : 1) {
        assert_int_equal(truncate(path, length), 0);
        err = hostile_refused(WEIGHTS, NULL);
        assert_true(err.code == SY_ERR_FORMAT || err.code == SY_ERR_LIMIT);
    }
    hostile_same(before);
}

TEST(hostile_weights_cut_at_every_byte) {
    struct hostile h;
    hostile_open(&h);
    hostile_write(&h);
    hostile_accepted();
    cut(1);
    hostile_close(&h);
}

TEST(hostile_golden_weights_cut) {
    json_t *config = hostile_golden("mixtral_fused");
    hostile_config(config);
    hostile_own(WEIGHTS);
    cut(13);
    json_decref(config);
}

/* ---- missing, doubled, too many ---- */

TEST(hostile_each_tensor_missing) {
    struct hostile h;
    hostile_open(&h);
    int count = h.count;
    hostile_close(&h);
    for (int i = 0; i < count; i++) {
        hostile_open(&h);
        char name[96];
        snprintf(name, sizeof name, "%s", h.tensors[i].name);
        hostile_remove(&h, name);
        hostile_write(&h);
        struct sy_error err = hostile_refused(WEIGHTS, name);
        assert_int_equal(err.code, SY_ERR_SHAPE);
        hostile_close(&h);
    }
}

TEST(hostile_no_tensors_at_all) {
    struct hostile h;
    hostile_open(&h);
    while (h.count) hostile_remove(&h, h.tensors[0].name);
    hostile_write(&h);
    hostile_refused("", "model.embed_tokens.weight"); /* no file can be at fault: the folder is named */
    hostile_close(&h);
}

/* The same name twice in the header: each with data of its own. */
TEST(hostile_each_tensor_doubled) {
    struct hostile h;
    hostile_open(&h);
    hostile_write_config(&h);
    for (int i = 0, count = h.count; i < count; i++) {
        struct hostile_tensor *t = &h.tensors[i];
        hostile_add(&h, t->name, t->dtype, 16, t->rank, t->shape);
        char *header = hostile_header(&h);
        hostile_write_header(&h, header);
        hostile_refused(WEIGHTS, t->name);
        free(header);
        free(h.tensors[--h.count].data);
    }
    hostile_close(&h);
}

/* The same weights once more under the other name that mixtral has for them. */
TEST(hostile_weights_under_two_names) {
    static const int64_t gate[2] = { HOSTILE_EXPERTS, 8 }, fused[3] = { HOSTILE_EXPERTS, 12, 8 };
    struct hostile h;
    hostile_open(&h);
    hostile_add(&h, "model.layers.0.mlp.gate.weight", "BF16", 16, 2, gate);
    hostile_write(&h);
    hostile_refused(WEIGHTS, "gate.weight");
    hostile_remove(&h, "model.layers.0.mlp.gate.weight");
    hostile_add(&h, "model.layers.0.mlp.experts.gate_up_proj", "BF16", 16, 3, fused);
    hostile_write(&h);
    hostile_refused(WEIGHTS, "experts");
    hostile_close(&h);
}

TEST(hostile_extra_tensors) {
    static const char *const names[] = {
        "model.layers.1.input_layernorm.weight", /* of a layer too many */
        "model.layers.4294967296.input_layernorm.weight",
        "model.layers.18446744073709551616.input_layernorm.weight",
        "model.layers.-1.input_layernorm.weight",
        "model.layers.00.input_layernorm.weight",
        "model.layers.0.block_sparse_moe.experts.3.w1.weight", /* of an expert too many */
        "model.layers.0.block_sparse_moe.experts.99999999999999999999.w1.weight",
        "model.layers.0.self_attn.q_proj.bias",
        "model.layers.0.self_attn.q_proj.weight_scale_inv", /* scales of what is no float8 */
        "model.layers.0.self_attn.q_prjo.weight",
        "weights",
        "model.layers.%s%n.weight",
        "a b/../c",
    };
    static const int64_t shape[1] = { 8 };
    struct hostile h;
    hostile_open(&h);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hostile_add(&h, names[i], "BF16", 16, 1, shape);
        hostile_write(&h);
        hostile_refused(WEIGHTS, names[i]);
        hostile_remove(&h, names[i]);
    }
    hostile_write(&h);
    hostile_accepted();
    hostile_close(&h);
}

/* ---- dtypes and shapes ---- */

TEST(hostile_wrong_dtypes) {
    static const struct {
        const char *dtype;
        int bits;
    } dtypes[] = { { "BOOL", 8 },    { "I8", 8 },      { "U8", 8 },      { "I16", 16 },
                   { "U16", 16 },    { "I32", 32 },    { "U32", 32 },    { "I64", 64 },
                   { "U64", 64 },    { "F8_E8M0", 8 }, { "Q4_K", 16 },   { "", 16 },
                   { "bf16", 16 },   { "BF16 ", 16 },  { "C64", 64 },    { "\\u0000BF16", 16 },
                   { "F6_E2M3", 8 }, { "BF16", 32 },   { "F64", 32 },    { "F4", 4 },
                   { "F32", 16 },    { "F16", 8 },     { "F8_E4M3", 16 } };
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++) {
        struct hostile h;
        hostile_open(&h);
        for (int i = 0; i < h.count; i++) {
            struct hostile_tensor *t = &h.tensors[i], former = *t;
            t->dtype = dtypes[d].dtype;
            t->bytes = former.bytes * dtypes[d].bits / 16;
            t->data = calloc((size_t)t->bytes + 1, 1);
            hostile_write(&h);
            hostile_refused(WEIGHTS, t->name);
            free(t->data);
            *t = former;
        }
        hostile_close(&h);
    }
}

static void refuse_shape(struct hostile *h, struct hostile_tensor *t, int rank, int64_t a, int64_t b,
                         int64_t c) {
    struct hostile_tensor former = *t;
    t->rank = rank;
    t->shape[0] = a, t->shape[1] = b, t->shape[2] = c;
    t->bytes = 2 * a * (rank > 1 ? b : 1) * (rank > 2 ? c : 1);
    t->data = calloc((size_t)t->bytes + 1, 1);
    hostile_write(h);
    hostile_refused(WEIGHTS, t->name);
    free(t->data);
    *t = former;
}

TEST(hostile_wrong_shapes) {
    struct hostile h;
    hostile_open(&h);
    for (int i = 0; i < h.count; i++) {
        struct hostile_tensor *t = &h.tensors[i];
        int64_t a = t->shape[0], b = t->shape[1];
        if (t->rank == 1) {
            refuse_shape(&h, t, 1, a + 1, 0, 0);
            refuse_shape(&h, t, 1, a - 1, 0, 0);
            refuse_shape(&h, t, 1, 1, 0, 0);
            refuse_shape(&h, t, 1, 0, 0, 0);
            refuse_shape(&h, t, 2, 2, a / 2, 0);
        } else {
            refuse_shape(&h, t, 2, a + 1, b, 0);
            refuse_shape(&h, t, 2, a, b + 1, 0);
            refuse_shape(&h, t, 2, a - 1, b, 0);
            refuse_shape(&h, t, 2, a, b - 1, 0);
            refuse_shape(&h, t, 2, 0, b, 0);
            refuse_shape(&h, t, 2, a, 0, 0);
            refuse_shape(&h, t, 1, a * b, 0, 0);
            refuse_shape(&h, t, 3, 2, a, b);
            if (a != b) refuse_shape(&h, t, 2, b, a, 0);
        }
    }
    hostile_close(&h);
}

/* ---- shards ---- */

/* A case of three shards and an index, as files of its own. */
static json_t *copy_shards(void) {
    json_t *config = hostile_golden("mixtral_sharded");
    hostile_config(config);
    hostile_own("model-00001-of-00003.safetensors");
    hostile_own("model-00002-of-00003.safetensors");
    hostile_own("model-00003-of-00003.safetensors");
    hostile_own("model.safetensors.index.json");
    return config;
}

static int64_t file_size(const char *path) {
    struct os_map map;
    struct sy_error err = { 0 };
    assert_true(os_map_open(path, &map, &err));
    int64_t size = map.size;
    os_map_close(&map);
    return size;
}

TEST(hostile_index_cut_at_every_byte) {
    char path[TEST_PATH_MAX];
    struct sy_error err;
    json_t *config = copy_shards();
    static const int64_t ids[] = { 1, 2 };
    assert_true(hostile_runs(ids, 2, &err));
    test_temp_path(path, "model.safetensors.index.json");
    for (int64_t length = file_size(path) - 2; length >= 0; length--) { /* the last byte ends a line */
        assert_int_equal(truncate(path, length), 0);
        hostile_refused("model.safetensors.index.json", NULL);
    }
    json_decref(config);
}

TEST(hostile_shards_cut_missing_or_exchanged) {
    static const char *const shards[] = { "model-00001-of-00003.safetensors",
                                          "model-00002-of-00003.safetensors",
                                          "model-00003-of-00003.safetensors" };
    json_t *config = copy_shards();
    for (int i = 0; i < 3; i++) {
        char path[TEST_PATH_MAX], other[TEST_PATH_MAX], aside[TEST_PATH_MAX];
        test_temp_path(path, shards[i]);
        test_temp_path(other, shards[(i + 1) % 3]);
        test_temp_path(aside, "aside");
        assert_int_equal(rename(path, aside), 0);
        hostile_refused(shards[i], NULL);
        assert_int_equal(link(other, path), 0); /* another shard under this one's name */
        hostile_refused("", NULL);
        assert_int_equal(rename(aside, path), 0);
        hostile_own(shards[i]);
        assert_int_equal(truncate(path, file_size(path) - 1), 0);
        hostile_refused(shards[i], NULL);
        assert_int_equal(unlink(path), 0);
        json_decref(config);
        config = copy_shards();
    }
    json_decref(config);
}
