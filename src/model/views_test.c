/*
 * Each layout against the formula of its indices, element by element.
 */
#include "model/claims.h"
#include "model/fake_test.h"
#include <string.h>

enum { E = 3, D = 32, F = 12 };

/* A claim to layer 1 of a fake gpt_oss (experts with biases, any layout may be tried on it). */
static struct claim claim_of(struct tensor_rule *rule, enum slot slot, const struct tensor *tensor,
                             bool second) {
    return (struct claim){
        .tensor = tensor, .rule = rule, .slot = slot, .second = second, .layer = 1, .expert = -1
    };
}

static void must_check(const struct spec *spec, const struct claim *claim) {
    static const struct family any = { 0 };
    struct sy_error err = { 0 };
    if (!view_check(&any, spec, claim, &err)) fail_msg("%s: %s", err.place, err.message);
}

/* Where element (row, col) of half `second` lies in the stored data of one expert. */
static int64_t stored_at(enum layout layout, bool second, int64_t row, int64_t col) {
    switch (layout) {
    case LAYOUT_PLAIN: return row * D + col;
    case LAYOUT_TRANSPOSED: return col * F + row;
    case LAYOUT_HALVES: return (second * F + row) * D + col;
    case LAYOUT_HALVES_TRANSPOSED: return col * 2 * F + second * F + row;
    case LAYOUT_ALTERNATE: return (2 * row + second) * D + col;
    case LAYOUT_ALTERNATE_TRANSPOSED: return col * 2 * F + 2 * row + second;
    default: return -1;
    }
}

TEST(matrices_in_every_layout) {
    struct fake fake;
    fake_open(&fake, FAKE_GPT_OSS, true);
    for (enum layout layout = LAYOUT_PLAIN; layout <= LAYOUT_ALTERNATE_TRANSPOSED; layout++) {
        bool pair = layout_is_pair(layout);
        struct tensor_rule rule = { SLOT_EXPERT_GATE, "x", layout, pair ? SLOT_EXPERT_UP : SLOT_COUNT, NULL };
        int64_t shape[TENSOR_RANK_MAX];
        char *name = arena_format(&fake.arena, NULL, "x.%d", layout);
        int rank = layout_shape(&fake.spec, 1, SLOT_EXPERT_GATE, layout, true, shape);
        const struct tensor tensor = *fake_add(&fake, name, DTYPE_F32, rank, shape);
        for (int second = 0; second <= pair; second++) {
            struct claim claim = claim_of(&rule, second ? SLOT_EXPERT_UP : SLOT_EXPERT_GATE, &tensor, second);
            must_check(&fake.spec, &claim);
            for (int64_t e = 0; e < E; e++) {
                struct weight w = view_make(&fake.spec, &claim, e);
                assert_true(w.rows == F && w.cols == D);
                for (int64_t r = 0; r < F; r++)
                    for (int64_t c = 0; c < D; c++)
                        assert_true(weight_get(&w, r, c) ==
                                    (float)(e * (1 + pair) * F * D + stored_at(layout, second, r, c)));
            }
        }
    }
    fake_close(&fake);
}

TEST(vectors_in_every_layout) {
    static const enum layout layouts[] = { LAYOUT_PLAIN, LAYOUT_HALVES, LAYOUT_ALTERNATE };
    struct fake fake;
    fake_open(&fake, FAKE_GPT_OSS, true);
    for (int i = 0; i < 3; i++) {
        bool pair = i > 0;
        struct tensor_rule rule = { SLOT_EXPERT_GATE_BIAS, "x", layouts[i],
                                    pair ? SLOT_EXPERT_UP_BIAS : SLOT_COUNT, NULL };
        char *name = arena_format(&fake.arena, NULL, "x.%d", i);
        const struct tensor tensor = *fake_add(&fake, name, DTYPE_F32, 2, (int64_t[]){ E, F * (1 + pair) });
        for (int second = 0; second <= pair; second++) {
            struct claim claim =
                claim_of(&rule, second ? SLOT_EXPERT_UP_BIAS : SLOT_EXPERT_GATE_BIAS, &tensor, second);
            must_check(&fake.spec, &claim);
            for (int64_t e = 0; e < E; e++) {
                struct weight w = view_make(&fake.spec, &claim, e);
                assert_true(w.rows == 1 && w.cols == F);
                for (int64_t c = 0; c < F; c++) {
                    int64_t at = i == 0 ? c : i == 1 ? second * F + c : 2 * c + second;
                    assert_true(weight_get(&w, 0, c) == (float)(e * (1 + pair) * F + at));
                }
            }
        }
    }
    fake_close(&fake);
}

