/*
 * The interface: places of errors, contexts, chats, spans, bounds, threads.
 */
#include "template/rendering_test.h"

#include <pthread.h>

TEST(places_of_errors) {
    assert_refused("a\n{{ x.y }}", SY_ERR_FORMAT, "line 2, column 5", "'x' is undefined");
    assert_refused("{{ 1 +\n  'a' }}", SY_ERR_FORMAT, "line 1, column 6", "unsupported operand");
    assert_refused("{% if true %}\n\n  {% nope %}{% endif %}", SY_ERR_FORMAT, "line 3, column 6",
                   "unknown tag 'nope'");
    assert_refused("{{ 'é' }}{{ 1|nope }}", SY_ERR_FORMAT, "line 1, column 15", "No filter named 'nope'");
    assert_refused("{% for x in [1] %}", SY_ERR_FORMAT, NULL, "endfor");
    assert_refused("\n\n{{ 'abc }}", SY_ERR_FORMAT, "line 3, column 4", "string");
    assert_refused("{% macro f() %}\n{{ 1 / 0 }}{% endmacro %}\n{{ f() }}", SY_ERR_FORMAT, "line 2, column 6",
                   "division by zero");
    assert_refused("{{ 1\xff }}", SY_ERR_FORMAT, "line 1, column 5", "UTF-8");
    assert_refused("{{ 1|map('upper')|map('upper')|list }}", SY_ERR_FORMAT, "line 1, column 32",
                   "'int' object is not iterable");
    assert_refused("{{ [[[1, 2]]]|tojson(indent='a', nope=1) }}", SY_ERR_FORMAT, "line 1, column 15",
                   "unexpected");
}

TEST(raise_exception_speaks_for_the_template) {
    assert_refused("ab\n{{ raise_exception('Only ' ~ 1 ~ ' user') }}", SY_ERR_INPUT, "line 2, column 19",
                   "Only 1 user");
}

/* Every failure has a line and a column: also what fails within filters, methods and loops. */
TEST(every_error_has_a_place) {
    static const char *const broken[] = {
        "{{ 1|batch }}",
        "{{ 'a'.split('') }}",
        "{{ [1, 'a']|sort }}",
        "{% for a, b in [1] %}{% endfor %}",
        "{{ '%d' % 'x' }}",
        "{{ '{' .format() }}",
        "{% set x.y = 1 %}",
        "{{ [1]|map('nope')|list }}",
        "{{ {[]: 1} }}",
        "{{ 2 ** 10000000 }}",
        "{{ 'a' * 10 ** 12 }}",
        "{{ range(10 ** 6) }}",
        "{{ [].append(1) }}",
        "{{ namespace(1) }}",
        "{% include 'x' %}",
        "{{ [1, 2].index(3) }}",
        "{{ none|length }}",
        "{% call 1() %}{% endcall %}",
        "{{ dict(1) }}",
        "{{ 1 < 'a' }}",
        "{{ ''.join([1]) }}",
        "{{ 1[::0] }}",
        "{{ 'a'[::0] }}",
        "{{ strftime_now(1) }}",
        "{% block b required %}{% endblock %}",
        "{{ loop() }}",
        "{{ 'x'|int(base=99)|nope }}",
        "{{ x() }}",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct rendering got = render_bytes(broken[i], (int64_t)strlen(broken[i]), NULL, NULL);
        int line, column;
        if (got.done) fail_msg("%s renders", broken[i]);
        if (sscanf(got.err.place, "line %d, column %d", &line, &column) != 2)
            fail_msg("%s: '%s'", broken[i], got.err.place);
        assert_true(got.err.message[0] && !strchr(got.err.message, '\n'));
    }
}

