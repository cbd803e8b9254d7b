/*
 * The walk:
 *
 *     h = embedding_multiplier * E[token]
 *     for each layer:  h += r * attention(norm(h))
 *                      h += r * (dense or moe)(norm(h))           r: residual_multiplier
 *
 * It runs in every thread of the team; what an operation leaves is there for the next one (kernels/exec.h).
 * Serving goes on in place, one h and one normed for all layers; where there is a tape each gets rows of its
 * own (exec_in_place).
 */
#include "pass/walk.h"

#include "base/checked.h"
#include "kernels/stages.h"
#include "layers/rope.h"

/* The rows of a batch on their way. */
struct walk_rows {
    struct rows h, normed, branch; /* [T, D] */
    struct rope_table rope;        /* [T, rope dims / 2] */
    struct rows tune;              /* [T, 1], or none */
    float *frequencies;            /* [rope dims / 2], this thread's */
    struct layer_kept *layers;     /* [layers], or NULL */
};

static struct walk_rows take(struct exec *exec, const struct spec *spec, const struct row_map *map) {
    struct walk_rows w = { .h = map_keep(exec, map, spec->width),
                           .normed = map_rows(exec, map, spec->width),
                           .branch = map_rows(exec, map, spec->width),
                           .rope = { map_keep(exec, map, spec->rope.dims / 2),
                                     map_keep(exec, map, spec->rope.dims / 2) } };
    w.frequencies = exec_table_own(exec, float, spec->rope.dims / 2);
    if (spec->attention.tuned) w.tune = map_keep(exec, map, 1);
    if (exec_keeps(exec)) w.layers = exec_keep_table(exec, struct layer_kept, spec->decoder.layer_count);
    return w;
}

void norm_rows(struct exec *exec, const struct store *store, int64_t layer, enum slot weight, enum slot bias,
               struct rows x, struct rows out) {
    const struct norm_op norm = { .layer_norm = store->spec.norm != NORM_RMS,
                                  .weight = store_vector(store, layer, weight),
                                  .bias = store_vector(store, layer, bias),
                                  .eps = (float)store->spec.norm_eps };
    op_norm(exec, &norm, x, out);
}

/* Rotary tables. Longrope's factors are a matter of each sequence; all others are one table. */
static void rotary_tables(struct exec *exec, const struct walk *walk, const struct walk_rows *w) {
    const struct rope_spec *rope = &walk->store->spec.rope;
    const struct batch_rows *batch = walk->batch;
    if (rope->dims / 2 == 0) return;
    bool by_sequence = rope->scaling == ROPE_LONGROPE;
    int64_t tables = by_sequence ? batch->run_count : 1;
    for (int64_t i = 0; i < tables; i++) {
        const struct row_run *run = &batch->runs[i];
        int64_t row = by_sequence ? run->row : 0, count = by_sequence ? run->count : batch->count;
        bool beyond = by_sequence && kv_long_rope(run->sequence);
        rope_frequencies(rope, beyond, w->frequencies);
        op_rope_table(
            exec, batch->positions + row, w->frequencies, rope_magnitude(rope, beyond),
            (struct rope_table){ rows_part(w->rope.cos, row, count), rows_part(w->rope.sin, row, count) });
    }
}

/* h + r * branch: in place, or into rows of its own where h is kept. */
static struct rows add_branch(struct exec *exec, const struct spec *spec, struct rows branch, struct rows h) {
    struct rows sum = exec_in_place(exec, h);
    if (sum.at != h.at) op_copy(exec, h, sum);
    op_add(exec, (float)spec->residual_multiplier, branch, sum);
    return sum;
}

/* ---- the second half of a layer: x -> out ---- */

static struct ffn_kept dense_forward(struct exec *exec, const struct store *store, int64_t layer,
                                     const struct row_map *map, struct rows x, struct rows out) {
    const struct spec *spec = &store->spec;
    int64_t width = spec->decoder.layers[layer].dense_width;
    struct ffn_slice slice = ffn_slice_take(exec, 1, ffn_slice_bytes(exec, spec, map->count, width));
    struct ffn_kept kept = ffn_keep(exec, spec, map->count, width);
    const struct ffn_part part = { .gate = store_weight(store, layer, SLOT_GATE),
                                   .up = store_weight(store, layer, SLOT_UP),
                                   .down = store_weight(store, layer, SLOT_DOWN),
                                   .gate_bias = store_vector(store, layer, SLOT_GATE_BIAS),
                                   .up_bias = store_vector(store, layer, SLOT_UP_BIAS),
                                   .down_bias = store_vector(store, layer, SLOT_DOWN_BIAS),
                                   .count = map->count,
                                   .steps = map->steps };
    ffn_forward(exec, spec, &part, 1, width, x, &slice, &kept, out);
    exec_stage(exec, STAGE_DENSE);
    return kept;
}

