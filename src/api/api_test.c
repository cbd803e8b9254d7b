/*
 * The public library as its header promises it: answers as the golden cases give them, alone and in company;
 * refusals that change nothing; structs of other versions; two models in one process.
 */
#include "api/model_path.h"
#include "base/json.h"
#include "test.h"
#include <switchyard.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mixtral[] = "tests/golden/mixtral_fused", llama[] = "tests/golden/llama4_bias";

enum { GREEDY = 20, IDS_MAX = 64 };

static struct sy_engine *open_golden(const char *golden, struct sy_options options) {
    char path[TEST_PATH_MAX];
    struct sy_engine *engine;
    struct sy_error err;
    test_source(path, golden);
    options.struct_bytes = sizeof options;
    if (!options.threads) options.threads = 2;
    if (!sy_engine_open(path, &options, &engine, &err)) fail_msg("%s", err.message);
    return engine;
}

struct golden {
    int64_t ids[IDS_MAX], greedy[GREEDY], count;
};

static struct golden read_golden(const char *golden) {
    char path[TEST_PATH_MAX], name[200];
    struct golden g = { .count = 0 };
    snprintf(name, sizeof name, "%s/expected.json", golden);
    test_source(path, name);
    json_t *root = json_parse_file(path, (struct json_limits){ 1 << 20, 8 }, NULL), *value;
    size_t i;
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "input_ids"), i, value) g.ids[g.count++] =
        json_integer_value(value);
    json_array_foreach(json_object_get(root, "greedy_ids"), i, value) g.greedy[i] = json_integer_value(value);
    json_decref(root);
    return g;
}

static struct sy_request request_of(const struct golden *g) {
    return (struct sy_request){ .struct_bytes = sizeof(struct sy_request),
                                .ids = g->ids,
                                .count = g->count,
                                .new_count = GREEDY,
                                .flags = SY_IGNORE_END };
}

/* Takes what is there; the tokens go to `tokens` [GREEDY]. Returns whether the sequence has finished. */
static bool drain(struct sy_engine *engine, int64_t sequence, int64_t *tokens, struct sy_event *last) {
    struct sy_error err;
    *last = (struct sy_event){ .struct_bytes = sizeof *last };
    for (;;) {
        struct sy_event event = { .struct_bytes = sizeof event };
        if (!sy_poll(engine, sequence, &event, &err)) fail_msg("%s", err.message);
        if (event.kind == SY_EVENT_NONE) return false;
        if (event.kind == SY_EVENT_TOKEN) tokens[event.index] = event.token.token;
        *last = event;
        if (event.kind == SY_EVENT_FINISHED) return true;
    }
}

static int64_t submit(struct sy_engine *engine, const struct sy_request *request) {
    struct sy_error err;
    int64_t sequence;
    if (!sy_submit(engine, request, &sequence, &err)) fail_msg("%s", err.message);
    return sequence;
}

static int64_t step(struct sy_engine *engine) {
    struct sy_error err;
    int64_t active;
    if (!sy_step(engine, &active, &err)) fail_msg("%s", err.message);
    return active;
}

TEST(an_engine_answers_as_the_golden_case_does) {
    struct golden g = read_golden(mixtral);
    struct sy_engine *engine = open_golden(mixtral, (struct sy_options){ .precision = SY_PRECISION_EXACT });
    struct sy_request request = request_of(&g);
    struct sy_event last;
    int64_t tokens[GREEDY], sequence = submit(engine, &request);
    while (step(engine) > 0) drain(engine, sequence, tokens, &last);
    assert_true(last.kind == SY_EVENT_FINISHED || drain(engine, sequence, tokens, &last));
    assert_memory_equal(tokens, g.greedy, sizeof tokens);
    assert_int_equal(last.finish, SY_FINISH_LENGTH);
    assert_string_equal(sy_finish_name(last.finish), "length");
    assert_int_equal(last.prompt_count, g.count);
    assert_int_equal(last.token_count, GREEDY);
    assert_int_equal(last.step_count, GREEDY - 1);
    assert_true(last.prompt_seconds > 0 && last.step_seconds > 0);
    sy_release(engine, sequence);
    assert_int_equal(sy_length(engine, sequence), -1);
    sy_engine_close(engine);
}

