/*
 * How attention is cut: tiles of each run, views of blocks of keys, and each thread's scratch.
 *
 * A tile has up to LINES_SHARED lines of heads that share keys: of one head when the run is long, of several
 * when it is short, of all (a single row) at the end of that. Heads are dealt out over more tiles while there
 * are fewer than two tiles a thread.
 */
#include "base/checked.h"
#include "kernels/attention/attention.h"

/* ---- scratch ---- */

static int64_t lines_max(const struct attention_op *op) {
    return op->expanded_key_width > 0 ? LINES_EXPANDED : LINES_SHARED;
}

static real *take(char *base, int64_t *bytes, int64_t reals) {
    char *at = base ? base + *bytes : NULL;
    *bytes += round_up(reals * (int64_t)sizeof(real), ARENA_ALIGN);
    return (real *)(void *)at;
}

int64_t attention_layout(const struct attention_op *op, char *base, struct attention_scratch *out) {
    int64_t rows = lines_max(op), latent = round_up(op->latent, 32), bytes = 0;
    int64_t key_width = max_i64(op->key_width, op->expanded_key_width);
    int64_t acc = max_i64(LINES_SHARED * round_up(op->value_width, PANEL),
                          LINES_EXPANDED * round_up(op->expanded_value_width, PANEL));
    bool expands = op->expanded_key_width > 0;
    struct attention_scratch s = {
        .panel = take(base, &bytes, max_i64(key_width, ATTENTION_BLOCK) * PANEL),
        .scores = take(base, &bytes, rows * ATTENTION_BLOCK),
        .product = take(base, &bytes, rows * PANEL),
        .acc = take(base, &bytes, acc),
        .max = take(base, &bytes, rows),
        .sum = take(base, &bytes, rows),
        .k_up = take(base, &bytes, expands ? (op->expanded_key_width - op->rotary) * latent : 0),
        .latents = take(base, &bytes, expands ? ATTENTION_BLOCK * latent : 0),
        .factor = take(base, &bytes, expands ? latent * PANEL : 0),
    };
    if (out) *out = s;
    return bytes;
}

int64_t attention_bytes(const struct attention_op *op, int team_count) {
    return team_count * attention_layout(op, NULL, NULL);
}

int64_t page_row_bytes(const struct attention_op *op, int64_t width) {
    int64_t elements, bytes;
    dtype_unit(op->kv, &elements, &bytes);
    return ceil_div(width, elements) * bytes;
}

struct weight block_view(const struct attention_work *work, const struct block *block, int64_t byte,
                         int64_t stride, int64_t width) {
    int64_t elements, bytes;
    dtype_unit(work->op->kv, &elements, &bytes);
    return (struct weight){ .data = block->page + byte,
                            .dtype = work->op->kv,
                            .rows = block->count,
                            .cols = width,
                            .row_stride = stride,
                            .col_stride = elements > 1 ? 0 : bytes };
}

/* ---- tiles ---- */

struct run_cut {
    int64_t kv_heads, heads; /* of a tile; those of one kv head are cut into head_blocks */
    int64_t head_blocks, lines, line_blocks;
};

static struct run_cut cut_run(const struct tile_cutter *cutter, const struct attention_run *run) {
    const struct attention_op *op = cutter->op;
    struct run_cut c = { .kv_heads = run->expand ? op->heads : op->kv_heads };
    int64_t group = op->heads / c.kv_heads;
    c.lines = min_i64(run->count, run->expand ? LINES_EXPANDED : LINES_SHARED);
    c.line_blocks = ceil_div(run->count, c.lines);
    c.heads = min_i64(group, max_i64(1, LINES_SHARED / c.lines));
    int64_t enough = 2 * cutter->threads;
    while (c.heads > 4 && cutter->run_count * c.kv_heads * c.line_blocks * ceil_div(group, c.heads) < enough)
        c.heads = ceil_div(c.heads, 2);
    c.head_blocks = ceil_div(group, c.heads);
    return c;
}

static int64_t cut_tiles(const struct tile_cutter *cutter, const struct attention_run *run) {
    if (run->count == 0) return 0;
    struct run_cut c = cut_run(cutter, run);
    return c.line_blocks * c.kv_heads * c.head_blocks;
}

struct tile_cutter cutter_begin(const struct attention_op *op, const struct attention_run *runs,
                                int64_t run_count, int threads) {
    struct tile_cutter cutter = { .op = op, .runs = runs, .run_count = run_count, .threads = threads };
    for (int64_t r = 0; r < run_count; r++) cutter.tile_count += cut_tiles(&cutter, &runs[r]);
    return cutter;
}

struct attention_tile cutter_tile(struct tile_cutter *cutter, int64_t index) {
    while (index - cutter->first >= cut_tiles(cutter, &cutter->runs[cutter->run]))
        cutter->first += cut_tiles(cutter, &cutter->runs[cutter->run++]);
    const struct attention_op *op = cutter->op;
    const struct attention_run *run = &cutter->runs[cutter->run];
    struct run_cut c = cut_run(cutter, run);
    int64_t i = index - cutter->first, group = op->heads / c.kv_heads;
    int64_t head_block = i % c.head_blocks, kv_head = i / c.head_blocks % c.kv_heads;
    int64_t line_block = c.line_blocks - 1 - i / c.head_blocks / c.kv_heads; /* those that see most first */

    int64_t first = head_block * c.heads, heads = min_i64(c.heads, group - first);
    int64_t line = line_block * c.lines, lines = min_i64(c.lines, run->count - line);
    int64_t head = kv_head * group + first;
    int64_t key_width = run->expand ? op->expanded_key_width : op->key_width;
    int64_t value_width = run->expand ? op->expanded_value_width : op->value_width;
    struct attention_tile tile = {
        .pages = run->pages,
        .expand = run->expand,
        .single = run->count == 1,
        .position = run->position + line,
        .groups = heads,
        .lines = lines,
        .head = head,
        .kv_head = kv_head,
        .key_width = key_width,
        .value_width = value_width,
        .q = rows_row(cutter->q, run->row + line) + head * key_width,
        .out = rows_row(cutter->out, run->row + line) + head * value_width,
        .q_group_stride = key_width,
        .q_line_stride = cutter->q.stride,
        .out_group_stride = value_width,
        .out_line_stride = cutter->out.stride,
    };
    if (rows_exist(cutter->softmax)) {
        tile.softmax = rows_row(cutter->softmax, run->row + line) + 2 * head;
        tile.softmax_group_stride = 2, tile.softmax_line_stride = cutter->softmax.stride;
    }
    if (tile.single) { /* the heads become the lines */
        tile.groups = 1, tile.lines = heads;
        tile.q_line_stride = key_width, tile.out_line_stride = value_width;
        tile.softmax_line_stride = 2;
    }
    return tile;
}

struct attention_tile tile_alone(const struct attention_tile *tile, int64_t group, int64_t line) {
    struct attention_tile alone = *tile;
    alone.single = true;
    alone.position += line;
    alone.head += group;
    alone.groups = alone.lines = 1;
    alone.q += group * tile->q_group_stride + line * tile->q_line_stride;
    alone.out += group * tile->out_group_stride + line * tile->out_line_stride;
    if (tile->softmax) alone.softmax += group * tile->softmax_group_stride + line * tile->softmax_line_stride;
    return alone;
}
