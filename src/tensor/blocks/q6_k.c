/*
 * Q6_K, written: a search for the scales that leave the least weighted error.
 *
 *     group of 16      x_j ~ s q_j,  q in -32..31
 *     error            sum of w_j (x_j - s q_j)^2,  w_j = x_j^2 + mean(x^2)
 *
 *     1  for each candidate (the largest number becomes -32 + i / 8): q = nearest; given q, the best s is
 *        that of weighted least squares; keep the best
 *     2  d = the s of largest magnitude / -128, as f16
 *     3  for each group the code of the scale around s / d that leaves the least error, with the numbers
 *        encoded by what a reader will see
 *
 * The idea is the reference's (make_qx_quants in ggml-quants.c); step 3 is not in it.
 */
#include "tensor/blocks/q6_k.h"

enum { GROUPS = 16, GROUP = 16, MOST = 31, LEAST = -32, CANDIDATES = 17, AROUND = 1 };
static const float half_most = 65504;

struct q6_group {
    const float *x;
    float weight[GROUP], scale;
};

static void weigh(struct q6_group *group) {
    float squares = 0;
    for (int j = 0; j < GROUP; j++) squares += group->x[j] * group->x[j];
    for (int j = 0; j < GROUP; j++) group->weight[j] = group->x[j] * group->x[j] + squares / GROUP;
}

/* The numbers' codes under a scale, and what error they leave. */
static float codes(const struct q6_group *group, float scale, float *q) {
    float error = 0, inverse = block_inverse(scale);
    for (int j = 0; j < GROUP; j++) {
        float code = (float)block_nearest(group->x[j] * inverse, LEAST, MOST);
        float off = group->x[j] - scale * code;
        error += group->weight[j] * off * off;
        q[j] = code;
    }
    return error;
}

static float fit(const struct q6_group *group, const float *q) {
    float wqx = 0, wqq = 0;
    for (int j = 0; j < GROUP; j++) {
        wqx += group->weight[j] * q[j] * group->x[j];
        wqq += group->weight[j] * q[j] * q[j];
    }
    return wqq > 0 ? wqx / wqq : 0;
}

static void search(struct q6_group *group) {
    float extreme = block_extreme(group->x, GROUP), q[GROUP], best = INFINITY;
    weigh(group);
    group->scale = 0;
    for (int i = 0; i < CANDIDATES; i++) {
        codes(group, extreme / ((float)LEAST + (float)i / 8), q);
        float scale = fit(group, q), error = codes(group, scale, q);
        if (error < best) {
            best = error;
            group->scale = scale;
        }
    }
}

static int settle(const struct q6_group *group, float d, float *q) {
    int near = block_nearest(group->scale * block_inverse(d), -128, 127), scale = 0;
    float best = INFINITY, trial[GROUP];
    for (int j = 0; j < GROUP; j++) q[j] = 0;
    for (int s = near - AROUND; s <= near + AROUND; s++) {
        if (s < -128 || s > 127) continue;
        float error = codes(group, d * (float)s, trial);
        if (!(error < best)) continue;
        best = error;
        scale = s;
        for (int j = 0; j < GROUP; j++) q[j] = trial[j];
    }
    return scale;
}

void q6_k_encode(const float *in, unsigned char *at) {
    struct q6_k *block = (void *)at;
    struct q6_group groups[GROUPS];
    float scales[GROUPS], q[GROUPS * GROUP];
    *block = (struct q6_k){ .ql = { 0 } };
    for (int t = 0; t < GROUPS; t++) {
        groups[t].x = in + GROUP * t;
        search(&groups[t]);
        scales[t] = groups[t].scale;
    }
    float d = block_extreme(scales, GROUPS) / -128;
    block_put_f16(block->d, fmaxf(-half_most, fminf(d, half_most)));
    d = block_f16(block->d);
    for (int t = 0; t < GROUPS; t++) block->scales[t] = (signed char)settle(&groups[t], d, q + GROUP * t);
    for (int j = 0; j < GROUPS * GROUP; j++) {
        int code = (int)q[j] + 32, quarter = j % 128 / 32;
        block->ql[j / 128 * 64 + j % 64] |= (unsigned char)((code & 15) << (quarter < 2 ? 0 : 4));
        block->qh[j / 128 * 32 + j % 32] |= (unsigned char)((code >> 4) << 2 * quarter);
    }
}
