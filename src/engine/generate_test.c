#include "engine/generate.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

struct seen {
    int64_t tokens[64], token_count;
    int64_t next, layers; /* the index whose routing comes next; layers of it that came */
};

static bool see_token(void *argument, int64_t index, int64_t token, struct sy_error *err) {
    struct seen *seen = argument;
    (void)err;
    assert_int_equal(index, seen->token_count);
    seen->tokens[seen->token_count++] = token;
    return true;
}

static bool see_routing(void *argument, int64_t index, int64_t layer, const int32_t *ids,
                        const float *weights, int64_t n, struct sy_error *err) {
    struct seen *seen = argument;
    (void)ids, (void)weights, (void)err;
    assert_true(n > 0 && layer >= 0);
    if (index == seen->next + 1) seen->next++;
    seen->layers++;
    return true;
}

static void open_golden(const char *name, int64_t context, struct session *session) {
    char path[TEST_PATH_MAX];
    struct session_options options = {
        .threads = 1, .exact_default = true, .kv = -1, .cpu = LEVEL_COUNT - 1, .context = context
    };
    struct sy_error err = { 0 };
    test_source(path, name);
    if (!session_open(path, &options, session, &err)) fail_msg("%s", err.message);
}

static const int64_t prompt[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

TEST(generation_does_not_depend_on_who_listens) {
    struct session session;
    struct generate_result result;
    struct generate_request request = { prompt, 10, 8, true };
    struct seen seen = { .next = 0 }, bare = { .next = 0 };
    open_golden("tests/golden/mixtral_window", generate_positions(&request), &session);
    assert_true(generate(&session, &request, &(struct generate_sink){ &seen, see_token, see_routing }, NULL,
                         &result, NULL));
    assert_int_equal(result.tokens, 8);
    assert_int_equal(result.steps, 7);
    assert_false(result.ended);
    assert_int_equal(seen.layers, 17 * session.model.spec.decoder.layer_count);
    assert_int_equal(seen.next, 16); /* the last token is not run */
    assert_true(
        generate(&session, &request, &(struct generate_sink){ &bare, see_token, NULL }, NULL, &result, NULL));
    assert_memory_equal(bare.tokens, seen.tokens, sizeof bare.tokens);
    session_close(&session);
}

TEST(generation_ends_with_the_end_token) {
    struct session session;
    struct generate_result result;
    struct generate_request request = { prompt, 10, 8, true };
    struct seen seen = { .next = 0 }, ended = { .next = 0 };
    open_golden("tests/golden/mixtral_window", 32, &session);
    assert_true(
        generate(&session, &request, &(struct generate_sink){ &seen, see_token, NULL }, NULL, &result, NULL));
    session.model.spec.tokens.eos[0] = seen.tokens[2];
    session.model.spec.tokens.eos_count = 1;
    request.ignore_eos = false;
    assert_true(generate(&session, &request, &(struct generate_sink){ &ended, see_token, NULL }, NULL,
                         &result, NULL));
    assert_true(result.ended);
    assert_true(result.tokens <= 3);
    assert_int_equal(ended.tokens[result.tokens - 1], seen.tokens[2]);
    session_close(&session);
}

/* Beyond the original context of 28 the sequence is run anew with long factors: what follows is what the
 * whole text as a prompt of that length gives. Each id is shown once. */
TEST(a_text_that_outgrows_longrope_is_run_anew_once) {
    struct session session;
    struct generate_result result, again;
    struct generate_request request = { prompt, 10, 24, true };
    struct seen seen = { .next = 0 }, tail = { .next = 0 };
    int64_t ids[64];
    open_golden("tests/golden/phimoe_longrope_crossing", 64, &session);
    assert_true(generate(&session, &request, &(struct generate_sink){ &seen, see_token, see_routing }, NULL,
                         &result, NULL));
    assert_true(result.prefilled_anew);
    assert_int_equal(result.tokens, 24);
    assert_int_equal(seen.layers, 33 * session.model.spec.decoder.layer_count);

    memcpy(ids, prompt, sizeof prompt);
    memcpy(ids + 10, seen.tokens, 24 * sizeof *ids);
    request = (struct generate_request){ ids, 29, 34 - 29, true }; /* longer than 28 from the start */
    assert_true(
        generate(&session, &request, &(struct generate_sink){ &tail, see_token, NULL }, NULL, &again, NULL));
    assert_false(again.prefilled_anew);
    assert_memory_equal(tail.tokens, seen.tokens + 19, 5 * sizeof *ids);
    session_close(&session);
}

/* ---- on models in memory ---- */

struct routed { /* the weights of the first choice, by index and layer */
    float weight[16][2];
};

static bool keep_weights(void *argument, int64_t index, int64_t layer, const int32_t *ids,
                         const float *weights, int64_t n, struct sy_error *err) {
    struct routed *routed = argument;
    (void)ids, (void)err;
    assert_in_range(index, 0, 15);
    for (int64_t j = 0; j < n; j++) routed->weight[index][layer] += weights[j];
    return true;
}

static bool keep_fed_weights(void *argument, int64_t feed, int64_t index, int64_t layer,
                             const float *router_logits, const int32_t *ids, const float *weights, int64_t n,
                             struct sy_error *err) {
    (void)feed, (void)router_logits;
    return keep_weights(argument, index, layer, ids, weights, n, err);
}

static bool drop_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    (void)argument, (void)feed, (void)index, (void)logits, (void)err;
    return true;
}

