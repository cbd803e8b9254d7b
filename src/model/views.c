/*
 * From a claimed tensor to weights. A stored matrix (of one expert, if the tensor holds all) is first a plain
 * row-major weight with its scales; the layout then says which view of it the slot is:
 *
 *     plain                    as it is
 *     transposed               its transpose
 *     halves                   the first or the second half of its rows
 *     alternate                every second row, from 0 or from 1
 *     ..., transposed          the same of its transpose
 *     heads                    all heads' rows, one after the other
 *     mx blocks                32 codes of 4 bits in 16 bytes, one power of two for each block
 */
#include "base/checked.h"
#include "model/claims.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define MX_BLOCK 32
#define MX_BYTES 16

bool layout_is_pair(enum layout layout) {
    return layout == LAYOUT_HALVES || layout == LAYOUT_HALVES_TRANSPOSED || layout == LAYOUT_ALTERNATE ||
           layout == LAYOUT_ALTERNATE_TRANSPOSED || layout == LAYOUT_MX_BLOCKS_ALTERNATE;
}

static bool is_transposed(enum layout layout) {
    return layout == LAYOUT_TRANSPOSED || layout == LAYOUT_HALVES_TRANSPOSED ||
           layout == LAYOUT_ALTERNATE_TRANSPOSED;
}

static bool is_mx(enum layout layout) {
    return layout == LAYOUT_MX_BLOCKS || layout == LAYOUT_MX_BLOCKS_ALTERNATE;
}

static bool is_alternate(enum layout layout) {
    return layout == LAYOUT_ALTERNATE || layout == LAYOUT_ALTERNATE_TRANSPOSED ||
           layout == LAYOUT_MX_BLOCKS_ALTERNATE;
}

int layout_shape(const struct spec *spec, int64_t layer, enum slot slot, enum layout layout, bool fused,
                 int64_t shape[TENSOR_RANK_MAX]) {
    int64_t rows = 0, cols = 0;
    int rank = 0;
    bool there = slot_shape(spec, layer, slot, &rows, &cols);
    assert(there);
    int64_t *length = slot_is_vector(slot) ? &cols : &rows;
    if (layout_is_pair(layout) && !size_mul(*length, 2, length)) *length = INT64_MAX;
    if (fused) shape[rank++] = spec->router.experts;
    if (slot_is_vector(slot)) {
        shape[rank++] = cols;
    } else if (is_transposed(layout)) {
        shape[rank++] = cols;
        shape[rank++] = rows;
    } else if (is_mx(layout)) {
        shape[rank++] = rows;
        shape[rank++] = cols / MX_BLOCK;
        shape[rank++] = MX_BYTES;
    } else if (layout == LAYOUT_HEADS) {
        shape[rank++] = spec->attention.heads;
        shape[rank++] = rows / spec->attention.heads;
        shape[rank++] = cols;
    } else {
        shape[rank++] = rows;
        shape[rank++] = cols;
    }
    return rank;
}

/* ---- checks ---- */

static bool at_tensor(const struct tensor *tensor, struct sy_error *err) {
    sy_error_at(err, "%s", tensor->name);
    return sy_error_in(err, tensor->file);
}

static bool same_shape(const struct tensor *tensor, const int64_t *shape, int rank) {
    return tensor->rank == rank && memcmp(tensor->shape, shape, (size_t)rank * sizeof *shape) == 0;
}

static bool wrong_shape(const struct family *family, const struct tensor *tensor, const int64_t *shape,
                        int rank, struct sy_error *err) {
    char found[96], wanted[96];
    const char *by = family_described_by(family);
    sy_fail(err, SY_ERR_SHAPE, "shape %s, but %s asks for %s",
            tensor_shape_text(tensor->shape, tensor->rank, found, sizeof found), by,
            tensor_shape_text(shape, rank, wanted, sizeof wanted));
    sy_error_remedy(
        err, "the weights and %s are not of the same model: take both from where it was published", by);
    return at_tensor(tensor, err);
}

