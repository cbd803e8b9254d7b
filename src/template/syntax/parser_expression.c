/*
 * Expressions, loosest first:
 *
 *     a if b else c,  or,  and,  not,  == < in ...,  + -,  ~,  * / // %,  **,  - +,  x.y x[i] x(...), |filter
 * is test
 *
 * As in jinja2, ** groups to the left, and a minus binds tighter than it.
 */
#include "template/syntax/parser.h"

#include <string.h>

/* Around each level of brackets and each operator that recurses. */
static struct node *deeper(struct parser *parser, struct node *(*parse)(struct parser *parser)) {
    if (!heap_enter(parser->heap)) return parser_fail(parser, "nested too deep"), NULL;
    struct node *node = parse(parser);
    heap_leave(parser->heap);
    return node;
}

static struct node *binary(struct parser *parser, enum node_kind kind, struct node *left,
                           struct node *right) {
    struct node *node = left && right ? parser_node(parser, kind) : NULL;
    if (!node) return NULL;
    node->line = left->line;
    node->column = left->column;
    node->binary.left = left;
    node->binary.right = right;
    return node;
}

/* A chain of one level's operators: NODE_BINARY with the operator that each token stands for. */
struct level {
    enum token_kind token;
    enum operator_kind operator_kind;
};
static const struct level sums[] = { { TOKEN_ADD, OPERATOR_ADD }, { TOKEN_SUB, OPERATOR_SUBTRACT } };
static const struct level products[] = { { TOKEN_MUL, OPERATOR_MULTIPLY },
                                         { TOKEN_DIV, OPERATOR_DIVIDE },
                                         { TOKEN_FLOOR_DIV, OPERATOR_FLOOR_DIVIDE },
                                         { TOKEN_MOD, OPERATOR_MODULO } };
static const struct level powers[] = { { TOKEN_POW, OPERATOR_POWER } };

static struct node *chain(struct parser *parser, const struct level *levels, int count,
                          struct node *(*parse)(struct parser *parser)) {
    struct node *left = parse(parser);
    while (left) {
        int i = 0;
        while (i < count && levels[i].token != parser->token->kind) i++;
        if (i == count) break;
        int32_t line = parser->token->line, column = parser->token->column;
        parser_next(parser);
        left = binary(parser, NODE_BINARY, left, parse(parser));
        if (!left) break;
        left->binary.operator_kind = levels[i].operator_kind;
        left->line = line; /* an error of an operator is told where the operator stands */
        left->column = column;
    }
    return left;
}

static struct node *parse_filtered(struct parser *parser) {
    return parse_unary(parser, true);
}

static struct node *parse_power(struct parser *parser) {
    return chain(parser, powers, 1, parse_filtered);
}

static struct node *parse_product(struct parser *parser) {
    return chain(parser, products, 4, parse_power);
}

static struct node *parse_concat(struct parser *parser) {
    struct node_list parts = { 0 };
    struct node *first = parse_product(parser);
    if (!first || parser->token->kind != TOKEN_TILDE) return first;
    struct node *node = parser_node(parser, NODE_CONCAT);
    if (!node || !parser_add(parser, &parts, first)) return NULL;
    while (parser_skip(parser, TOKEN_TILDE)) {
        struct node *part = parse_product(parser);
        if (!part || !parser_add(parser, &parts, part)) return NULL;
    }
    node->list = parts.nodes;
    return node;
}

static struct node *parse_sum(struct parser *parser) {
    return chain(parser, sums, 2, parse_concat);
}

