/*
 * What follows a primary: attributes, subscripts, calls, filters and tests.
 */
#include "template/syntax/parser.h"

#include <string.h>

/* ---- subscripts ---- */

static bool slice_part(struct parser *parser, struct node **part) {
    enum token_kind kind = parser->token->kind;
    if (kind == TOKEN_COLON || kind == TOKEN_RIGHT_BRACKET || kind == TOKEN_COMMA) return true;
    return (*part = parse_expression(parser)) != NULL;
}

/* i, or a slice. */
static struct node *parse_index(struct parser *parser) {
    struct node *slice = parser_node(parser, NODE_SLICE), *start = NULL;
    if (!slice || !slice_part(parser, &start)) return NULL;
    if (!parser_skip(parser, TOKEN_COLON)) {
        if (!start) parser_fail(parser, "unexpected '%s'", token_kind_words(parser->token->kind));
        return start;
    }
    slice->slice.start = start;
    slice->slice.stop = slice->slice.step = NULL;
    if (!slice_part(parser, &slice->slice.stop)) return NULL;
    if (parser_skip(parser, TOKEN_COLON) && !slice_part(parser, &slice->slice.step)) return NULL;
    return slice;
}

static struct node *parse_item(struct parser *parser, struct node *of) {
    struct node *node = parser_node(parser, NODE_ITEM), *tuple = parser_node(parser, NODE_TUPLE);
    struct node_list indices = { 0 };
    parser_next(parser);
    if (!node || !tuple) return NULL;
    while (parser->token->kind != TOKEN_RIGHT_BRACKET) {
        if (indices.nodes.count > 0 && !parser_expect(parser, TOKEN_COMMA)) return NULL;
        struct node *index = parse_index(parser);
        if (!index || !parser_add(parser, &indices, index)) return NULL;
    }
    parser_next(parser);
    for (int64_t i = 0; indices.nodes.count > 1 && i < indices.nodes.count; i++)
        if (indices.nodes.items[i]->kind == NODE_SLICE)
            return parser_fail_at(parser, indices.nodes.items[i], "a slice among several indices"), NULL;
    tuple->list = indices.nodes;
    node->member.of = of;
    node->member.index = indices.nodes.count == 1 ? indices.nodes.items[0] : tuple;
    return node;
}

struct node *parse_subscript(struct parser *parser, struct node *of) {
    if (parser->token->kind == TOKEN_LEFT_BRACKET) return parse_item(parser, of);
    struct node *node = parser_node(parser, NODE_ATTRIBUTE);
    parser_next(parser);
    if (!node) return NULL;
    node->member.of = of;
    if (parser->token->kind == TOKEN_NAME) {
        node->member.name = parser->token->value.string;
    } else if (parser->token->kind == TOKEN_INTEGER) {
        node->kind = NODE_ITEM;
        node->member.name = NULL;
        if (!(node->member.index = parser_node(parser, NODE_CONSTANT))) return NULL;
        node->member.index->constant = parser->token->value;
    } else {
        parser_fail(parser, "expected name or number");
        return NULL;
    }
    parser_next(parser);
    return node;
}

struct node *parse_postfix(struct parser *parser, struct node *node) {
    while (node) {
        enum token_kind kind = parser->token->kind;
        if (kind == TOKEN_DOT || kind == TOKEN_LEFT_BRACKET)
            node = parse_subscript(parser, node);
        else if (kind == TOKEN_LEFT_PAREN)
            node = parse_call(parser, node);
        else
            break;
    }
    return node;
}

/* ---- arguments ---- */

struct argument_lists { /* while they grow */
    struct node_list positional;
    int64_t keyword_room;
};

static bool add_keyword(struct parser *parser, struct argument_lists *lists, struct call_nodes *arguments) {
    const struct string *name = parser->token->value.string;
    parser_next(parser);
    parser_next(parser);
    for (int64_t i = 0; i < arguments->keyword_count; i++) {
        const struct string *other = arguments->keywords[i].name;
        if (other->size == name->size && memcmp(other->data, name->data, (size_t)name->size) == 0)
            return parser_fail(parser, "keyword argument repeated: %.*s", STRING_START(name));
    }
    if (arguments->keyword_count == lists->keyword_room) {
        struct keyword_node *old = arguments->keywords;
        lists->keyword_room = lists->keyword_room ? lists->keyword_room * 2 : 2;
        arguments->keywords = heap_array(parser->heap, lists->keyword_room, sizeof *old);
        if (!arguments->keywords) return false;
        if (old) memcpy(arguments->keywords, old, (size_t)arguments->keyword_count * sizeof *old);
    }
    struct node *value = parse_expression(parser);
    if (!value) return false;
    arguments->keywords[arguments->keyword_count++] = (struct keyword_node){ name, value };
    return heap_work(parser->heap, arguments->keyword_count);
}