static bool check_shape(const struct family *family, const struct spec *spec, const struct claim *claim,
                        struct sy_error *err) {
    int64_t shape[TENSOR_RANK_MAX];
    bool fused = slot_is_expert(claim->slot) && claim->expert < 0;
    int rank = layout_shape(spec, claim->layer, claim->slot, claim->rule->layout, fused, shape);
    if (same_shape(claim->tensor, shape, rank)) return true;
    if (slot_is_vector(claim->slot) && !fused && same_shape(claim->tensor, (int64_t[]){ 1, shape[0] }, 2))
        return true;
    return wrong_shape(family, claim->tensor, shape, rank, err);
}

bool is_float8(enum dtype dtype) {
    return dtype == DTYPE_F8_E4M3 || dtype == DTYPE_F8_E5M2;
}

static bool wrong_plane(const struct tensor *plane, const int64_t *shape, int rank, const int64_t blocks[2],
                        struct sy_error *err) {
    char found[96], wanted[96];
    sy_fail(err, SY_ERR_SHAPE, "scales of shape %s, but blocks of %lld x %lld ask for %s",
            tensor_shape_text(plane->shape, plane->rank, found, sizeof found), (long long)blocks[0],
            (long long)blocks[1], tensor_shape_text(shape, rank, wanted, sizeof wanted));
    sy_error_remedy(
        err,
        "correct weight_block_size in quantization_config; where a scale is for a row or a whole matrix, "
        "take the model in BF16 or as GGUF");
    return at_tensor(plane, err);
}

/* The scales of a float8 matrix: one for each block of the stored tensor, cut off at its edges. */
static bool check_plane(const struct spec *spec, const struct claim *claim, struct sy_error *err) {
    const struct tensor *tensor = claim->tensor, *plane = claim->scales;
    enum layout layout = claim->rule->layout;
    int64_t shape[TENSOR_RANK_MAX], blocks[2] = { spec->scale_block_rows, spec->scale_block_cols };
    int rank = tensor->rank;
    enum dtype d = plane->dtype;
    if (rank < 2) {
        sy_fail(err, SY_ERR_SHAPE, "scales beside a vector");
        return at_tensor(plane, err);
    }
    memcpy(shape, tensor->shape, sizeof shape);
    for (int i = 0; i < 2; i++) shape[rank - 2 + i] = ceil_div(shape[rank - 2 + i], blocks[i]);
    if (!same_shape(plane, shape, rank)) return wrong_plane(plane, shape, rank, blocks, err);
    if (d != DTYPE_F32 && d != DTYPE_BF16 && d != DTYPE_F16 && d != DTYPE_F8_E8M0 && d != DTYPE_U8) {
        sy_fail(err, SY_ERR_FORMAT, "scales of dtype %s", dtype_name(d));
        sy_error_remedy(err, "take the model with its scales in F32, BF16, F16 or F8_E8M0");
        return at_tensor(plane, err);
    }
    if (!is_alternate(layout) || blocks[is_transposed(layout)] % 2 == 0) return true;
    sy_fail(err, SY_ERR_SHAPE, "alternating rows under blocks of odd height");
    return at_tensor(plane, err);
}

static bool check_mx(const struct family *family, const struct spec *spec, const struct claim *claim,
                     struct sy_error *err) {
    const struct tensor *blocks = claim->tensor, *scales = claim->scales;
    int64_t rows = 0, cols = 0;
    bool there = slot_shape(spec, claim->layer, claim->slot, &rows, &cols);
    if (there && cols % MX_BLOCK != 0) {
        sy_fail(err, SY_ERR_SHAPE, "rows of %lld elements are no whole blocks of %d", (long long)cols,
                MX_BLOCK);
        return at_tensor(blocks, err);
    }
    if (blocks->dtype != DTYPE_U8) {
        sy_fail(err, SY_ERR_FORMAT, "dtype %s, blocks are U8", dtype_name(blocks->dtype));
        return at_tensor(blocks, err);
    }
    if (!scales) {
        sy_fail(err, SY_ERR_SHAPE, "its scales are missing");
        sy_error_remedy(err, "a tensor named ..._scales belongs beside ..._blocks: take the checkpoint from "
                             "where it was published");
        return at_tensor(blocks, err);
    }
    if (!same_shape(scales, blocks->shape, blocks->rank - 1))
        return wrong_shape(family, scales, blocks->shape, blocks->rank - 1, err);
    if (scales->dtype == DTYPE_U8 || scales->dtype == DTYPE_F8_E8M0) return true;
    sy_fail(err, SY_ERR_FORMAT, "dtype %s, scales are U8 or F8_E8M0", dtype_name(scales->dtype));
    return at_tensor(scales, err);
}

