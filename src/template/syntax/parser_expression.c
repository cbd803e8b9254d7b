/*
 * Expressions: one level of the grammar is one function, which calls the next. Loosest first:
 *
 *     a if b else c       parse_condition
 *     or                  parse_or
 *     and                 parse_and
 *     not                 parse_not
 *     == != < <= in ...   parse_compare
 *     + -                 parse_sum
 *     ~                   parse_concat
 *     * / // %            parse_product
 *     **                  parse_power
 *     x|filter  x is test parse_filters, parse_test
 *     -x +x               parse_unary
 *     x.y x[i] x(...)     parse_postfix
 *     names, literals     parse_primary
 *
 * As in jinja2, ** groups to the left, and a minus binds tighter than it.
 */
#include "template/syntax/parser_expression.h"
#include "template/syntax/parser_atom.h"

#include <string.h>

static struct node *parse_unary(struct parser *parser, bool filters);

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

static struct node *parse_compare(struct parser *parser) {
    enum compare_kind how;
    struct node *left = parse_sum(parser), *node = NULL;
    int64_t room = 0;
    while (left && parse_comparison(parser, &how)) {
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

static struct node *parse_or(struct parser *parser) {
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

/* ---- lists, dicts, parentheses ---- */

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

static struct node *parse_primary(struct parser *parser, bool namespaces) {
    switch (parser->token->kind) {
    case TOKEN_NAME:
    case TOKEN_STRING:
    case TOKEN_INTEGER:
    case TOKEN_FLOAT: return parse_atom(parser, namespaces);
    case TOKEN_LEFT_PAREN: return parse_parentheses(parser);
    case TOKEN_LEFT_BRACKET: return parse_list(parser);
    case TOKEN_LEFT_BRACE: return parse_dict(parser);
    default: break;
    }
    parser_fail(parser, "unexpected '%s'", token_kind_words(parser->token->kind));
    return NULL;
}

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

static struct node *parse_subscript(struct parser *parser, struct node *of) {
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

/* ---- calls ---- */

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

static struct node *parse_call(struct parser *parser, struct node *subject) {
    struct node *node = parser_node(parser, NODE_CALL);
    if (!node || !parse_arguments(parser, &node->call.arguments)) return NULL;
    node->call.subject = subject;
    return node;
}

/* .name [i] (...) */
static struct node *parse_postfix(struct parser *parser, struct node *node) {
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

/* ---- filters and tests ---- */

struct node *parse_filters(struct parser *parser, struct node *node, bool inline_first) {
    while (parser->token->kind == TOKEN_PIPE || inline_first) {
        if (!inline_first) parser_next(parser);
        inline_first = false;
        struct node *filter = parser_node(parser, NODE_FILTER);
        if (!filter || !parse_dotted_name(parser, &filter->call.name)) return NULL;
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

static struct node *parse_test(struct parser *parser, struct node *subject) {
    struct node *test = parser_node(parser, NODE_TEST), *negation = parser_node(parser, NODE_NOT);
    struct node_list list = { 0 };
    parser_next(parser);
    bool negated = parser_skip_word(parser, "not");
    if (!test || !negation || !parse_dotted_name(parser, &test->call.name)) return NULL;
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

/* ---- signs, and what may follow them ---- */

static struct node *parse_tight_unary(struct parser *parser) {
    return parse_unary(parser, false);
}

static struct node *parse_unary(struct parser *parser, bool filters) {
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
