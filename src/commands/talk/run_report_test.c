#include "commands/console.h"
#include "commands/talk/run_report.h"
#include "test.h"

#include <string.h>

static const int64_t first_layer[] = { 0 }, odd_layers[] = { 1, 3 };

/* What an engine would have counted. */
static const struct expert_load *load_of(int64_t layers, int64_t experts, const int64_t *counts) {
    static struct expert_load load;
    static int64_t copy[16];
    memcpy(copy, counts, (size_t)(layers * experts) * sizeof *copy);
    load = (struct expert_load){ layers, experts, copy };
    return &load;
}
static const int64_t small_counts[] = { 1, 1, 2 };

static void add(struct routing_log *log, int64_t index, int64_t layer, const int32_t *experts,
                const float *weights, int64_t count) {
    const struct sy_routed_row row = {
        .index = index, .layer = layer, .count = count, .experts = experts, .weights = weights
    };
    routing_log_add(log, &row);
}

static struct routing_log small_log(void) {
    struct sy_facts engine = {
        .layers = 1, .moe_layers = 1, .moe_layer = first_layer, .experts = 3, .experts_per_token = 2
    };
    struct routing_log log;
    const float weights[] = { 0.75f, 0.25f };
    assert_true(routing_log_open(&engine, 2, false, &log, NULL));
    add(&log, 0, 0, (const int32_t[]){ 2, 0 }, weights, 2);
    add(&log, 1, 0, (const int32_t[]){ 2, 1 }, weights, 2);
    return log;
}

static void report(const struct run_facts *facts, const struct style *style, struct text *out) {
    run_report_ids(facts, style, out);
    run_report_rest(facts, style, out);
}

/* What is there only when asked for. */
TEST(the_json_of_run_has_more_when_asked) {
    struct sy_logprob top[] = { { 7, -0.5 }, { 9, -1.25 } };
    struct run_token token = { { 7, -0.5 }, top, 2 };
    struct sy_sampling drawn = { .seed = 12 };
    struct sy_profile profile = {
        .router = 0.001, .experts = 0.002, .total = 0.004, .barriers = 0.0005, .steps = 3, .barrier_count = 40
    };
    struct text answer = { 0 }, text = { 0 }, human = { 0 };
    text_add(&answer, "a \"b\"");
    struct run_facts facts = { .tokens = &token,
                               .token_count = 1,
                               .text = &answer,
                               .finish = SY_FINISH_STOP,
                               .logprobs = true,
                               .drawn = &drawn,
                               .departure = "1 of 6",
                               .model = "m",
                               .runs_as = "exact",
                               .profile = &profile };
    struct style style = { .columns = 80 };
    assert_true(run_report_json(&facts, &text, console_print, NULL));
    assert_non_null(strstr(text.data, "{\"text\":\"a \\\"b\\\"\",\"tokens\":[7],"));
    assert_non_null(strstr(text.data, "\"finish_reason\":\"stop\",\"seed\":12,\"departure\":\"1 of 6\","
                                      "\"logprobs\":[{\"token\":7,\"logprob\":-0.5,\"top\":[{\"token\":7,"
                                      "\"logprob\":-0.5},{\"token\":9,\"logprob\":-1.25}]}],\"profile\":"
                                      "{\"router_ms\":1,\"dispatch_ms\":0,\"experts_ms\":2,"));
    assert_non_null(strstr(text.data, "\"total_ms\":4,\"barriers_ms\":0.5,\"barriers\":40,\"passes\":3}}\n"));
    report(&facts, &style, &human);
    assert_non_null(strstr(human.data, "--seed 12\n"));
    assert_non_null(strstr(human.data, "7 -0.500, 9 -1.250"));
    assert_non_null(strstr(human.data, "50.0 %\n"));
    assert_non_null(strstr(human.data, "12.5 %\n"));
    text_free(&answer);
    text_free(&text);
    text_free(&human);
}

