/*
 * Cases that jinja2 has rendered: the project's own (tests/golden/templates, made by
 * tools/golden/template_diff.py) and, where they lie beside the checkout, the shared ones: real templates
 * over many contexts, features, and hostile templates against the clock.
 */
#include "base/os.h"
#include "template/rendering_test.h"

#include <stdlib.h>
#include <time.h>

#define FILE_BYTES_MAX ((int64_t)64 << 20)

struct lines { /* a file's lines, in turn */
    char *text, *at;
};

static bool next_line(struct lines *lines, const char **line, int64_t *size) {
    if (!*lines->at) return false;
    size_t length = strcspn(lines->at, "\n");
    *line = lines->at;
    *size = (int64_t)length;
    lines->at += length + (lines->at[length] == '\n');
    return true;
}

static struct lines open_lines(const char *path) {
    struct lines lines;
    struct sy_error err;
    int64_t size = 0;
    if (!os_read_file(path, FILE_BYTES_MAX, &lines.text, &size, &err)) fail_msg("%s: %s", path, err.message);
    lines.at = lines.text;
    return lines;
}

/* A shared file, unpacked. */
static struct lines open_packed(const char *name) {
    char packed[TEST_PATH_MAX], plain[TEST_PATH_MAX], command[2 * TEST_PATH_MAX + 64];
    test_needs_data(packed, name);
    test_temp_path(plain, "unpacked");
    snprintf(command, sizeof command, "zstd -qdf '%s' -o '%s'", packed, plain);
    if (system(command) != 0) test_skip("no program zstd");
    return open_lines(plain);
}

static struct template_context *open_context(const char *json, int64_t size) {
    struct template_context *context;
    struct sy_error err;
    assert_true(template_context_open(&context, &err));
    if (!template_context_text(context, NULL, json, size, &err)) fail_msg("%s", err.message);
    return context;
}

static json_t *parse_line(const char *line, int64_t size) {
    json_t *row = json_loadb(line, (size_t)size, JSON_ALLOW_NUL, NULL);
    if (!row) fail_msg("no JSON: %.80s", line);
    return row;
}

/* The result that the row asks for? `error_type` TemplateError asks for the template's own words. */
static bool as_wanted(const json_t *row, const struct rendering *got) {
    const json_t *expected = json_object_get(row, "expected");
    if (expected)
        return got->done && got->text.size == json_string_length(expected) &&
               (got->text.size == 0 ||
                memcmp(got->text.data, json_string_value(expected), got->text.size) == 0);
    const char *type = json_string_value(json_object_get(row, "error_type"));
    if (got->done || !strstr(got->err.place, "line ")) return false;
    if (!type || strcmp(type, "TemplateError") != 0) return true;
    const char *words = json_string_value(json_object_get(row, "error"));
    size_t length = strcspn(words, "\n");
    return strncmp(got->err.message, words, length < 60 ? length : 60) == 0;
}

static void check_row(const json_t *row, const char *source, int64_t size,
                      const struct template_context *context) {
    struct rendering got = render_bytes(source, size, context, NULL);
    if (!as_wanted(row, &got)) {
        char *want = json_dumps(row, JSON_ENSURE_ASCII);
        fail_msg("%s\ngot %s%s: %s", want, got.done ? got.text.data : "an error, ", got.err.place,
                 got.err.message);
    }
    text_free(&got.text);
}

TEST(golden_cases_render_as_jinja2_does) {
    char path[TEST_PATH_MAX];
    const char *line = "";
    int64_t size = 0, count = 0;
    test_source(path, "tests/golden/templates/cases.jsonl");
    struct lines lines = open_lines(path);
    assert_true(next_line(&lines, &line, &size));
    struct template_context *context = open_context(line, size);
    for (; next_line(&lines, &line, &size); count++) {
        json_t *row = parse_line(line, size);
        const json_t *source = json_object_get(row, "template");
        check_row(row, json_string_value(source), (int64_t)json_string_length(source), context);
        json_decref(row);
    }
    assert_true(count > 1300);
    template_context_close(context);
    free(lines.text);
}

