/*
 * The feed-forward network over a list of parts (layers/ffn.h): two rounds of products, each one hand-out of
 * tiles over all parts, with the activation between.
 */
#include "layers/ffn.h"

#include "base/checked.h"

struct ffn_scratch ffn_scratch_take(struct exec *exec, const struct spec *spec, int64_t parts, int64_t rows,
                                    int64_t width) {
    struct ffn_scratch s;
    s.gate = exec_new(exec, float, spec->gated ? rows *width : 0);
    s.up = exec_new(exec, float, rows *width);
    s.x_rounded = exec_new(exec, float, matmul_rounded_count(&exec->numerics, rows, spec->width));
    s.inner_rounded = exec_new(exec, float, matmul_rounded_count(&exec->numerics, rows, width));
    s.jobs = exec_new_own(exec, struct matmul_job, 2 * parts);
    return s;
}

/* Where the rows from `row` on lie in a buffer of rows rounded to bf16. */
static float *rounded_rows(const struct exec *exec, float *rounded, int64_t row, int64_t cols) {
    return rounded + matmul_rounded_count(&exec->numerics, row, cols);
}

void ffn_forward(struct exec *exec, const struct spec *spec, const struct ffn_part *parts, int64_t count,
                 int64_t width, const float *x, struct ffn_scratch *s, float *out) {
    if (count == 0) return;
    int64_t D = spec->width, jobs = 0, first = parts[0].row;
    int64_t rows = parts[count - 1].row + parts[count - 1].count - first;
    for (int64_t i = 0; i < count; i++) {
        const struct ffn_part *p = &parts[i];
        int64_t r = p->row - first;
        float *rounded = rounded_rows(exec, s->x_rounded, r, D);
        if (spec->gated)
            s->jobs[jobs++] =
                (struct matmul_job){ p->gate, x + p->row * D, rounded, s->gate + r * width, p->gate_bias, D,
                                     width,   p->count,       p->steps };
        s->jobs[jobs++] = (struct matmul_job){ p->up, x + p->row * D, rounded,  s->up + r * width, p->up_bias,
                                               D,     width,          p->count, p->steps };
    }
    op_matmul(exec, s->jobs, jobs);

    float *inner = spec->gated ? s->gate : s->up;
    op_gated(exec, spec->activation, (float)spec->activation_limit, (float)spec->activation_alpha, inner,
             spec->gated ? s->up : NULL, rows, width, inner);

    for (int64_t i = 0; i < count; i++) {
        const struct ffn_part *p = &parts[i];
        int64_t r = p->row - first;
        s->jobs[i] = (struct matmul_job){ p->down,
                                          inner + r * width,
                                          rounded_rows(exec, s->inner_rounded, r, width),
                                          out + p->row * D,
                                          p->down_bias,
                                          width,
                                          D,
                                          p->count,
                                          p->steps };
    }
    op_matmul(exec, s->jobs, count);
}
