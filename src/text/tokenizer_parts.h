/*
 * Private to text/: what a tokenizer is made of. A loader fills the vocabulary and the added tokens, opens
 * the parts that its file speaks of, and leaves the rest as it is: zeros mean none.
 */
#ifndef TEXT_TOKENIZER_PARTS_H
#define TEXT_TOKENIZER_PARTS_H

#include "text/added.h"
#include "text/bpe.h"
#include "text/decode.h"
#include "text/normalize/normalize.h"
#include "text/notes.h"
#include "text/pretokenize/pretokenize.h"
#include "text/unigram.h"

#define FRAME_IDS_MAX 16

struct frame { /* ids that encoding puts before and behind a text */
    int32_t before[FRAME_IDS_MAX], behind[FRAME_IDS_MAX];
    int before_count, behind_count;
};

struct tokenizer {
    char file[4096]; /* that it was read from */
    const char *kind;
    struct tokenizer_limits limits; /* no zeros */
    struct vocab vocab;
    struct added added, added_normalized;
    struct normalizer *normalizer;
    struct pretokenizer pre;
    bool byte_level; /* text that is no UTF-8 can be encoded */
    struct bpe bpe;
    struct unigram *unigram; /* NULL: bpe */
    struct decoder decoder;
    struct frame frame;
    int64_t bos, eos, unk, pad; /* -1: none */
    int64_t reading;            /* bytes that reading its files took at most, given back since */
    bool ranks;                 /* read from a bare file of ranks, which does not say how text is cut */
    bool vocab_merges;          /* `file` is vocab.json, with merges.txt beside it */
    bool counts_on;             /* what is named special and in no vocabulary becomes the next id */
    struct text_notes notes;
    json_t *names;         /* what the files beside it call bos_token, eos_token, ..; or NULL */
    bool adds_bos_by_name; /* GGUF's `pre` says so where no key does */
    int64_t front_mark;    /* before an added token that is not special at the very front; 0: nothing */
    bool front_everywhere; /* text behind a special token is normalised as if it stood at the front */
};

SY_MUST_CHECK bool frame_before(struct frame *frame, int64_t id, struct sy_error *err);
SY_MUST_CHECK bool frame_behind(struct frame *frame, int64_t id, struct sy_error *err);
/* From "post_processor" of a tokenizer.json. */
SY_MUST_CHECK bool frame_open(const json_t *value, const struct vocab *vocab, struct frame *frame,
                              struct sy_error *err);

/* One without any part, for a loader to fill (load/load.h). NULL: no memory. */
struct tokenizer *tokenizer_blank(const char *path, const struct tokenizer_limits *limits,
                                  struct sy_error *err);

#endif