TEST(facts_are_the_models) {
    struct sy_engine *engine = open_golden("tests/golden/qwen2_moe_sparse_step",
                                           (struct sy_options){ .context = 40, .experts_per_token = 1 });
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(engine, &facts);
    assert_string_equal(facts.family, "qwen2_moe");
    assert_non_null(strstr(facts.path, "qwen2_moe_sparse_step"));
    assert_non_null(strstr(facts.runs_as, "2 threads"));
    assert_non_null(strstr(facts.departure, "1 of "));
    assert_true(facts.moe_layers == 2 && facts.moe_layer[0] == 1 && facts.moe_layer[1] == 5);
    assert_true(facts.layers == 6 && facts.experts_per_token == 1 && facts.context == 40 &&
                facts.threads == 2);
    assert_true(facts.weight_bytes > 0 && facts.kv_bytes > 0 && facts.step_bytes > 0);
    assert_false(sy_is_end(engine, -1));
    sy_engine_close(engine);
    engine = open_golden(mixtral, (struct sy_options){ 0 });
    sy_engine_facts(engine, &facts);
    assert_null(facts.departure);
    assert_true(facts.vocab == 61 && facts.experts == 6 && facts.experts_per_token == 3);
    sy_engine_close(engine);
    assert_non_null(strstr(sy_version(), "0."));
}

/* Both engines' sequences in turn, step by step; each answers as if it were alone. */
TEST(two_models_in_one_process) {
    struct golden g[2] = { read_golden(mixtral), read_golden(llama) };
    struct sy_options exact = { .precision = SY_PRECISION_EXACT };
    struct sy_engine *engines[2] = { open_golden(mixtral, exact), open_golden(llama, exact) };
    int64_t tokens[2][GREEDY], sequence[2];
    bool done[2] = { false };
    for (int i = 0; i < 2; i++) {
        struct sy_request request = request_of(&g[i]);
        sequence[i] = submit(engines[i], &request);
    }
    for (int round = 0; !done[0] || !done[1]; round++) {
        struct sy_event last;
        int i = round % 2;
        assert_true(round < 200);
        step(engines[i]);
        done[i] = done[i] || drain(engines[i], sequence[i], tokens[i], &last);
    }
    for (int i = 0; i < 2; i++) {
        assert_memory_equal(tokens[i], g[i].greedy, sizeof tokens[i]);
        sy_engine_close(engines[i]);
    }
}

/* ---- callbacks ---- */

struct watch {
    struct sy_engine *engine;
    int64_t logits, routes, layers, refused, sequence;
};

static void see_logits(void *argument, int64_t sequence, int64_t index, const float *logits, int64_t vocab) {
    struct watch *watch = argument;
    struct sy_error err = { 0 };
    int64_t active;
    assert_true(index == watch->logits++ && logits[0] == logits[0] && vocab == 61);
    watch->refused += !sy_step(watch->engine, &active, &err) && err.code == SY_ERR_USAGE;
    assert_int_equal(sy_length(watch->engine, sequence), -1);
    sy_engine_close(watch->engine); /* does nothing either */
}

static void see_routing(void *argument, const struct sy_routed_row *row) {
    struct watch *watch = argument;
    assert_int_equal(row->sequence, watch->sequence);
    assert_in_range(row->index, 0, IDS_MAX + GREEDY);
    assert_int_equal(row->count, 3);
    for (int64_t k = 0; k < row->count; k++) {
        assert_in_range(row->experts[k], 0, 5);
        if (k > 0) assert_true(row->logits[row->experts[k]] <= row->logits[row->experts[k - 1]]);
    }
    assert_true(row->weights[0] >= row->weights[1]);
    watch->routes++;
    if (row->layer >= watch->layers) watch->layers = row->layer + 1;
}

TEST(callbacks_see_each_id_and_may_not_call_back) {
    struct golden g = read_golden(mixtral);
    struct watch watch = { .engine = open_golden(mixtral, (struct sy_options){ 0 }) };
    struct sy_request request = request_of(&g);
    request.flags |= SY_WANT_ROUTING | SY_WANT_LOGITS;
    request.argument = &watch;
    request.on_logits = see_logits;
    request.on_routing = see_routing;
    watch.sequence = submit(watch.engine, &request);
    while (step(watch.engine) > 0) continue;
    assert_int_equal(watch.logits, g.count + GREEDY - 1);
    assert_int_equal(watch.refused, watch.logits);
    assert_int_equal(watch.layers, 3);
    assert_int_equal(watch.routes, 3 * watch.logits);
    sy_engine_close(watch.engine);
}