/* Blocks lie along the rows of the file and cannot be cut by stripes. */
static bool check_blocks(const struct claim *claim, struct sy_error *err) {
    const struct tensor *tensor = claim->tensor;
    enum layout layout = claim->rule->layout;
    int64_t elements = 1, bytes;
    dtype_unit(tensor->dtype, &elements, &bytes);
    bool vector = slot_is_vector(claim->slot), plain = layout == LAYOUT_PLAIN || layout == LAYOUT_HEADS;
    if (tensor->shape[tensor->rank - 1] % elements != 0)
        sy_fail(err, SY_ERR_SHAPE, "rows of %lld elements are no whole blocks of %lld",
                (long long)tensor->shape[tensor->rank - 1], (long long)elements);
    else if (!plain && (vector || (layout != LAYOUT_HALVES && layout != LAYOUT_TRANSPOSED)))
        sy_fail(err, SY_ERR_FORMAT, "blocks of %s are not read in this arrangement",
                dtype_name(tensor->dtype));
    else
        return true;
    return at_tensor(tensor, err);
}

static bool refuse_type(const struct tensor *tensor, struct sy_error *err) {
    sy_fail(err, SY_ERR_FORMAT, "stored as %s, which is not read here", tensor_type(tensor));
    sy_error_remedy(err,
                    "take a file in a type that is (F16, BF16, F8_E4M3, MXFP4; in GGUF also Q2_K to Q8_0, "
                    "IQ4_XS); `show` and `plan` work all the same");
    return at_tensor(tensor, err);
}

bool view_check_described(const struct family *family, const struct spec *spec, const struct claim *claim,
                          struct sy_error *err) {
    if (claim->tensor->dtype == DTYPE_COUNT) return check_shape(family, spec, claim, err);
    return view_check(family, spec, claim, err);
}

bool view_check(const struct family *family, const struct spec *spec, const struct claim *claim,
                struct sy_error *err) {
    const struct tensor *tensor = claim->tensor;
    enum dtype d = tensor->dtype;
    if (d == DTYPE_COUNT) return refuse_type(tensor, err);
    if (!check_shape(family, spec, claim, err)) return false;
    if (is_mx(claim->rule->layout)) return check_mx(family, spec, claim, err);
    if (dtype_is_block(d)) return check_blocks(claim, err);
    if (d != DTYPE_F32 && d != DTYPE_F16 && d != DTYPE_BF16 && d != DTYPE_F64 && !is_float8(d)) {
        sy_fail(err, SY_ERR_FORMAT, "dtype %s, weights are floating", dtype_name(d));
        sy_error_remedy(err, "take the model in F32, F16, BF16, F64, F8_E4M3 or F8_E5M2");
        return at_tensor(tensor, err);
    }
    return !claim->scales || check_plane(spec, claim, err);
}

/* ---- views ---- */