TEST(mx_blocks) {
    struct fake fake;
    struct tensor_rule alternate = { SLOT_EXPERT_GATE, "x", LAYOUT_MX_BLOCKS_ALTERNATE, SLOT_EXPERT_UP, "y" };
    fake_open(&fake, FAKE_GPT_OSS, true);
    const struct tensor blocks = *fake_add(&fake, "x", DTYPE_U8, 4, (int64_t[]){ E, 2 * F, 1, 16 });
    struct tensor scales = *fake_add(&fake, "y", DTYPE_U8, 3, (int64_t[]){ E, 2 * F, 1 });
    for (int second = 0; second < 2; second++) {
        struct claim claim =
            claim_of(&alternate, second ? SLOT_EXPERT_UP : SLOT_EXPERT_GATE, &blocks, second);
        claim.scales = &scales;
        must_check(&fake.spec, &claim);
        for (int64_t e = 0; e < E; e++) {
            struct weight w = view_make(&fake.spec, &claim, e);
            assert_true(w.rows == F && w.cols == D && w.dtype == DTYPE_F4_E2M1);
            for (int64_t r = 0; r < F; r++)
                for (int64_t c = 0; c < D; c++) {
                    int64_t row = e * 2 * F + 2 * r + second;
                    unsigned byte = blocks.data[row * 16 + c / 2];
                    float want = f4_e2m1_to_f32((uint8_t)(c % 2 ? byte >> 4 : byte & 15)) *
                                 f8_e8m0_to_f32(scales.data[row]);
                    assert_true(weight_get(&w, r, c) == want);
                }
        }
    }
    struct claim claim = claim_of(&alternate, SLOT_EXPERT_GATE, &blocks, false);
    struct sy_error err = { 0 };
    assert_false(view_check(fake.family, &fake.spec, &claim, &err)); /* no scales */
    claim.scales = &scales;
    scales.shape[1]--;
    assert_false(view_check(fake.family, &fake.spec, &claim, &err));
    scales.shape[1]++;
    must_check(&fake.spec, &claim);
    fake.spec.width = 40; /* a block and a quarter: no whole blocks, though the shape rounds to one */
    assert_false(view_check(fake.family, &fake.spec, &claim, &err));
    fake_close(&fake);
}

#define EDGES                                                                                                \
    "{\"model_type\": \"mixtral\", \"num_local_experts\": 2, \"hidden_size\": 260, \"vocab_size\": 8, "      \
    "\"num_hidden_layers\": 2, \"num_attention_heads\": 2, \"num_key_value_heads\": 1, "                     \
    "\"num_experts_per_tok\": 1, \"intermediate_size\": 150}"

