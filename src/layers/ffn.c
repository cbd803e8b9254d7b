/*
 * The feed-forward network over a list of parts (layers/ffn.h): two rounds of products, each one hand-out of
 * tiles over all parts of a slice, with the activation between.
 */
#include "layers/ffn.h"

#include "base/checked.h"

/* Some rows of a part, and where they lie in the slice. */
struct ffn_piece {
    const struct ffn_part *part;
    int64_t row, count, steps; /* of x and out */
    int64_t at;                /* in gate, up and inner: a row of the slice, or of what is kept */
    int64_t room;              /* in the slice's rooms */
};

/* ---- memory ---- */

struct ffn_kept ffn_keep(struct exec *exec, const struct spec *spec, int64_t rows, int64_t width) {
    struct ffn_kept kept = { 0 };
    if (!exec_keeps(exec)) return kept;
    kept.up = exec_keep(exec, rows, width, 0);
    kept.gate = spec->gated ? exec_keep(exec, rows, width, 0) : kept.up;
    kept.inner = exec_keep(exec, rows, width, 0);
    return kept;
}

/* Where the buffers of a slice lie in its memory, in bytes: gate at 0. Each starts on a cache line. */
struct slice_layout {
    int64_t up, x_room, inner_room, end;
};

static struct slice_layout layout_of(const struct exec *exec, const struct spec *spec, int64_t rows,
                                     int64_t width) {
    struct slice_layout at = { 0 };
    int64_t inner = exec_keeps(exec) ? 0 : round_up(rows * width * (int64_t)sizeof(real), ARENA_ALIGN);
    at.up = spec->gated ? inner : 0;
    at.x_room = at.up + inner;
    at.inner_room = at.x_room + rows * matmul_packed_bytes(&exec->numerics, spec->width);
    at.end = at.inner_room + rows * matmul_packed_bytes(&exec->numerics, width);
    return at;
}

int64_t ffn_slice_bytes(const struct exec *exec, const struct spec *spec, int64_t rows, int64_t width) {
    int64_t row = max_i64(1, layout_of(exec, spec, 1, width).end);
    int64_t most = max_i64(FFN_SLICE / row, FFN_SLICE_ROWS);
    return layout_of(exec, spec, min_i64(rows, most), width).end;
}

struct ffn_slice ffn_slice_take(struct exec *exec, int64_t parts, int64_t bytes) {
    return (struct ffn_slice){ .memory = exec_table(exec, unsigned char, bytes),
                               .bytes = bytes,
                               .pieces = exec_table_own(exec, struct ffn_piece, parts),
                               .products = exec_table_own(exec, struct product, 2 * parts) };
}

/* Rows of this width that the memory holds. One row's layout is rounded up, so there may be room for more
 * than this says, never for less. */
static int64_t room_of(const struct exec *exec, const struct spec *spec, int64_t width,
                       const struct ffn_slice *s) {
    int64_t sixteen = layout_of(exec, spec, 16, width).end;
    if (sixteen == 0) return INT64_MAX; /* nothing lies in it */
    int64_t rows = s->bytes / (sixteen / 16);
    while (layout_of(exec, spec, rows, width).end > s->bytes) rows--;
    return rows;
}

/* ---- slices ---- */

/* The rows that a slice begins with. */
struct part_cursor {
    int64_t part, row; /* row within the part */
};

/* Fills `pieces` from the cursor on with whole parts while they fit into `room` rows, and with what fits of a
 * part that is larger than that alone. Moves the cursor; returns how many. */
static int64_t next_slice(const struct ffn_part *parts, int64_t count, int64_t room, bool kept,
                          struct part_cursor *at, struct ffn_piece *pieces) {
    int64_t n = 0, used = 0;
    while (at->part < count) {
        const struct ffn_part *p = &parts[at->part];
        int64_t rest = p->count - at->row, taken = min_i64(rest, room - used), row = p->row + at->row;
        if (n > 0 && taken < rest) break;
        pieces[n++] = (struct ffn_piece){ .part = p,
                                          .row = row,
                                          .count = taken,
                                          .steps = steps_within(p->steps, at->row, taken),
                                          .at = kept ? row : used,
                                          .room = used };
        used += taken;
        at->row += taken;
        if (taken < rest) break;
        *at = (struct part_cursor){ .part = at->part + 1 };
    }
    return n;
}

