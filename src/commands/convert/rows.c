#include "commands/convert/rows.h"

#include "base/checked.h"

#include <string.h>

#define MX_BLOCK 32
#define MX_BYTES 17 /* of GGUF's block: the scale, then 16 bytes of codes */

struct strip {
    struct weight view;
    int64_t row, offset, step;
    bool column; /* `row` is a column of the view, which cannot be transposed */
};

/* ---- where a row comes from ---- */

static struct weight whole_weight(const struct convert_tensor *t, enum slot slot, int64_t expert) {
    const struct binding *b = &t->source->binding;
    return slot_is_expert(slot) ? *binding_expert(b, t->plan.layer, slot, expert)
                                : *binding_weight(b, t->plan.layer, slot);
}

/* Row `row` of the target's q or k in the source, which may have its rows in the order of the other rope. */
static int64_t unpermuted(const struct convert_tensor *t, enum slot slot, int64_t row) {
    const struct spec *from = &t->source->spec, *to = t->target;
    bool rotates = slot == SLOT_Q || slot == SLOT_K || slot == SLOT_Q_BIAS || slot == SLOT_K_BIAS;
    if (!rotates || from->attention.kind != ATTENTION_GROUPED ||
        from->rope.interleaved == to->rope.interleaved)
        return row;
    int64_t width = from->attention.head_width, dims = from->rope.dims, half = dims / 2;
    int64_t at = row % width, head = row - at;
    if (at >= dims) return row;
    if (to->rope.interleaved)
        return head + (at % 2) * half + at / 2; /* new 2i is old i, 2i + 1 is i + half */
    return head + (at < half ? 2 * at : 2 * (at - half) + 1);
}

/* Row `row` of a slot, as a row of some view. kv_b may lie apart in the source. */
static struct strip slot_row(const struct convert_tensor *t, enum slot slot, int64_t expert, int64_t row) {
    const struct attention_spec *a = &t->source->spec.attention;
    struct strip strip = { .row = row, .step = 1 };
    if (slot == SLOT_KV_B && a->split_kv_b) {
        int64_t head = row / (a->nope_width + a->value_width), at = row % (a->nope_width + a->value_width);
        strip.view = whole_weight(t, at < a->nope_width ? SLOT_K_B : SLOT_V_B, 0);
        if (at < a->nope_width) {
            strip.view = weight_rows(&strip.view, head * a->kv_lora_rank, a->kv_lora_rank);
            strip.view = weight_transpose(&strip.view);
            strip.row = at;
        } else {
            strip.row = head * a->value_width + at - a->nope_width;
        }
        return strip;
    }
    strip.view = whole_weight(t, slot, expert);
    if (!slot_is_vector(slot)) strip.row = unpermuted(t, slot, row);
    return strip;
}

/* A whole column of a slot, as a row of the transposed view. */
static struct strip slot_column(const struct convert_tensor *t, enum slot slot, int64_t expert, int64_t col) {
    struct strip strip = { .row = col, .step = 1 };
    struct weight w = whole_weight(t, slot, expert);
    strip.column = w.dtype == DTYPE_F4_E2M1; /* two elements a byte */
    strip.view = strip.column ? w : weight_transpose(&w);
    return strip;
}

static int strips_of(const struct convert_tensor *t, int64_t file_row, struct strip strips[2]) {
    const struct planned_tensor *p = &t->plan;
    int64_t expert = p->expert >= 0 ? p->expert : file_row / t->each, row = file_row % t->each;
    bool vector = slot_is_vector(p->slot), pair = p->second != SLOT_COUNT;
    bool alternate = p->layout == LAYOUT_ALTERNATE || p->layout == LAYOUT_ALTERNATE_TRANSPOSED ||
                     p->layout == LAYOUT_MX_BLOCKS_ALTERNATE;
    bool transposed = p->layout == LAYOUT_TRANSPOSED || p->layout == LAYOUT_HALVES_TRANSPOSED ||
                      p->layout == LAYOUT_ALTERNATE_TRANSPOSED;
    if (!vector && !transposed) {
        bool second = pair && (alternate ? row % 2 == 1 : row >= t->each / 2);
        int64_t at = !pair ? row : alternate ? row / 2 : row % (t->each / 2);
        strips[0] = slot_row(t, second ? p->second : p->slot, expert, at);
        return 1;
    }
    for (int i = 0; i <= pair; i++) {
        enum slot slot = i ? p->second : p->slot;
        strips[i] = vector ? slot_row(t, slot, expert, 0) : slot_column(t, slot, expert, row);
        strips[i].step = pair && alternate ? 2 : 1;
        strips[i].offset = i == 0 ? 0 : alternate ? 1 : t->cols / 2;
    }
    return 1 + pair;
}

