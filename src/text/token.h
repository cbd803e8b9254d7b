/*
 * What a tokenizer's interface (tokenizer.h) and its parts name alike: kinds of tokens, the limits of files,
 * and how far a stream of ids has come.
 */
#ifndef TEXT_TOKEN_H
#define TEXT_TOKEN_H

#include "base/error.h"
#include <stdint.h>

struct tokenizer;

enum token_kind { TOKEN_NONE, TOKEN_NORMAL, TOKEN_BYTE, TOKEN_CONTROL, TOKEN_ADDED, TOKEN_UNKNOWN };

struct tokenizer_limits { /* zeros: the defaults in tokenizer.c */
    int64_t file_bytes, pieces, piece_bytes, merges, memory_bytes;
    int64_t reading_bytes; /* that a file may take while it is read (TOKENIZER_READING a byte); 0: any */
};

/* A file's text, the tree that its JSON becomes, and the tokenizer itself, for a byte of the file: at most
 * 10.6 in the largest published ones. */
#define TOKENIZER_READING 12

/* Plain data: copying one forks the stream. */
struct token_stream {
    const struct tokenizer *tokenizer; /* borrowed */
    int64_t count;                     /* ids taken */
    unsigned char pending[16];         /* bytes held back */
    int pending_count;
    bool mending;     /* they are byte pieces: what turns out to be no UTF-8 becomes U+FFFD */
    bool begun;       /* there was text: what is stripped at the front is no longer */
    int64_t stripped; /* characters that were */
};

#endif