/* ---- where the ids went ---- */

enum { EXPERTS_MOST = 16 };

/* Counts of one layer as the routing told of them. */
struct tally {
    int64_t layer, picks, counts[EXPERTS_MOST];
};

static void tally_routing(void *argument, const struct sy_routed_row *row) {
    struct tally *tally = argument;
    if (row->layer != tally->layer) return;
    for (int64_t k = 0; k < row->count; k++) tally->counts[row->experts[k]]++;
    tally->picks += row->count;
}

static int64_t run_tallied(struct sy_engine *engine, const struct golden *g, struct tally *tally) {
    struct sy_request request = request_of(g);
    struct sy_event last;
    int64_t tokens[GREEDY];
    if (tally) {
        request.flags |= SY_WANT_ROUTING;
        request.argument = tally;
        request.on_routing = tally_routing;
    }
    int64_t sequence = submit(engine, &request);
    while (step(engine) > 0) continue;
    assert_true(drain(engine, sequence, tokens, &last));
    return last.prompt_count + last.step_count;
}

/* By default, with nobody wanting the routing; and a second run, tallied, is the difference. */
TEST(experts_are_counted_and_a_difference_is_a_window) {
    static const char *const models[] = { mixtral, "tests/golden/qwen2_moe_sparse_step" };
    for (int m = 0; m < 2; m++) {
        struct golden g = read_golden(models[m]);
        struct sy_engine *engine = open_golden(models[m], (struct sy_options){ 0 });
        struct sy_facts facts = { .struct_bytes = sizeof facts };
        sy_engine_facts(engine, &facts);
        int64_t E = facts.experts, K = facts.experts_per_token, picks = -1;
        int64_t before[EXPERTS_MOST], after[EXPERTS_MOST];
        assert_in_range(E, 1, EXPERTS_MOST);
        for (int64_t l = 0; l < facts.moe_layers; l++) {
            assert_int_equal(sy_engine_experts(engine, l, NULL, 0, &picks), E);
            assert_int_equal(picks, 0);
        }
        int64_t rows = run_tallied(engine, &g, NULL);
        for (int64_t l = 0; l < facts.moe_layers; l++) {
            struct tally tally = { .layer = facts.moe_layer[l] };
            int64_t sum = 0, picked;
            assert_int_equal(sy_engine_experts(engine, l, before, EXPERTS_MOST, &picks), E);
            for (int64_t e = 0; e < E; e++) sum += before[e];
            assert_int_equal(sum, picks);
            assert_int_equal(picks, (l + 1) * rows * K);
            assert_int_equal(run_tallied(engine, &g, &tally), rows);
            assert_int_equal(sy_engine_experts(engine, l, after, EXPERTS_MOST, &picked), E);
            assert_int_equal(picked - picks, tally.picks);
            for (int64_t e = 0; e < E; e++) assert_int_equal(after[e] - before[e], tally.counts[e]);
        }
        sy_engine_close(engine);
    }
}

TEST(counts_of_experts_where_there_are_none_or_less_room) {
    struct golden g = read_golden(mixtral);
    struct sy_engine *engine = open_golden(mixtral, (struct sy_options){ 0 }), *dense;
    int64_t rows = run_tallied(engine, &g, NULL), few[3] = { -1, -1, -1 }, all[6], picks = 7;
    assert_int_equal(sy_engine_experts(engine, 2, all, 6, NULL), 6);
    assert_int_equal(sy_engine_experts(engine, 2, few, 2, &picks), 6);
    assert_int_equal(picks, rows * 3); /* of all, whatever room there is */
    assert_true(few[0] == all[0] && few[1] == all[1] && few[2] == -1);
    const int64_t none[] = { -1, 3, INT64_MIN, INT64_MAX };
    for (int i = 0; i < 4; i++) {
        picks = 7;
        assert_int_equal(sy_engine_experts(engine, none[i], few, 3, &picks), 0);
        assert_true(picks == 0 && few[0] == all[0]);
    }
    assert_int_equal(sy_engine_experts(engine, 0, few, -1, NULL), 6);
    assert_int_equal(sy_engine_experts(NULL, 0, few, 3, &picks), 0);
    assert_int_equal(picks, 0);
    sy_engine_close(engine);
    dense = open_golden("tests/golden/llama_linear_tied", (struct sy_options){ 0 });
    struct golden text = read_golden("tests/golden/llama_linear_tied");
    run_tallied(dense, &text, NULL);
    picks = 7;
    assert_int_equal(sy_engine_experts(dense, 0, few, 3, &picks), 0);
    assert_int_equal(picks, 0);
    sy_engine_close(dense);
}

