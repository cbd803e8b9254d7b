/*
 * A tokenizer: text to ids and back, exactly as the model's authors' code does it. One interface over
 * tokenizer.json, tokenizer.model, vocab.json with merges.txt, tiktoken's rank files, tekken.json and the
 * vocabularies inside GGUF files.
 *
 *     bytes -> special tokens cut out -> normalise -> pre-tokenise -> model (BPE, Unigram) -> ids
 *     ids   -> pieces -> decode -> bytes
 *
 * A tokenizer is read-only once open: any number of threads may use one at the same time. Text is bytes: any
 * string may come in, also one that is no UTF-8.
 */
#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H

#include "base/error.h"
#include "base/json.h"
#include "text/id_buffer.h"
#include "text/notes.h"
#include "text/token.h"

struct tokenizer_facts {        /* strings are borrowed from the tokenizer */
    const char *file;           /* that it was read from */
    const char *kind;           /* "byte-level BPE", "SentencePiece BPE", "Unigram", ... */
    int64_t count;              /* ids are 0 .. count - 1; some may be holes (TOKEN_NONE) */
    int64_t bos, eos, unk, pad; /* -1: none */
    bool adds_bos, adds_eos;    /* what encoding adds unless told not to */
    int64_t piece_bytes_max;    /* the longest that one id decodes to, or is spelled */
    int64_t bytes;              /* of memory that it holds */
    int64_t reading;            /* bytes that reading it took at most, and that are given back */
};

/* `path`: a model's folder, a GGUF file, or one tokenizer file. `pre` (or NULL) names the pattern of a bare
 * rank file, as in GGUF's tokenizer.ggml.pre. Errors: SY_ERR_FORMAT and SY_ERR_LIMIT name file and place;
 * SY_ERR_IO when a folder has none. */
SY_MUST_CHECK bool tokenizer_open(const char *path, const char *pre, const struct tokenizer_limits *limits,
                                  struct tokenizer **out, struct sy_error *err);
void tokenizer_close(struct tokenizer *tokenizer); /* NULL is allowed */
struct tokenizer_facts tokenizer_facts(const struct tokenizer *tokenizer);
/* Where its files say different things, or name what is not there. Borrowed, as what follows. */
const struct text_notes *tokenizer_notes(const struct tokenizer *tokenizer);
/* What the files beside it call bos_token, eos_token, ...: an object of texts, or of objects with "content";
 * or NULL. */
const json_t *tokenizer_names(const struct tokenizer *tokenizer);

/* ---- text to ids ---- */

struct encode_options {
    bool no_special;    /* add no bos, no eos, nothing of a template */
    bool parse_special; /* special tokens in the text are such; else they are plain text */
};

/* Appends to `ids`. Fails only for want of memory, or where the tokenizer's own rules refuse a text. */
SY_MUST_CHECK bool tokenizer_encode(const struct tokenizer *tokenizer, const char *bytes, int64_t size,
                                    struct encode_options options, struct id_buffer *ids,
                                    struct sy_error *err);

/*
 * The longest text, in bytes, that so many ids can be: ids times the longest piece, and 4 times that where
 * characters are composed first (NFC). Where encoding may shorten a text at will (white space taken along or
 * squeezed, runs of unknown characters) no number is certain: then it is a bound, TEXT_SHORTENED times as
 * large. Saturates.
 */
#define TEXT_COMPOSED  4
#define TEXT_SHORTENED 16
int64_t tokenizer_bytes_most(const struct tokenizer *tokenizer, int64_t ids);

/* ---- ids to text ---- */

/* Appends the bytes of all ids, as the authors' decoder gives them: special ids as their text,
 * SentencePiece's control ids as nothing. SY_ERR_INPUT names an id out of range. */
SY_MUST_CHECK bool tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids, int64_t count,
                                    struct text *out, struct sy_error *err);

/* Streaming: bytes as they become sure, never half a UTF-8 character. What all calls give, joined, is what
 * tokenizer_decode gives. */
struct token_stream token_stream_begin(const struct tokenizer *tokenizer);
SY_MUST_CHECK bool token_stream_next(struct token_stream *stream, int32_t id, struct text *out,
                                     struct sy_error *err);
void token_stream_end(struct token_stream *stream, struct text *out); /* what was held back */

/* ---- single tokens ---- */

enum token_kind tokenizer_kind(const struct tokenizer *tokenizer, int64_t id);
/* The piece as the vocabulary spells it, borrowed; NULL and size 0 for a hole. */
const char *tokenizer_piece(const struct tokenizer *tokenizer, int64_t id, int64_t *size);
/* The id of a piece or special token with exactly this spelling; -1: none. */
int64_t tokenizer_find(const struct tokenizer *tokenizer, const char *piece, int64_t size);

#endif