/* The stored matrix of one expert, with its scales. */
static struct weight stored_matrix(const struct spec *spec, const struct claim *claim, int64_t expert) {
    const struct tensor *tensor = claim->tensor, *plane = claim->scales;
    int64_t rows = tensor->shape[tensor->rank - 2], cols = tensor->shape[tensor->rank - 1];
    if (claim->rule->layout == LAYOUT_HEADS) rows *= tensor->shape[0];
    struct weight w = weight_matrix(tensor->data, tensor->dtype, rows, cols);
    w.data += expert * rows * w.row_stride;
    if (!plane) return w;
    bool exponents = plane->dtype == DTYPE_U8;
    int64_t size = dtype_bits(plane->dtype) / 8, across = plane->shape[plane->rank - 1];
    w.scale_dtype = exponents ? DTYPE_F8_E8M0 : plane->dtype;
    w.scale_rows = spec->scale_block_rows;
    w.scale_cols = spec->scale_block_cols;
    w.scale_row_stride = across * size;
    w.scale_col_stride = size;
    w.scale = plane->data + expert * plane->shape[plane->rank - 2] * w.scale_row_stride;
    return w;
}

static struct weight mx_matrix(const struct claim *claim, int64_t expert) {
    const struct tensor *tensor = claim->tensor, *scales = claim->scales;
    int64_t rows = tensor->shape[tensor->rank - 3], blocks = tensor->shape[tensor->rank - 2];
    struct weight w = weight_matrix(tensor->data, DTYPE_F4_E2M1, rows, blocks * MX_BLOCK);
    w.data += expert * rows * w.row_stride;
    w.scale_dtype = DTYPE_F8_E8M0;
    w.scale_rows = 1;
    w.scale_cols = MX_BLOCK;
    w.scale_row_stride = blocks;
    w.scale_col_stride = 1;
    w.scale = scales->data + expert * rows * blocks;
    return w;
}

static struct weight vector_view(const struct claim *claim, int64_t expert, int64_t length) {
    const struct tensor *tensor = claim->tensor;
    enum layout layout = claim->rule->layout;
    bool pair = layout_is_pair(layout), stripes = is_alternate(layout);
    int64_t rows = !pair ? 1 : stripes ? length : 2, cols = !pair ? length : stripes ? 2 : length;
    struct weight w = weight_matrix(tensor->data, tensor->dtype, rows, cols);
    w.data += expert * rows * w.row_stride;
    if (!pair) return w;
    if (!stripes) return weight_rows(&w, claim->second, 1);
    w = weight_cols(&w, claim->second, 1);
    return weight_transpose(&w);
}

/* Of a type that is not read: bytes, so that their number is right. */
static struct weight raw_view(const struct spec *spec, const struct claim *claim, int64_t expert,
                              int64_t rows) {
    const struct tensor *tensor = claim->tensor;
    bool fused = slot_is_expert(claim->slot) && claim->expert < 0;
    int64_t bytes = tensor->bytes / (fused ? spec->router.experts : 1);
    if (layout_is_pair(claim->rule->layout)) bytes /= 2;
    struct weight w = weight_matrix(tensor->data, DTYPE_U8, rows, bytes / rows);
    w.data += (fused ? expert : 0) * bytes;
    w.name = tensor->name;
    return w;
}

struct weight view_make(const struct spec *spec, const struct claim *claim, int64_t expert) {
    enum layout layout = claim->rule->layout;
    int64_t rows = 0, cols = 0;
    bool there = slot_shape(spec, claim->layer, claim->slot, &rows, &cols);
    struct weight w;
    assert(there);
    if (claim->tensor->dtype == DTYPE_COUNT) return raw_view(spec, claim, expert, rows);
    if (claim->expert >= 0 || !slot_is_expert(claim->slot)) expert = 0;
    if (slot_is_vector(claim->slot)) {
        w = vector_view(claim, expert, cols);
    } else {
        w = is_mx(layout) ? mx_matrix(claim, expert) : stored_matrix(spec, claim, expert);
        if (is_transposed(layout)) w = weight_transpose(&w);
        if (is_alternate(layout))
            w = weight_row_stripe(&w, claim->second, 2, rows);
        else if (layout_is_pair(layout))
            w = weight_rows(&w, claim->second ? rows : 0, rows);
    }
    w.name = claim->tensor->name;
    return w;
}