/* ---- structs of other versions ---- */

TEST(structs_of_older_and_newer_callers) {
    struct golden g = read_golden(mixtral);
    struct sy_error err;
    char path[TEST_PATH_MAX];
    test_source(path, mixtral);
    struct {
        struct sy_options options;
        int64_t later;
    } newer = { { .struct_bytes = sizeof newer, .threads = 1, .context = 50 }, 0 };
    struct sy_engine *engine;
    assert_true(sy_engine_open(path, &newer.options, &engine, &err));
    sy_engine_close(engine);
    newer.later = 1;
    assert_false(sy_engine_open(path, &newer.options, &engine, &err));
    assert_int_equal(err.code, SY_ERR_USAGE);
    assert_null(engine);

    /* An older header ended before `context`: what lies behind is not looked at. */
    struct sy_options older = { .struct_bytes = offsetof(struct sy_options, context),
                                .threads = 1,
                                .context = -1 };
    assert_true(sy_engine_open(path, &older, &engine, &err));
    struct {
        struct sy_facts facts;
        int64_t later;
    } facts = { { .struct_bytes = sizeof facts }, 77 };
    sy_engine_facts(engine, &facts.facts);
    assert_true(facts.facts.vocab == 61 && facts.later == 0 && facts.facts.struct_bytes == sizeof facts);
    struct sy_facts few = { .struct_bytes = offsetof(struct sy_facts, vocab), .vocab = 99 };
    sy_engine_facts(engine, &few);
    assert_true(few.experts == 6 && few.vocab == 99);

    struct sy_request request = request_of(&g);
    struct sy_event event = { 0 };
    int64_t sequence;
    static const size_t wrong[] = { 0, 7, SIZE_MAX };
    for (size_t i = 0; i < 3; i++) {
        request.struct_bytes = older.struct_bytes = event.struct_bytes = wrong[i];
        struct sy_engine *none;
        assert_false(sy_submit(engine, &request, &sequence, &err));
        assert_int_equal(err.code, SY_ERR_USAGE);
        assert_non_null(strstr(err.remedy, "sizeof(struct sy_request)"));
        assert_false(sy_engine_open(path, &older, &none, &err));
        assert_false(sy_poll(engine, 1, &event, &err));
        assert_int_equal(err.code, SY_ERR_USAGE);
    }
    sy_engine_close(engine);
}

/* ---- refusals ---- */

static void expect_open(struct sy_options options, enum sy_code code, const char *message) {
    char path[TEST_PATH_MAX], line[1024];
    struct sy_engine *engine = (void *)&path;
    struct sy_error err = { 0 };
    test_source(path, mixtral);
    options.struct_bytes = sizeof options;
    assert_false(sy_engine_open(path, &options, &engine, &err));
    assert_null(engine);
    assert_int_equal(err.code, code);
    if (!strstr(sy_error_text(&err, line, sizeof line), message)) fail_msg("%s", line);
}

TEST(keys_and_values_of_every_type) {
    static const char *const types[] = { "f32", "f16", "bf16", "q8_0" };
    int64_t before = INT64_MAX;
    for (int i = 0; i < 4; i++) {
        struct sy_facts facts = { .struct_bytes = sizeof facts };
        struct sy_engine *engine =
            open_golden("tests/golden/gpt_oss_mxfp4", (struct sy_options){ .kv = types[i] });
        sy_engine_facts(engine, &facts);
        char words[32];
        snprintf(words, sizeof words, ", %s cache, ", types[i]); /* as --kv spells it */
        assert_non_null(strstr(facts.runs_as, words));
        assert_true(i == 2 ? facts.kv_bytes == before : facts.kv_bytes < before);
        before = facts.kv_bytes;
        sy_engine_close(engine);
    }
}