TEST(contexts_keep_what_json_says) {
    assert_renders("{{ a }} {{ b }} {{ c|tojson }}",
                   "{\"a\": 12345678901234567890, \"b\": 1.0, \"c\": {\"y\": 1, \"x\": [null]}}",
                   "12345678901234567890 1.0 {\"y\": 1, \"x\": [null]}");
    assert_renders("{{ a|length }}{{ a == 'x\\x00y' }}", "{\"a\": \"x\\u0000y\"}", "3True");
    assert_renders("{{ a }}", "{\"a\": 1, \"a\": 2}", "2"); /* the last of two, as in Python */
    assert_renders("{{ a|tojson(ensure_ascii=true) }}", "{\"a\": \"\\ud83d\\ude00\\ud800\"}",
                   "\"\\ud83d\\ude00\\ud800\"");
}

TEST(contexts_refuse_what_is_no_json) {
    static const char *const broken[] = { "",        "{",        "[1",  "{\"a\"}", "{\"a\":1,}", "01", "1.",
                                          "\"\\x\"", "\"\x01\"", "tru", "{} {}",   "\"\xff\"",   "-" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct template_context *context;
        struct sy_error err = { 0 };
        assert_true(template_context_open(&context, &err));
        if (template_context_text(context, "x", broken[i], (int64_t)strlen(broken[i]), &err))
            fail_msg("%s is read", broken[i]);
        assert_non_null(strstr(err.place, "line "));
        template_context_close(context);
    }
}

static void chat(const char *messages, const char *source, const char *want) {
    struct template_context *context;
    struct sy_error err;
    assert_true(template_context_open(&context, &err));
    assert_true(template_context_text(context, "messages", messages, (int64_t)strlen(messages), &err));
    assert_true(template_context_chat(context, true, &err));
    struct rendering got = render_bytes(source, (int64_t)strlen(source), context, NULL);
    if (!got.done) fail_msg("%s", got.err.message);
    assert_string_equal(got.text.data, want);
    text_free(&got.text);
    template_context_close(context);
}

TEST(chats_are_as_transformers_makes_them) {
    chat("[{\"role\":\"user\",\"content\":\"hi\"}]",
         "{{ messages[0].content }} {{ tools is none }} {{ documents is none }} {{ add_generation_prompt }}",
         "hi True True True");
    chat("[{\"role\":\"assistant\",\"content\":\"a\",\"reasoning\":\"why\"}]", "{{ messages }}",
         "[{'thinking': 'why', 'role': 'assistant', 'content': 'a', 'reasoning': 'why', 'reasoning_content': "
         "'why'}]");
    chat("[{\"role\":\"assistant\",\"thinking\":\"t\"}]", "{{ messages[0].reasoning_content }}", "t");
    chat("[{\"role\":\"assistant\",\"thinking\":null}]", "{{ messages[0].reasoning_content is defined }}",
         "False");
}

TEST(chats_refuse_other_shapes) {
    static const char *const broken[] = { "{}", "[1]", "\"x\"", "[[]]", "null" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct template_context *context;
        struct sy_error err;
        assert_true(template_context_open(&context, &err));
        assert_true(template_context_text(context, "messages", broken[i], (int64_t)strlen(broken[i]), &err));
        assert_false(template_context_chat(context, true, &err));
        assert_non_null(strstr(err.message, "messages must be"));
        template_context_close(context);
    }
}

TEST(generation_blocks_leave_spans) {
    static const char source[] = "ab{% generation %}cd{% endgeneration %}é{% for x in [1, 2] %}"
                                 "{% generation %}{{ x }}!{% endgeneration %}-{% endfor %}";
    struct template_spans spans = { 0 };
    struct chat_template *template;
    struct text out = { 0 };
    struct sy_error err;
    assert_true(template_parse(source, sizeof source - 1, NULL, &template, &err));
    assert_true(template_render(template, NULL, TEST_CLOCK, &out, &spans, &err));
    assert_string_equal(out.data, "abcdé1!-2!-");
    assert_int_equal(spans.count, 3);
    static const int64_t want[] = { 2, 4, 6, 8, 9, 11 };
    assert_memory_equal(spans.data, want, sizeof want);
    template_spans_free(&spans);
    text_free(&out);
    template_free(template);
}

