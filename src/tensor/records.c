/*
 * Rows to records and back (tensor/records.h draws them): words change places, nothing else.
 */
#include "tensor/records.h"

#include "base/checked.h"

#include <assert.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { WORD = 4, HALF = RECORD / 2 };

struct record_form record_form(enum dtype dtype) {
    struct record_form form = { .apart = dtype_is_block(dtype) };
    dtype_unit(dtype, &form.elements, &form.bytes);
    if (!form.apart) {
        form.bytes *= RECORD / form.elements;
        form.elements = RECORD;
    }
    form.words = form.bytes / WORD;
    form.rest = form.bytes % WORD;
    form.rest_first = dtype != DTYPE_Q6_K && dtype != DTYPE_Q3_K; /* their scale is last */
    return form;
}

bool records_fit(const struct weight *w) {
    struct record_form form = record_form(w->dtype);
    bool beside = dtype_is_block(w->dtype) || w->col_stride == dtype_bits(w->dtype) / 8;
    return weight_exists(w) && !w->records && !w->transposed && beside && w->cols % form.elements == 0 &&
           w->dtype != DTYPE_F4_E2M1 && form.bytes <= RECORD_UNIT;
}

struct weight records_weight(const struct weight *w, const void *data) {
    struct record_form form = record_form(w->dtype);
    struct weight r = *w;
    r.data = data;
    r.records = true;
    r.row_stride = w->cols / form.elements * form.bytes;
    return r;
}

/* Where word `word` of a row stands in its record, or its rest. */
INLINE int64_t word_at(const struct record_form *form, int64_t row, int64_t word) {
    if (!form->apart) return (word * RECORD + row) * WORD;
    return ((row / HALF * form->words + word) * HALF + row % HALF) * WORD;
}
INLINE int64_t rest_at(const struct record_form *form, int64_t row) {
    return RECORD * form->words * WORD + row * form->rest;
}

/* One row's unit into its record, or back. */
INLINE void put_unit(const struct record_form *form, const unsigned char *unit, int64_t row,
                     unsigned char *record) {
    const unsigned char *words = unit + (form->rest_first ? form->rest : 0),
                        *rest = unit + (form->rest_first ? 0 : form->words * WORD);
    for (int64_t i = 0; i < form->words; i++) memcpy(record + word_at(form, row, i), words + WORD * i, WORD);
    memcpy(record + rest_at(form, row), rest, (size_t)form->rest);
}

INLINE void get_unit(const struct record_form *form, const unsigned char *record, int64_t row,
                     unsigned char *unit) {
    unsigned char *words = unit + (form->rest_first ? form->rest : 0),
                  *rest = unit + (form->rest_first ? 0 : form->words * WORD);
    for (int64_t i = 0; i < form->words; i++) memcpy(words + WORD * i, record + word_at(form, row, i), WORD);
    memcpy(rest, record + rest_at(form, row), (size_t)form->rest);
}

/* The units of RECORD rows, `stride` bytes apart, into their records. Memory has its own order: while these
 * rows are read from 32 places, those behind them are fetched as they lie. */
INLINE void put_panel(const struct record_form *form, const unsigned char *rows, int64_t stride,
                      int64_t units, unsigned char *panel) {
    bool dense = stride == units * form->bytes;
    for (int64_t u = 0; u < units; u++) {
        const unsigned char *next = rows + RECORD * stride + u * RECORD * form->bytes;
        for (int64_t i = 0; dense && i < RECORD * form->bytes; i += 64) __builtin_prefetch(next + i, 0, 2);
        for (int64_t row = 0; row < RECORD; row++)
            put_unit(form, rows + row * stride + u * form->bytes, row, panel + u * RECORD * form->bytes);
    }
}