/* Alternating rows need blocks of even height, counted along what alternates in the file. */
TEST(alternating_rows_want_even_blocks) {
    struct fake fake;
    struct sy_error err = { 0 };
    fake_open(&fake, EDGES, false);
    for (int turned = 0; turned < 2; turned++) {
        enum layout layout = turned ? LAYOUT_ALTERNATE_TRANSPOSED : LAYOUT_ALTERNATE;
        struct tensor_rule rule = { SLOT_EXPERT_GATE, "x", layout, SLOT_EXPERT_UP, NULL };
        int64_t shape[TENSOR_RANK_MAX], blocks[3] = { 2 };
        char *name = arena_format(&fake.arena, NULL, "x.%d", turned),
             *beside = arena_format(&fake.arena, NULL, "y.%d", turned);
        int rank = layout_shape(&fake.spec, 1, SLOT_EXPERT_GATE, layout, true, shape);
        const struct tensor tensor = *fake_add(&fake, name, DTYPE_F8_E4M3, rank, shape);
        fake.spec.scale_block_rows = turned ? 128 : 125;
        fake.spec.scale_block_cols = turned ? 125 : 128;
        blocks[1] = (shape[1] + fake.spec.scale_block_rows - 1) / fake.spec.scale_block_rows;
        blocks[2] = (shape[2] + fake.spec.scale_block_cols - 1) / fake.spec.scale_block_cols;
        const struct tensor plane = *fake_add(&fake, beside, DTYPE_F32, 3, blocks);
        struct claim claim = claim_of(&rule, SLOT_EXPERT_GATE, &tensor, false);
        claim.scales = &plane;
        memset(&err, 0, sizeof err);
        assert_false(view_check(fake.family, &fake.spec, &claim, &err));
        assert_non_null(strstr(err.message, "odd height"));
    }
    fake_close(&fake);
}

/* Scales of blocks that the edges cut, under each layout: row and column in the stored matrix decide. */
TEST(scales_of_blocks) {
    static const enum layout layouts[] = { LAYOUT_PLAIN,     LAYOUT_TRANSPOSED,
                                           LAYOUT_HALVES,    LAYOUT_HALVES_TRANSPOSED,
                                           LAYOUT_ALTERNATE, LAYOUT_ALTERNATE_TRANSPOSED };
    struct fake fake;
    fake_open(&fake, EDGES, false);
    for (int i = 0; i < 6; i++) {
        bool pair = i > 1, turned = i % 2 == 1;
        struct tensor_rule rule = { SLOT_EXPERT_GATE, "x", layouts[i], pair ? SLOT_EXPERT_UP : SLOT_COUNT,
                                    NULL };
        int64_t shape[TENSOR_RANK_MAX], blocks[3] = { 2 };
        char *name = arena_format(&fake.arena, NULL, "x.%d", i),
             *beside = arena_format(&fake.arena, NULL, "y.%d", i);
        int rank = layout_shape(&fake.spec, 1, SLOT_EXPERT_GATE, layouts[i], true, shape);
        const struct tensor tensor = *fake_add(&fake, name, DTYPE_F8_E4M3, rank, shape);
        for (int k = 1; k < 3; k++) blocks[k] = (shape[k] + 127) / 128;
        const struct tensor plane = *fake_add(&fake, beside, DTYPE_F32, 3, blocks);
        for (int second = 0; second <= pair; second++) {
            struct claim claim = claim_of(&rule, second ? SLOT_EXPERT_UP : SLOT_EXPERT_GATE, &tensor, second);
            claim.scales = &plane;
            must_check(&fake.spec, &claim);
            for (int64_t e = 0; e < 2; e++) {
                struct weight w = view_make(&fake.spec, &claim, e);
                for (int64_t r = 0; r < 150; r += 7)
                    for (int64_t c = 0; c < 260; c += 9) {
                        int64_t half = pair && i < 4 ? second * 150 + r : pair ? 2 * r + second : r;
                        int64_t row = turned ? c : half, col = turned ? half : c;
                        int64_t at = (e * shape[1] + row) * shape[2] + col;
                        float scale = (float)((e * blocks[1] + row / 128) * blocks[2] + col / 128);
                        assert_true(weight_get(&w, r, c) == f8_e4m3_to_f32(tensor.data[at]) * scale);
                    }
            }
        }
    }
    fake_close(&fake);
}