static void open_tiny(enum tiny_base base, struct arena *arena, struct tiny *tiny) {
    struct spec spec;
    struct tiny_run run = { .level = level_of_machine() };
    arena_open(arena);
    tiny_spec(base, arena, &spec);
    assert_true(tiny_open(tiny, &spec, DTYPE_F32, &run, NULL));
}

/* What the prompt's ids and what was generated are fed as: latent attention tells the two roles apart. */
TEST(generation_runs_prompts_and_steps) {
    struct arena arena;
    struct tiny tiny;
    struct generate_result result;
    struct generate_request request = { prompt, 10, 6, true };
    struct seen seen = { .next = 0 };
    struct routed got = { 0 }, want = { 0 }, prompts = { 0 };
    int64_t ids[16];
    open_tiny(TINY_DEEPSEEK, &arena, &tiny);
    assert_true(generate(&tiny.session, &request, &(struct generate_sink){ &seen, see_token, NULL }, NULL,
                         &result, NULL));
    assert_true(generate(&tiny.session, &request, &(struct generate_sink){ &got, NULL, keep_weights }, NULL,
                         &result, NULL));
    memcpy(ids, prompt, sizeof prompt);
    memcpy(ids + 10, seen.tokens, 6 * sizeof *ids);
    for (int64_t steps = 5; steps >= 0; steps -= 5) {
        struct feed feed = { ids, 15, steps, NULL, false, true };
        struct feed_sink sink = { steps ? &want : &prompts, drop_logits, keep_fed_weights };
        assert_true(session_sequence(&tiny.session, 15, &feed.sequence, NULL));
        assert_true(session_feed(&tiny.session, &feed, 1, 0, &sink, NULL, NULL));
        kv_sequence_close(feed.sequence);
    }
    assert_memory_equal(&got, &want, sizeof got);
    assert_memory_not_equal(&got, &prompts, sizeof got);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(equal_logits_give_the_lower_id) {
    struct arena arena;
    struct tiny tiny;
    struct generate_result result;
    struct generate_request request = { prompt, 10, 3, true };
    struct seen seen = { .next = 0 };
    open_tiny(TINY_MIXTRAL, &arena, &tiny);
    struct weight *head = &tiny.session.model.binding.global[SLOT_HEAD];
    memset((void *)(uintptr_t)head->data, 0, (size_t)(head->rows * head->cols) * sizeof(float));
    assert_true(generate(&tiny.session, &request, &(struct generate_sink){ &seen, see_token, NULL }, NULL,
                         &result, NULL));
    for (int i = 0; i < 3; i++) assert_int_equal(seen.tokens[i], 0);
    tiny.spec->tokens.eos[0] = 5; /* any of a model's end tokens ends it */
    tiny.spec->tokens.eos[1] = 0;
    tiny.spec->tokens.eos_count = 2;
    request.ignore_eos = false;
    assert_true(generate(&tiny.session, &request, &(struct generate_sink){ 0 }, NULL, &result, NULL));
    assert_true(result.ended);
    assert_int_equal(result.tokens, 1);
    tiny_close(&tiny);
    arena_close(&arena);
}

/* The original context of 8 may be filled to the last position; the ninth needs other factors. Statistics
 * count each id once all the same. */
TEST(longrope_is_crossed_behind_the_last_position) {
    struct arena arena;
    struct tiny tiny;
    struct moe_stats stats;
    struct generate_result result;
    struct generate_request request = { prompt, 4, 5, true };
    open_tiny(TINY_PHI, &arena, &tiny);
    assert_int_equal(tiny.spec->rope.original_context, 8);
    assert_true(generate(&tiny.session, &request, &(struct generate_sink){ 0 }, NULL, &result, NULL));
    assert_int_equal(generate_positions(&request), 8);
    assert_false(result.prefilled_anew);
    request.new_count = 6;
    assert_true(moe_stats_open(tiny.spec, false, &arena, &stats, NULL));
    assert_true(generate(&tiny.session, &request, &(struct generate_sink){ 0 }, &stats, &result, NULL));
    assert_true(result.prefilled_anew);
    assert_int_equal(stats.tokens[0], 9);
    tiny_close(&tiny);
    arena_close(&arena);
}
