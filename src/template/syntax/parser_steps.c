/*
 * The parser's steps, and its errors.
 */
#include "template/syntax/parser_steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- errors ---- */

static bool fail_here(struct parser *parser, int32_t line, int32_t column, const char *format, va_list args) {
    char message[256];
    vsnprintf(message, sizeof message, format, args);
    heap_fail(parser->heap, "%s", message);
    return sy_error_at(parser->heap->err, "line %d, column %d", line, column);
}

bool parser_fail(struct parser *parser, const char *format, ...) {
    va_list args;
    if (parser->heap->err && parser->heap->err->code != SY_OK) /* a bound: what it said stands */
        return sy_error_at(parser->heap->err, "line %d, column %d", parser->token->line,
                           parser->token->column);
    va_start(args, format);
    fail_here(parser, parser->token->line, parser->token->column, format, args);
    va_end(args);
    return false;
}

bool parser_fail_at(struct parser *parser, const struct node *node, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_here(parser, node->line, node->column, format, args);
    va_end(args);
    return false;
}

/* ---- nodes and tokens ---- */

struct node *parser_node(struct parser *parser, enum node_kind kind) {
    if (parser->nodes >= parser->nodes_max) {
        heap_limit(parser->heap, "more than %lld nodes, the limit", (long long)parser->nodes_max);
        return parser_fail(parser, " "), NULL;
    }
    struct node *node = heap_take(parser->heap, sizeof *node);
    if (!node) return parser_fail(parser, " "), NULL;
    parser->nodes++;
    node->kind = kind;
    node->line = parser->token->line;
    node->column = parser->token->column;
    return node;
}

bool parser_add(struct parser *parser, struct node_list *list, struct node *node) {
    if (list->nodes.count == list->room) {
        int64_t room = list->room ? list->room * 2 : 4;
        struct node **larger = heap_array(parser->heap, room, sizeof(struct node *));
        if (!larger) return false;
        if (list->nodes.count > 0)
            memcpy(larger, list->nodes.items, (size_t)list->nodes.count * sizeof *larger);
        list->nodes.items = larger;
        list->room = room;
    }
    list->nodes.items[list->nodes.count++] = node;
    return true;
}

bool parser_at_word(const struct parser *parser, const char *word) {
    return parser->token->kind == TOKEN_NAME && string_equals(parser->token->value.string, word);
}

bool parser_skip_word(struct parser *parser, const char *word) {
    if (!parser_at_word(parser, word)) return false;
    parser_next(parser);
    return true;
}

bool parser_skip(struct parser *parser, enum token_kind kind) {
    if (parser->token->kind != kind) return false;
    parser_next(parser);
    return true;
}

bool parser_unexpected(struct parser *parser, const char *wanted) {
    const struct template_token *token = parser->token;
    if (token->kind == TOKEN_END)
        return parser_fail(parser, "unexpected end of template, expected '%s'", wanted);
    if (token->kind != TOKEN_NAME)
        return parser_fail(parser, "expected token '%s', got '%s'", wanted, token_kind_words(token->kind));
    return parser_fail(parser, "expected token '%s', got '%.*s'", wanted, STRING_START(token->value.string));
}

bool parser_expect(struct parser *parser, enum token_kind kind) {
    return parser_skip(parser, kind) || parser_unexpected(parser, token_kind_words(kind));
}

bool parser_expect_word(struct parser *parser, const char *word) {
    return parser_skip_word(parser, word) || parser_unexpected(parser, word);
}

bool parser_expect_name(struct parser *parser, const struct string **name) {
    if (parser->token->kind != TOKEN_NAME) return parser_unexpected(parser, "name");
    *name = parser->token->value.string;
    parser_next(parser);
    return true;
}
