/*
 * A store whose matrices are brought into records (tensor/records.h): once, by all threads, into memory of
 * its own. Of what was brought over the mapping's pages are given back piece by piece, so that there is one
 * copy at any time, and the pieces in hand. What products cannot read in records stays mapped: the embedding,
 * where it is not the head as well; routers, which are small and computed in f32; MLA's expansions, which are
 * read by the head and turned; types without a kernel for records.
 *
 *     table, a copy of the model's       memory
 *     layer 0, q      -----------------> | records of q | records of k | ... | gate of expert 0 | ...
 */
#include "base/checked.h"
#include "base/os.h"
#include "kernels/ops.h"
#include "store/store_private.h"
#include "tensor/records.h"

#include <string.h>

#define PIECE_BYTES ((int64_t)1 << 20) /* about so much is brought over at a time, by one thread */

/* ---- which ---- */

static bool slot_is_product(enum slot slot) {
    switch (slot) {
    case SLOT_ROUTER:
    case SLOT_SHARED_SCALE:
    case SLOT_RELATIVE_BIAS:
    case SLOT_KV_B:
    case SLOT_K_B:
    case SLOT_V_B: return false;
    default: return !slot_is_vector(slot);
    }
}

static bool is_packed(const struct numerics *numerics, enum slot slot, const struct weight *w) {
    return slot_is_product(slot) && records_fit(w) && w->rows >= RECORD && matmul_reads_records(numerics, w);
}

/* Calls visit for every weight that goes into records. Of a tied head the table is one. */
typedef void packed_fn(void *argument, struct weight *w);

static void walk_packed(struct binding *table, const struct numerics *numerics, packed_fn *visit,
                        void *argument) {
    struct weight *head = &table->global[SLOT_HEAD];
    if (is_packed(numerics, SLOT_HEAD, head)) visit(argument, head);
    for (int64_t l = 0; l < table->layers; l++)
        for (int s = SLOT_ATTENTION_NORM; s < SLOT_COUNT; s++) {
            enum slot slot = (enum slot)s;
            int64_t count = slot_is_expert(slot) ? table->experts : 1;
            for (int64_t e = 0; e < count; e++) {
                const struct weight *w =
                    slot_is_expert(slot) ? binding_expert(table, l, slot, e) : binding_weight(table, l, slot);
                if (is_packed(numerics, slot, w)) visit(argument, (struct weight *)w);
            }
        }
}

/* ---- how much ---- */

/* Without its scales, which stay where they are. */
static int64_t record_bytes(const struct weight *w) {
    struct record_form form = record_form(w->dtype);
    return w->rows * (w->cols / form.elements * form.bytes);
}

static void add_bytes(void *argument, struct weight *w) {
    *(int64_t *)argument += round_up(record_bytes(w), ARENA_ALIGN);
}

int64_t store_packed_bytes(const struct binding *table, const struct numerics *numerics) {
    int64_t bytes = 0;
    walk_packed((struct binding *)table, numerics, add_bytes, &bytes);
    return bytes;
}

/* ---- packing ---- */

/* A weight on its way, cut into pieces of some panels. */
struct move {
    struct weight *weight;
    int64_t offset, panels, pieces_before;
};
struct moves {
    unsigned char *memory;
    struct move *move;
    int64_t count, end, pieces;
};

static void count_move(void *argument, struct weight *w) {
    (void)w;
    ++*(int64_t *)argument;
}

static void add_move(void *argument, struct weight *w) {
    struct moves *moves = argument;
    int64_t bytes = record_bytes(w), panel = bytes / records_panels(w);
    struct move *move = &moves->move[moves->count++];
    *move = (struct move){ w, moves->end, max_i64(1, PIECE_BYTES / max_i64(1, panel)), moves->pieces };
    moves->pieces += ceil_div(records_panels(w), move->panels);
    moves->end += round_up(bytes, ARENA_ALIGN);
}

static void pack_piece(const struct move *move, int64_t piece, unsigned char *memory) {
    const struct weight *w = move->weight;
    int64_t first = piece * move->panels, n0 = first * RECORD,
            rows = min_i64(move->panels * RECORD, w->rows - n0);
    records_pack(w, first, move->panels, memory + move->offset);
    os_map_forget(w->data + n0 * w->row_stride, rows * w->row_stride);
}

static void pack_pieces(struct team *team, void *argument) {
    const struct moves *moves = argument;
    int64_t m = 0; /* pieces come in ascending order */
    for (struct team_loop l = team_loop(team, moves->pieces); team_next(&l);) {
        while (m + 1 < moves->count && moves->move[m + 1].pieces_before <= l.tile) m++;
        pack_piece(&moves->move[m], l.tile - moves->move[m].pieces_before, moves->memory);
    }
}

static int64_t expert_views(int64_t layers, int64_t experts) {
    return layers * (SLOT_COUNT - SLOT_EXPERT_GATE) * experts;
}

bool store_tables_bytes(const struct spec *spec, int64_t *bytes, struct sy_error *err) {
    int64_t views, layers = spec->decoder.layer_count;
    if (size_mul(layers * (SLOT_COUNT - SLOT_EXPERT_GATE), spec->router.experts, &views) &&
        size_add(views, layers * SLOT_COUNT, &views) && size_mul(views, sizeof(struct weight), bytes))
        return true;
    return sy_fail(err, SY_ERR_LIMIT, "the table of weights overflows 64 bits");
}

/* A table of its own: the model's stays as it was bound. */
static bool copy_table(struct store *store, struct sy_error *err) {
    struct binding *t = &store->table;
    int64_t experts = expert_views(t->layers, t->experts);
    struct weight *layer = arena_new(&store->arena, struct weight, t->layers * SLOT_COUNT, err),
                  *expert = layer ? arena_new(&store->arena, struct weight, max_i64(1, experts), err) : NULL;
    if (!expert) return false;
    memcpy(layer, t->layer, (size_t)(t->layers * SLOT_COUNT) * sizeof *layer);
    if (experts > 0) memcpy(expert, t->expert, (size_t)experts * sizeof *expert);
    t->layer = layer, t->expert = expert;
    return true;
}

bool store_pack(struct store *store, const struct numerics *numerics, struct team_pool *team,
                struct sy_error *err) {
    struct moves moves = { 0 };
    struct arena arena; /* for the way */
    struct binding *table = &store->table;
    int64_t count = 0, bytes = store_packed_bytes(table, numerics);
    void *memory;
    if (bytes == 0) return true;
    if (!copy_table(store, err) || !os_memory_reserve(bytes, &memory, err)) return false;
    store->records = memory, store->records_bytes = bytes;
    walk_packed(table, numerics, count_move, &count);
    arena_open(&arena);
    moves.move = arena_new(&arena, struct move, count, err);
    if (!moves.move) {
        arena_close(&arena);
        return false;
    }
    moves.memory = memory;
    walk_packed(table, numerics, add_move, &moves);
    team_run(team, pack_pieces, &moves);
    const unsigned char *head = table->global[SLOT_HEAD].data;
    for (int64_t m = 0; m < count; m++) {
        struct weight *w = moves.move[m].weight;
        *w = records_weight(w, store->records + moves.move[m].offset);
    }
    arena_close(&arena);
    if (table->global[SLOT_EMBED].data == head) table->global[SLOT_EMBED] = table->global[SLOT_HEAD];
    return true;
}
