/*
 * Attention: every query row of every head against the keys it may see, in blocks of 256 keys at absolute
 * positions, by online softmax.
 *
 *   z_j = q . k_j                     one FMA chain over the width        (panel_f32, product_f32)
 *   for each block of keys, in order:
 *       p_j = exp(s(z_j) - m')        s: scale and cap; m': maximum yet   (softmax_block)
 *       acc = acc * exp(m - m')       when the maximum has moved          (scale)
 *       acc = acc + p_j v_j           one FMA chain over the keys         (panel_f32, product_f32)
 *   sink s_h: as one more key without a value
 *   out = (acc + 0) / sum
 *
 * Keys that row i sees: j <= i, j > i - window (window > 0), j / chunk == i / chunk (chunk > 0).
 *
 * A tile is one run's rows for some heads that share keys: each panel of keys and values is decoded once for
 * all of them. It has `lines`: queries of a head, `heads` times over; or, when the run is a single row, the
 * heads themselves. A line's bits do not depend on which others share its tile, so the cut is free to follow
 * the number of threads. Why:
 *   - a score is a chain of its own; what a line does not see is replaced by p = 0;
 *   - a product with p = 0 leaves acc as it was (acc + 0 * v = acc), and so do skipped blocks (rescale = 1),
 *     except that -0, which flushing can leave, may become +0: the last + 0 removes the difference;
 *   - 0 * v is NaN when v is infinite or NaN. So a line that ends without being finite is computed again
 *     alone, when a tile reaches exactly over what it sees;
 *   - keys after the last that a tile sees are not read: they may not be written yet.
 *
 * Online softmax over tiles: Dao et al. 2022, arXiv:2205.14135. MLA, whose keys and values are expanded from
 * a latent row a block at a time: expand.c.
 */
#include "kernels/attention/attention.h"
#include "base/checked.h"
#include "kernels/activation/polynomials.h"

#include <assert.h>
#include <string.h>

/* ---- what a tile sees ---- */

struct range {
    int64_t first, last; /* [first, last) */
};

static int64_t position_of(const struct attention_tile *tile, int64_t line) {
    return tile->position + (tile->single ? 0 : line);
}

/* The keys of [origin, origin + count) that `line` sees, relative to origin. */
static struct range visible(const struct attention_op *op, const struct attention_tile *tile, int64_t line,
                            int64_t origin, int64_t count) {
    int64_t position = position_of(tile, line), first = 0;
    if (op->window > 0) first = max_i64(first, position - op->window + 1);
    if (op->chunk > 0) first = max_i64(first, position / op->chunk * op->chunk);
    struct range r = { max_i64(first - origin, 0), min_i64(position + 1 - origin, count) };
    if (r.first > r.last) r.first = r.last = 0;
    return r;
}

/* The lines that see any of those keys: they follow one another, as what a line sees only moves forward. */
static struct range lines_that_see(const struct attention_op *op, const struct attention_tile *tile,
                                   int64_t origin, int64_t count) {
    if (tile->single) {
        struct range r = visible(op, tile, 0, origin, count);
        return (struct range){ 0, r.first < r.last ? tile->lines : 0 };
    }
    int64_t first = max_i64(0, origin - tile->position), last = tile->lines;
    int64_t end = origin + count - 1; /* the last key: gone from sight for whom? */
    int64_t window = min_i64(op->window, tile->position + tile->lines); /* no line is further from any key */
    if (window > 0) last = min_i64(last, end + window - tile->position);
    if (op->chunk > 0) last = min_i64(last, (end / op->chunk + 1) * op->chunk - tile->position);
    return (struct range){ first, max_i64(first, last) };
}

/* ---- one block of keys ---- */

static const real *query_of(const struct attention_tile *tile, int64_t group, int64_t line) {
    return tile->q + group * tile->q_group_stride + line * tile->q_line_stride;
}

/* Where in a page the tile's keys and values begin, in bytes. */
static int64_t keys_at(const struct attention_work *work, const struct attention_tile *tile) {
    int64_t stride = work->op->key_head_stride;
    return tile->kv_head * (stride ? stride : page_row_bytes(work->op, tile->key_width));
}

static int64_t values_at(const struct attention_work *work, const struct attention_tile *tile) {
    int64_t stride = work->op->value_head_stride;
    return work->op->value_offset +
           tile->kv_head * (stride ? stride : page_row_bytes(work->op, tile->value_width));
}