static void feed_forward(struct exec *exec, const struct walk *walk, int64_t layer, const struct row_map *map,
                         struct rows x, struct rows out, struct layer_kept *kept) {
    if (walk->store->spec.decoder.layers[layer].ffn != FFN_MOE) {
        kept->dense = dense_forward(exec, walk->store, layer, map, x, out);
        return;
    }
    kept->moe = moe_forward(exec, walk->store, layer, map, x, out);
    if (walk->routed) walk->routed(walk->argument, exec, layer, &kept->moe.routing);
    exec_stage(exec, STAGE_OTHER);
}

/* ---- layers ---- */

static struct rows layer_forward(struct exec *exec, const struct walk *walk, int64_t layer,
                                 const struct row_map *map, const struct walk_rows *w, struct rows h,
                                 struct layer_kept *kept) {
    struct store *store = walk->store;
    const struct spec *spec = &store->spec;
    struct exec_mark mark = exec_mark(exec);

    kept->attention_h = h;
    kept->attention_normed = exec_in_place(exec, w->normed);
    norm_rows(exec, store, layer, SLOT_ATTENTION_NORM, SLOT_ATTENTION_NORM_BIAS, h, kept->attention_normed);
    exec_stage(exec, STAGE_OTHER);
    kept->attention = attention_forward(exec, store, layer, map, kept->attention_normed, w->branch);
    exec_stage(exec, STAGE_ATTENTION);
    h = add_branch(exec, spec, w->branch, h);
    exec_release(exec, mark);

    kept->ffn_h = h;
    kept->ffn_normed = exec_in_place(exec, w->normed);
    norm_rows(exec, store, layer, SLOT_FFN_NORM, SLOT_FFN_NORM_BIAS, h, kept->ffn_normed);
    exec_stage(exec, STAGE_OTHER);
    feed_forward(exec, walk, layer, map, kept->ffn_normed, w->branch, kept);
    h = add_branch(exec, spec, w->branch, h);
    exec_release(exec, mark);
    return h;
}

struct walked walk_forward(struct exec *exec, const struct walk *walk) {
    struct store *store = walk->store;
    const struct spec *spec = &store->spec;
    const struct batch_rows *batch = walk->batch;
    struct row_map map = {
        .count = batch->count, .steps = batch->steps, .runs = batch->runs, .run_count = batch->run_count
    };
    struct walk_rows w = take(exec, spec, &map);
    op_embed(exec, store_weight(store, -1, SLOT_EMBED), batch->tokens, (float)spec->embedding_multiplier,
             w.h);
    rotary_tables(exec, walk, &w);
    map.rope = w.rope, map.tune = w.tune;
    if (rows_exist(w.tune))
        op_tune_table(exec, batch->positions, spec->attention.tune_scale, (double)spec->attention.tune_floor,
                      w.tune);
    struct rows h = w.h;
    for (int64_t layer = 0; layer < spec->decoder.layer_count; layer++) {
        struct layer_kept kept = { 0 };
        h = layer_forward(exec, walk, layer, &map, &w, h, &kept);
        if (w.layers && exec->team->rank == 0) w.layers[layer] = kept;
    }
    exec_stage(exec, STAGE_OTHER);
    return (struct walked){ h, w.layers };
}

/* ---- sizes ---- */

/* The takes of one layer, in the order of layer_forward. Step memory: the larger of its halves. */
static int64_t count_layer(struct exec *exec, const struct spec *spec, const struct row_map *map,
                           int64_t layer) {
    const struct layer_spec *l = &spec->decoder.layers[layer];
    struct rows rows = rows_over(NULL, map->count, spec->width);
    struct exec_mark mark = exec_mark(exec);
    exec_in_place(exec, rows); /* normed */
    (spec->attention.kind == ATTENTION_LATENT ? latent_take : grouped_take)(exec, spec, map);
    exec_in_place(exec, rows); /* h */
    int64_t attention = exec_taken(exec);
    exec_release(exec, mark);
    exec_in_place(exec, rows);
    if (l->ffn == FFN_MOE) {
        moe_take(exec, spec, map);
    } else {
        ffn_slice_take(exec, 1, ffn_slice_bytes(exec, spec, map->count, l->dense_width));
        ffn_keep(exec, spec, map->count, l->dense_width);
    }
    exec_in_place(exec, rows);
    int64_t most = max_i64(attention, exec_taken(exec));
    exec_release(exec, mark);
    return most;
}

void walk_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int threads,
                int64_t *stays, int64_t *on_top) {
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, threads, NULL);
    struct row_map map = row_map_of(rows);
    take(&exec, spec, &map);
    *stays = exec_taken(&exec);
    *on_top = 0;
    for (int64_t layer = 0; layer < spec->decoder.layer_count; layer++)
        *on_top = max_i64(*on_top, count_layer(&exec, spec, &map, layer) - *stays);
}

int64_t walk_tape_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int threads) {
    struct team team;
    struct arena tape;
    struct exec exec = exec_measuring(numerics, &team, threads, &tape);
    struct row_map map = row_map_of(rows);
    take(&exec, spec, &map);
    for (int64_t layer = 0; layer < spec->decoder.layer_count; layer++) count_layer(&exec, spec, &map, layer);
    return (int64_t)tape.used;
}
