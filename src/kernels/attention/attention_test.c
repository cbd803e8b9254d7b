/*
 * Attention against a plain float64 evaluation, and its law: a row's bits depend on its query and on the keys
 * it sees, not on how rows are cut into runs, nor on threads, level, or company.
 */
#include "kernels/attention/attention_test.h"

static const float sinks[8] = { 0.5f, -2, 3, 0, 1, 9, -30, 0.1f };

static const struct attention_op shapes[] = {
    { .heads = 4, .kv_heads = 2, .key_width = 64, .value_width = 64, .scale = 0.125f, .kv = DTYPE_F32 },
    { .heads = 3, .kv_heads = 3, .key_width = 24, .value_width = 40, .scale = 0.3f, .kv = DTYPE_F16 },
    { .heads = 8, .kv_heads = 1, .key_width = 33, .value_width = 7, .scale = 0.2f, .kv = DTYPE_BF16 },
    { .heads = 6, .kv_heads = 2, .key_width = 32, .value_width = 32, .scale = 0.2f, .window = 50 },
    { .heads = 2, .kv_heads = 2, .key_width = 32, .value_width = 16, .scale = 0.2f, .window = 1 },
    { .heads = 4, .kv_heads = 4, .key_width = 16, .value_width = 32, .scale = 0.3f, .chunk = 96 },
    { .heads = 4,
      .kv_heads = 2,
      .key_width = 32,
      .value_width = 32,
      .scale = 0.3f,
      .chunk = 100,
      .window = 64 },
    { .heads = 8,
      .kv_heads = 2,
      .key_width = 64,
      .value_width = 64,
      .scale = 0.125f,
      .sinks = sinks,
      .window = 300,
      .kv = DTYPE_BF16 },
    { .heads = 4,
      .kv_heads = 2,
      .key_width = 32,
      .value_width = 32,
      .scale = 0.4f,
      .cap = 3,
      .kv = DTYPE_F16 },
    { .heads = 4, .kv_heads = 2, .key_width = 64, .value_width = 32, .scale = 0.125f, .kv = DTYPE_Q8_0 },
    { .heads = 6,
      .kv_heads = 3,
      .key_width = 40,
      .value_width = 72,
      .scale = 0.2f,
      .window = 270,
      .kv = DTYPE_Q8_0 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

TEST(attention_is_near_float64) {
    for (int n = 0; n < SHAPES; n++)
        for (enum level level = first_level(); level <= level_of_machine(); level++) {
            struct sequence s = sequence_open(shapes[n], level == LEVEL_REF ? 290 : 600, 7 + (uint64_t)n);
            attend_cut(&s, s.length, 2, level);
            assert_near_plain(&s.op, s.keys, s.values, s.q, s.out, s.length);
            sequence_close(&s);
        }
}

TEST(attention_bits_do_not_depend_on_the_cut) {
    for (int n = 0; n < SHAPES; n++) {
        struct sequence s = sequence_open(shapes[n], 300, 70 + (uint64_t)n);
        assert_cut_is_free(&s);
        sequence_close(&s);
    }
}

/* Infinities and NaNs in the cache reach the rows that see them, and no others. */
TEST(attention_keeps_a_broken_key_from_rows_that_do_not_see_it) {
    for (int n = 0; n < SHAPES; n++) {
        struct sequence s = sequence_open(shapes[n], 300, 170 + (uint64_t)n);
        int64_t width = s.op.heads * s.op.value_width;
        struct plane keys = keys_of(&s), values = values_of(&s);
        struct kernels ref = kernels_select(LEVEL_REF);
        float *broken = room(s.op.value_width, sizeof *broken);
        for (int64_t i = 0; i < s.op.value_width; i++) broken[i] = i % 2 ? INFINITY : -INFINITY;
        for (int64_t h = 0; h < s.op.kv_heads; h++) {
            ref.pack_row(s.op.kv, broken, s.op.value_width, place_of(&s, &values, 200, h));
            memset(place_of(&s, &keys, 210, h), 0xff, (size_t)s.op.key_stride);
        }
        assert_cut_is_free(&s);
        for (int64_t i = 0; i < s.length; i++) {
            bool whole = !sees(&s.op, i, 200) && !sees(&s.op, i, 210);
            assert_int_equal(whole, isfinite(s.out[i * width]) != 0);
        }
        free(broken);
        sequence_close(&s);
    }
}

/* Two sequences in one call, and rows that begin behind freed pages. */
TEST(attention_needs_only_visible_pages_and_no_solitude) {
    struct sequence s = sequence_open(shapes[3], 600, 5);
    int64_t width = s.op.heads * s.op.value_width;
    attend_cut(&s, s.length, 2, level_of_machine());
    float *want = memcpy(room(600 * width, sizeof *want), s.out, (size_t)(600 * width) * sizeof *want);
    const void *late[PAGES] = { NULL, s.pages[1], s.pages[2] };
    struct attention_run runs[] = { { 0, 80, 0, s.pages, false },
                                    { 320, 180, 320, late, false },
                                    { 80, 0, 80, s.pages, false },
                                    { 599, 1, 599, late, false } };
    attend_runs(&s, runs, 4, 2, level_of_machine());
    assert_same_bits(s.out, want, (size_t)(80 * width));
    assert_same_bits(s.out + 320 * width, want + 320 * width, (size_t)(180 * width));
    assert_same_bits(s.out + 599 * width, want + 599 * width, (size_t)width);
    free(want);
    sequence_close(&s);
}

/* Pages whose heads lie one behind the other give the same as pages whose heads lie side by side. */
TEST(attention_reads_either_layout_of_a_page) {
    struct sequence s = sequence_open(shapes[0], 300, 6);
    attend_cut(&s, s.length, 1, level_of_machine());
    int64_t heads = s.op.kv_heads, width = s.op.key_width; /* of keys and values, in f32 */
    size_t count = (size_t)(s.length * s.op.heads * width);
    float *want = memcpy(room((int64_t)count, sizeof *want), s.out, count * sizeof *want);
    for (int p = 0; p < 2; p++) {
        const float *page = s.pages[p];
        float *other = room(2 * heads * ATTENTION_BLOCK * width, sizeof *other);
        for (int64_t plane = 0; plane < 2; plane++)
            for (int64_t j = 0; j < ATTENTION_BLOCK; j++)
                for (int64_t h = 0; h < heads; h++)
                    memcpy(other + ((plane * ATTENTION_BLOCK + j) * heads + h) * width,
                           page + ((plane * heads + h) * ATTENTION_BLOCK + j) * width,
                           (size_t)width * sizeof *other);
        free((void *)s.pages[p]);
        s.pages[p] = other;
    }
    s.op.key_stride = s.op.value_stride = heads * width * (int64_t)sizeof(float);
    s.op.key_head_stride = s.op.value_head_stride = 0;
    attend_cut(&s, 70, 2, level_of_machine());
    assert_same_bits(s.out, want, count);
    free(want);
    sequence_close(&s);
}

/* What backward needs: exp(s_j - max) / sum are the probabilities, sinks included, whatever the cut. */
TEST(attention_gives_the_maximum_and_sum_of_its_softmax) {
    for (int n = 0; n < SHAPES; n++) {
        struct sequence s = sequence_open(shapes[n], 290, 7 + (uint64_t)n);
        int64_t heads = s.op.heads, count = s.length * 2 * heads;
        s.softmax = room(count, sizeof *s.softmax);
        for (int way = 0; way < 2; way++) {
            for (int64_t i = 0; i < count; i++) s.softmax[i] = NAN;
            attend_cut(&s, way ? 1 : s.length, 2, level_of_machine());
            for (int64_t i = 0; i < s.length; i += 7)
                for (int64_t h = 0; h < heads; h++) {
                    double max, sum;
                    plain_softmax(&s.op, s.keys, s.q, i, h, &max, &sum);
                    const float *kept = s.softmax + i * 2 * heads + 2 * h;
                    assert_true(fabs(kept[0] - max) < 1e-4 * (1 + fabs(max)));
                    assert_true(fabs(kept[1] - sum) < 1e-4 * sum);
                }
        }
        sequence_close(&s);
    }
}
