/*
 * Tokens to a tree. Recursive descent, after jinja2's grammar (jinja2/parser.py, 3.1); names stay unresolved,
 * which names.c does behind it.
 */
#ifndef TEMPLATE_SYNTAX_PARSER_H
#define TEMPLATE_SYNTAX_PARSER_H

#include "template/syntax/lexer.h"
#include "template/syntax/tree.h"

/* Names that mean something only to those bodies that mention them. */
enum {
    MENTIONS_LOOP = 1,
    MENTIONS_CALLER = 2,
    MENTIONS_KWARGS = 4,
    MENTIONS_VARARGS = 8,
    MENTIONS_SELF = 16,
    MENTIONS_SUPER = 32
};

struct parser {
    struct heap *heap;
    const struct template_token *token; /* the current one; TOKEN_END is never passed */
    const char *tags[4];                /* what the innermost open block waits for; NULL behind */
    const char *open_tag;               /* it */
    int32_t loops;                      /* open ones of this function: where break may stand */
    unsigned mentions;                  /* of the special names below, in the body so far */
    int64_t nodes, nodes_max;
    struct tree *tree;
};

SY_MUST_CHECK bool parser_run(struct heap *heap, const struct tokens *tokens, int64_t nodes_max,
                              struct tree *tree, unsigned *mentions);

/* ---- within the parser ---- */

/* An error at the current token, or at a node. Always false. */
bool parser_fail(struct parser *parser, const char *format, ...) SY_PRINTF(2, 3);
bool parser_fail_at(struct parser *parser, const struct node *node, const char *format, ...) SY_PRINTF(3, 4);

struct node *parser_node(struct parser *parser, enum node_kind kind); /* at the current token; NULL: failed */
/* Growing, while a list is parsed. Starts as { 0 }; `list` ends up as nodes. */
struct node_list {
    struct nodes nodes;
    int64_t room;
};
SY_MUST_CHECK bool parser_add(struct parser *parser, struct node_list *list, struct node *node);

static inline void parser_next(struct parser *parser) {
    if (parser->token->kind != TOKEN_END) parser->token++;
}
bool parser_at_word(const struct parser *parser, const char *word);
bool parser_skip_word(struct parser *parser, const char *word); /* true where it stood there */
bool parser_skip(struct parser *parser, enum token_kind kind);
SY_MUST_CHECK bool parser_expect(struct parser *parser, enum token_kind kind);
SY_MUST_CHECK bool parser_expect_word(struct parser *parser, const char *word);
SY_MUST_CHECK bool parser_expect_name(struct parser *parser, const struct string **name);

/* How parse_tuple reads. */
enum tuple_flags {
    TUPLE_NO_CONDITION = 1, /* no inline if */
    TUPLE_SIMPLE = 2,       /* names and literals only: a target */
    TUPLE_NAMESPACE = 4,    /* ns.name too */
    TUPLE_PARENTHESES = 8,  /* within parentheses: may be empty */
};
/* end_word: a word that ends it, besides the end of the tag; or NULL. */
struct node *parse_tuple(struct parser *parser, int flags, const char *end_word);
struct node *parse_expression(struct parser *parser);
struct node *parse_or(struct parser *parser); /* an expression without inline if */
struct node *parse_primary(struct parser *parser, bool namespaces);
struct node *parse_postfix(struct parser *parser, struct node *node); /* .name [i] (...) */
struct node *parse_unary(struct parser *parser, bool filters);

/* a|b|c behind `node`, which is NULL in {% filter %}; `inline_first`: the first stands without its |. */
struct node *parse_filters(struct parser *parser, struct node *node, bool inline_first);
struct node *parse_test(struct parser *parser, struct node *node);
struct node *parse_call(struct parser *parser, struct node *node);
struct node *parse_subscript(struct parser *parser, struct node *node);

/* A name, a tuple of names, or with TUPLE_NAMESPACE ns.name, to assign to. */
struct node *parse_target(struct parser *parser, int flags, const char *end_word);

#endif
