/*
 * What is no more than its tokens: names, strings, numbers, signs of comparisons.
 */
#ifndef TEMPLATE_SYNTAX_PARSER_ATOM_H
#define TEMPLATE_SYNTAX_PARSER_ATOM_H

#include "template/syntax/parser_steps.h"

/* The name, string or number that stands here; with `namespaces` ns.name too. */
struct node *parse_atom(struct parser *parser, bool namespaces);
/* name.name.name */
SY_MUST_CHECK bool parse_dotted_name(struct parser *parser, const struct string **name);
/* The comparison that stands here, skipped; false where none does. */
bool parse_comparison(struct parser *parser, enum compare_kind *how);

#endif