TEST(options_that_cannot_be_are_refused) {
    expect_open((struct sy_options){ .flags = 1u << 31 }, SY_ERR_USAGE, "flags");
    expect_open((struct sy_options){ .precision = (enum sy_precision)7 }, SY_ERR_INPUT, "precision");
    expect_open((struct sy_options){ .threads = -1 }, SY_ERR_INPUT, "threads");
    expect_open((struct sy_options){ .threads = 100000 }, SY_ERR_INPUT, "threads");
    expect_open((struct sy_options){ .kv = "f64" }, SY_ERR_INPUT, "q8_0");
    expect_open((struct sy_options){ .cpu = "mmx" }, SY_ERR_INPUT, "avx2");
    expect_open((struct sy_options){ .context = -4 }, SY_ERR_INPUT, "context");
    expect_open((struct sy_options){ .context = INT64_MAX }, SY_ERR_LIMIT, "");
    expect_open((struct sy_options){ .sequences = INT64_MAX }, SY_ERR_INPUT, "sequences");
    expect_open((struct sy_options){ .batch_rows = -1 }, SY_ERR_INPUT, "batch_rows");
    expect_open((struct sy_options){ .memory_bytes = 1000 }, SY_ERR_MEMORY, "sy_options.memory_bytes");
    expect_open((struct sy_options){ .experts_per_token = 7 }, SY_ERR_INPUT, "1 to 6");
    expect_open((struct sy_options){ .flags = SY_REGIME_BF16, .precision = SY_PRECISION_EXACT }, SY_ERR_INPUT,
                "SY_REGIME_BF16");
    expect_open((struct sy_options){ .flags = SY_LAYOUT_FILE | SY_LAYOUT_KERNEL }, SY_ERR_USAGE,
                "SY_LAYOUT_FILE");
}

struct taker {
    int64_t bytes;
    struct sy_facts told;
};

static int64_t take_beside(void *argument, const struct sy_facts *facts) {
    struct taker *taker = argument;
    taker->told = *facts;
    return taker->bytes;
}

/* What the caller takes beside the engine is part of the sum, and of what is refused. */
TEST(a_callers_memory_is_counted) {
    struct taker taker = { .bytes = 0 };
    struct sy_options options = { .context = 40, .beside = take_beside, .argument = &taker };
    struct sy_facts bare = { .struct_bytes = sizeof bare }, more = { .struct_bytes = sizeof more };
    struct sy_engine *engine = open_golden("tests/golden/qwen2_moe_sparse_step", options);
    sy_engine_facts(engine, &bare);
    sy_engine_close(engine);
    const struct sy_facts *told = &taker.told;
    assert_true(told->layers == 6 && told->moe_layers == 2 && told->experts == bare.experts &&
                told->experts_per_token == bare.experts_per_token && told->vocab == bare.vocab &&
                told->context == 40 && told->context_trained == bare.context_trained);
    taker.bytes = 5000;
    engine = open_golden("tests/golden/qwen2_moe_sparse_step", options);
    sy_engine_facts(engine, &more);
    assert_int_equal(more.other_bytes, bare.other_bytes + 5000);
    sy_engine_close(engine);
    options.memory_bytes = (int64_t)1 << 30;
    taker.bytes = options.memory_bytes;
    expect_open(options, SY_ERR_MEMORY, "sy_options.memory_bytes");
    options.memory_bytes = 0;
    taker.bytes = -1; /* more than can be counted */
    expect_open(options, SY_ERR_MEMORY, "needs 1099511");
    taker.bytes = INT64_MAX;
    expect_open(options, SY_ERR_MEMORY, "needs 1099511");
}

