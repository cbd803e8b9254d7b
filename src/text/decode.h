/*
 * Decoders: ids back to bytes. What each id decodes to by itself is worked out once, when a vocabulary is
 * read; what is left for decoding are the few rules that look at more than one id.
 *
 * Source: Hugging Face tokenizers, decoders/; SentencePiece, SentencePieceProcessor::Decode. One departure: a
 * run of byte pieces that is not UTF-8 is mended byte by byte, as SentencePiece does, where tokenizers makes
 * all of the run U+FFFD; a stream could not know the latter before the run ends.
 */
#ifndef TEXT_DECODE_H
#define TEXT_DECODE_H

#include "base/json.h"
#include "text/vocab.h"

#define DECODE_STEPS_MAX 8

enum decode_kind { DECODE_BYTE_LEVEL, DECODE_REPLACE, DECODE_BYTE_FALLBACK, DECODE_STRIP, DECODE_METASPACE };

struct decode_step { /* of one piece by itself */
    enum decode_kind kind;
    char from[64], to[64]; /* REPLACE; STRIP and METASPACE: the character, in from */
    int64_t from_size, to_size;
    int64_t start, stop; /* STRIP: how many at most */
};

struct decoder {
    struct decode_step steps[DECODE_STEPS_MAX];
    int count;
    bool join;                /* a space between pieces: no decoder is named */
    bool first_without_marks; /* METASPACE: the first piece loses all its marks */
    bool strip_mark;          /* SentencePiece: U+2581 in front of the first text is dropped, */
    bool strip_all_marks;     /* and of every piece until there is text */
    char mark[4];
    int64_t mark_size;
    char strip[4]; /* at the very front at most strip_max of this character are dropped */
    int64_t strip_size, strip_max;
};

/* From the "decoder" value of a tokenizer.json (NULL or null: pieces with spaces between). Errors: by name of
 * the type; place "decoder". */
SY_MUST_CHECK bool decoder_open(const json_t *value, struct decoder *decoder, struct sy_error *err);
/* The rules of SentencePiece. */
void decoder_open_spm(struct decoder *decoder, bool dummy_prefix, bool remove_extra);
/* What a piece decodes to by itself, in `made` (`spare` is room that the caller keeps); *byte: it is one byte
 * of a run. */
void decoder_piece(const struct decoder *decoder, const char *text, int64_t size, struct text *made,
                   struct text *spare, bool *byte);

/* The byte of a piece that is spelled <0xNN>; -1: it is none. */
int piece_byte(const char *text, int64_t size);

/* The stream of tokenizer.h, one id further. */
SY_MUST_CHECK bool decoder_next(const struct decoder *decoder, const struct vocab *vocab,
                                struct token_stream *stream, int32_t id, struct text *out,
                                struct sy_error *err);
void decoder_end(struct token_stream *stream, struct text *out);

#endif
