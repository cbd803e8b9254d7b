/*
 * Weights: views of stored bytes, and the definition of what they hold. See weight.h for the formula.
 */
#include "tensor/weight.h"

#include "base/checked.h"
#include "tensor/decode.h"
#include "tensor/records.h"

#include <assert.h>
#include <string.h>

enum { RUN_MAX = 256 }; /* scales decoded at once for a row with one scale an element */

/* ---- views ---- */

struct weight weight_matrix(const void *data, enum dtype dtype, int64_t rows, int64_t cols) {
    int64_t elements, bytes;
    dtype_unit(dtype, &elements, &bytes);
    assert(rows >= 0 && cols >= 0 && cols % elements == 0);
    return (struct weight){
        .data = data,
        .dtype = dtype,
        .rows = rows,
        .cols = cols,
        .row_stride = cols / elements * bytes,
        .col_stride = elements > 1 ? 0 : bytes,
        .scale_dtype = DTYPE_F32,
        .scale_rows = 1,
        .scale_cols = 1,
    };
}

/* Bytes from the first element of a row of the file to element `first`, where a unit must begin. */
static int64_t unit_offset(enum dtype dtype, int64_t first) {
    int64_t elements, bytes;
    dtype_unit(dtype, &elements, &bytes);
    assert(first % elements == 0);
    return first / elements * bytes;
}

struct weight weight_rows(const struct weight *w, int64_t first, int64_t count) {
    assert(first >= 0 && count >= 0 && first <= w->rows - count);
    struct weight view = *w;
    assert(!w->records || (first % RECORD == 0 && (count % RECORD == 0 || first + count == w->rows)));
    view.rows = count;
    view.data += w->transposed ? unit_offset(w->dtype, first) : first * w->row_stride;
    view.row_first += first;
    return view;
}

/* Row n of the view is row a + n * step of the grid of scales, a = row_first + first; floor((a + n * step) /
 * R) must again be a quotient. It is where the step divides R, and where R divides the step. */
struct weight weight_row_stripe(const struct weight *w, int64_t first, int64_t step, int64_t count) {
    assert(step >= 1 && first >= 0 && count >= 0);
    assert(count == 0 || (first < w->rows && count - 1 <= (w->rows - 1 - first) / step));
    assert(step == 1 || !w->transposed);
    if (step == 1) return weight_rows(w, first, count);
    assert(!w->records);
    struct weight view = *w;
    view.rows = count;
    view.data += first * w->row_stride;
    view.row_stride = w->row_stride * step;
    if (w->scale == NULL) return view;

    int64_t start = w->row_first + first, block = w->scale_rows;
    if (block % step == 0) {
        view.scale_rows = block / step;
        view.row_first = start / step;
    } else {
        assert(step % block == 0);
        view.scale_rows = 1;
        view.row_first = 0;
        view.scale += start / block * w->scale_row_stride;
        view.scale_row_stride = w->scale_row_stride * (step / block);
    }
    return view;
}

struct weight weight_cols(const struct weight *w, int64_t first, int64_t count) {
    assert(first >= 0 && count >= 0 && first <= w->cols - count && !w->records);
    struct weight view = *w;
    bool packed = w->dtype == DTYPE_F4_E2M1 || (dtype_is_block(w->dtype) && !w->transposed);
    view.cols = count;
    view.data += packed ? unit_offset(w->dtype, first) : first * w->col_stride;
    view.col_first += first;
    return view;
}

struct weight weight_transpose(const struct weight *w) {
    assert(w->dtype != DTYPE_F4_E2M1 && !w->records);
    struct weight view = *w;
    view.rows = w->cols;
    view.cols = w->rows;
    view.row_stride = w->col_stride;
    view.col_stride = w->row_stride;
    view.transposed = dtype_is_block(w->dtype) && !w->transposed;
    view.scale_rows = w->scale_cols;
    view.scale_cols = w->scale_rows;
    view.scale_row_stride = w->scale_col_stride;
    view.scale_col_stride = w->scale_row_stride;
    view.row_first = w->col_first;
    view.col_first = w->row_first;
    return view;
}

/* ---- values ---- */

static const unsigned char *scale_at(const struct weight *w, int64_t row, int64_t col) {
    return w->scale + (w->row_first + row) / w->scale_rows * w->scale_row_stride +
           (w->col_first + col) / w->scale_cols * w->scale_col_stride;
}

