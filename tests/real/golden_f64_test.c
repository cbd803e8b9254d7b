/*
 * The pass in f64 (tensor/real.h) over every small golden case. It is of the program sy-real-test, which has
 * kernels/, layers/, moe/ and pass/ in f64 and nothing that stands on them: no session, a pass is opened by
 * hand.
 *
 *   near       logits are the authors', and each row chose their experts
 *   program    the program's own logits are as near to these as f32 can be
 *   absorbed   latent attention: steps give what the prompt gave, to the last digits
 *   smooth     f(E + d) - f(E) = f(E) - f(E - d) for a change d of the embedding as small as f32's roundings:
 *              no f32 hides behind it, in any operation
 */
#include "base/random.h"
#include "golden_cases.h"
#include "golden_expected.h"
#include "pass/pass.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OWN    "tests/golden"
#define PREFIX "f64_"

/* The bounds, as a share of the root mean square; behind each the most that was seen over all cases. f32 is
 * allowed 1e-4 (expected.json). A rounding to f32 anywhere is as large as STEP: it makes SMOOTH 0.2 or more.
 */
#define NEAR     3e-5  /* 2.3e-5: the authors' f32; and rotary angles, f32 here too (kernels/ops.h) */
#define PROGRAM  3e-5  /* 1.8e-5 */
#define ABSORBED 1e-12 /* 1.6e-14 */
#define SMOOTH   1e-3  /* 5.3e-5: the second derivative times STEP */
#define STEP     1e-7

_Static_assert(sizeof(real) == 8, "this is the build in f64");

/* ---- a model and its pass ---- */

struct subject {
    struct golden golden;
    struct model model;
    struct store store;
    struct kernels kernels;
    struct team_pool *team;
    struct kv_pool *pool;
    struct pass *pass;
    struct arena arena;
    int64_t vocab, count, choices; /* count: rows; choices of one row at a layer */
};

static void must(bool ok, const struct sy_error *err) {
    char line[1024];
    if (!ok) fail_msg("%s", sy_error_line(err, line, sizeof line));
}

static void *take(struct subject *s, int64_t count, size_t size) {
    void *memory = arena_take(&s->arena, count, size, NULL);
    assert_non_null(memory);
    return memory;
}

static void subject_open(struct subject *s, const char *folder) {
    const struct numerics numerics = { .compute = COMPUTE_F32, .kv = DTYPE_F64 };
    struct sy_error err = { 0 };
    int64_t pages;
    memset(s, 0, sizeof *s);
    arena_open(&s->arena);
    golden_open(&s->golden, folder);
    s->count = s->golden.count;
    s->kernels = kernels_select(LEVEL_COUNT - 1);
    assert_int_equal(s->kernels.level, LEVEL_REF);
    const struct pass_limits limits = { .rows = s->count, .sequences = 1, .threads = 2 };
    must(model_open(folder, false, &s->model, &err), &err);
    const struct spec *spec = &s->model.spec;
    s->vocab = spec->vocab;
    must(store_open(&s->model, &s->store, &err), &err);
    must(kv_pages_needed(spec, 1, s->count, &pages, &err), &err);
    must(kv_pool_open(spec, numerics.kv, pages, &s->pool, &err), &err);
    must(team_pool_open(limits.threads, &s->team, &err), &err);
    must(pass_open(&s->store, &s->kernels, &numerics, &limits, s->team, &s->pass, &err), &err);
}

static void subject_close(struct subject *s) {
    pass_close(s->pass);
    team_pool_close(s->team);
    kv_pool_close(s->pool);
    store_close(&s->store);
    model_close(&s->model);
    golden_close(&s->golden);
    arena_close(&s->arena);
}

/* ---- a run ---- */

struct outcome {
    struct subject *subject;
    real *logits;  /* [count, V] */
    int32_t **ids; /* [layers]: [count, choices] of MoE layers */
};