TEST(output_is_appended_or_left_alone) {
    struct chat_template *template;
    struct text out = { 0 };
    struct sy_error err;
    text_add(&out, "before ");
    assert_true(template_parse("{{ 1 }}{{ x.y if x }}", 21, NULL, &template, &err));
    assert_true(template_render(template, NULL, TEST_CLOCK, &out, NULL, &err));
    assert_string_equal(out.data, "before 1");
    template_free(template);
    assert_true(template_parse("{{ 1 }}{{ x.y }}", 16, NULL, &template, &err));
    assert_false(template_render(template, NULL, TEST_CLOCK, &out, NULL, &err));
    assert_string_equal(out.data, "before 1");
    template_free(template);
    text_free(&out);
}

TEST(bounds_can_be_set) {
    static const char loop[] = "{% for x in range(1000) %}{{ x }}{% endfor %}";
    struct template_limits few_steps = { .steps = 500 }, few_bytes = { .memory_bytes = 4096 };
    struct template_limits little = { .output_bytes = 100 }, short_source = { .source_bytes = 10 };
    struct template_limits few_nodes = { .nodes = 3 };
    const struct template_limits *limits[] = { &few_steps, &few_bytes, &little, &short_source, &few_nodes };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rendering got = render_bytes(loop, sizeof loop - 1, NULL, limits[i]);
        assert_false(got.done);
        assert_int_equal(got.err.code, SY_ERR_LIMIT);
        assert_non_null(strstr(got.err.place, "line 1, column"));
    }
    struct rendering whole = render_bytes(loop, sizeof loop - 1, NULL, NULL);
    assert_true(whole.done);
    text_free(&whole.text);
}

TEST(nul_bytes_are_characters) {
    static const char source[] = "a\0{{ 'b\0c' }}{{ 'x\\x00y' }}\0";
    struct rendering got = render_bytes(source, sizeof source - 1, NULL, NULL);
    assert_true(got.done);
    assert_int_equal(got.text.size, 9);
    assert_memory_equal(got.text.data, "a\0b\0cx\0y\0", 9);
    text_free(&got.text);
}

TEST(lone_surrogates_are_not_printed) {
    assert_refused("{{ '\\ud800' }}", SY_ERR_FORMAT, NULL, "surrogate");
    assert_renders("{{ '\\ud800'|length }}{{ '\\ud800'|tojson(ensure_ascii=true) }}", "{}", "1\"\\ud800\"");
}

/* ---- threads ---- */

struct shared {
    const struct chat_template *template;
    const struct template_context *context;
    bool same;
};

static void *render_often(void *argument) {
    struct shared *shared = argument;
    for (int i = 0; i < 200; i++) {
        struct text out = { 0 };
        struct sy_error err;
        shared->same &= template_render(shared->template, shared->context, TEST_CLOCK, &out, NULL, &err) &&
                        strcmp(out.data, "1é2é3é12345678901234567890|A,b") == 0;
        text_free(&out);
    }
    return NULL;
}

TEST(one_template_renders_in_several_threads) {
    static const char source[] =
        "{% macro f(x) %}{{ x }}é{% endmacro %}{% for x in l %}{{ f(x) }}{% endfor %}"
        "{{ big }}|{{ ls|sort|join(',') }}";
    struct template_context *context =
        context_of("{\"l\": [1, 2, 3], \"big\": 12345678901234567890, \"ls\": [\"b\", \"A\"]}");
    struct chat_template *template;
    struct sy_error err;
    pthread_t threads[4];
    assert_true(template_parse(source, sizeof source - 1, NULL, &template, &err));
    struct shared shared[4];
    for (int i = 0; i < 4; i++) {
        shared[i] = (struct shared){ template, context, true };
        assert_int_equal(pthread_create(&threads[i], NULL, render_often, &shared[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(shared[i].same);
    }
    template_free(template);
    template_context_close(context);
}
