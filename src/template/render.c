/*
 * Parsing and rendering: the bounds, and putting the parts together.
 */
#include "base/utf8.h"
#include "template/context.h"
#include "template/interpret/interpreter.h"
#include "template/library/library.h"
#include "template/syntax/lexer.h"
#include "template/syntax/names.h"
#include "template/syntax/parser.h"
#include "template/template.h"
#include "template/values/dict.h"

#include <stdlib.h>
#include <string.h>

/* The largest published template has 30 KB and 6,000 nodes. A chat of a thousand messages takes a million
 * steps. */
static const struct template_limits defaults = {
    .source_bytes = (int64_t)4 << 20,
    .nodes = 400000,
    .depth = 200,
    .steps = 10000000,
    .calls = 200, /* about where Python's own recursion ends */
    .memory_bytes = (int64_t)256 << 20,
    .output_bytes = (int64_t)64 << 20,
};

#define PARSE_BYTES  ((int64_t)512 << 20)
#define RENDER_DEPTH 1000 /* of nodes within nodes and calls, some 300 bytes of stack each */

struct chat_template {
    struct heap heap;
    struct template_limits limits;
    struct tree tree;
};

static struct template_limits with_defaults(const struct template_limits *given) {
    struct template_limits limits = given ? *given : defaults;
    if (limits.source_bytes <= 0) limits.source_bytes = defaults.source_bytes;
    if (limits.nodes <= 0) limits.nodes = defaults.nodes;
    if (limits.depth <= 0) limits.depth = defaults.depth;
    if (limits.steps <= 0) limits.steps = defaults.steps;
    if (limits.calls <= 0) limits.calls = defaults.calls;
    if (limits.memory_bytes <= 0) limits.memory_bytes = defaults.memory_bytes;
    if (limits.output_bytes <= 0) limits.output_bytes = defaults.output_bytes;
    return limits;
}

static bool check_utf8(struct heap *heap, const char *source, int64_t size) {
    int64_t line = 1, column = 1;
    for (int64_t at = 0; at < size; column++) {
        uint32_t point;
        size_t bytes = utf8_decode(source + at, (size_t)(size - at), &point);
        if (bytes == 0) {
            heap_fail(heap, "bytes that are no UTF-8");
            return sy_error_at(heap->err, "line %lld, column %lld", (long long)line, (long long)column);
        }
        at += (int64_t)bytes;
        if (point != '\n') continue;
        line++;
        column = 0;
    }
    return true;
}

static bool parse(struct chat_template *template, const char *source, int64_t size) {
    struct heap *heap = &template->heap;
    struct tokens tokens;
    if (size > template->limits.source_bytes) {
        heap_limit(heap, "a template of %lld bytes, the limit is %lld", (long long)size,
                   (long long)template->limits.source_bytes);
        return sy_error_at(heap->err, "line 1, column 1");
    }
    unsigned mentions;
    return check_utf8(heap, source, size) && lexer_run(heap, source, size, &tokens) &&
           parser_run(heap, &tokens, template->limits.nodes, &template->tree, &mentions) &&
           names_resolve(heap, &template_library, &template->tree, mentions);
}

bool template_parse(const char *source, int64_t size, const struct template_limits *limits,
                    struct chat_template **out, struct sy_error *err) {
    struct sy_error own = { .code = SY_OK }; /* the parser asks what happened, so there must be one */
    struct chat_template *template = calloc(1, sizeof *template);
    *out = NULL;
    if (!template) return sy_fail(err, SY_ERR_MEMORY, "no memory for a template");
    template->limits = with_defaults(limits);
    heap_open(&template->heap, PARSE_BYTES, template->limits.steps, template->limits.depth, &own);
    bool done = parse(template, source, size);
    template->heap.err = NULL;
    if (done) {
        *out = template;
        return true;
    }
    if (err) *err = own;
    template_free(template);
    return false;
}

void template_free(struct chat_template *template) {
    if (!template) return;
    heap_close(&template->heap);
    free(template);
}

/* What was printed, as the caller's text: no lone surrogates, which UTF-8 cannot hold. */
static bool hand_over(struct run *run, const struct buffer *page, int64_t most, struct text *out) {
    if (page->size > most)
        return heap_limit(&run->heap, "%lld bytes of output, the limit is %lld", (long long)page->size,
                          (long long)most);
    for (int64_t at = 0; at + 1 < page->size; at++)
        if ((unsigned char)page->data[at] == 0xed && (unsigned char)page->data[at + 1] >= 0xa0)
            return heap_fail(&run->heap, "a lone surrogate in the output, which UTF-8 cannot hold");
    text_add_bytes(out, page->data, (size_t)page->size);
    return !out->failed || sy_fail(run->heap.err, SY_ERR_MEMORY, "no memory for the output");
}

bool template_render(const struct chat_template *template, const struct template_context *context,
                     struct template_clock clock, struct text *out, struct template_spans *spans,
                     struct sy_error *err) {
    const struct template_limits *limits = &template->limits;
    struct sy_error own = { .code = SY_OK };
    static const struct dict nothing = { .count = 0 };
    struct buffer page = { 0 };
    struct value vars;
    struct run run = { .library = &template_library,
                       .tree = &template->tree,
                       .calls_max = limits->calls,
                       .clock = clock,
                       .spans = spans };
    run.context = context ? context->names : &nothing;
    run.out = run.root = &page;
    heap_open(&run.heap, limits->memory_bytes, limits->steps, RENDER_DEPTH, &own);
    bool done = value_dict(&run.heap, &vars);
    run.vars = vars.dict;
    done = done && execute_template(&run) && hand_over(&run, &page, limits->output_bytes, out);
    if (!done) sy_error_at(&own, "line 1, column 1");
    if (!done && err) *err = own;
    heap_close(&run.heap);
    return done;
}