static bool take_logits(void *argument, int64_t row, const real *logits, struct sy_error *err) {
    struct outcome *o = argument;
    (void)err;
    memcpy(o->logits + row * o->subject->vocab, logits, (size_t)o->subject->vocab * sizeof *logits);
    return true;
}

static bool take_routing(void *argument, int64_t layer, const struct routing *r, struct sy_error *err) {
    struct outcome *o = argument;
    (void)err;
    assert_int_equal(r->assignments, r->tokens * r->most); /* all golden cases choose a fixed number */
    o->subject->choices = r->most;
    o->ids[layer] = take(o->subject, r->assignments, sizeof(int32_t));
    memcpy(o->ids[layer], r->expert_id, (size_t)r->assignments * sizeof(int32_t));
    return true;
}

/* All ids in one batch, as a prompt or as steps. */
static struct outcome run(struct subject *s, enum role role) {
    const struct rope_spec *rope = &s->model.spec.rope;
    struct outcome o = { s, take(s, s->count * s->vocab, sizeof(real)),
                         take(s, s->model.spec.decoder.layer_count, sizeof(int32_t *)) };
    struct batch_row *rows = take(s, s->count, sizeof *rows);
    const struct pass_sink sink = { &o, take_logits, take_routing };
    struct kv_sequence *sequence;
    struct sy_error err = { 0 };
    must(kv_sequence_open(s->pool, s->count, &sequence, &err), &err);
    kv_set_long_rope(sequence, rope->scaling == ROPE_LONGROPE && s->count > rope->original_context);
    for (int64_t i = 0; i < s->count; i++)
        rows[i] = (struct batch_row){ (int32_t)s->golden.ids[i], 0, role, WANT_LOGITS | WANT_ROUTING };
    must(pass_forward(s->pass, &(struct batch){ rows, s->count, &sequence }, &sink, &err), &err);
    kv_sequence_close(sequence);
    return o;
}

static const real *widened(struct subject *s, const float *x, int64_t n) {
    real *y = take(s, n, sizeof *y);
    for (int64_t i = 0; i < n; i++) y[i] = x[i];
    return y;
}

static double root_mean_square(const real *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * x[i];
    return sqrt(sum / (double)n);
}

/* The largest difference over the root mean square of `want`. NaN where there is one. */
static double distance(const real *got, const real *want, int64_t n) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        double difference = fabs(got[i] - want[i]);
        if (!(difference <= worst)) worst = difference;
    }
    return worst / root_mean_square(want, n);
}

static void judge_distance(const char *what, double distance, double bound) {
    print_message("%s: %.3g of the root mean square, allowed %.3g\n", what, distance, bound);
    if (!(distance <= bound)) fail_msg("%s: %.3g, allowed %.3g", what, distance, bound);
}

/* ---- the laws ---- */

/* Each row chose the experts that are expected, in whatever order. */
static void judge_choices(struct subject *s, const struct outcome *got) {
    int64_t K = s->choices;
    for (int64_t l = 0; l < s->golden.layer_count; l++) {
        int64_t layer = s->golden.layers[l];
        const int32_t *want = golden_i32(&s->golden, s->count * K, "layers.%lld.topk_ids", (long long)layer);
        assert_non_null(got->ids[layer]);
        for (int64_t i = 0; i < s->count * K; i++) {
            bool there = false;
            for (int64_t j = i / K * K; j < i / K * K + K; j++)
                there = there || got->ids[layer][j] == want[i];
            if (!there) fail_msg("layer %d, row %d: expert %d is missing", (int)layer, (int)(i / K), want[i]);
        }
    }
}

static void judge_near(struct subject *s, const struct outcome *got) {
    int64_t n = s->count * s->vocab;
    judge_distance("near the authors' logits",
                   distance(got->logits, widened(s, golden_f32(&s->golden, n, "logits"), n), n), NEAR);
    judge_choices(s, got);
}

