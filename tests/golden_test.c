/*
 * The small golden cases, one test each: golden_NAME for tests/golden/NAME, and shared_golden_NAME for
 * folders of the same kind in ../shared/data/vectors/moe, where test data lie beside the checkout (test.h).
 * So `sy-test golden_mixtral` runs all of them that mixtral has.
 *
 * Judged are the logits and the routing of every row of the prompt in exact, the greedy ids, the logits
 * behind all of them; and that neither chunks, threads nor kernels change a bit.
 */
#include "engine/scheduler.h"
#include "golden.h"
#include "golden_cases.h"

#include <string.h>

#define OWN           "tests/golden"
#define SHARED        "../shared/data/vectors/moe"
#define OWN_PREFIX    "golden_"
#define SHARED_PREFIX "shared_golden_"

static void judge_greedy(const struct golden *golden, struct session *session, const int64_t *want,
                         int64_t count) {
    struct sy_error err = { 0 };
    struct scheduler *s;
    int64_t number, active = 1;
    char line[1024];
    struct sy_request request = {
        .flags = SY_IGNORE_END, .ids = golden->ids, .count = golden->count, .new_count = count
    };
    assert_true(scheduler_open(session, NULL, &s, &err));
    bool good = scheduler_submit(s, &request, &number, &err);
    while (good && active > 0) good = scheduler_step(s, &active, &err);
    if (!good) fail_msg("greedy: %s", sy_error_line(&err, line, sizeof line));
    assert_int_equal(scheduler_length(s, number), golden->count + count - 1); /* the last one is not run */
    const int64_t *tokens = scheduler_ids(s, number) + golden->count;
    for (int64_t i = 0; i < count; i++)
        if (tokens[i] != want[i])
            fail_msg("greedy token %lld is %lld, expected %lld", (long long)i, (long long)tokens[i],
                     (long long)want[i]);
    scheduler_close(s);
}

/* The logits behind prompt and greedy ids, by prompt alone and with the greedy ids as steps. */
static void judge_full(struct golden *golden, struct session *session, const int64_t *greedy, int64_t count) {
    int64_t total = golden->count + count, vocab = session->model.spec.vocab;
    int64_t *ids = arena_new(&golden->arena, int64_t, total, NULL);
    assert_non_null(ids);
    memcpy(ids, golden->ids, (size_t)golden->count * sizeof *ids);
    memcpy(ids + golden->count, greedy, (size_t)count * sizeof *ids);
    const float *want = golden_f32(golden, vocab, "logits_last_of_full");
    for (int with_steps = 0; with_steps < 2; with_steps++) {
        struct golden_run run;
        print_message("the last logits of all ids, %s\n", with_steps ? "with steps" : "as a prompt");
        golden_feed(session, ids, total, 0, with_steps ? count : 0, &run);
        assert_near(run.logits + (total - 1) * vocab, want, (size_t)vocab, golden->tolerance);
        golden_run_close(&run);
    }
}

static void judge_bits(const struct golden *golden, struct session *session, const char *folder,
                       const struct golden_run *want, int64_t positions) {
    static const int64_t chunks[] = { 1, 7 };
    struct golden_run run;
    struct session other;
    for (int i = 0; i < 2; i++) {
        golden_feed(session, golden->ids, golden->count, chunks[i], 0, &run);
        golden_same(&run, want, i ? "chunks of 7" : "chunks of 1");
        golden_run_close(&run);
    }
    for (int level = LEVEL_COUNT - 1; level >= 0; level--) {
        golden_session(&other, folder, PRECISION_EXACT, 2, (enum level)level, positions);
        golden_feed(&other, golden->ids, golden->count, 0, 0, &run);
        print_message("kernels: %s\n", level_name(other.kernels.level));
        golden_same(&run, want, "2 threads");
        golden_run_close(&run);
        session_close(&other);
    }
}

/* fast need not be near, only whole and the same for every chunk. */
static void judge_fast(const struct golden *golden, const char *folder, int64_t positions) {
    struct session session;
    struct golden_run run, cut;
    golden_session(&session, folder, PRECISION_FAST, 2, LEVEL_COUNT - 1, positions);
    golden_feed(&session, golden->ids, golden->count, 0, 0, &run);
    golden_feed(&session, golden->ids, golden->count, 7, 0, &cut);
    golden_same(&cut, &run, "fast, chunks of 7");
    golden_run_close(&run);
    golden_run_close(&cut);
    session_close(&session);
}

static void judge(const char *folder) {
    struct golden golden;
    struct session session;
    struct golden_run run;
    int64_t greedy_count;
    golden_open(&golden, folder);
    int64_t *greedy = golden_numbers(&golden, "greedy_ids", &greedy_count);
    int64_t positions = golden.count + greedy_count;
    golden_session(&session, folder, PRECISION_EXACT, 1, LEVEL_COUNT - 1, positions);
    golden_feed(&session, golden.ids, golden.count, 0, 0, &run);
    golden_judge(&golden, &run, NULL, 0);
    if (greedy) {
        judge_greedy(&golden, &session, greedy, greedy_count);
        judge_full(&golden, &session, greedy, greedy_count);
    }
    judge_bits(&golden, &session, folder, &run, positions);
    judge_fast(&golden, folder, positions);
    golden_run_close(&run);
    session_close(&session);
    golden_close(&golden);
}

static void own_case(void **state) {
    char root[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    (void)state;
    golden_root(root, OWN);
    golden_folder(folder, root, OWN_PREFIX);
    judge(folder);
}

static void shared_case(void **state) {
    char root[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    (void)state;
    golden_root(root, SHARED);
    golden_folder(folder, root, SHARED_PREFIX);
    judge(folder);
}

static void shared_missing(void **state) {
    char path[TEST_PATH_MAX];
    (void)state;
    test_needs_data(path, "vectors/moe");
}

__attribute__((constructor)) static void register_cases(void) {
    static struct test_case missing = { SHARED_PREFIX "cases", __FILE__, __LINE__, shared_missing, NULL };
    char root[TEST_PATH_MAX];
    golden_root(root, OWN);
    golden_register(root, OWN_PREFIX, __FILE__, __LINE__, own_case);
    golden_root(root, SHARED);
    if (golden_register(root, SHARED_PREFIX, __FILE__, __LINE__, shared_case) == 0) test_register(&missing);
}

/* That there are cases at all, and that their folder is where the constructor looked. */
TEST(golden_cases_are_there) {
    char path[TEST_PATH_MAX];
    test_source(path, OWN "/mixtral_fused/expected.json");
    test_source(path, OWN "/wide/mixtral_a/expected.json");
}