/* A slice's buffers, over its memory or over what is kept. */
struct slice_rows {
    struct rows gate, up, inner;
    unsigned char *x_room, *inner_room;
};

static struct slice_rows rows_of(const struct exec *exec, const struct spec *spec, int64_t rows,
                                 int64_t width, const struct ffn_slice *s, const struct ffn_kept *kept) {
    struct slice_layout at = layout_of(exec, spec, rows, width);
    struct slice_rows r = { .x_room = s->memory + at.x_room, .inner_room = s->memory + at.inner_room };
    if (rows_exist(kept->inner)) {
        r.gate = kept->gate, r.up = kept->up, r.inner = kept->inner;
    } else { /* the activation writes over its gate; not gated: over up */
        r.gate = r.inner = rows_over((real *)(void *)s->memory, rows, width);
        r.up = rows_over((real *)(void *)(s->memory + at.up), rows, width);
    }
    return r;
}

/* The piece's rows of x or inner as an operand of products, with its part of the slice's room. */
static struct rows operand(const struct exec *exec, const struct ffn_piece *p, struct rows x, int64_t row,
                           unsigned char *room) {
    struct rows own = rows_with_steps(rows_part(x, row, p->count), p->steps);
    own.packed_stride = matmul_packed_bytes(&exec->numerics, x.width);
    own.packed = own.packed_stride ? room + p->room * own.packed_stride : NULL;
    return own;
}

/* The activation, over stretches of pieces that follow one another. */
static void activate(struct exec *exec, const struct spec *spec, const struct ffn_piece *pieces,
                     int64_t count, const struct slice_rows *r) {
    const struct gated_op gated = { spec->activation, (float)spec->activation_limit,
                                    (float)spec->activation_alpha };
    for (int64_t i = 0, next; i < count; i = next) {
        int64_t first = pieces[i].at, rows = pieces[i].count;
        for (next = i + 1; next < count && pieces[next].at == first + rows; next++)
            rows += pieces[next].count;
        op_gated(exec, &gated, rows_part(r->gate, first, rows),
                 spec->gated ? rows_part(r->up, first, rows) : no_rows, rows_part(r->inner, first, rows));
    }
}

static void slice_forward(struct exec *exec, const struct spec *spec, int64_t count, int64_t width,
                          struct rows x, const struct ffn_slice *s, const struct ffn_kept *kept,
                          struct rows out) {
    const struct ffn_piece *last = &s->pieces[count - 1];
    struct slice_rows r = rows_of(exec, spec, last->room + last->count, width, s, kept);
    int64_t n = 0;
    for (const struct ffn_piece *p = s->pieces; p <= last; p++) {
        struct rows own = operand(exec, p, x, p->row, r.x_room);
        if (spec->gated)
            s->products[n++] = (struct product){ p->part->gate, p->part->gate_bias, own,
                                                 rows_part(r.gate, p->at, p->count) };
        s->products[n++] =
            (struct product){ p->part->up, p->part->up_bias, own, rows_part(r.up, p->at, p->count) };
    }
    op_matmul(exec, s->products, n);
    activate(exec, spec, s->pieces, count, &r);
    n = 0;
    for (const struct ffn_piece *p = s->pieces; p <= last; p++)
        s->products[n++] = (struct product){ p->part->down, p->part->down_bias,
                                             operand(exec, p, r.inner, p->at, r.inner_room),
                                             rows_part(out, p->row, p->count) };
    op_matmul(exec, s->products, n);
}

void ffn_forward(struct exec *exec, const struct spec *spec, const struct ffn_part *parts, int64_t count,
                 int64_t width, struct rows x, const struct ffn_slice *slice, const struct ffn_kept *kept,
                 struct rows out) {
    int64_t room = room_of(exec, spec, width, slice), n;
    struct part_cursor at = { 0, 0 };
    while ((n = next_slice(parts, count, room, rows_exist(kept->inner), &at, slice->pieces)) > 0)
        slice_forward(exec, spec, n, width, x, slice, kept, out);
}
