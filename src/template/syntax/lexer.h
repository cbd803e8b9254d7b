/*
 * Template text to tokens: what lies between tags as data, what lies within as words, numbers, strings and
 * operators; white space is cut here, by the signs on the tags and by trim_blocks and lstrip_blocks.
 */
#ifndef TEMPLATE_SYNTAX_LEXER_H
#define TEMPLATE_SYNTAX_LEXER_H

#include "template/values/value.h"

enum token_kind {
    TOKEN_END, /* of the template */
    TOKEN_DATA,
    TOKEN_PRINT_BEGIN,
    TOKEN_PRINT_END,
    TOKEN_TAG_BEGIN,
    TOKEN_TAG_END,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_INTEGER,
    TOKEN_FLOAT,
    /* operators, in the order of `token_signs` */
    TOKEN_ADD,
    TOKEN_SUB,
    TOKEN_DIV,
    TOKEN_FLOOR_DIV,
    TOKEN_MUL,
    TOKEN_MOD,
    TOKEN_POW,
    TOKEN_TILDE,
    TOKEN_LEFT_BRACKET,
    TOKEN_RIGHT_BRACKET,
    TOKEN_LEFT_PAREN,
    TOKEN_RIGHT_PAREN,
    TOKEN_LEFT_BRACE,
    TOKEN_RIGHT_BRACE,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_ASSIGN,
    TOKEN_DOT,
    TOKEN_COLON,
    TOKEN_PIPE,
    TOKEN_COMMA,
    TOKEN_SEMICOLON,
};

struct template_token {
    enum token_kind kind;
    int32_t line, column;
    struct value value; /* data, string, number; the word of a name */
};
struct tokens {
    struct template_token *items;
    int64_t count, room;
};

/* The last token is TOKEN_END. The source must be valid UTF-8. */
SY_MUST_CHECK bool lexer_run(struct heap *heap, const char *source, int64_t size, struct tokens *out);
const char *token_kind_words(enum token_kind kind); /* "end of print statement", ")", "integer" */

#endif
