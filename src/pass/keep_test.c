/*
 * A walk that keeps: with a tape behind the exec, every layer's rows lie on it when the walk is done, in
 * exactly the bytes that were computed, and no bit of h differs from the walk that forgets.
 */
#include "pass/walk.h"

#include "pass/pass_private.h"
#include "test.h"
#include "tiny.h"

#include <stdlib.h>
#include <string.h>

enum { N = 45 };

struct kept_walk {
    struct tiny *tiny;
    const struct batch_rows *batch;
    void *memory, *tape;
    int64_t memory_bytes, tape_bytes;
    bool keeps;
    int64_t tape_used, wrong;
    float *h; /* [N, D] */
};

/* Rows that differ from what the stage before makes of its own kept rows. */
static int64_t differ(struct rows a, struct rows b) {
    int64_t wrong = 0;
    for (int64_t i = 0; i < a.count; i++)
        wrong += memcmp(rows_row(a, i), rows_row(b, i), (size_t)a.width * sizeof(real)) != 0;
    return wrong;
}

/* What lies on the tape fits together: norms of h are the normed rows, experts' rows are the gathered ones, h
 * of a half is h before plus its branch (which only the next h shows). */
static void check_layer(struct exec *exec, struct kept_walk *w, int64_t layer,
                        const struct layer_kept *kept) {
    const struct store *store = &w->tiny->session.store;
    struct exec_mark mark = exec_mark(exec);
    struct rows again = exec_rows(exec, N, store->spec.width, 0);
    int64_t wrong = 0;
    bool looks = exec->team->rank == 0; /* what operations leave is there for it (kernels/exec.h) */
    norm_rows(exec, store, layer, SLOT_ATTENTION_NORM, SLOT_ATTENTION_NORM_BIAS, kept->attention_h, again);
    if (looks) wrong += differ(again, kept->attention_normed);
    team_sync(exec->team);
    norm_rows(exec, store, layer, SLOT_FFN_NORM, SLOT_FFN_NORM_BIAS, kept->ffn_h, again);
    if (looks) wrong += differ(again, kept->ffn_normed);
    if (looks && store->spec.decoder.layers[layer].ffn == FFN_MOE) {
        const struct grouping *g = &kept->moe.dispatched.grouping;
        const struct routing *r = &kept->moe.routing;
        bool weighed = store->spec.router.weigh == WEIGH_SIGMOID_ON_INPUT;
        for (int64_t i = 0; i < g->rows; i++) {
            wrong += r->expert_id[g->assignment[i]] < 0 || g->row_of[g->assignment[i]] != i;
            wrong += !weighed &&
                     memcmp(rows_row(kept->moe.dispatched.rows, i), rows_row(kept->ffn_normed, g->source[i]),
                            (size_t)store->spec.width * sizeof(real)) != 0;
        }
        wrong += kept->moe.experts.out.at == kept->moe.dispatched.rows.at;
    }
    wrong += kept->attention_h.at == kept->ffn_h.at || kept->attention_normed.at == kept->ffn_normed.at;
    if (looks) w->wrong += wrong;
    exec_release(exec, mark);
    team_sync(exec->team);
}

static void walk_in_team(struct team *team, void *argument) {
    struct kept_walk *w = argument;
    struct session *s = &w->tiny->session;
    struct exec exec = exec_host(team, &s->kernels, &s->numerics, w->memory, w->memory_bytes);
    struct arena tape;
    arena_over(&tape, w->tape, (size_t)w->tape_bytes);
    if (w->keeps) exec.tape = &tape;
    const struct walk walk = { .store = &s->store, .batch = w->batch };
    struct walked walked = walk_forward(&exec, &walk);
    team_sync(team);
    for (int64_t l = 0; w->keeps && l < s->store.spec.decoder.layer_count; l++)
        check_layer(&exec, w, l, &walked.layers[l]);
    if (team->rank != 0) return;
    w->tape_used = w->keeps ? (int64_t)tape.used : 0;
    memcpy(w->h, walked.h.at, (size_t)(N * s->store.spec.width) * sizeof *w->h);
}

static void keep(enum tiny_base base, enum dtype dtype, enum compute compute) {
    enum { THREADS = 2 };
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    struct sy_error err = { 0 };
    struct batch_row rows[N];
    struct batch_rows batch;
    struct kv_sequence *sequence;
    struct tiny_run run = { .level = level_of_machine(), .threads = THREADS, .compute = compute };
    arena_open(&arena);
    tiny_spec(base, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, dtype, &run, &err));
    for (int i = 0; i < N; i++)
        rows[i] = (struct batch_row){ (i * i * 7 + i) % 37, 0, ROLE_PROMPT, WANT_NOTHING };
    assert_true(session_sequence(&tiny.session, N, &sequence, &err));
    assert_true(batch_rows_open(N, &batch, &err));
    assert_true(batch_rows_fill(&batch, &(struct batch){ rows, N, &sequence }, &err));
    struct kept_walk w = { .tiny = &tiny, .batch = &batch };
    int64_t stays, on_top, floats = N * spec.width;
    walk_bytes(&spec, &tiny.session.numerics, N, THREADS, &stays, &on_top);
    w.memory_bytes = stays + on_top;
    w.tape_bytes = walk_tape_bytes(&spec, &tiny.session.numerics, N, THREADS);
    assert_int_equal(posix_memalign(&w.memory, 64, (size_t)w.memory_bytes), 0);
    assert_int_equal(posix_memalign(&w.tape, 64, (size_t)w.tape_bytes), 0);
    float *forgets = malloc((size_t)floats * sizeof *forgets),
          *keeps = malloc((size_t)floats * sizeof *keeps);
    memset(w.tape, 0xff, (size_t)w.tape_bytes);
    w.h = forgets;
    team_run(tiny.session.team, walk_in_team, &w);
    w.h = keeps, w.keeps = true;
    team_run(tiny.session.team, walk_in_team, &w);
    print_message("%s: %lld bytes of tape\n", tiny_name(base), (long long)w.tape_bytes);
    assert_same_bits(keeps, forgets, (size_t)floats);
    assert_int_equal(w.tape_used, w.tape_bytes);
    assert_int_equal(w.wrong, 0);
    free(w.memory), free(w.tape), free(forgets), free(keeps);
    batch_rows_close(&batch);
    kv_sequence_close(sequence);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(a_walk_that_keeps_gives_the_same_bits) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) keep((enum tiny_base)base, DTYPE_F32, COMPUTE_F32);
    keep(TINY_QWEN2, DTYPE_BF16, COMPUTE_BF16);
    keep(TINY_LATENT_Q, DTYPE_BF16, COMPUTE_BF16);
}