/* The values of keys j0 .. j0 + keys are wanted soon: short pieces far apart, which no hardware foresees. */
static void fetch_values(const struct attention_work *work, const struct attention_tile *tile,
                         const struct block *block, int64_t j0, int64_t keys) {
    const unsigned char *values = block->page + values_at(work, tile) + j0 * work->op->value_stride;
    int64_t bytes = page_row_bytes(work->op, tile->value_width);
    for (int64_t j = 0; j < keys; j++)
        for (int64_t i = 0; i < bytes; i += 64)
            __builtin_prefetch(values + j * work->op->value_stride + i, 0, 2);
}

/* scores[group][line][j] = q . k_j for the keys of panel p and the lines that see any of them. */
static void score_panel(const struct attention_work *work, const struct attention_tile *tile,
                        const struct block *block, int64_t p) {
    const struct attention_op *op = work->op;
    const struct attention_scratch *s = &work->scratch;
    int64_t j0 = p * PANEL, keys = min_i64(PANEL, block->count - j0);
    struct range lines = lines_that_see(op, tile, block->origin + j0, keys);
    if (lines.first >= lines.last) return;
    if (tile->expand)
        expand_keys(work, block, tile->head, j0, s->panel);
    else {
        struct weight view = block_view(work, block, keys_at(work, tile), op->key_stride, tile->key_width);
        fetch_values(work, tile, block, j0, keys);
        work->kernels->panel_f32(&view, j0, 0, tile->key_width, s->panel);
    }
    int64_t count = lines.last - lines.first;
    for (int64_t g = 0; g < tile->groups; g++) {
        memset(s->product, 0, (size_t)(count * PANEL) * sizeof *s->product);
        work->kernels->product_f32(s->panel, tile->key_width, query_of(tile, g, lines.first),
                                   tile->q_line_stride, count, s->product);
        real *scores = s->scores + (g * tile->lines + lines.first) * ATTENTION_BLOCK + j0;
        for (int64_t i = 0; i < count; i++)
            memcpy(scores + i * ATTENTION_BLOCK, s->product + i * PANEL, PANEL * sizeof *scores);
    }
}

/* scores -> probabilities; sums so far are rescaled where a maximum has moved. acc is [panel][group][line].
 */
static void weigh_block(const struct attention_work *work, const struct attention_tile *tile,
                        const struct block *block, struct range lines) {
    const struct attention_scratch *s = &work->scratch;
    int64_t rows = tile->groups * tile->lines, panels = ceil_div(tile->value_width, PANEL);
    for (int64_t g = 0; g < tile->groups; g++)
        for (int64_t i = lines.first; i < lines.last; i++) {
            int64_t row = g * tile->lines + i;
            struct range keys = visible(work->op, tile, i, block->origin, block->count);
            real rescale;
            work->kernels->softmax_block(s->scores + row * ATTENTION_BLOCK, block->count, keys.first,
                                         keys.last, work->op->scale, work->op->cap, &s->max[row],
                                         &s->sum[row], &rescale);
            if (rescale == 1) continue;
            for (int64_t p = 0; p < panels; p++) {
                real *acc = s->acc + (p * rows + row) * PANEL;
                work->kernels->scale(rescale, acc, PANEL, acc);
            }
        }
}

/* acc += probabilities * values, for the columns of panel p. */
static void add_panel(const struct attention_work *work, const struct attention_tile *tile,
                      const struct block *block, struct range lines, int64_t p) {
    const struct attention_op *op = work->op;
    const struct attention_scratch *s = &work->scratch;
    int64_t from = visible(op, tile, lines.first, block->origin, block->count).first; /* none sees less */
    if (tile->expand)
        expand_values(work, block, tile->head, p, from, s->panel);
    else {
        struct weight view =
            block_view(work, block, values_at(work, tile), op->value_stride, tile->value_width);
        view = weight_transpose(&view);
        work->kernels->panel_f32(&view, p * PANEL, from, block->count - from, s->panel);
    }
    int64_t rows = tile->groups * tile->lines;
    for (int64_t g = 0; g < tile->groups; g++)
        for (int64_t i = lines.first; i < lines.last; i += ADD_LINES) {
            int64_t end = tile->single ? lines.last : min_i64(i + ADD_LINES, lines.last);
            int64_t first = visible(op, tile, i, block->origin, block->count).first,
                    last = visible(op, tile, end - 1, block->origin, block->count).last,
                    row = g * tile->lines + i;
            work->kernels->product_f32(s->panel + (first - from) * PANEL, last - first,
                                       s->scores + row * ATTENTION_BLOCK + first, ATTENTION_BLOCK, end - i,
                                       s->acc + (p * rows + row) * PANEL);
            if (tile->single) break;
        }
}