/* The comparison that stands here, skipped; false where none does. */
static bool comparison_here(struct parser *parser, enum compare_kind *how) {
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

static struct node *parse_compare(struct parser *parser) {
    enum compare_kind how;
    struct node *left = parse_sum(parser), *node = NULL;
    int64_t room = 0;
    while (left && comparison_here(parser, &how)) {
        if (!node && !(node = parser_node(parser, NODE_COMPARE))) return NULL;
        node->compare.left = left;
        if (node->compare.count == room) {
            struct comparison_node *old = node->compare.items;
            room = room ? room * 2 : 1;
            node->compare.items = heap_array(parser->heap, room, sizeof *old);
            if (!node->compare.items) return NULL;
            if (old) memcpy(node->compare.items, old, (size_t)node->compare.count * sizeof *old);
        }
        struct node *right = parse_sum(parser);
        if (!right) return NULL;
        node->compare.items[node->compare.count++] = (struct comparison_node){ how, right };
    }
    return node ? node : left;
}

static struct node *parse_not(struct parser *parser) {
    if (!parser_at_word(parser, "not")) return parse_compare(parser);
    struct node *node = parser_node(parser, NODE_NOT);
    parser_next(parser);
    if (!node || !(node->binary.left = deeper(parser, parse_not))) return NULL;
    return node;
}

static struct node *parse_and(struct parser *parser) {
    struct node *left = parse_not(parser);
    while (left && parser_skip_word(parser, "and")) left = binary(parser, NODE_AND, left, parse_not(parser));
    return left;
}

struct node *parse_or(struct parser *parser) {
    struct node *left = parse_and(parser);
    while (left && parser_skip_word(parser, "or")) left = binary(parser, NODE_OR, left, parse_and(parser));
    return left;
}

static struct node *parse_condition(struct parser *parser) {
    struct node *yes = parse_or(parser);
    while (yes && parser_at_word(parser, "if")) {
        struct node *node = parser_node(parser, NODE_CONDITIONAL);
        parser_next(parser);
        if (!node || !(node->conditional.test = parse_or(parser))) return NULL;
        node->conditional.yes = yes;
        if (parser_skip_word(parser, "else") && !(node->conditional.no = deeper(parser, parse_condition)))
            return NULL;
        yes = node;
    }
    return yes;
}

struct node *parse_expression(struct parser *parser) {
    return deeper(parser, parse_condition);
}

/* ---- literals and names ---- */

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

static struct node *parse_list(struct parser *parser) {
    struct node *node = parser_node(parser, NODE_LIST);
    struct node_list items = { 0 };
    parser_next(parser);
    while (node && parser->token->kind != TOKEN_RIGHT_BRACKET) {
        if (items.nodes.count > 0 && !parser_expect(parser, TOKEN_COMMA)) return NULL;
        if (parser->token->kind == TOKEN_RIGHT_BRACKET) break;
        struct node *item = parse_expression(parser);
        if (!item || !parser_add(parser, &items, item)) return NULL;
    }
    if (!node || !parser_expect(parser, TOKEN_RIGHT_BRACKET)) return NULL;
    node->list = items.nodes;
    return node;
}

static struct node *parse_dict(struct parser *parser) {
    struct node *node = parser_node(parser, NODE_DICT);
    struct node_list items = { 0 };
    parser_next(parser);
    while (node && parser->token->kind != TOKEN_RIGHT_BRACE) {
        if (items.nodes.count > 0 && !parser_expect(parser, TOKEN_COMMA)) return NULL;
        if (parser->token->kind == TOKEN_RIGHT_BRACE) break;
        struct node *key = parse_expression(parser);
        if (!key || !parser_expect(parser, TOKEN_COLON)) return NULL;
        struct node *value = parse_expression(parser);
        if (!value || !parser_add(parser, &items, key) || !parser_add(parser, &items, value)) return NULL;
    }
    if (!node || !parser_expect(parser, TOKEN_RIGHT_BRACE)) return NULL;
    node->list = items.nodes;
    return node;
}

static struct node *parse_parentheses(struct parser *parser) {
    parser_next(parser);
    if (!heap_enter(parser->heap)) return parser_fail(parser, "nested too deep"), NULL;
    struct node *node = parse_tuple(parser, TUPLE_PARENTHESES, NULL);
    heap_leave(parser->heap);
    return node && parser_expect(parser, TOKEN_RIGHT_PAREN) ? node : NULL;
}

struct node *parse_primary(struct parser *parser, bool namespaces) {
    struct node *node;
    switch (parser->token->kind) {
    case TOKEN_NAME: return parse_name(parser, namespaces);
    case TOKEN_STRING: return parse_string(parser);
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
        node = constant(parser, parser->token->value);
        parser_next(parser);
        return node;
    case TOKEN_LEFT_PAREN: return parse_parentheses(parser);
    case TOKEN_LEFT_BRACKET: return parse_list(parser);
    case TOKEN_LEFT_BRACE: return parse_dict(parser);
    default: break;
    }
    parser_fail(parser, "unexpected '%s'", token_kind_words(parser->token->kind));
    return NULL;
}

static struct node *parse_tight_unary(struct parser *parser) {
    return parse_unary(parser, false);
}

struct node *parse_unary(struct parser *parser, bool filters) {
    struct node *node;
    if (parser->token->kind == TOKEN_SUB || parser->token->kind == TOKEN_ADD) {
        node = parser_node(parser, parser->token->kind == TOKEN_SUB ? NODE_NEGATE : NODE_PLUS);
        parser_next(parser);
        if (!node || !(node->binary.left = deeper(parser, parse_tight_unary))) return NULL;
    } else {
        node = parse_primary(parser, false);
    }
    if (node) node = parse_postfix(parser, node);
    while (filters && node) { /* calls may follow filters and tests too */
        if (parser->token->kind == TOKEN_PIPE)
            node = parse_filters(parser, node, false);
        else if (parser_at_word(parser, "is"))
            node = parse_test(parser, node);
        else if (parser->token->kind == TOKEN_LEFT_PAREN)
            node = parse_call(parser, node);
        else
            break;
    }
    return node;
}

/* ---- tuples ---- */

static bool at_tuple_end(const struct parser *parser, const char *end_word) {
    enum token_kind kind = parser->token->kind;
    return kind == TOKEN_PRINT_END || kind == TOKEN_TAG_END || kind == TOKEN_RIGHT_PAREN ||
           (end_word && parser_at_word(parser, end_word));
}

struct node *parse_tuple(struct parser *parser, int flags, const char *end_word) {
    struct node_list items = { 0 };
    struct node *node = NULL;
    bool tuple = false;
    struct node *made = parser_node(parser, NODE_TUPLE);
    if (!made) return NULL;
    do {
        if (at_tuple_end(parser, end_word)) break;
        if (flags & TUPLE_SIMPLE)
            node = parse_primary(parser, flags & TUPLE_NAMESPACE);
        else
            node = flags & TUPLE_NO_CONDITION ? parse_or(parser) : parse_expression(parser);
        if (!node || !parser_add(parser, &items, node)) return NULL;
        tuple |= parser->token->kind == TOKEN_COMMA;
    } while (parser_skip(parser, TOKEN_COMMA));
    if (!tuple && node) return node;
    if (!tuple && !(flags & TUPLE_PARENTHESES)) {
        const struct template_token *token = parser->token;
        if (token->kind == TOKEN_NAME)
            parser_fail(parser, "Expected an expression, got '%.*s'", STRING_START(token->value.string));
        else
            parser_fail(parser, "Expected an expression, got '%s'", token_kind_words(token->kind));
        return NULL;
    }
    made->list = items.nodes;
    return made;
}
