/*
 * Tokens: what the lexer makes of a template, and the parser reads.
 */
#ifndef TEMPLATE_SYNTAX_TOKEN_H
#define TEMPLATE_SYNTAX_TOKEN_H

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
    /* operators, in the order of `signs` */
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

const char *token_kind_words(enum token_kind kind); /* "end of print statement", ")", "integer" */

#endif