/* ---- types ---- */

static enum dtype stored_dtype(const struct weight *w) {
    return w->dtype == DTYPE_F4_E2M1 ? DTYPE_MXFP4 : w->dtype;
}

static bool at_plan(const struct planned_tensor *plan, struct sy_error *err) {
    return sy_error_at(err, "%s", plan->name);
}

struct noted {
    enum dtype dtype, other; /* other: a second one; DTYPE_COUNT: none */
};

static bool note_weight(const struct planned_tensor *plan, const struct weight *w, int64_t rows, int64_t cols,
                        struct noted *noted, struct sy_error *err) {
    if (!weight_exists(w) || w->rows != rows || w->cols != cols) {
        sy_fail(err, SY_ERR_SHAPE, "the source has no weights of these sizes for it");
        return at_plan(plan, err);
    }
    enum dtype found = stored_dtype(w);
    if (noted->dtype == DTYPE_COUNT) noted->dtype = found;
    if (noted->dtype != found) noted->other = found;
    return true;
}

static bool note_slot(const struct model *source, const struct spec *target,
                      const struct planned_tensor *plan, enum slot slot, struct noted *noted,
                      struct sy_error *err) {
    const struct attention_spec *a = &source->spec.attention;
    const struct binding *b = &source->binding;
    int64_t rows = 0, cols = 0, layer = plan->layer;
    if (!slot_shape(target, layer, slot, &rows, &cols)) {
        sy_fail(err, SY_ERR_SHAPE, "the model has no such weights");
        return at_plan(plan, err);
    }
    if (slot == SLOT_KV_B && a->split_kv_b) /* the specs agree on heads and widths: bind looked at both */
        return note_weight(plan, binding_weight(b, layer, SLOT_K_B), a->heads * cols, a->nope_width, noted,
                           err) &&
               note_weight(plan, binding_weight(b, layer, SLOT_V_B), a->heads * a->value_width, cols, noted,
                           err);
    if (!slot_is_expert(slot))
        return note_weight(plan, binding_weight(b, layer, slot), rows, cols, noted, err);
    int64_t first = plan->expert < 0 ? 0 : plan->expert;
    int64_t end = plan->expert < 0 ? target->router.experts : plan->expert + 1;
    for (int64_t e = first; e < end; e++)
        if (!note_weight(plan, binding_expert(b, layer, slot, e), rows, cols, noted, err)) return false;
    return true;
}

bool convert_source_dtype(const struct model *source, const struct spec *target,
                          const struct planned_tensor *plan, bool mixed, enum dtype *dtype,
                          struct sy_error *err) {
    struct noted noted = { DTYPE_COUNT, DTYPE_COUNT };
    if (!note_slot(source, target, plan, plan->slot, &noted, err) ||
        (plan->second != SLOT_COUNT && !note_slot(source, target, plan, plan->second, &noted, err)))
        return false;
    *dtype = noted.dtype;
    if (mixed || noted.other == DTYPE_COUNT) return true;
    sy_fail(err, SY_ERR_FORMAT, "what it joins is stored partly as %s and partly as %s",
            dtype_name(noted.dtype), dtype_name(noted.other));
    sy_error_remedy(err, "choose one type with --dtype");
    return at_plan(plan, err);
}

