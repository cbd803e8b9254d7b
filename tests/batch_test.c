/*
 * What a batch may hold, and what a pass refuses: several steps of a sequence, and another's prompt behind
 * them, a sink that gives up, more sequences than there is room for, specs that nothing runs yet.
 */
#include "test.h"
#include "tiny.h"

#include <stdlib.h>
#include <string.h>

enum { VOCAB = 37, N = 60, ROWS_MOST = 128 };

static const int64_t *some_ids(int64_t salt) {
    static int64_t ids[2][N];
    for (int64_t i = 0; i < N; i++) ids[salt][i] = (i * i * (7 + salt) + 3 * i + salt) % VOCAB;
    return ids[salt];
}

struct caught {
    float logits[ROWS_MOST * VOCAB];
    int64_t calls, fail_at; /* the call that gives up; -1: none */
};

static bool catch_row(void *argument, int64_t row, const float *logits, struct sy_error *err) {
    struct caught *c = argument;
    if (c->calls++ == c->fail_at) return sy_fail(err, SY_ERR_IO, "enough");
    memcpy(c->logits + row * VOCAB, logits, VOCAB * sizeof *logits);
    return true;
}

static bool catch_layer(void *argument, int64_t layer, const struct routing *routing, struct sy_error *err) {
    struct caught *c = argument;
    (void)layer, (void)routing;
    return c->calls++ != c->fail_at || sy_fail(err, SY_ERR_IO, "enough");
}

static int64_t add_rows(struct batch_row *rows, int64_t count, int32_t sequence, const int64_t *ids,
                        int64_t n, enum role role) {
    for (int64_t i = 0; i < n; i++)
        rows[count + i] =
            (struct batch_row){ (int32_t)ids[i], sequence, role, WANT_LOGITS | (role ? 0u : WANT_ROUTING) };
    return count + n;
}

static void open_base(struct tiny *tiny, enum tiny_base base, struct arena *arena, int threads, bool fast) {
    struct spec spec;
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine(), .threads = threads };
    if (fast) run.compute = COMPUTE_BF16, run.kv = DTYPE_F16;
    arena_open(arena);
    tiny_spec(base, arena, &spec);
    assert_true(tiny_open(tiny, &spec, fast ? DTYPE_BF16 : DTYPE_F32, &run, &err));
}

/* All logits of a sequence of its own, whose last `steps` ids go one a batch. */
static void one_by_one(struct tiny *tiny, const int64_t *ids, int64_t n, int64_t steps, float *logits) {
    struct tiny_run run = { .level = level_of_machine(), .steps = steps };
    tiny_logits(tiny, &run, ids, n, logits, NULL);
}

