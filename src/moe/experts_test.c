/*
 * Experts that have biases: every thread sees all of them decoded, whoever decoded them.
 *
 * The biases are slow to decode (each element lies in lines of its own) and the products fast; there are
 * more threads than experts, so some decode none and arrive at the products first. The scratch holds NaN
 * before, so that what is read too early shows without a thread sanitizer.
 */
#include "moe/experts.h"

#include "kernels/kernels.h"
#include "test.h"
#include "tiny.h"

#include <stdlib.h>
#include <string.h>

enum { EXPERTS = 6, THREADS = 8, ROUNDS = 40, STRIDE = 512, ROOM = 1 << 20 };

struct round {
    struct tiny tiny;
    struct grouping grouping;
    void *memory;
    float *rows; /* [EXPERTS, D], one for each expert: in place */
};

static void every_expert(struct team *team, void *argument) {
    struct round *r = argument;
    struct session *s = &r->tiny.session;
    struct exec exec = exec_host(team, &s->kernels, &s->numerics, r->memory, ROOM);
    struct ffn_slice slice = experts_slice_take(&exec, r->tiny.spec, EXPERTS, EXPERTS);
    team_sync(team);
    experts_forward(&exec, &s->store, 0, &r->grouping, EXPERTS,
                    rows_over(r->rows, EXPERTS, r->tiny.spec->width), &slice);
}

/* The same values, but an element every STRIDE bytes. */
static void spread(struct arena *arena, struct weight *bias) {
    unsigned char *data = arena_take(arena, bias->cols, STRIDE, NULL);
    for (int64_t i = 0; i < bias->cols; i++)
        memcpy(data + i * STRIDE, bias->data + i * bias->col_stride, sizeof(float));
    bias->data = data;
    bias->col_stride = STRIDE;
}

static void run_round(struct round *w, struct team_pool *pool, const float *x, int64_t count) {
    memset(w->memory, 0xff, ROOM); /* NaN */
    memcpy(w->rows, x, (size_t)count * sizeof *x);
    team_run(pool, every_expert, w);
}

TEST(biases_are_there_before_any_thread_multiplies) {
    static int64_t begin[EXPERTS + 1], steps[EXPERTS];
    static int32_t active[EXPERTS];
    struct round w = { .grouping = { .tokens = EXPERTS,
                                     .experts = EXPERTS,
                                     .rows = EXPERTS,
                                     .expert_begin = begin,
                                     .expert_steps = steps,
                                     .active = active,
                                     .active_count = EXPERTS } };
    struct arena arena;
    struct spec spec;
    struct team_pool *one, *many;
    struct tiny_run run = { .level = level_of_machine() };
    arena_open(&arena);
    tiny_spec(TINY_GPT_OSS, &arena, &spec);
    spec.expert_width = 1024;
    assert_int_equal(spec.router.experts, EXPERTS);
    assert_true(tiny_open(&w.tiny, &spec, DTYPE_F32, &run, NULL));
    const struct binding *binding = &w.tiny.session.model.binding;
    for (int32_t e = 0; e < EXPERTS; e++) {
        active[e] = e;
        begin[e + 1] = e + 1;
        for (enum slot slot = SLOT_EXPERT_GATE_BIAS; slot <= SLOT_EXPERT_DOWN_BIAS; slot++)
            spread(&arena, (struct weight *)binding_expert(binding, 0, slot, e));
    }
    int64_t count = EXPERTS * spec.width;
    float *x = arena_new(&arena, float, count, NULL), *want = arena_new(&arena, float, count, NULL);
    w.rows = arena_new(&arena, float, count, NULL);
    for (int64_t i = 0; i < count; i++) x[i] = (float)(i * 7 % 11 - 5) / 4;
    assert_int_equal(posix_memalign(&w.memory, 64, ROOM), 0);
    assert_true(team_pool_open(1, &one, NULL) && team_pool_open(THREADS, &many, NULL));

    run_round(&w, one, x, count);
    memcpy(want, w.rows, (size_t)count * sizeof *want);
    for (int64_t i = 0; i < count; i++) assert_true(want[i] - want[i] == 0);
    for (int i = 0; i < ROUNDS; i++) {
        run_round(&w, many, x, count);
        print_message("round %d\n", i);
        assert_same_bits(w.rows, want, (size_t)count);
    }
    team_pool_close(one);
    team_pool_close(many);
    free(w.memory);
    tiny_close(&w.tiny);
    arena_close(&arena);
}
