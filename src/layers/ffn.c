/*
 * The feed-forward network over a list of parts (layers/ffn.h): two rounds of products, each one hand-out of
 * tiles over all parts of a slice, with the activation between.
 */
#include "layers/ffn.h"

#include "base/checked.h"

/* Where the buffers of a slice lie in its memory, in floats: gate at 0. Each starts on a cache line. */
struct layout {
    int64_t up, x_rounded, inner_rounded, end;
};

static struct layout layout_of(const struct numerics *numerics, const struct spec *spec, int64_t rows,
                               int64_t width) {
    struct layout at;
    at.up = spec->gated ? round_up(rows * width, 16) : 0;
    at.x_rounded = at.up + round_up(rows * width, 16);
    at.inner_rounded = at.x_rounded + round_up(matmul_rounded_count(numerics, rows, spec->width), 16);
    at.end = at.inner_rounded + round_up(matmul_rounded_count(numerics, rows, width), 16);
    return at;
}

int64_t ffn_scratch_count(const struct numerics *numerics, const struct spec *spec, int64_t rows,
                          int64_t width) {
    int64_t row = layout_of(numerics, spec, 1, width).end;
    int64_t most = max_i64(FFN_SLICE / (int64_t)sizeof(float) / row, FFN_SLICE_ROWS);
    return layout_of(numerics, spec, min_i64(rows, most), width).end;
}

struct ffn_scratch ffn_scratch_take(struct exec *exec, int64_t parts, int64_t count) {
    return (struct ffn_scratch){ .memory = exec_new(exec, float, count),
                                 .count = count,
                                 .slice = exec_new_own(exec, struct ffn_part, parts),
                                 .jobs = exec_new_own(exec, struct matmul_job, 2 * parts) };
}

/* Rows of this width that the memory holds. One row's layout is rounded up, so there may be room for more
 * than this says, never for less. */
static int64_t room_of(const struct exec *exec, const struct spec *spec, int64_t width,
                       const struct ffn_scratch *s) {
    int64_t rows = s->count / (layout_of(&exec->numerics, spec, 16, width).end / 16);
    while (layout_of(&exec->numerics, spec, rows, width).end > s->count) rows--;
    return rows;
}

/* The rows that a slice begins with. */
struct cursor {
    int64_t part, row; /* row within the part */
};

/* Fills `slice` from the cursor on with whole parts while they fit into `room` rows, and with what fits of a
 * part that is larger than that alone. Moves the cursor; returns how many. */
static int64_t next_slice(const struct ffn_part *parts, int64_t count, int64_t room, struct cursor *at,
                          struct ffn_part *slice) {
    int64_t n = 0;
    while (at->part < count) {
        struct ffn_part p = parts[at->part];
        int64_t rest = p.count - at->row, taken = min_i64(rest, room);
        if (n > 0 && taken < rest) break;
        p.row += at->row;
        p.steps = max_i64(0, min_i64(p.steps - at->row, taken));
        p.count = taken;
        slice[n++] = p;
        room -= taken;
        at->row += taken;
        if (taken < rest) break;
        *at = (struct cursor){ .part = at->part + 1 };
    }
    return n;
}

/* Where the rows from `row` on lie in a buffer of rows rounded to bf16. */
static float *rounded_rows(const struct exec *exec, float *rounded, int64_t row, int64_t cols) {
    return rounded + matmul_rounded_count(&exec->numerics, row, cols);
}

static void slice_forward(struct exec *exec, const struct spec *spec, int64_t count, int64_t width,
                          const float *x, struct ffn_scratch *s, float *out) {
    const struct ffn_part *parts = s->slice;
    int64_t D = spec->width, jobs = 0, first = parts[0].row;
    int64_t rows = parts[count - 1].row + parts[count - 1].count - first;
    struct layout at = layout_of(&exec->numerics, spec, rows, width);
    float *inner = s->memory, *up = s->memory + at.up, *x_rounded = s->memory + at.x_rounded,
          *inner_rounded = s->memory + at.inner_rounded; /* not gated: up is inner */
    for (int64_t i = 0; i < count; i++) {
        const struct ffn_part *p = &parts[i];
        const float *own = x + p->row * D;
        int64_t r = p->row - first;
        float *rounded = rounded_rows(exec, x_rounded, r, D);
        if (spec->gated)
            s->jobs[jobs++] =
                matmul_packed(p->gate, p->gate_bias, own, rounded, inner + r * width, p->count, p->steps);
        s->jobs[jobs++] = matmul_packed(p->up, p->up_bias, own, rounded, up + r * width, p->count, p->steps);
    }
    op_matmul(exec, s->jobs, jobs);

    op_gated(exec, spec->activation, (float)spec->activation_limit, (float)spec->activation_alpha, inner,
             spec->gated ? up : NULL, rows, width, inner);

    for (int64_t i = 0; i < count; i++) {
        const struct ffn_part *p = &parts[i];
        int64_t r = p->row - first;
        s->jobs[i] =
            matmul_packed(p->down, p->down_bias, inner + r * width,
                          rounded_rows(exec, inner_rounded, r, width), out + p->row * D, p->count, p->steps);
    }
    op_matmul(exec, s->jobs, count);
}

void ffn_forward(struct exec *exec, const struct spec *spec, const struct ffn_part *parts, int64_t count,
                 int64_t width, const float *x, struct ffn_scratch *s, float *out) {
    int64_t room = room_of(exec, spec, width, s), n;
    struct cursor at = { 0, 0 };
    while ((n = next_slice(parts, count, room, &at, s->slice)) > 0)
        slice_forward(exec, spec, n, width, x, s, out);
}
