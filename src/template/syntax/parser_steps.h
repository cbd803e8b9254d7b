/*
 * The steps that parsing consists of: looking at the current token, going on, making nodes, failing.
 */
#ifndef TEMPLATE_SYNTAX_PARSER_STEPS_H
#define TEMPLATE_SYNTAX_PARSER_STEPS_H

#include "template/syntax/token.h"
#include "template/syntax/tree.h"

struct parser {
    struct heap *heap;
    const struct template_token *token; /* the current one; TOKEN_END is never passed */
    const char *tags[4];                /* what the innermost open block waits for; NULL behind */
    const char *open_tag;               /* it */
    int32_t loops;                      /* open ones of this function: where break may stand */
    unsigned mentions;                  /* MENTIONS_... of the body so far */
    int64_t nodes, nodes_max;
    struct tree *tree;
};

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
/* Says that something else was wanted here. Always false. */
bool parser_unexpected(struct parser *parser, const char *wanted);

#endif