bool convert_prepare(const struct model *source, const struct spec *target, const struct planned_tensor *plan,
                     enum dtype dtype, struct convert_tensor *out, struct sy_error *err) {
    struct tensor all = { .rank = plan->rank };
    int64_t elements, unit, unit_bytes;
    *out = (struct convert_tensor){
        .plan = *plan, .source = source, .target = target, .dtype = dtype, .read = true
    };
    memcpy(all.shape, plan->shape, sizeof all.shape);
    bool mx = dtype == DTYPE_F4_E2M1;
    out->cols = plan->shape[plan->rank - 1];
    if (mx) out->cols = plan->scales ? out->cols * MX_BLOCK : plan->shape[plan->rank - 2] * MX_BLOCK;
    if (!tensor_elements(&all, &elements))
        return sy_fail(err, SY_ERR_LIMIT, "its size passes 2^63"), at_plan(plan, err);
    if (mx && !plan->scales) elements *= 2;       /* two codes a byte */
    if (mx && plan->scales) elements *= MX_BLOCK; /* of which each covers 32 */
    out->rows = elements / out->cols;
    out->each =
        slot_is_expert(plan->slot) && plan->expert < 0 ? out->rows / target->router.experts : out->rows;
    dtype_unit(dtype, &unit, &unit_bytes);
    if (out->cols % unit != 0 || (mx && out->cols % MX_BLOCK != 0)) {
        sy_fail(err, SY_ERR_SHAPE, "rows of %lld elements are no whole blocks of %s", (long long)out->cols,
                dtype_name(dtype));
        return at_plan(plan, err);
    }
    out->row_bytes = mx ? out->cols / (plan->scales ? MX_BLOCK : 2) : out->cols / unit * unit_bytes;
    if (!size_mul(out->rows, out->row_bytes, &out->bytes))
        return sy_fail(err, SY_ERR_LIMIT, "its size passes 2^63"), at_plan(plan, err);
    return true;
}

bool convert_copy(const struct tensor *from, bool read, struct convert_tensor *out, struct sy_error *err) {
    int64_t elements = 0;
    if (from->dtype == DTYPE_COUNT) {
        sy_fail(err, SY_ERR_FORMAT, "stored as %s, which cannot be copied here", tensor_type(from));
        return sy_error_at(err, "%s", from->name);
    }
    *out = (struct convert_tensor){
        .dtype = from->dtype, .bytes = from->bytes, .raw = from->data, .read = read
    };
    out->plan = (struct planned_tensor){ .name = from->name, .rank = from->rank };
    memcpy(out->plan.shape, from->shape, sizeof from->shape);
    if (!tensor_elements(from, &elements)) {
        sy_fail(err, SY_ERR_LIMIT, "its size passes 2^63");
        return sy_error_at(err, "%s", from->name);
    }
    out->cols = elements > 0 && from->rank > 0 ? from->shape[from->rank - 1] : 1;
    out->rows = out->each = elements / out->cols;
    out->row_bytes = elements > 0 ? from->bytes / out->rows : 1;
    return true;
}

/* ---- one row ---- */

/* The two orders of MXFP4's codes: element j of a block is nibble j % 2 of byte j / 2 (safetensors), or
 * nibble j / 16 of byte j % 16 (GGUF). */
static void codes_get(const struct weight *w, int64_t row, int64_t block, unsigned char codes[MX_BLOCK],
                      unsigned char *scale) {
    const unsigned char *at = w->data + row * w->row_stride;
    if (w->dtype == DTYPE_MXFP4) {
        at += block * MX_BYTES;
        *scale = at[0];
        for (int j = 0; j < MX_BLOCK; j++) codes[j] = j < 16 ? at[1 + j] & 15 : at[1 + j - 16] >> 4;
        return;
    }
    at += block * (MX_BLOCK / 2);
    for (int j = 0; j < MX_BLOCK; j++) codes[j] = j % 2 ? at[j / 2] >> 4 : at[j / 2] & 15;
    *scale = w->scale[(w->row_first + row) / w->scale_rows * w->scale_row_stride +
                      (w->col_first / MX_BLOCK + block) * w->scale_col_stride];
}

static void mx_row(const struct convert_tensor *t, const struct strip *strip, unsigned char *out) {
    for (int64_t block = 0; block < t->cols / MX_BLOCK; block++) {
        unsigned char codes[MX_BLOCK], scale, *at;
        codes_get(&strip->view, strip->row, block, codes, &scale);
        if (t->dtype == DTYPE_F4_E2M1 && t->plan.scales) {
            out[block] = scale;
        } else if (t->dtype == DTYPE_F4_E2M1) {
            at = out + block * (MX_BLOCK / 2);
            for (int b = 0; b < 16; b++) at[b] = (unsigned char)(codes[2 * b] | codes[2 * b + 1] << 4);
        } else {
            at = out + block * MX_BYTES;
            at[0] = scale;
            for (int b = 0; b < 16; b++) at[1 + b] = (unsigned char)(codes[b] | codes[b + 16] << 4);
        }
    }
}