static bool parse_argument(struct parser *parser, struct argument_lists *lists,
                           struct call_nodes *arguments) {
    static const char wrong[] = "invalid syntax for function call expression";
    bool named = parser->token->kind == TOKEN_NAME && parser->token[1].kind == TOKEN_ASSIGN;
    if (parser->token->kind == TOKEN_MUL) {
        if (arguments->star || arguments->star_star) return parser_fail(parser, wrong);
        parser_next(parser);
        return (arguments->star = parse_expression(parser)) != NULL;
    }
    if (parser->token->kind == TOKEN_POW) {
        if (arguments->star_star) return parser_fail(parser, wrong);
        parser_next(parser);
        return (arguments->star_star = parse_expression(parser)) != NULL;
    }
    if (named)
        return arguments->star_star ? parser_fail(parser, wrong) : add_keyword(parser, lists, arguments);
    if (arguments->star || arguments->star_star || arguments->keyword_count > 0)
        return parser_fail(parser, wrong);
    struct node *value = parse_expression(parser);
    return value && parser_add(parser, &lists->positional, value);
}

static bool parse_arguments(struct parser *parser, struct call_nodes *arguments) {
    struct argument_lists lists = { .keyword_room = 0 };
    *arguments = (struct call_nodes){ .star = NULL };
    if (!parser_expect(parser, TOKEN_LEFT_PAREN)) return false;
    while (parser->token->kind != TOKEN_RIGHT_PAREN) {
        if (!parse_argument(parser, &lists, arguments)) return false;
        if (parser->token->kind != TOKEN_RIGHT_PAREN && !parser_expect(parser, TOKEN_COMMA)) return false;
    }
    arguments->positional = lists.positional.nodes;
    parser_next(parser);
    return true;
}

struct node *parse_call(struct parser *parser, struct node *subject) {
    struct node *node = parser_node(parser, NODE_CALL);
    if (!node || !parse_arguments(parser, &node->call.arguments)) return NULL;
    node->call.subject = subject;
    return node;
}

/* ---- filters and tests ---- */

/* name.name.name */
static bool dotted_name(struct parser *parser, const struct string **name) {
    if (!parser_expect_name(parser, name)) return false;
    while (parser_skip(parser, TOKEN_DOT)) {
        const struct string *more, dot = { .data = ".", .size = 1, .points = 1 };
        struct value joined;
        if (!parser_expect_name(parser, &more) || !string_join(parser->heap, *name, &dot, &joined) ||
            !string_join(parser->heap, joined.string, more, &joined))
            return false;
        *name = joined.string;
    }
    return true;
}

struct node *parse_filters(struct parser *parser, struct node *node, bool inline_first) {
    while (parser->token->kind == TOKEN_PIPE || inline_first) {
        if (!inline_first) parser_next(parser);
        inline_first = false;
        struct node *filter = parser_node(parser, NODE_FILTER);
        if (!filter || !dotted_name(parser, &filter->call.name)) return NULL;
        filter->call.subject = node;
        if (parser->token->kind == TOKEN_LEFT_PAREN && !parse_arguments(parser, &filter->call.arguments))
            return NULL;
        node = filter;
    }
    return node;
}

/* Does an argument without parentheses follow, as in `x is divisibleby 3`? */
static bool bare_argument_follows(const struct parser *parser) {
    switch (parser->token->kind) {
    case TOKEN_STRING:
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
    case TOKEN_LEFT_BRACKET:
    case TOKEN_LEFT_BRACE: return true;
    case TOKEN_NAME:
        return !parser_at_word(parser, "else") && !parser_at_word(parser, "or") &&
               !parser_at_word(parser, "and");
    default: return false;
    }
}

struct node *parse_test(struct parser *parser, struct node *subject) {
    struct node *test = parser_node(parser, NODE_TEST), *negation = parser_node(parser, NODE_NOT);
    struct node_list list = { 0 };
    parser_next(parser);
    bool negated = parser_skip_word(parser, "not");
    if (!test || !negation || !dotted_name(parser, &test->call.name)) return NULL;
    test->call.subject = subject;
    if (parser->token->kind == TOKEN_LEFT_PAREN) {
        if (!parse_arguments(parser, &test->call.arguments)) return NULL;
    } else if (bare_argument_follows(parser)) {
        if (parser_at_word(parser, "is"))
            return parser_fail(parser, "You cannot chain multiple tests with is"), NULL;
        struct node *argument = parse_primary(parser, false);
        if (argument) argument = parse_postfix(parser, argument);
        if (!argument || !parser_add(parser, &list, argument)) return NULL;
        test->call.arguments.positional = list.nodes;
    }
    negation->binary.left = test;
    return negated ? negation : test;
}
