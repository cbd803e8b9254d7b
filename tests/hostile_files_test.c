/*
 * Broken model.safetensors files, through the whole of model_open: each is refused by one line that names the
 * file, and leaves nothing behind. src/formats and src/model test their parts in more detail.
 */
#include "hostile.h"

#include "base/os.h"
#include "engine/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEIGHTS "model.safetensors"

/* ---- cut ---- */

static void cut_at_every_byte(void) {
    char path[TEST_PATH_MAX];
    struct os_map map;
    struct sy_error err = { 0 };
    test_temp_path(path, WEIGHTS);
    assert_true(os_map_open(path, &map, &err));
    int64_t size = map.size;
    os_map_close(&map);
    assert_int_equal(truncate(path, size - 1), 0);
    hostile_refused(WEIGHTS, NULL);
    struct hostile_held before = hostile_held();
    for (int64_t length = size - 1; length >= 0; length--) {
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
    cut_at_every_byte();
    hostile_close(&h);
}

TEST(hostile_golden_weights_cut_at_every_byte) {
    char path[TEST_PATH_MAX], *bytes;
    int64_t size;
    struct sy_error err = { 0 };
    json_t *config = hostile_golden("mixtral_fused");
    hostile_config(config);
    test_temp_path(path, WEIGHTS);
    assert_true(os_read_file(path, 1 << 20, &bytes, &size, &err));
    hostile_file(WEIGHTS, bytes, size); /* a copy in place of the link */
    free(bytes);
    cut_at_every_byte();
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

/* ---- values ---- */

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
            if (hostile_runs(ids, HOSTILE_VOCAB, &err)) fail_msg("%s: logits were given", t->name);
            print_message("%s: %s: %s\n", err.place, err.message, err.remedy);
            assert_int_equal(err.code, SY_ERR_NUMERIC);
            if (!strstr(err.place, t->name) && !strstr(err.message, t->name))
                fail_msg("%s is not named", t->name);
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
