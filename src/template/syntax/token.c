/*
 * How tokens are called in messages; of operators that is how they are written.
 */
#include "template/syntax/token.h"

static const char *const signs[] = { "+", "-",  "/",  "//", "*",  "%", "**", "~", "[", "]", "(", ")", "{",
                                     "}", "==", "!=", ">",  ">=", "<", "<=", "=", ".", ":", "|", ",", ";" };

const char *token_kind_words(enum token_kind kind) {
    static const char *const words[] = { "end of template",
                                         "template data / text",
                                         "begin of print statement",
                                         "end of print statement",
                                         "begin of statement block",
                                         "end of statement block",
                                         "name",
                                         "string",
                                         "integer",
                                         "float" };
    return kind >= TOKEN_ADD ? signs[kind - TOKEN_ADD] : words[kind];
}