TEST(shared_features_render_as_jinja2_does) {
    char path[TEST_PATH_MAX], *json;
    const char *line = "";
    int64_t size = 0, json_size;
    struct sy_error err;
    struct lines lines = open_packed("vectors/templates/features.jsonl.zst");
    test_needs_data(path, "vectors/templates/features.context.json");
    assert_true(os_read_file(path, FILE_BYTES_MAX, &json, &json_size, &err));
    struct template_context *context = open_context(json, json_size);
    while (next_line(&lines, &line, &size)) {
        json_t *row = parse_line(line, size);
        const json_t *source = json_object_get(row, "template");
        check_row(row, json_string_value(source), (int64_t)json_string_length(source), context);
        json_decref(row);
    }
    template_context_close(context);
    free(lines.text);
    free(json);
}

/* ---- real templates ---- */

#define CONTEXTS_MAX 64

struct contexts {
    json_t *rows[CONTEXTS_MAX];
    struct template_context *opened[CONTEXTS_MAX];
    int count;
};

static void open_contexts(struct contexts *contexts) {
    struct lines lines = open_packed("vectors/templates/contexts.jsonl.zst");
    const char *line = "";
    int64_t size = 0;
    for (contexts->count = 0; next_line(&lines, &line, &size) && contexts->count < CONTEXTS_MAX;
         contexts->count++) {
        struct sy_error err;
        json_t *row = contexts->rows[contexts->count] = parse_line(line, size);
        assert_true(template_context_open(&contexts->opened[contexts->count], &err));
        assert_true(template_context_json(contexts->opened[contexts->count], NULL,
                                          json_object_get(row, "context"), &err));
    }
    free(lines.text);
}

static const struct template_context *find_context(const struct contexts *contexts, const char *id) {
    for (int i = 0; i < contexts->count; i++)
        if (strcmp(json_string_value(json_object_get(contexts->rows[i], "id")), id) == 0)
            return contexts->opened[i];
    fail_msg("no context %s", id);
    return NULL;
}

TEST(shared_templates_render_as_transformers_does) {
    struct contexts contexts;
    open_contexts(&contexts);
    struct lines lines = open_packed("vectors/templates/rendered.jsonl.zst");
    const char *line = "";
    int64_t size = 0, count = 0;
    for (; next_line(&lines, &line, &size); count++) {
        char name[256], path[TEST_PATH_MAX], *source;
        json_t *row = parse_line(line, size);
        struct sy_error err;
        int64_t source_size;
        snprintf(name, sizeof name, "vectors/templates/jinja/%s.jinja",
                 json_string_value(json_object_get(row, "template")));
        test_needs_data(path, name);
        assert_true(os_read_file(path, FILE_BYTES_MAX, &source, &source_size, &err));
        check_row(row, source, source_size,
                  find_context(&contexts, json_string_value(json_object_get(row, "context"))));
        free(source);
        json_decref(row);
    }
    assert_true(count > 2000);
    for (int i = 0; i < contexts.count; i++) {
        template_context_close(contexts.opened[i]);
        json_decref(contexts.rows[i]);
    }
    free(lines.text);
}

TEST(shared_hostile_templates_end_in_time) {
    struct lines lines = open_packed("vectors/templates/hostile.jsonl.zst");
    const char *line = "";
    int64_t size = 0;
    while (next_line(&lines, &line, &size)) {
        json_t *row = parse_line(line, size);
        const json_t *source = json_object_get(row, "template");
        const char *expect = json_string_value(json_object_get(row, "expect"));
        clock_t start = clock(); /* of this process: others may keep it waiting */
        struct rendering got =
            render_bytes(json_string_value(source), (int64_t)json_string_length(source), NULL, NULL);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        bool right = strcmp(expect, "bounded") == 0 || got.done == (strcmp(expect, "ok") == 0);
        if (!right || took > (TEST_SANITIZED ? 20 : 2))
            fail_msg("%s: %s after %.1f s", json_string_value(json_object_get(row, "id")), got.err.message,
                     took);
        if (!got.done) assert_non_null(strstr(got.err.place, "line "));
        text_free(&got.text);
        json_decref(row);
    }
    free(lines.text);
}
