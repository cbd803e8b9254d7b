/*
 * The k largest over 16 lanes: the passes of top_k_ref.c, each lane keeping the best of its own elements.
 *
 * Indices are held as f32, which is exact up to 2^24: so one kind of comparison serves values and ties. NaN
 * never compares, so none is chosen here; what is still missing when numbers run out is filled with the NaNs,
 * in order.
 */
#include "kernels/kernels.h"

#include <assert.h>
#include <math.h>

#define NO_INDEX 0x1p24f /* above all indices */

/* a comes before b: larger, or as large and with the lower index. */
static inline vec_mask comes_before(vec a, vec a_index, vec b, vec b_index) {
    return v_either(v_less(b, a), v_both(v_equal(a, b), v_less(a_index, b_index)));
}

/* The first element after (last, last_index) in the order; NO_INDEX where none is. */
static inline void find_next(const float *x, int64_t n, float *last, float *last_index) {
    static const float lane_index[LANES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    vec best = v_all(-INFINITY), best_index = v_all(NO_INDEX);
    vec before = v_all(*last), before_index = v_all(*last_index);
    vec lane = v_get(lane_index, 0, LANES);
    for (int64_t i = 0; i < n; i += LANES) {
        vec v = v_get(x, i, n), index = v_add(lane, v_all((float)i));
        vec_mask candidate = v_both(v_between(0, n - i), comes_before(before, before_index, v, index));
        vec_mask better = v_both(candidate, comes_before(v, index, best, best_index));
        best = v_select(better, v, best);
        best_index = v_select(better, index, best_index);
    }
    float value[LANES], index[LANES];
    v_put(value, 0, LANES, best);
    v_put(index, 0, LANES, best_index);
    *last = value[0], *last_index = index[0];
    for (int l = 1; l < LANES; l++)
        if (value[l] > *last || (value[l] == *last && index[l] < *last_index))
            *last = value[l], *last_index = index[l];
}

void LEVEL(top_k)(const float *x, int64_t n, int64_t k, int32_t *restrict ids) {
    assert(n < (int64_t)NO_INDEX);
    float value = INFINITY, index = -1.0f; /* comes before everything */
    int64_t c = 0;
    for (; c < k; c++) {
        find_next(x, n, &value, &index);
        if (index == NO_INDEX) break;
        ids[c] = (int32_t)index;
    }
    for (int64_t i = 0; i < n && c < k; i++)
        if (isnan(x[i])) ids[c++] = (int32_t)i;
}
