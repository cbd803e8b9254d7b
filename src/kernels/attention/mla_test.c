/*
 * MLA: the expanded form against float64 and against the absorbed form, and both under the law of
 * attention_test.c.
 */
#include "kernels/attention/attention_test.h"

enum {
    HEADS = 4,
    NOPE = 24,
    ROTARY = 8,
    LATENT = 48,
    VALUE = 40,
    FULL = NOPE + ROTARY,
    ROW = LATENT + ROTARY
};

struct mla {
    struct sequence absorbed, expanded;
    struct weight k_up[HEADS], v_up[HEADS];
    unsigned char *k_data, *v_data;
    double *keys, *values; /* [length][HEADS][..], expanded */
};

static unsigned char *random_weights(struct random *random, enum dtype dtype, int64_t rows, int64_t cols,
                                     struct weight w[HEADS]) {
    float *x = random_floats(random, HEADS * rows * cols);
    unsigned char *data = room(HEADS * rows * cols, sizeof(float));
    for (int64_t i = 0; i < HEADS * rows * cols; i++) x[i] *= 0.15f;
    dtype_from_f32(dtype, x, HEADS * rows * cols, data);
    for (int64_t h = 0; h < HEADS; h++)
        w[h] = weight_matrix(data + h * rows * cols * (dtype_bits(dtype) / 8), dtype, rows, cols);
    free(x);
    return data;
}

/* w . latent, both rounded to bf16 where the numerics say so: as if by op_matmul. */
static double expand_plain(const struct mla *m, const struct weight *w, int64_t n, const double *latent) {
    double sum = 0;
    bool bf16 = computes_bf16(&m->expanded.numerics, w);
    for (int64_t k = 0; k < LATENT; k++)
        sum += (double)weight_get(w, n, k) *
               (bf16 ? (double)bf16_to_f32(bf16_from_f32((float)latent[k])) : latent[k]);
    return sum;
}

/* The queries of the absorbed form are made from the expanded ones, as layers/ does. */
static struct mla mla_open(enum dtype kv, enum dtype weights, enum compute compute, int64_t length) {
    struct random random = random_seed(99);
    struct mla m = { .k_data = random_weights(&random, weights, NOPE, LATENT, m.k_up),
                     .v_data = random_weights(&random, weights, VALUE, LATENT, m.v_up) };
    struct attention_op op = { .heads = HEADS,
                               .kv_heads = 1,
                               .key_width = ROW,
                               .value_width = LATENT,
                               .scale = 0.2f,
                               .kv = kv,
                               .latent = LATENT,
                               .rotary = ROTARY,
                               .expanded_key_width = FULL,
                               .expanded_value_width = VALUE };
    m.absorbed = sequence_open(op, length, 123);
    m.absorbed.op.value_offset = 0; /* values lie in the keys */
    m.absorbed.op.value_stride = m.absorbed.op.key_stride;
    m.expanded = m.absorbed;
    m.expanded.expand = true;
    m.expanded.numerics.compute = compute;
    m.expanded.q = random_floats(&random, length * HEADS * FULL);
    m.expanded.out = room(length * HEADS * VALUE, sizeof(float));
    m.keys = room(length * HEADS * FULL, sizeof *m.keys);
    m.values = room(length * HEADS * VALUE, sizeof *m.values);
    for (int64_t r = 0; r < length * HEADS; r++) {
        int64_t h = r % HEADS;
        const double *row = m.absorbed.keys + r / HEADS * ROW;
        for (int64_t n = 0; n < FULL; n++)
            m.keys[r * FULL + n] = n < NOPE ? expand_plain(&m, &m.k_up[h], n, row) : row[LATENT + n - NOPE];
        for (int64_t n = 0; n < VALUE; n++) m.values[r * VALUE + n] = expand_plain(&m, &m.v_up[h], n, row);
        for (int64_t k = 0; k < ROW; k++) {
            double sum = k < LATENT ? 0 : m.expanded.q[r * FULL + NOPE + k - LATENT];
            for (int64_t n = 0; n < NOPE && k < LATENT; n++)
                sum += (double)m.expanded.q[r * FULL + n] * weight_get(&m.k_up[h], n, k);
            m.absorbed.q[r * ROW + k] = (float)sum;
        }
    }
    return m;
}

static void mla_close(struct mla *m) {
    free(m->expanded.q), free(m->expanded.out), free(m->keys), free(m->values);
    free(m->k_data), free(m->v_data);
    sequence_close(&m->absorbed);
}

/* v_up times what the absorbed form gives: the output of head h. */
static void lift(const struct mla *m, float *out) {
    for (int64_t r = 0; r < m->absorbed.length * HEADS; r++)
        for (int64_t n = 0; n < VALUE; n++) {
            double sum = 0;
            for (int64_t k = 0; k < LATENT; k++)
                sum += (double)m->absorbed.out[r * LATENT + k] * weight_get(&m->v_up[r % HEADS], n, k);
            out[r * VALUE + n] = (float)sum;
        }
}

TEST(mla_expanded_and_absorbed_are_near_float64_and_each_other) {
    static const enum dtype caches[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_Q8_0 };
    for (int n = 0; n < 8; n++) {
        enum compute compute = n < 4 ? COMPUTE_F32 : COMPUTE_BF16;
        struct mla m = mla_open(caches[n % 4], DTYPE_BF16, compute, 330);
        m.expanded.op.k_up = m.k_up, m.expanded.op.v_up = m.v_up;
        struct attention_op plain = m.expanded.op;
        plain.kv_heads = HEADS, plain.key_width = FULL, plain.value_width = VALUE;
        for (enum level level = first_level(); level <= level_of_machine(); level++) {
            attend_cut(&m.expanded, 330, 2, level);
            assert_near_plain(&plain, m.keys, m.values, m.expanded.q, m.expanded.out, 330);
        }
        float *lifted = room(330 * HEADS * VALUE, sizeof *lifted);
        attend_cut(&m.absorbed, 1, 2, level_of_machine());
        lift(&m, lifted);
        if (compute == COMPUTE_F32) assert_near(lifted, m.expanded.out, 330 * HEADS * VALUE, 1e-5);
        free(lifted);
        mla_close(&m);
    }
}

TEST(mla_bits_do_not_depend_on_the_cut) {
    for (int n = 0; n < 4; n++) {
        struct mla m =
            mla_open(n < 2 ? DTYPE_F16 : DTYPE_Q8_0, DTYPE_BF16, n % 2 ? COMPUTE_BF16 : COMPUTE_F32, 300);
        m.expanded.op.k_up = m.k_up, m.expanded.op.v_up = m.v_up;
        assert_cut_is_free(&m.absorbed);
        assert_cut_is_free(&m.expanded);
        mla_close(&m);
    }
}
