#include "commands/run_report.h"
#include "test.h"

#include <string.h>

static struct layer_spec layers[] = { { .ffn = FFN_MOE } };

static struct routing_log small_log(void) {
    struct spec spec = { .decoder = { .layer_count = 1, .layers = layers } };
    struct routing_log log;
    const float weights[] = { 0.75f, 0.25f };
    spec.router.experts = 3;
    spec.router.top_k = 2;
    assert_true(routing_log_open(&spec, 2, &log, NULL));
    routing_log_add(&log, 0, 0, (const int32_t[]){ 2, 0 }, weights, 2);
    routing_log_add(&log, 1, 0, (const int32_t[]){ 2, 1 }, weights, 2);
    return log;
}

TEST(the_json_of_run_is_a_contract) {
    struct routing_log log = small_log();
    struct run_facts facts = {
        .tokens = (const int64_t[]){ 7, 8 },
        .token_count = 2,
        .prompt_count = 1,
        .prefill_rate = 10,
        .decode_rate = 2.5,
        .load_seconds = 0.5,
        .peak_bytes = 99,
        .routing = &log,
    };
    struct text text = { 0 };
    run_report_json(&facts, &text);
    assert_string_equal(
        text.data,
        "{\"text\":null,\"tokens\":[7,8],\"prompt_tokens\":1,\"prefill_tok_per_s\":10,"
        "\"decode_tok_per_s\":2.5,\"load_ms\":500,\"peak_rss_bytes\":99,\"routing\":{\"moe_layers\":[0],"
        "\"counts\":[[1,1,2]],\"choices\":[[[2,0]],[[2,1]]]}}\n");
    text_free(&text);
    routing_log_close(&log);
}

/* Layers 1 and 3 of a model, whose tokens choose as many experts as they like. */
TEST(every_layer_has_its_own_numbers) {
    struct layer_spec four[] = {
        { .ffn = FFN_DENSE }, { .ffn = FFN_MOE }, { .ffn = FFN_DENSE }, { .ffn = FFN_MOE }
    };
    struct spec spec = { .decoder = { .layer_count = 4, .layers = four } };
    struct routing_log log;
    struct style style = { .columns = 80 };
    const float weights[] = { 0.75f, 0.25f };
    spec.router.experts = 3;
    spec.router.select = SELECT_TOP_P;
    assert_true(routing_log_open(&spec, 2, &log, NULL));
    routing_log_add(&log, 0, 1, (const int32_t[]){ 2, 0 }, weights, 2);
    routing_log_add(&log, 0, 3, (const int32_t[]){ 1 }, weights, 1);
    routing_log_add(&log, 1, 1, (const int32_t[]){ 0 }, weights, 1);
    routing_log_add(&log, 1, 3, (const int32_t[]){ 0, 1 }, weights, 2);
    struct run_facts facts = { .model = "m", .runs_as = "exact", .prompt_count = 2, .routing = &log };
    struct text text = { 0 }, human = { 0 };
    run_report_json(&facts, &text);
    assert_non_null(strstr(text.data, "{\"moe_layers\":[1,3],\"counts\":[[2,0,1],[1,2,0]],"
                                      "\"choices\":[[[2,0],[1]],[[0],[0,1]]]}"));
    run_report_human(&facts, &style, &human);
    assert_non_null(strstr(human.data, "0  66.7 %   1   0.0 %      0.58\n"));
    assert_non_null(strstr(human.data, "1  66.7 %   2   0.0 %      0.58\n"));
    assert_non_null(strstr(human.data, "    1     0 0.750\n    3     0 0.750     1 0.250\n"));
    text_free(&text);
    text_free(&human);
    routing_log_close(&log);
    four[1].ffn = four[3].ffn = FFN_DENSE;
    assert_true(routing_log_open(&spec, 2, &log, NULL));
    run_report_human(&facts, &style, &human);
    assert_non_null(strstr(human.data, "No layer of this model has experts.\n"));
    text_free(&human);
    routing_log_close(&log);
}

TEST(equal_loads_name_the_lower_expert) {
    struct spec spec = { .decoder = { .layer_count = 1, .layers = layers } };
    struct routing_log log;
    struct style style = { .columns = 80 };
    const float weights[] = { 0.75f, 0.25f };
    spec.router.experts = 4;
    spec.router.top_k = 2;
    spec.router.select = SELECT_TOP_K_IN_GROUPS; /* two choices a token here too, not four */
    assert_true(routing_log_open(&spec, 1, &log, NULL));
    assert_int_equal(log.most, 2);
    routing_log_add(&log, 0, 0, (const int32_t[]){ 3, 1 }, weights, 2);
    struct run_facts facts = { .model = "m", .runs_as = "exact", .prompt_count = 1, .routing = &log };
    struct text human = { 0 };
    run_report_human(&facts, &style, &human);
    assert_non_null(strstr(human.data, "1  50.0 %   0   0.0 %"));
    text_free(&human);
    routing_log_close(&log);
}

TEST(the_report_fits_eighty_columns) {
    struct routing_log log = small_log();
    struct style style = { .columns = 80 };
    int64_t tokens[300];
    for (int i = 0; i < 300; i++) tokens[i] = 151000 + i;
    struct run_facts facts = { .tokens = tokens,
                               .token_count = 300,
                               .prompt_count = 1,
                               .model = "m",
                               .runs_as = "exact",
                               .routing = &log };
    struct text text = { 0 };
    run_report_human(&facts, &style, &text);
    assert_non_null(strstr(text.data, "    0  448   2  50.0 %   0  25.0 %      0.95\n"));
    assert_non_null(strstr(text.data, "    0     2 0.750     1 0.250\n"));
    for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1)
        assert_true(end - line <= 80);
    text_free(&text);
    routing_log_close(&log);
}
