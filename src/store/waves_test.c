/*
 * Experts may come in waves of any size and order, with holes between those of one wave, as a store that
 * streams gives them: no bit of the result tells. One rank decides and publishes, as such a store must.
 */
#include "store/store.h"

#include "base/checked.h"
#include "base/random.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

enum { N = 70, VOCAB = 37 };

/* What the shuffling source keeps: draws, and what it saw. */
struct shuffle {
    struct random random;
    bool reversed; /* always the whole request, backwards */
    int64_t waves, holes, unsorted, held;
};

static void draw_order(struct shuffle *s, const struct store_request *request) {
    int64_t n = request->count;
    for (int64_t i = 0; i < n; i++) request->order[i] = request->ids[s->reversed ? n - 1 - i : i];
    for (int64_t i = n - 1; i > 0 && !s->reversed; i--) {
        int64_t j = (int64_t)random_below(&s->random, (uint64_t)i + 1);
        int32_t kept = request->order[i];
        request->order[i] = request->order[j], request->order[j] = kept;
    }
}

static void watch(struct shuffle *s, const struct store_wave *wave) {
    s->waves++;
    s->held++;
    for (int64_t i = 1; i < wave->count; i++) {
        s->unsorted += wave->ids[i] < wave->ids[i - 1];
        s->holes += wave->ids[i] > wave->ids[i - 1] + 1;
    }
}

static void shuffled_next(struct team *team, const struct store_request *request, struct store_wave *wave) {
    struct shuffle *s = request->store->source_state;
    if (team->rank == 0 && request->given == 0) draw_order(s, request);
    team_sync(team); /* the order is there for all */
    wave->ids = request->order + request->given;
    wave->count =
        s->reversed ? request->count : min_i64(1 + request->given % 3, request->count - request->given);
    if (team->rank == 0) watch(s, wave);
}

static const struct weight *shuffled_weight(const struct store_wave *wave, enum slot slot, int64_t index) {
    return binding_expert(&wave->store->table, wave->layer, slot, wave->ids[index]);
}

static void shuffled_release(struct team *team, struct store_wave *wave) {
    struct shuffle *s = wave->store->source_state;
    if (team->rank == 0) s->held--;
}

static const struct store_source shuffled = { shuffled_next, shuffled_weight, shuffled_release };

static void any_wave(enum dtype dtype, enum compute compute) {
    int64_t ids[N];
    int64_t holes = 0, unsorted = 0;
    for (int64_t i = 0; i < N; i++) ids[i] = (i * i * 7 + 3 * i) % VOCAB;
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        float want[N * VOCAB], got[N * VOCAB];
        struct tiny_run run = { .level = level_of_machine(), .threads = 3, .compute = compute, .steps = 5 };
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        assert_true(tiny_open(&tiny, &spec, dtype, &run, NULL));
        tiny_logits(&tiny, &run, ids, N, want, NULL);
        for (int trial = 0; trial < 4; trial++) {
            struct shuffle shuffle = { .random = random_seed((uint64_t)trial), .reversed = trial == 3 };
            tiny.session.store.source = &shuffled;
            tiny.session.store.source_state = &shuffle;
            tiny_logits(&tiny, &run, ids, N, got, NULL);
            print_message("%s, trial %d\n", tiny_name((enum tiny_base)base), trial);
            assert_same_bits(got, want, N * VOCAB);
            assert_int_equal(shuffle.held, 0); /* each wave was given back */
            assert_true(spec.router.experts == 0 || shuffle.waves > 0);
            holes += shuffle.holes, unsorted += shuffle.unsorted;
        }
        tiny_close(&tiny);
        arena_close(&arena);
    }
    assert_true(holes > 0 && unsorted > 0);
}

TEST(waves_come_in_any_order_and_with_holes) {
    any_wave(DTYPE_F32, COMPUTE_F32);
    any_wave(DTYPE_BF16, COMPUTE_BF16);
}
