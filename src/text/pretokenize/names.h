/*
 * Names of pre-tokenisers: what GGUF says in tokenizer.ggml.pre, and what names the pattern and the special
 * tokens of a bare rank file.
 */
#ifndef TEXT_PRETOKENIZE_NAMES_H
#define TEXT_PRETOKENIZE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define PRE_PATTERNS_MAX 6

struct special_name { /* `text` may hold one %d: a row of tokens, numbered from `first` */
    const char *text;
    int32_t id, count, first;
};

struct pre_name {
    const char *names;                      /* with spaces between */
    const char *patterns[PRE_PATTERNS_MAX]; /* each cuts what the one before left; NULL ends */
    bool whole_first;                       /* a word that is a piece is that piece */
    bool nfc;                               /* text is brought into Unicode's form NFC first */
    bool adds_bos;
    bool ours; /* no other program knows it by such a name: it is read, and never written */
    /* of a rank file: */
    int64_t ranks;                       /* in it, which tells files without a name apart; 0: no rank file */
    const struct special_name *specials; /* a NULL text ends */
    const char *bos, *eos;
};

const struct pre_name *pre_name_find(const char *name);  /* NULL: not known */
const struct pre_name *pre_name_of_ranks(int64_t ranks); /* NULL: not known */
const struct pre_name *pre_name_at(int index);           /* NULL: there are no more */

struct pretokenizer;
/* The name that is written for such a pre-tokeniser: the first word of `names`. Where several have its
 * patterns, the one whose other rules are most alike. NULL: none has. */
const struct pre_name *pre_name_of(const struct pretokenizer *pre, bool nfc, bool whole_first);

#endif
