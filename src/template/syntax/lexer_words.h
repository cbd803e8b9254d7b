/*
 * Inside the lexer: its state, and the words that stand within tags.
 */
#ifndef TEMPLATE_SYNTAX_LEXER_WORDS_H
#define TEMPLATE_SYNTAX_LEXER_WORDS_H

#include "template/syntax/token.h"

#define LEXER_BRACKETS_MAX 256

struct lexer {
    struct heap *heap;
    const char *text; /* newlines normalised */
    int64_t size, at;
    int32_t line, column;
    bool line_starting; /* the last piece ended in a newline */
    char brackets[LEXER_BRACKETS_MAX];
    int bracket_count; /* open within this tag */
    struct tokens *tokens;
};

bool lexer_fail(struct lexer *lexer, const char *message); /* adds the place; always false */

/* What stands at lexer->at: *end is the byte behind it, or 0 where it is nothing of this kind. */
SY_MUST_CHECK bool lexer_number(struct lexer *lexer, enum token_kind *kind, struct value *value,
                                int64_t *end);
SY_MUST_CHECK bool lexer_name(struct lexer *lexer, enum token_kind *kind, struct value *value, int64_t *end);
SY_MUST_CHECK bool lexer_string(struct lexer *lexer, enum token_kind *kind, struct value *value,
                                int64_t *end);
int64_t lexer_operator(const struct lexer *lexer, enum token_kind *kind); /* its bytes, or 0 */

#endif
