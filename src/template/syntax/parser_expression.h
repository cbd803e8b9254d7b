/*
 * Expressions, as statements contain them.
 */
#ifndef TEMPLATE_SYNTAX_PARSER_EXPRESSION_H
#define TEMPLATE_SYNTAX_PARSER_EXPRESSION_H

#include "template/syntax/parser_steps.h"

struct node *parse_expression(struct parser *parser);

/* How parse_tuple reads. */
enum tuple_flags {
    TUPLE_NO_CONDITION = 1, /* no inline if */
    TUPLE_SIMPLE = 2,       /* names and literals only: a target */
    TUPLE_NAMESPACE = 4,    /* ns.name too */
    TUPLE_PARENTHESES = 8,  /* within parentheses: may be empty */
};
/* end_word: a word that ends it, besides the end of the tag; or NULL. */
struct node *parse_tuple(struct parser *parser, int flags, const char *end_word);

/* a|b|c behind `node`, which is NULL in {% filter %}; `inline_first`: the first stands without its |. */
struct node *parse_filters(struct parser *parser, struct node *node, bool inline_first);

#endif
