/*
 * What is no more than its tokens: names, strings, numbers, signs of comparisons.
 */
#include "template/syntax/parser_atom.h"

static struct node *constant(struct parser *parser, struct value value) {
    struct node *node = parser_node(parser, NODE_CONSTANT);
    if (node) node->constant = value;
    return node;
}

static unsigned mention(const struct string *name) {
    static const char *const names[] = { "loop", "caller", "kwargs", "varargs", "self", "super" };
    for (int i = 0; i < 6; i++)
        if (string_equals(name, names[i])) return 1u << i;
    return 0;
}

static struct node *parse_name(struct parser *parser, bool namespaces) {
    const struct string *name = parser->token->value.string;
    struct node *node;
    if (string_equals(name, "true") || string_equals(name, "True"))
        node = constant(parser, value_bool(true));
    else if (string_equals(name, "false") || string_equals(name, "False"))
        node = constant(parser, value_bool(false));
    else if (string_equals(name, "none") || string_equals(name, "None"))
        node = constant(parser, value_none);
    else if ((node = parser_node(parser, NODE_NAME)))
        node->name.id = name;
    if (!node) return NULL;
    parser->mentions |= mention(name);
    parser_next(parser);
    if (namespaces && node->kind == NODE_NAME && parser_skip(parser, TOKEN_DOT)) {
        node->kind = NODE_NAMESPACE;
        if (!parser_expect_name(parser, &node->name.attribute)) return NULL;
    }
    return node;
}

static struct node *parse_string(struct parser *parser) {
    struct value text = parser->token->value;
    struct node *node = parser_node(parser, NODE_CONSTANT);
    parser_next(parser);
    while (node && parser->token->kind == TOKEN_STRING) { /* neighbours are one */
        if (!string_join(parser->heap, text.string, parser->token->value.string, &text)) return NULL;
        parser_next(parser);
    }
    if (node) node->constant = text;
    return node;
}

struct node *parse_atom(struct parser *parser, bool namespaces) {
    if (parser->token->kind == TOKEN_NAME) return parse_name(parser, namespaces);
    if (parser->token->kind == TOKEN_STRING) return parse_string(parser);
    struct node *number = constant(parser, parser->token->value);
    parser_next(parser);
    return number;
}

bool parse_dotted_name(struct parser *parser, const struct string **name) {
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

bool parse_comparison(struct parser *parser, enum compare_kind *how) {
    static const struct {
        enum token_kind token;
        enum compare_kind how;
    } kinds[] = { { TOKEN_EQ, COMPARE_IS_EQUAL },   { TOKEN_NE, COMPARE_IS_NOT_EQUAL },
                  { TOKEN_LT, COMPARE_IS_LESS },    { TOKEN_LE, COMPARE_IS_LESS_EQUAL },
                  { TOKEN_GT, COMPARE_IS_GREATER }, { TOKEN_GE, COMPARE_IS_GREATER_EQUAL } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        *how = kinds[i].how;
        if (parser_skip(parser, kinds[i].token)) return true;
    }
    *how = COMPARE_IN;
    if (parser_skip_word(parser, "in")) return true;
    if (!parser_at_word(parser, "not")) return false;
    const struct template_token *next = parser->token + 1;
    if (next->kind != TOKEN_NAME || !string_equals(next->value.string, "in")) return false;
    parser_next(parser);
    parser_next(parser);
    *how = COMPARE_NOT_IN;
    return true;
}