TEST(calls_that_cannot_be_are_refused) {
    struct golden g = read_golden(mixtral);
    struct sy_engine *engine = open_golden(mixtral, (struct sy_options){ .context = 60 }), *none = NULL;
    struct sy_event event = { .struct_bytes = sizeof event };
    struct sy_error err;
    int64_t sequence = 0, active, wrong_ids[] = { 1, 61 };
    assert_false(sy_engine_open("/nowhere/at/all", NULL, &none, &err));
    assert_int_equal(err.code, SY_ERR_IO);
    assert_false(sy_engine_open(NULL, NULL, &none, &err));
    assert_false(sy_engine_open("", NULL, &none, &err));
    assert_false(sy_step(NULL, &active, &err));
    assert_int_equal(err.code, SY_ERR_USAGE);
    assert_false(sy_poll(NULL, 1, &event, &err));
    assert_false(sy_poll(engine, 1, NULL, &err));
    assert_false(sy_poll(engine, 1, &event, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    struct sy_facts facts = { .struct_bytes = sizeof facts, .vocab = 7 };
    struct sy_profile profile = { .struct_bytes = sizeof profile, .steps = 7 };
    struct sy_sampling sampling = { .top_k = 7 };
    sy_engine_facts(NULL, &facts);
    sy_engine_facts(engine, NULL);
    sy_engine_profile(NULL, &profile);
    sy_engine_profile(engine, NULL);
    sy_recommended(NULL, &sampling);
    sy_recommended(engine, NULL);
    assert_true(facts.vocab == 0 && profile.steps == 0 && sampling.top_k == 0);
    assert_false(sy_is_end(NULL, 1));
    assert_int_equal(sy_length(NULL, 1), -1);
    assert_null(sy_ids(NULL, 1));
    sy_release(NULL, 1);
    sy_free(NULL);
    assert_non_null(sy_finish_name((enum sy_finish)99));
    assert_false(sy_submit(engine, NULL, &sequence, &err));
    assert_false(sy_save(engine, 1, NULL, &err));
    assert_false(sy_save(engine, 1, "/nowhere/at/all", &err));
    assert_false(sy_save(NULL, 1, "/nowhere/at/all", &err));
    assert_false(sy_restore(engine, NULL, &sequence, &err));
    assert_false(sy_restore(engine, "/nowhere/at/all", NULL, &err));
    assert_false(sy_restore(NULL, "/nowhere/at/all", &sequence, &err));
    assert_int_equal(err.code, SY_ERR_USAGE);
    sy_cancel(NULL, 1);
    sy_cancel(engine, 1);
    sy_cancel(engine, INT64_MIN);
    sy_release(engine, -1);
    sy_engine_close(NULL);
    assert_int_equal(sy_length(engine, INT64_MAX), -1);
    assert_null(sy_ids(engine, 3));

    struct sy_request request = request_of(&g);
    assert_false(sy_submit(engine, &request, NULL, NULL)); /* and nobody asks why */
    request.new_count = 1000;
    assert_false(sy_submit(engine, &request, &sequence, &err)); /* beyond the context */
    assert_int_equal(err.code, SY_ERR_INPUT);
    request = request_of(&g);
    request.ids = wrong_ids, request.count = 2;
    assert_false(sy_submit(engine, &request, &sequence, &err));
    assert_non_null(strstr(err.message, "61"));
    request = request_of(&g);
    request.flags = 1u << 30;
    assert_false(sy_submit(engine, &request, &sequence, &err));
    request = request_of(&g);
    request.sampling.top_p = 1.5;
    assert_false(sy_submit(engine, &request, &sequence, &err));
    assert_non_null(strstr(err.message, "top_p"));
    assert_int_equal(step(engine), 0);
    sy_engine_close(engine);
}

TEST(cancelled_before_its_next_token) {
    struct golden g = read_golden(mixtral);
    struct sy_engine *engine = open_golden(mixtral, (struct sy_options){ .precision = SY_PRECISION_EXACT });
    struct sy_request request = request_of(&g);
    struct sy_event last;
    int64_t tokens[GREEDY], sequence = submit(engine, &request);
    for (int i = 0; i < 4; i++) step(engine);
    sy_cancel(engine, sequence);
    assert_int_equal(step(engine), 0);
    assert_true(drain(engine, sequence, tokens, &last));
    assert_int_equal(last.finish, SY_FINISH_CANCELLED);
    assert_int_equal(last.token_count, 4);
    assert_memory_equal(tokens, g.greedy, 4 * sizeof *tokens);
    sy_engine_close(engine);
}

/* ---- the profile ---- */

TEST(a_profile_is_kept_when_asked_for) {
    struct golden g = read_golden(mixtral);
    for (int on = 0; on < 2; on++) {
        struct sy_engine *engine = open_golden(mixtral, (struct sy_options){ .flags = on ? SY_PROFILE : 0 });
        struct sy_request request = request_of(&g);
        struct sy_profile p = { .struct_bytes = sizeof p, .steps = 5 };
        submit(engine, &request);
        while (step(engine) > 0) continue;
        sy_engine_profile(engine, &p);
        if (on) {
            assert_true(p.router > 0 && p.dispatch > 0 && p.experts > 0 && p.combine > 0 && p.attention > 0 &&
                        p.head > 0 && p.other > 0 && p.dense == 0 && p.barrier_count > 0);
            double sum = p.router + p.dispatch + p.experts + p.combine + p.attention + p.head + p.other;
            assert_true(p.total > 0.999 * sum && p.total < 1.001 * sum && p.barriers < p.total);
            assert_int_equal(p.steps, GREEDY);
        } else {
            assert_true(p.total == 0 && p.steps == 0);
        }
        sy_engine_close(engine);
    }
}

/* ---- names of models ---- */

TEST(a_word_names_a_path_then_a_model) {
    char folder[TEST_PATH_MAX], inside[TEST_PATH_MAX + 20], path[512];
    struct sy_error err;
    test_temp_path(folder, "models");
    snprintf(inside, sizeof inside, "%s/tiny", folder);
    assert_int_equal(mkdir(folder, 0700) + mkdir(inside, 0700), 0);
    assert_int_equal(chdir(test_temp_dir()), 0);
    setenv("SWITCHYARD_MODELS", folder, 1);
    assert_true(model_path_find("tiny", path, sizeof path, &err));
    assert_string_equal(path, inside);
    assert_int_equal(mkdir("tiny", 0700), 0); /* what is there under its own path comes first */
    assert_true(model_path_find("tiny", path, sizeof path, &err));
    assert_string_equal(path, "tiny");
    assert_true(model_path_find("other", path, sizeof path, &err));
    assert_string_equal(path, "other");
    assert_true(model_path_find("/tiny", path, sizeof path, &err)); /* never below the folder */
    assert_string_equal(path, "/tiny");
    assert_false(model_path_find("", path, sizeof path, &err));
    assert_false(model_path_find("much too long", path, 5, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
}

/* ---- to a file and back ---- */

TEST(a_kept_sequence_goes_to_a_file_and_goes_on_elsewhere) {
    struct golden g = read_golden(mixtral);
    struct sy_options exact = { .precision = SY_PRECISION_EXACT, .sequences = 2 };
    struct sy_engine *one = open_golden(mixtral, exact), *other = open_golden(mixtral, exact),
                     *stranger = open_golden(llama, exact);
    char path[TEST_PATH_MAX];
    struct sy_error err;
    struct sy_request request = request_of(&g);
    struct sy_event last;
    struct stat file;
    int64_t tokens[GREEDY], restored, sequence;
    test_temp_path(path, "kept");
    request.new_count = 8;
    request.flags |= SY_KEEP;
    sequence = submit(one, &request);
    assert_false(sy_save(one, sequence, path, &err)); /* it has not finished */
    assert_int_equal(err.code, SY_ERR_INPUT);
    while (step(one) > 0) continue;
    assert_true(sy_save(one, sequence, path, &err));
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_false(sy_restore(stranger, path, &restored, &err));
    assert_int_equal(sy_length(one, sequence), g.count + 7);
    if (!sy_restore(other, path, &restored, &err)) fail_msg("%s", err.message);
    assert_int_equal(sy_length(other, restored), g.count + 7);
    assert_memory_equal(sy_ids(other, restored), g.ids, (size_t)g.count * sizeof *g.ids);
    request = request_of(&g);
    request.past = restored;
    request.past_length = g.count + 7;
    request.ids = g.greedy + 7; /* the last one generated has not run */
    request.count = 1;
    request.new_count = GREEDY - 8;
    sequence = submit(other, &request);
    while (step(other) > 0) continue;
    assert_true(drain(other, sequence, tokens, &last));
    assert_memory_equal(tokens, g.greedy + 8, (GREEDY - 8) * sizeof *tokens);
    sy_engine_close(one);
    sy_engine_close(other);
    sy_engine_close(stranger);
}
