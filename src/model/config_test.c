#include "model/config.h"
#include "test.h"
#include <string.h>

static struct arena arena;

static struct config parsed(const char *text) {
    struct config config;
    struct sy_error err = { 0 };
    arena_open(&arena);
    if (!config_parse(text, (int64_t)strlen(text), "config.json", &arena, &config, &err))
        fail_msg("%s: %s", err.place, err.message);
    return config;
}

static void done(struct config *config) {
    config_close(config);
    arena_close(&arena);
}

/* The place of the one error, "" while there is none. */
static const char *place(const struct config *config) {
    return config->error.code == SY_OK ? "" : config->error.place;
}

TEST(values_are_typed) {
    struct config c =
        parsed("{\"a\": 7, \"b\": 4096.0, \"c\": 1e6, \"d\": true, \"e\": \"x\", \"f\": null, \"g\": 0.5}");
    assert_int_equal(config_size(&c, "a"), 7);
    assert_int_equal(config_size(&c, "b"), 4096);
    assert_int_equal(config_size_or(&c, "c", 1), 1000000);
    assert_int_equal(config_size_or(&c, "f", 9), 9);
    assert_int_equal(config_size_or(&c, "none", 9), 9);
    assert_true(config_bool_or(&c, "d", false));
    assert_string_equal(config_string_or(&c, "e", ""), "x");
    assert_true(config_real(&c, "g") == 0.5 && config_real(&c, "a") == 7);
    assert_true(config_has(&c, "a") && !config_has(&c, "f") && !config_has(&c, "none"));
    assert_string_equal(place(&c), "");
    done(&c);
}

TEST(what_is_wrong_is_refused_by_key) {
    static const char *const values[] = {
        "-1", "0",    "4611686018427387904", "\"many\"", "1e308", "[]", "1.5",
        "{}", "true", "1099511627777",       "1e400"
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[64];
        struct config c;
        struct sy_error err = { 0 };
        snprintf(text, sizeof text, "{\"width\": %s}", values[i]);
        arena_open(&arena);
        if (config_parse(text, (int64_t)strlen(text), "config.json", &arena, &c, &err)) {
            assert_int_equal(config_size(&c, "width"), 1);
            assert_string_equal(place(&c), "width");
            assert_string_equal(c.error.file, "config.json");
            assert_null(strchr(c.error.message, '\n'));
            config_close(&c);
        } else {
            assert_string_equal(values[i], "1e400");
        }
        arena_close(&arena);
    }
}

TEST(the_first_error_stays) {
    struct config c = parsed("{\"a\": -1, \"b\": \"x\", \"c\": 5}");
    assert_int_equal(config_size(&c, "a"), 1);
    assert_int_equal(config_size(&c, "b"), 1);
    assert_int_equal(config_size_or(&c, "c", 3), 3); /* after an error: the default */
    assert_int_equal(config_size(&c, "missing"), 1);
    config_fail(&c, "other", "later");
    assert_string_equal(place(&c), "a");
    done(&c);
}

TEST(a_missing_key_is_named) {
    struct config c = parsed("{\"a\": null}");
    assert_int_equal(config_size(&c, "a"), 1);
    assert_string_equal(place(&c), "a");
    assert_string_equal(c.error.message, "missing");
    done(&c);
}

TEST(scopes_have_dotted_names) {
    struct config c = parsed("{\"outer\": {\"inner\": {\"x\": -4, \"y\": 1}}, \"x\": 2}");
    json_t *first = config_enter(&c, "outer"), *second = config_enter(&c, "inner");
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(config_int_or(&c, "y", 0), 1);
    config_int_or(&c, "x", 0);
    assert_string_equal(place(&c), "outer.inner.x");
    config_leave(&c, second);
    config_leave(&c, first);
    assert_ptr_equal(c.scope, c.root);
    done(&c);
}

TEST(unknown_keys_are_listed) {
    const char **names;
    int64_t count;
    struct config c = parsed("{\"z\": 1, \"a\": 1, \"read\": 2, \"dtype\": 3, \"unread\": {\"q\": 1}, "
                             "\"scope\": {\"read\": 1, \"a\": {\"b\": 2}, \"k\": null}}");
    config_size(&c, "read");
    json_t *former = config_enter(&c, "scope");
    config_size(&c, "read");
    config_leave(&c, former);
    assert_true(config_unknown(&c, &names, &count, NULL));
    assert_int_equal(count, 4); /* null says nothing */
    static const char *const wanted[] = { "a", "scope.a", "unread", "z" };
    for (int i = 0; i < 4; i++) assert_string_equal(names[i], wanted[i]);
    done(&c);
}

TEST(spellings_and_words) {
    static const char *const words[] = { "one", "two", NULL };
    struct config c = parsed("{\"type\": \"two\", \"other\": \"three\"}");
    assert_string_equal(config_spelling(&c, "rope_type", "type", NULL), "type");
    assert_string_equal(config_spelling(&c, "x", "y", NULL), "y");
    assert_int_equal(config_word_or(&c, "type", words, 0), 1);
    assert_int_equal(config_word_or(&c, "none", words, 0), 0);
    assert_int_equal(config_word_or(&c, "other", words, 0), 0);
    assert_string_equal(place(&c), "other");
    assert_string_equal(c.error.remedy, "known: one, two");
    done(&c);
}

TEST(no_object_is_no_config) {
    static const char *const texts[] = { "[]", "1", "\"x\"", "null", "", "{", "{\"a\":1,\"a\":2}", "\xff" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct config c;
        struct sy_error err = { 0 };
        arena_open(&arena);
        assert_false(config_parse(texts[i], (int64_t)strlen(texts[i]), "config.json", &arena, &c, &err));
        assert_int_not_equal(err.code, SY_OK);
        assert_string_equal(err.file, "config.json");
        arena_close(&arena);
    }
}