/* Equal bits where there is but one form. */
static void judge_absorbed(struct subject *s, const struct outcome *prompt) {
    bool latent = s->model.spec.attention.kind == ATTENTION_LATENT;
    const struct outcome steps = run(s, ROLE_STEP);
    judge_distance("steps and prompt", distance(steps.logits, prompt->logits, s->count * s->vocab),
                   latent ? ABSORBED : 0);
}

/* What comes of the embedding E + by * (a direction of E's size), whose elements are f64 from here on. */
static struct outcome run_moved(struct subject *s, const struct weight *embedding, double by) {
    struct weight *slot = &s->store.table.global[SLOT_EMBED]; /* a tied head stays as it is */
    int64_t rows = embedding->rows, cols = embedding->cols;
    double *moved = take(s, rows * cols, sizeof *moved);
    for (int64_t i = 0; i < rows * cols; i++) moved[i] = weight_get(embedding, i / cols, i % cols);
    double size = root_mean_square(moved, rows * cols);
    for (int64_t i = 0; i < rows * cols; i++)
        moved[i] += by * size * ((double)(random_mix((uint64_t)i) >> 11) * 0x1p-52 - 1);
    *slot = weight_matrix(moved, DTYPE_F64, rows, cols);
    struct outcome o = run(s, ROLE_PROMPT);
    *slot = *embedding;
    return o;
}

static void judge_smooth(struct subject *s) {
    const struct weight embedding = s->store.table.global[SLOT_EMBED];
    int64_t n = s->count * s->vocab;
    const real *below = run_moved(s, &embedding, -STEP).logits, *here = run_moved(s, &embedding, 0).logits,
               *above = run_moved(s, &embedding, STEP).logits;
    real *left = take(s, n, sizeof *left), *right = take(s, n, sizeof *right);
    for (int64_t i = 0; i < n; i++) left[i] = here[i] - below[i], right[i] = above[i] - here[i];
    assert_true(root_mean_square(left, n) > STEP / 10); /* it does matter */
    judge_distance("differences on both sides", distance(right, left, n), SMOOTH);
}

static void judge_program(struct subject *s, const char *folder, const struct outcome *got) {
    char path[TEST_PATH_MAX], ids[1024] = "";
    struct checkpoint written;
    struct sy_error err = { 0 };
    int64_t n = s->count * s->vocab, used = 0;
    for (int64_t i = 0; i < s->count; i++)
        used += snprintf(ids + used, sizeof ids - (size_t)used, "%s%d", i ? "," : "", (int)s->golden.ids[i]);
    assert_true(used < (int64_t)sizeof ids);
    test_temp_path(path, "logits.safetensors");
    struct test_output output = test_run("logits", folder, "--ids", ids, "--out", path);
    if (output.status) fail_msg("switchyard logits: %s", output.err);
    must(checkpoint_open(path, &written, &err), &err);
    const struct tensor *logits = checkpoint_find(&written, "logits");
    assert_non_null(logits);
    assert_int_equal(logits->bytes, n * (int64_t)sizeof(float));
    float *narrow = take(s, n, sizeof *narrow);
    memcpy(narrow, logits->data, (size_t)logits->bytes);
    judge_distance("the program's logits", distance(widened(s, narrow, n), got->logits, n), PROGRAM);
    checkpoint_close(&written);
}

static void judge(const char *folder) {
    struct subject s;
    subject_open(&s, folder);
    const struct outcome prompt = run(&s, ROLE_PROMPT);
    judge_near(&s, &prompt);
    judge_absorbed(&s, &prompt);
    judge_smooth(&s);
    judge_program(&s, folder, &prompt);
    subject_close(&s);
}

static void own_case(void **state) {
    char root[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    (void)state;
    golden_root(root, OWN);
    golden_folder(folder, root, PREFIX);
    judge(folder);
}

__attribute__((constructor)) static void register_cases(void) {
    char root[TEST_PATH_MAX];
    golden_root(root, OWN);
    golden_register(root, PREFIX, __FILE__, __LINE__, own_case);
}
