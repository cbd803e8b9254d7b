/*
 * What tests of templates share: a rendering in one call.
 */
#ifndef TEMPLATE_RENDERING_TEST_H
#define TEMPLATE_RENDERING_TEST_H

#include "template/template.h"
#include "test.h"

#include <string.h>

struct rendering {
    bool done;
    struct text text; /* what came out */
    struct sy_error err;
};

#define TEST_CLOCK ((struct template_clock){ 1773500966 }) /* 2026-03-14 15:09:26 UTC */

static inline struct rendering render_bytes(const char *source, int64_t size,
                                            const struct template_context *context,
                                            const struct template_limits *limits) {
    struct rendering rendering = { .done = false };
    struct chat_template *template;
    if (!template_parse(source, size, limits, &template, &rendering.err)) return rendering;
    rendering.done = template_render(template, context, TEST_CLOCK, &rendering.text, NULL, &rendering.err);
    template_free(template);
    return rendering;
}

static inline struct template_context *context_of(const char *json) {
    struct template_context *context;
    struct sy_error err;
    assert_true(template_context_open(&context, &err));
    if (!template_context_text(context, NULL, json, (int64_t)strlen(json), &err)) fail_msg("%s", err.message);
    return context;
}

static inline void assert_renders(const char *source, const char *json, const char *want) {
    struct template_context *context = context_of(json);
    struct rendering got = render_bytes(source, (int64_t)strlen(source), context, NULL);
    if (!got.done) fail_msg("%s: %s: %s", source, got.err.place, got.err.message);
    assert_string_equal(got.text.data ? got.text.data : "", want);
    text_free(&got.text);
    template_context_close(context);
}

/* Fails with this code, at this place, and with these words in the message. */
static inline void assert_refused(const char *source, enum sy_code code, const char *place,
                                  const char *words) {
    struct rendering got = render_bytes(source, (int64_t)strlen(source), NULL, NULL);
    if (got.done) fail_msg("%s: renders", source);
    if (got.err.code != code || !strstr(got.err.message, words) ||
        (place && strcmp(got.err.place, place) != 0))
        fail_msg("%s: code %d, %s: %s", source, got.err.code, got.err.place, got.err.message);
    assert_null(got.text.data);
}

#endif