/* a: 37 steps behind a prompt of 20; b: 21 steps behind a prompt of 10; and c's prompt in the same batch. */
static void steps_together(enum tiny_base base, bool fast) {
    struct arena arena;
    struct tiny tiny;
    struct sy_error err = { 0 };
    struct caught c = { .fail_at = -1 };
    struct batch_row rows[ROWS_MOST];
    struct kv_sequence *sequences[3];
    const int64_t *a = some_ids(0), *b = some_ids(1);
    float want[N * VOCAB];
    open_base(&tiny, base, &arena, 2, fast);
    struct pass_sink sink = { &c, catch_row, NULL };
    assert_true(session_sequence(&tiny.session, 57, &sequences[0], &err));
    assert_true(session_sequence(&tiny.session, 31, &sequences[1], &err));
    assert_true(session_sequence(&tiny.session, 6, &sequences[2], &err));
    int64_t n = add_rows(rows, 0, 1, b, 10, ROLE_PROMPT);
    n = add_rows(rows, n, 0, a, 20, ROLE_PROMPT);
    assert_true(pass_forward(tiny.session.pass, &(struct batch){ rows, n, sequences }, &sink, &err));
    n = add_rows(rows, 0, 0, a + 20, 37, ROLE_STEP);
    n = add_rows(rows, n, 1, b + 10, 21, ROLE_STEP);
    n = add_rows(rows, n, 2, a, 6, ROLE_PROMPT);
    assert_true(pass_forward(tiny.session.pass, &(struct batch){ rows, n, sequences }, &sink, &err));
    assert_int_equal(kv_length(sequences[0]), 57);
    assert_int_equal(kv_length(sequences[1]), 31);
    for (int i = 0; i < 3; i++) kv_sequence_close(sequences[i]);
    print_message("%s\n", tiny_name(base));
    one_by_one(&tiny, a, 57, 37, want);
    assert_same_bits(c.logits, want + 20 * VOCAB, 37 * VOCAB);
    one_by_one(&tiny, b, 31, 21, want);
    assert_same_bits(c.logits + 37 * VOCAB, want + 10 * VOCAB, 21 * VOCAB);
    one_by_one(&tiny, a, 6, 0, want);
    assert_same_bits(c.logits + 58 * VOCAB, want, 6 * VOCAB);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(a_batch_may_hold_many_steps_of_a_sequence) {
    for (int base = 0; base < TINY_BASE_COUNT; base++) steps_together((enum tiny_base)base, false);
    for (int base = TINY_DEEPSEEK; base <= TINY_LATENT_Q; base++) steps_together((enum tiny_base)base, true);
}

/* A sink that gives up ends the pass with its own error; it is not called again, and the sequence is as
 * before. */
TEST(a_sink_that_gives_up_ends_the_pass) {
    struct arena arena;
    struct tiny tiny;
    struct kv_sequence *sequence;
    struct batch_row rows[ROWS_MOST];
    struct sy_error err = { 0 };
    open_base(&tiny, TINY_MIXTRAL, &arena, 2, false);
    assert_true(session_sequence(&tiny.session, N, &sequence, &err));
    struct batch batch = { rows, add_rows(rows, 0, 0, some_ids(0), 50, ROLE_PROMPT), &sequence };
    static const int64_t calls[] = { 0, 1, 2, 33 }; /* two layers of routing, then rows of logits */
    for (size_t i = 0; i < 4; i++) {
        struct caught c = { .fail_at = calls[i] };
        struct pass_sink sink = { &c, catch_row, catch_layer };
        memset(&err, 0, sizeof err);
        assert_false(pass_forward(tiny.session.pass, &batch, &sink, &err));
        assert_int_equal(err.code, SY_ERR_IO);
        assert_string_equal(err.message, "enough");
        assert_int_equal(c.calls, calls[i] + 1);
        assert_int_equal(kv_length(sequence), 0);
    }
    struct caught c = { .fail_at = -1 };
    struct pass_sink sink = { &c, catch_row, catch_layer };
    assert_true(pass_forward(tiny.session.pass, &batch, &sink, &err));
    assert_int_equal(c.calls, 52);
    c.calls = 0; /* nobody wants routing now: it is not given */
    batch.count = add_rows(rows, 0, 0, some_ids(0), 5, ROLE_STEP);
    assert_true(pass_forward(tiny.session.pass, &batch, &sink, &err));
    assert_int_equal(c.calls, 5);
    kv_sequence_close(sequence);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(more_sequences_than_the_session_has_are_refused) {
    struct arena arena;
    struct tiny tiny;
    struct sy_error err = { 0 };
    struct feed feeds[5] = { { 0 } };
    open_base(&tiny, TINY_MIXTRAL, &arena, 1, false);
    assert_false(session_feed(&tiny.session, feeds, 5, 0, &(struct feed_sink){ 0 }, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    tiny_close(&tiny);
    arena_close(&arena);
}

/* ---- the memory of a step ---- */

static void runs_within(const struct spec *spec, int64_t rows) {
    struct tiny tiny;
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine(), .rows = rows };
    float *logits = malloc((size_t)(8 * spec->vocab) * sizeof *logits);
    if (!tiny_open(&tiny, spec, DTYPE_F32, &run, &err)) fail_msg("%s", err.message);
    tiny_logits(&tiny, &run, some_ids(0), 8, logits, NULL); /* running out is asserted */
    tiny_close(&tiny);
    free(logits);
}

/* Whatever part takes most, the first layer or the head, its memory was counted. */
TEST(the_widest_part_has_room) {
    struct arena arena;
    struct spec spec;
    struct pass_limits limits = { INT64_MAX / 4, 1, 1 };
    struct numerics numerics = { .compute = COMPUTE_F32, .kv = DTYPE_F32 };
    struct sy_error err = { 0 };
    int64_t bytes;
    arena_open(&arena);
    tiny_spec(TINY_DENSE, &arena, &spec);
    spec.decoder.layers[0].dense_width = 3000;
    runs_within(&spec, 8);
    tiny_spec(TINY_DENSE, &arena, &spec);
    spec.vocab = 3000;
    runs_within(&spec, 1);
    assert_false(pass_bytes(&spec, &numerics, &limits, &bytes, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    arena_close(&arena);
}

/* ---- what nothing runs yet ---- */

static void encoder(struct spec *s) {
    s->encoder = s->decoder;
}
static void sees_ahead(struct spec *s) {
    s->decoder.causal = false;
}
static void sandwich(struct spec *s) {
    s->norm_place = (enum norm_place)(NORM_PRE + 1);
}
static void relative(struct spec *s) {
    s->attention.relative_bias = true;
}
static void joint(struct spec *s) {
    s->attention.joint_qkv = true;
}
static void wide_rope(struct spec *s) {
    s->attention.head_width = s->attention.value_width = s->rope.dims = 16384;
}
static void parallel(struct spec *s) {
    s->decoder.layers[1].branch = (enum branch)(BRANCH_SERIAL + 1);
}
static void dense_too(struct spec *s) {
    s->decoder.layers[1].dense_width = 8;
}
static void crossed(struct spec *s) {
    s->decoder.layers[0].cross_attention = true;
}
static void two_level(struct spec *s) {
    s->router.logit = (enum router_logit)(ROUTER_LINEAR + 1);
}
static void many_experts(struct spec *s) {
    s->router.experts = 5000;
}
static void experts_choose(struct spec *s) {
    s->router.select = SELECT_EXPERT_CHOICE;
}
static void hashed(struct spec *s) {
    s->router.select = SELECT_HASH;
}
static void varying_with_bias(struct spec *s) {
    s->router.select = SELECT_ALL_POSITIVE;
    s->router.selection_bias = true;
}
static void top_p_of_softmax(struct spec *s) {
    s->router.select = SELECT_TOP_P;
    s->router.top_p = 0.5;
    s->router.weigh = WEIGH_SOFTMAX_OF_SELECTED;
}

TEST(what_no_pass_runs_is_refused_by_name) {
    static const struct {
        void (*change)(struct spec *spec);
        const char *word;
    } cases[] = {
        { encoder, "encoder" },
        { sees_ahead, "sees ahead" },
        { sandwich, "norms behind" },
        { relative, "relative position" },
        { joint, "joint projection" },
        { wide_rope, "rotary" },
        { parallel, "parallel" },
        { dense_too, "beside the experts" },
        { crossed, "cross attention" },
        { two_level, "two-level" },
        { many_experts, "so many experts" },
        { experts_choose, "expert choice" },
        { hashed, "hash" },
        { varying_with_bias, "number of experts varies" },
        { top_p_of_softmax, "number of experts varies" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        struct spec spec;
        struct store store = { 0 };
        struct pass *pass;
        struct sy_error err = { 0 };
        struct kernels kernels = kernels_select(LEVEL_REF);
        struct numerics numerics = { .compute = COMPUTE_F32, .kv = DTYPE_F32 };
        struct pass_limits limits = { 4, 1, 1 };
        arena_open(&arena);
        tiny_spec(TINY_MIXTRAL, &arena, &spec);
        cases[i].change(&spec);
        store.spec = spec;
        if (pass_open(&store, &kernels, &numerics, &limits, NULL, &pass, &err))
            fail_msg("taken: %s", cases[i].word);
        if (!strstr(err.message, cases[i].word)) fail_msg("%s: %s", cases[i].word, err.message);
        assert_int_equal(err.code, SY_ERR_SHAPE);
        arena_close(&arena);
    }
}