/* ---- a tile ---- */

static void attend_block(const struct attention_work *work, const struct attention_tile *tile,
                         const struct block *block) {
    struct range lines = lines_that_see(work->op, tile, block->origin, block->count);
    if (lines.first >= lines.last) return;
    assert(block->page);
    for (int64_t p = 0; p < ceil_div(block->count, PANEL); p++) score_panel(work, tile, block, p);
    weigh_block(work, tile, block, lines);
    if (tile->expand) expand_latents(work, block, tile->head);
    for (int64_t p = 0; p < ceil_div(tile->value_width, PANEL); p++) add_panel(work, tile, block, lines, p);
}

/* The sink joins, and out = (acc + 0) / sum. Returns whether all of it is finite. */
static bool finish(const struct attention_work *work, const struct attention_tile *tile, int64_t group,
                   int64_t line) {
    const struct attention_scratch *s = &work->scratch;
    int64_t rows = tile->groups * tile->lines, row = group * tile->lines + line;
    real max = s->max[row], sum = s->sum[row], rescale = 1;
    if (work->op->sinks) {
        real sink = work->op->sinks[tile->head + (tile->single ? line : group)];
        real joint = sink > max ? sink : max;
        rescale = real_exp(max - joint);
        sum = sum * rescale + real_exp(sink - joint);
        max = joint;
    }
    if (tile->softmax) {
        real *kept = tile->softmax + group * tile->softmax_group_stride + line * tile->softmax_line_stride;
        kept[0] = max, kept[1] = sum;
    }
    real *out = tile->out + group * tile->out_group_stride + line * tile->out_line_stride;
    real finite = 0; /* stays 0 as long as 0 * x does */
    for (int64_t c = 0; c < tile->value_width; c++) {
        real acc = s->acc[(c / PANEL * rows + row) * PANEL + c % PANEL];
        out[c] = (acc * rescale + 0) / sum;
        finite += 0 * out[c];
    }
    return finite == 0;
}

static void attend(const struct attention_work *work, const struct attention_tile *tile) {
    const struct attention_scratch *s = &work->scratch;
    int64_t rows = tile->groups * tile->lines, end = position_of(tile, tile->lines - 1) + 1;
    memset(s->acc, 0, (size_t)(round_up(tile->value_width, PANEL) * rows) * sizeof *s->acc);
    for (int64_t r = 0; r < rows; r++) {
        s->max[r] = -INFINITY;
        s->sum[r] = 0;
    }
    if (tile->expand) expand_begin(work, tile->head);

    int64_t first = visible(work->op, tile, 0, 0, end).first / ATTENTION_BLOCK;
    for (int64_t b = first; b * ATTENTION_BLOCK < end; b++) {
        struct block block = { .page = tile->pages[b],
                               .origin = b * ATTENTION_BLOCK,
                               .count = min_i64(ATTENTION_BLOCK, end - b * ATTENTION_BLOCK) };
        attend_block(work, tile, &block);
    }

    bool again[LINES_EXPANDED];
    for (int64_t g = 0; g < tile->groups; g++)
        for (int64_t i = 0; i < tile->lines; i++) again[g * tile->lines + i] = !finish(work, tile, g, i);
    if (tile->single) return; /* all lines see the same */
    for (int64_t r = 0; r < rows; r++)
        if (again[r]) {
            struct attention_tile alone = tile_alone(tile, r / tile->lines, r % tile->lines);
            attend(work, &alone);
        }
}

/* ---- the operation ---- */

void host_attention(struct exec *exec, const struct attention_op *op, const struct attention_run *runs,
                    int64_t run_count, struct rows q, struct rows out, struct rows softmax, void *scratch) {
    struct attention_work work = { .kernels = exec->kernels, .numerics = exec->numerics, .op = op };
    char *slice = (char *)scratch + exec->team->rank * attention_layout(op, NULL, NULL);
    attention_layout(op, slice, &work.scratch);
    team_together(exec->team); /* all look at the runs */
    struct tile_cutter cutter = cutter_begin(op, runs, run_count, exec->team->count);
    cutter.q = q, cutter.out = out, cutter.softmax = softmax;
    for (struct team_loop l = team_loop(exec->team, cutter.tile_count); team_next(&l);) {
        struct attention_tile tile = cutter_tile(&cutter, l.tile);
        attend(&work, &tile);
    }
    team_done(exec->team);
}
