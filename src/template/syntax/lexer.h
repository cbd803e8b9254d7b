/*
 * Template text to tokens: what lies between tags as data, what lies within as words, numbers, strings and
 * operators; white space is cut here, by the signs on the tags and by trim_blocks and lstrip_blocks.
 */
#ifndef TEMPLATE_SYNTAX_LEXER_H
#define TEMPLATE_SYNTAX_LEXER_H

#include "template/syntax/token.h"

/* The last token is TOKEN_END. The source must be valid UTF-8. */
SY_MUST_CHECK bool lexer_run(struct heap *heap, const char *source, int64_t size, struct tokens *out);

#endif
