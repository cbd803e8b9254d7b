/*
 * Q4_K, written: a search for the scales and minima that leave the least weighted error.
 *
 *     group of 32      x_j ~ s q_j - m,  q in 0..15, m >= 0
 *     error            sum of w_j (x_j - (s q_j - m))^2,  w_j = rms(x) + |x_j|: large weights matter more
 *
 *     1  for each candidate step (the group's range over 13.5, 13.75 .. 17 levels): q = nearest; given q, the
 *        best s and m are those of weighted least squares (2 x 2); keep the best
 *     2  d = largest s / 63, dmin = largest m / 63, as f16
 *     3  for each group the pair of codes (sc, m) around s / d and m / dmin that leaves the least error, with
 *        the numbers encoded by what a reader will see
 *
 * The idea is the reference's (make_qkx2_quants in ggml-quants.c); step 3 is not in it.
 */
#include "tensor/blocks/q4_k.h"

enum { GROUPS = 8, GROUP = 32, LEVELS = 15, CODE_MAX = 63, CANDIDATES = 15, AROUND = 1 };
static const float half_most = 65504;

struct q4_group {
    const float *x;
    float weight[GROUP];
    float scale, least; /* least = -m: x ~ scale q + least */
};

static void weigh(struct q4_group *group) {
    float squares = 0;
    for (int j = 0; j < GROUP; j++) squares += group->x[j] * group->x[j];
    float rms = sqrtf(squares / GROUP);
    for (int j = 0; j < GROUP; j++) group->weight[j] = rms + fabsf(group->x[j]);
}

/* The numbers' codes under (scale, least), and what error they leave. */
static float codes(const struct q4_group *group, float scale, float least, float *q) {
    float error = 0, inverse = block_inverse(scale);
    for (int j = 0; j < GROUP; j++) {
        float code = (group->x[j] - least) * inverse + 0.5f;
        code = code > 0 ? (float)(int)fminf(code, LEVELS) : 0;
        float off = group->x[j] - (scale * code + least);
        error += group->weight[j] * off * off;
        q[j] = code;
    }
    return error;
}

/* Given codes, the best scale and minimum. */
static void fit(const struct q4_group *group, const float *q, float *scale, float *least) {
    float w = 0, wq = 0, wqq = 0, wx = 0, wqx = 0;
    for (int j = 0; j < GROUP; j++) {
        float weight = group->weight[j];
        w += weight;
        wq += weight * q[j];
        wqq += weight * q[j] * q[j];
        wx += weight * group->x[j];
        wqx += weight * q[j] * group->x[j];
    }
    float determinant = w * wqq - wq * wq;
    if (determinant > 0) {
        *scale = (w * wqx - wq * wx) / determinant;
        *least = (wqq * wx - wq * wqx) / determinant;
    }
    if (*least > 0) { /* m is not negative: through zero, then */
        *least = 0;
        if (wqq > 0) *scale = wqx / wqq;
    }
}

static void search(struct q4_group *group) {
    float low, high, q[GROUP], best, error;
    block_range(group->x, GROUP, &low, &high);
    low = fminf(low, 0);
    weigh(group);
    group->least = low;
    group->scale = (high - low) / LEVELS;
    if (!(group->scale > 0)) { /* all equal, and not positive */
        group->scale = 0;
        return;
    }
    best = codes(group, group->scale, low, q);
    for (int i = 0; i < CANDIDATES; i++) {
        float scale = (high - low) / (13.5f + 0.25f * (float)i), least = low;
        codes(group, scale, least, q);
        fit(group, q, &scale, &least);
        if (scale > 0 && (error = codes(group, scale, least, q)) < best) {
            best = error;
            group->scale = scale;
            group->least = least;
        }
    }
}

/* The pair of codes around the ideal ones that leaves the least error; the numbers' codes in q. */
static void settle(const struct q4_group *group, float d, float dmin, int *scale, int *least, float *q) {
    int near_scale = block_nearest(group->scale * block_inverse(d), 0, CODE_MAX);
    int near_least = block_nearest(-group->least * block_inverse(dmin), 0, CODE_MAX);
    float best = INFINITY, trial[GROUP];
    *scale = *least = 0;
    for (int j = 0; j < GROUP; j++) q[j] = 0;
    for (int s = near_scale - AROUND; s <= near_scale + AROUND; s++)
        for (int m = near_least - AROUND; m <= near_least + AROUND; m++) {
            if (s < 0 || s > CODE_MAX || m < 0 || m > CODE_MAX) continue;
            float error = codes(group, d * (float)s, -dmin * (float)m, trial);
            if (!(error < best)) continue;
            best = error;
            *scale = s;
            *least = m;
            for (int j = 0; j < GROUP; j++) q[j] = trial[j];
        }
}

static void put_scales(unsigned char *scales, const int *scale, const int *least) {
    for (int t = 0; t < 4; t++) {
        scales[t] = (unsigned char)(scale[t] | scale[t + 4] >> 4 << 6);
        scales[t + 4] = (unsigned char)(least[t] | least[t + 4] >> 4 << 6);
        scales[t + 8] = (unsigned char)((scale[t + 4] & 15) | (least[t + 4] & 15) << 4);
    }
}

void q4_k_encode(const float *in, unsigned char *at) {
    struct q4_k *block = (void *)at;
    struct q4_group groups[GROUPS];
    float scale_most = 0, least_most = 0, q[GROUPS][GROUP];
    int scale[GROUPS], least[GROUPS];
    for (int t = 0; t < GROUPS; t++) {
        groups[t].x = in + GROUP * t;
        search(&groups[t]);
        scale_most = fmaxf(scale_most, groups[t].scale);
        least_most = fmaxf(least_most, -groups[t].least);
    }
    block_put_f16(block->d, fminf(scale_most / CODE_MAX, half_most));
    block_put_f16(block->dmin, fminf(least_most / CODE_MAX, half_most));
    float d = block_f16(block->d), dmin = block_f16(block->dmin);
    for (int t = 0; t < GROUPS; t++) settle(&groups[t], d, dmin, &scale[t], &least[t], q[t]);
    put_scales(block->scales, scale, least);
    for (int t = 0; t < GROUPS; t += 2)
        for (int j = 0; j < GROUP; j++)
            block->q[16 * t + j] = (unsigned char)((int)q[t][j] | (int)q[t + 1][j] << 4);
}