float weight_get(const struct weight *w, int64_t row, int64_t col) {
    assert(row >= 0 && row < w->rows && col >= 0 && col < w->cols);
    float one;
    if (w->records) {
        weight_get_row(w, row, col, 1, &one);
        return one;
    }
    const unsigned char *at = w->data + row * w->row_stride + col * w->col_stride; /* of its unit's row */
    bool packed = w->dtype == DTYPE_F4_E2M1 || dtype_is_block(w->dtype);
    float value = dtype_get(w->dtype, at, !packed ? 0 : w->transposed ? row : col);
    return w->scale == NULL ? value : value * dtype_get(w->scale_dtype, scale_at(w, row, col), 0);
}

/* A unit at a time. */
static void row_decode_records(const struct weight *w, int64_t row, int64_t col, int64_t count, float *out) {
    int64_t elements = record_form(w->dtype).elements, run;
    for (int64_t done = 0; done < count; done += run) {
        float values[RECORD_UNIT];
        unsigned char room[RECORD_UNIT];
        int64_t into = (col + done) % elements;
        run = min_i64(elements - into, count - done);
        dtype_to_f32(w->dtype, records_unit(w, row, col + done, room), elements, values);
        memcpy(out + done, values + into, (size_t)run * sizeof *out);
    }
}

static void row_decode(const struct weight *w, int64_t row, int64_t col, int64_t count, float *out) {
    if (w->records) {
        row_decode_records(w, row, col, count, out);
        return;
    }
    const unsigned char *at = w->data + row * w->row_stride + col * w->col_stride;
    int bits = dtype_bits(w->dtype);
    if (w->transposed)
        for (int64_t i = 0; i < count; i++) out[i] = dtype_get(w->dtype, at + i * w->col_stride, row);
    else if (bits == 0)
        blocks_to_f32(block_format_of(w->dtype), at, col, count, out);
    else if (bits < 8)
        f4_to_f32(at, col, count, out);
    else if (w->col_stride == bits / 8)
        dtype_to_f32(w->dtype, at, count, out);
    else
        dtype_to_f32_strided(w->dtype, at, w->col_stride, count, out);
}

/* A scale for each element (a transposed view, say): decode many at once. */
static void row_scale_each(const struct weight *w, int64_t row, int64_t col, int64_t count, float *out) {
    float scales[RUN_MAX];
    for (int64_t done = 0, run; done < count; done += run) {
        run = min_i64(RUN_MAX, count - done);
        dtype_to_f32_strided(w->scale_dtype, scale_at(w, row, col + done), w->scale_col_stride, run, scales);
        for (int64_t i = 0; i < run; i++) out[done + i] *= scales[i];
    }
}

static void row_scale_blocks(const struct weight *w, int64_t row, int64_t col, int64_t count, float *out) {
    for (int64_t done = 0, run; done < count; done += run) {
        int64_t into = (w->col_first + col + done) % w->scale_cols;
        run = min_i64(w->scale_cols - into, count - done);
        float scale = dtype_get(w->scale_dtype, scale_at(w, row, col + done), 0);
        for (int64_t i = 0; i < run; i++) out[done + i] *= scale;
    }
}

void weight_get_row(const struct weight *w, int64_t row, int64_t col, int64_t count, float *out) {
    assert(row >= 0 && row < w->rows && col >= 0 && count >= 0 && col <= w->cols - count);
    row_decode(w, row, col, count, out);
    if (w->scale == NULL) return;
    if (w->scale_cols == 1)
        row_scale_each(w, row, col, count, out);
    else
        row_scale_blocks(w, row, col, count, out);
}

/* ---- sizes ---- */

/* Scales that `count` elements from `first` on touch along one axis. */
static int64_t scales_touched(int64_t first, int64_t count, int64_t block) {
    return count == 0 ? 0 : (first + count - 1) / block - first / block + 1;
}

int64_t weight_bytes(const struct weight *w) {
    if (!weight_exists(w)) return 0;
    int64_t elements, unit_bytes;
    dtype_unit(w->dtype, &elements, &unit_bytes);
    int64_t across = w->transposed ? w->rows : w->cols, down = w->transposed ? w->cols : w->rows;
    int64_t bytes = down * ceil_div(across, elements) * unit_bytes;
    if (w->scale != NULL) {
        bytes += scales_touched(w->row_first, w->rows, w->scale_rows) *
                 scales_touched(w->col_first, w->cols, w->scale_cols) * (dtype_bits(w->scale_dtype) / 8);
    }
    return bytes;
}
