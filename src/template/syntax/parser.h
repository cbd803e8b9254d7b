/*
 * Tokens to a tree. Recursive descent, after jinja2's grammar (jinja2/parser.py, 3.1); names stay unresolved,
 * which names.c does behind it.
 */
#ifndef TEMPLATE_SYNTAX_PARSER_H
#define TEMPLATE_SYNTAX_PARSER_H

#include "template/syntax/token.h"
#include "template/syntax/tree.h"

/* *mentions: MENTIONS_... of the template's own body. */
SY_MUST_CHECK bool parser_run(struct heap *heap, const struct tokens *tokens, int64_t nodes_max,
                              struct tree *tree, unsigned *mentions);

#endif