/* Position i of a vector of q or k in the source's order of rows. */
static int64_t position(const struct convert_tensor *t, int64_t i) {
    return slot_is_vector(t->plan.slot) ? unpermuted(t, t->plan.slot, i) : i;
}

static void copy_strip(const struct convert_tensor *t, const struct strip *s, unsigned char *out) {
    const struct weight *w = &s->view;
    int64_t elements, bytes;
    const unsigned char *at = w->data + s->row * w->row_stride;
    dtype_unit(t->dtype, &elements, &bytes);
    if (elements > 1) {
        memcpy(out, at, (size_t)(w->cols / elements * bytes));
        return;
    }
    for (int64_t i = 0; i < w->cols; i++)
        memcpy(out + (s->offset + i * s->step) * bytes, at + position(t, i) * w->col_stride, (size_t)bytes);
}

static void decode_strip(const struct convert_tensor *t, const struct strip *s, float *scratch, float *row) {
    for (int64_t i = 0; i < s->view.rows && s->column; i++)
        row[s->offset + i * s->step] = weight_get(&s->view, i, s->row);
    if (s->column) return;
    weight_get_row(&s->view, s->row, 0, s->view.cols, scratch);
    for (int64_t i = 0; i < s->view.cols; i++) row[s->offset + i * s->step] = scratch[position(t, i)];
}

/* Can the bytes be taken as they are? Blocks only along their rows. */
static bool as_is(const struct convert_tensor *t, const struct strip *s) {
    const struct weight *w = &s->view;
    return w->dtype == t->dtype && !w->scale && !s->column &&
           !(dtype_is_block(w->dtype) && (w->transposed || s->step != 1));
}

/* Bytes that came as they are. */
static void check_copy(const struct convert_tensor *t, int64_t row, const unsigned char *out, float *scratch,
                       struct held *held) {
    if (t->read && dtype_is_weight(t->dtype) && t->dtype != DTYPE_F4_E2M1)
        held_copy(held, t->dtype, out, t->cols, row, scratch);
}

/* MXFP4 in its other form, by what its numbers are: a scale of 255 is NaN in one and 2^127 in the other. */
static void check_mx(const struct convert_tensor *t, const struct strip *strip, int64_t row,
                     const unsigned char *out, float *scratch, struct held *held) {
    float *numbers = scratch + t->cols;
    if (t->dtype == DTYPE_F4_E2M1 && t->plan.scales) {
        held_copy(held, DTYPE_F8_E8M0, out, t->cols / MX_BLOCK, row, scratch);
        return;
    }
    decode_strip(t, strip, scratch, numbers);
    if (t->dtype == DTYPE_MXFP4)
        held_row(held, DTYPE_MXFP4, numbers, out, t->cols, row, scratch);
    else
        held_copy(held, DTYPE_F32, numbers, t->cols, row, scratch);
}

void convert_row(const struct convert_tensor *t, int64_t row, float *scratch, unsigned char *out,
                 struct held *held) {
    struct strip strips[2];
    if (t->raw) {
        memcpy(out, t->raw + row * t->row_bytes, (size_t)t->row_bytes);
        check_copy(t, row, out, scratch, held);
        return;
    }
    int count = strips_of(t, row, strips);
    const struct weight *first = &strips[0].view;
    bool mx = stored_dtype(first) == DTYPE_MXFP4 && !first->transposed && !strips[0].column;
    if (mx && (t->dtype == DTYPE_MXFP4 || t->dtype == DTYPE_F4_E2M1)) {
        mx_row(t, &strips[0], out);
        check_mx(t, &strips[0], row, out, scratch, held);
        return;
    }
    bool plain = as_is(t, &strips[0]) && (count == 1 || as_is(t, &strips[1]));
    for (int i = 0; i < count; i++)
        if (plain)
            copy_strip(t, &strips[i], out);
        else
            decode_strip(t, &strips[i], scratch, scratch + t->cols);
    if (plain) {
        check_copy(t, row, out, scratch, held);
    } else {
        dtype_from_f32(t->dtype, scratch + t->cols, t->cols, out);
        held_row(held, t->dtype, scratch + t->cols, out, t->cols, row, scratch);
    }
}

struct weight convert_row_source(const struct convert_tensor *t, int64_t row) {
    struct strip strips[2] = { { .view = { .dtype = t->dtype } } };
    if (!t->raw) strips_of(t, row, strips);
    if (!strips[0].view.name) strips[0].view.name = t->plan.name;
    return strips[0].view;
}