TEST(the_json_of_run_is_a_contract) {
    struct routing_log log = small_log();
    struct run_facts facts = {
        .tokens = (const struct run_token[]){ { { 7, 0 }, NULL, 0 }, { { 8, 0 }, NULL, 0 } },
        .token_count = 2,
        .prompt_count = 1,
        .prefill_rate = 10,
        .decode_rate = 2.5,
        .load_seconds = 0.5,
        .peak_bytes = 99,
        .finish = SY_FINISH_LENGTH,
        .routing = &log,
        .load = load_of(1, 3, small_counts),
    };
    struct text text = { 0 };
    assert_true(run_report_json(&facts, &text, console_print, NULL));
    assert_string_equal(
        text.data,
        "{\"text\":null,\"tokens\":[7,8],\"prompt_tokens\":1,\"prefill_tok_per_s\":10,"
        "\"decode_tok_per_s\":2.5,\"load_ms\":500,\"peak_rss_bytes\":99,\"finish_reason\":\"length\","
        "\"routing\":{\"moe_layers\":[0],"
        "\"counts\":[[1,1,2]],\"choices\":[[[2,0]],[[2,1]]]}}\n");
    text_free(&text);
    routing_log_close(&log);
}

/* Layers 1 and 3 of a model, whose tokens choose as many experts as they like. */
TEST(every_layer_has_its_own_numbers) {
    struct sy_facts engine = {
        .layers = 4, .moe_layers = 2, .moe_layer = odd_layers, .experts = 3, .experts_per_token = 3
    };
    struct routing_log log;
    struct style style = { .columns = 80 };
    const float weights[] = { 0.75f, 0.25f };
    assert_true(routing_log_open(&engine, 2, false, &log, NULL));
    add(&log, 0, 1, (const int32_t[]){ 2, 0 }, weights, 2);
    add(&log, 0, 3, (const int32_t[]){ 1 }, weights, 1);
    add(&log, 1, 1, (const int32_t[]){ 0 }, weights, 1);
    add(&log, 1, 3, (const int32_t[]){ 0, 1 }, weights, 2);
    struct run_facts facts = { .model = "m",
                               .runs_as = "exact",
                               .prompt_count = 2,
                               .routing = &log,
                               .load = load_of(2, 3, (const int64_t[]){ 2, 0, 1, 1, 2, 0 }) };
    struct text text = { 0 }, human = { 0 };
    assert_true(run_report_json(&facts, &text, console_print, NULL));
    assert_non_null(strstr(text.data, "{\"moe_layers\":[1,3],\"counts\":[[2,0,1],[1,2,0]],"
                                      "\"choices\":[[[2,0],[1]],[[0],[0,1]]]}"));
    report(&facts, &style, &human);
    assert_non_null(strstr(human.data, "0  66.7 %   1   0.0 %      0.58\n"));
    assert_non_null(strstr(human.data, "1  66.7 %   2   0.0 %      0.58\n"));
    assert_non_null(strstr(human.data, "    1     0 0.750\n    3     0 0.750     1 0.250\n"));
    text_free(&text);
    text_free(&human);
    routing_log_close(&log);
    engine.moe_layers = 0;
    assert_true(routing_log_open(&engine, 2, false, &log, NULL));
    report(&facts, &style, &human);
    assert_non_null(strstr(human.data, "No layer of this model has experts.\n"));
    text_free(&human);
    routing_log_close(&log);
}