/* Of the types that large models come in the numbers are known to the compiler. */
static void put_panel_of(enum dtype dtype, const unsigned char *rows, int64_t stride, int64_t units,
                         unsigned char *panel) {
    const struct record_form form = record_form(dtype);
#define KNOWN(type, ...)                                                                                     \
    case type: {                                                                                             \
        const struct record_form known = __VA_ARGS__;                                                        \
        assert(known.bytes == form.bytes && known.words == form.words && known.rest == form.rest);           \
        put_panel(&known, rows, stride, units, panel);                                                       \
        return;                                                                                              \
    }
    switch (dtype) {
        KNOWN(DTYPE_BF16, { 32, 64, 16, 0, true, false })
        KNOWN(DTYPE_F32, { 32, 128, 32, 0, true, false })
        KNOWN(DTYPE_Q8_0, { 32, 34, 8, 2, true, true })
        KNOWN(DTYPE_Q4_0, { 32, 18, 4, 2, true, true })
        KNOWN(DTYPE_Q4_1, { 32, 20, 5, 0, true, true })
        KNOWN(DTYPE_Q4_K, { 256, 144, 36, 0, true, true })
        KNOWN(DTYPE_Q5_K, { 256, 176, 44, 0, true, true })
        KNOWN(DTYPE_Q6_K, { 256, 210, 52, 2, false, true })
    default: put_panel(&form, rows, stride, units, panel);
    }
#undef KNOWN
}

void records_pack(const struct weight *from, int64_t first, int64_t count, unsigned char *to) {
    struct record_form form = record_form(from->dtype);
    int64_t units = from->cols / form.elements, row_bytes = units * form.bytes;
    for (int64_t n = first * RECORD; n < min_i64((first + count) * RECORD, from->rows); n += RECORD) {
        const unsigned char *rows = from->data + n * from->row_stride;
        unsigned char *panel = to + n * row_bytes;
        int64_t here = min_i64(RECORD, from->rows - n);
        for (int64_t row = 0; here < RECORD && row < here; row++)
            memcpy(panel + row * row_bytes, rows + row * from->row_stride, (size_t)row_bytes);
        if (here == RECORD) put_panel_of(from->dtype, rows, from->row_stride, units, panel);
    }
}

const unsigned char *records_unit(const struct weight *w, int64_t n, int64_t k, unsigned char *room) {
    struct record_form form = record_form(w->dtype);
    int64_t unit = k / form.elements, panel = n / RECORD * RECORD;
    if (panel + RECORD > w->rows) return w->data + n * w->row_stride + unit * form.bytes;
    get_unit(&form, w->data + panel * w->row_stride + unit * RECORD * form.bytes, n - panel, room);
    return room;
}

int64_t records_room(const struct weight *w, int64_t kc) {
    struct record_form form = record_form(w->dtype);
    return RECORD * ceil_div(kc, form.elements) * form.bytes;
}

struct weight records_rows(const struct weight *w, int64_t n0, int64_t count, int64_t k0, int64_t kc,
                           unsigned char *room) {
    struct record_form form = record_form(w->dtype);
    struct weight view = *w;
    assert(w->records && k0 % form.elements == 0 && n0 / RECORD == (n0 + count - 1) / RECORD);
    view.records = false;
    view.rows = count, view.cols = kc;
    view.row_first += n0, view.col_first += k0;
    int64_t first = k0 / form.elements, units = ceil_div(kc, form.elements), panel = n0 / RECORD * RECORD;
    if (panel + RECORD > w->rows) {
        view.data = w->data + n0 * w->row_stride + first * form.bytes;
        return view;
    }
    const unsigned char *records = w->data + panel * w->row_stride + first * RECORD * form.bytes;
    view.data = room;
    view.row_stride = units * form.bytes;
    for (int64_t u = 0; u < units; u++)
        for (int64_t row = 0; row < count; row++)
            get_unit(&form, records + u * RECORD * form.bytes, n0 - panel + row,
                     room + row * view.row_stride + u * form.bytes);
    return view;
}
