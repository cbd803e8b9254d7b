/*
 * Inside attention: what its three files share. tiles.c cuts the work and lays out scratch, attention.c walks
 * a tile over the blocks of keys, expand.c makes MLA's keys and values from latent rows.
 */
#ifndef KERNELS_ATTENTION_ATTENTION_H
#define KERNELS_ATTENTION_ATTENTION_H

#include "kernels/ops.h"

enum {
    LINES_SHARED = 64,    /* of a tile that shares decoded keys and values */
    LINES_EXPANDED = 512, /* of a tile that expands them, which costs as much as 400 lines */
    ADD_LINES = 32        /* lines whose values are added in one product: they share the last key */
};

/* Part of one run: `groups` times `lines` query rows. */
struct attention_tile {
    const void *const *pages;
    bool expand;
    bool single;      /* one row of the batch: its lines are heads, all at `position`, and groups is 1 */
    int64_t position; /* of line 0; those of further lines follow, unless single */
    int64_t groups, lines;
    int64_t head, kv_head; /* the first query head, and whose keys it uses */
    int64_t key_width, value_width;
    const real *q;
    real *out;
    real *softmax; /* [lines, 2 heads]: maximum and sum of its head; NULL: nobody asks */
    int64_t softmax_group_stride, softmax_line_stride;
    int64_t q_group_stride, q_line_stride, out_group_stride, out_line_stride;
};

/* Line `line` of group `group` as a tile of its own. */
struct attention_tile tile_alone(const struct attention_tile *tile, int64_t group, int64_t line);

struct tile_cutter {
    const struct attention_op *op;
    const struct attention_run *runs;
    int64_t run_count, tile_count;
    int threads;
    struct rows q, out, softmax;
    int64_t run, first; /* tiles come in ascending order: the run in hand, and its first tile */
};

struct tile_cutter cutter_begin(const struct attention_op *op, const struct attention_run *runs,
                                int64_t run_count, int threads);
struct attention_tile cutter_tile(struct tile_cutter *cutter, int64_t index);

/* Keys [origin, origin + count) of a run: what a tile may read of a page. */
struct block {
    const unsigned char *page;
    int64_t origin, count;
};

/* One thread's memory. rows = groups * lines; [..] row-major. */
struct attention_scratch {
    real *panel;     /* [key width or ATTENTION_BLOCK][PANEL] keys, then values */
    real *scores;    /* [rows][ATTENTION_BLOCK] */
    real *product;   /* [lines][PANEL] */
    real *acc;       /* [value panels][rows][PANEL] */
    real *max, *sum; /* [rows] */
    void *k_up;      /* [nope][latent, padded to 32]: of the tile's head; reals, or bf16 */
    void *latents;   /* [ATTENTION_BLOCK][latent, padded to 32]: of the block; the same */
    real *factor;    /* [latent, padded to 32][PANEL]: a panel of latents or of v_up, f32 or bf16 pairs */
};

/* Bytes of it; the pointers are set unless out is NULL. */
int64_t attention_layout(const struct attention_op *op, char *base, struct attention_scratch *out);

/* Bytes of `width` numbers that stand together in a page: whole blocks, the last one padded. */
int64_t page_row_bytes(const struct attention_op *op, int64_t width);

/* What all tiles of a call need, in one thread. */
struct attention_work {
    const struct kernels *kernels;
    struct numerics numerics;
    const struct attention_op *op;
    struct attention_scratch scratch;
};

/* The view [block->count, width] of the page's rows from `byte` on. */
struct weight block_view(const struct attention_work *work, const struct block *block, int64_t byte,
                         int64_t stride, int64_t width);

void expand_begin(const struct attention_work *work, int64_t head);
/* Keys j0 .. j0 + PANEL of the block, [expanded key width][PANEL]. */
void expand_keys(const struct attention_work *work, const struct block *block, int64_t head, int64_t j0,
                 real *panel);
void expand_latents(const struct attention_work *work, const struct block *block, int64_t head);
/* Columns PANEL * p .. of the values of keys [from, block->count), [keys][PANEL]. */
void expand_values(const struct attention_work *work, const struct block *block, int64_t head, int64_t p,
                   int64_t from, real *panel);

#endif