TEST(equal_loads_name_the_lower_expert) {
    struct sy_facts engine = {
        .layers = 1, .moe_layers = 1, .moe_layer = first_layer, .experts = 4, .experts_per_token = 2
    };
    struct routing_log log;
    struct style style = { .columns = 80 };
    const float weights[] = { 0.75f, 0.25f };
    assert_true(routing_log_open(&engine, 1, false, &log, NULL));
    add(&log, 0, 0, (const int32_t[]){ 3, 1 }, weights, 2);
    struct run_facts facts = { .model = "m",
                               .runs_as = "exact",
                               .prompt_count = 1,
                               .routing = &log,
                               .load = load_of(1, 4, (const int64_t[]){ 0, 1, 0, 1 }) };
    struct text human = { 0 };
    report(&facts, &style, &human);
    assert_non_null(strstr(human.data, "1  50.0 %   0   0.0 %"));
    text_free(&human);
    routing_log_close(&log);
}

TEST(the_report_fits_eighty_columns) {
    struct routing_log log = small_log();
    struct style style = { .columns = 80 };
    struct run_token tokens[300] = { 0 };
    for (int i = 0; i < 300; i++) tokens[i].token.token = 151000 + i;
    struct run_facts facts = { .tokens = tokens,
                               .token_count = 300,
                               .prompt_count = 1,
                               .model = "m",
                               .runs_as = "exact",
                               .routing = &log,
                               .load = load_of(1, 3, small_counts) };
    struct text text = { 0 };
    report(&facts, &style, &text);
    assert_non_null(strstr(text.data, "    0  448   2  50.0 %   0  25.0 %      0.95\n"));
    assert_non_null(strstr(text.data, "    0     2 0.750     1 0.250\n"));
    for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1)
        assert_true(end - line <= 80);
    text_free(&text);
    routing_log_close(&log);
}

/* What a long report has printed so far. */
static struct text printed;
static int64_t pieces;
static size_t largest;

static bool collect(struct text *text, struct sy_error *err) {
    if (pieces == 3) return sy_fail(err, SY_ERR_IO, "nobody takes it");
    pieces++;
    if (text->size > largest) largest = text->size;
    text_add_bytes(&printed, text->data, text->size);
    text_free(text);
    return true;
}

/* A long report is printed by and by, and is the same text. */
TEST(a_long_report_goes_out_in_pieces) {
    enum { IDS = 9000 };
    struct sy_facts engine = {
        .layers = 4, .moe_layers = 2, .moe_layer = odd_layers, .experts = 3, .experts_per_token = 3
    };
    struct routing_log log;
    const float weights[] = { 0.75f, 0.25f, 0.125f };
    assert_true(routing_log_open(&engine, IDS, false, &log, NULL));
    for (int64_t i = 0; i < IDS; i++)
        for (int64_t l = 1; l <= 3; l += 2)
            add(&log, i, l, (const int32_t[]){ (int32_t)(i % 3), 1, 2 }, weights, 1 + i % 3);
    struct run_facts facts = { .model = "m",
                               .runs_as = "exact",
                               .prompt_count = IDS,
                               .routing = &log,
                               .load = load_of(2, 3, (const int64_t[6]){ 0 }) };
    struct text text = { 0 };
    struct sy_error err = { 0 };
    assert_true(run_report_json(&facts, &text, collect, &err));
    assert_true(collect(&text, &err));
    assert_in_range(pieces, 2, 3);
    assert_true(largest < 66000);
    json_t *root = json_parse(printed.data, (int64_t)printed.size, (struct json_limits){ 1 << 24, 8 }, &err);
    if (!root) fail_msg("%s", err.message);
    json_t *choices = json_object_get(json_object_get(root, "routing"), "choices");
    assert_int_equal(json_array_size(choices), IDS);
    for (size_t i = 0; i < IDS; i++) {
        json_t *second = json_array_get(json_array_get(choices, i), 1);
        assert_int_equal(json_array_size(second), 1 + i % 3);
        assert_int_equal(json_integer_value(json_array_get(second, 0)), i % 3);
    }
    json_decref(root);
    pieces = 3; /* who reads it has gone */
    assert_false(run_report_json(&facts, &text, collect, &err));
    assert_int_equal(err.code, SY_ERR_IO);
    text_free(&text);
    text_free(&printed);
    routing_log_close(&log);
}
