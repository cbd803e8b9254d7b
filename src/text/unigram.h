/*
 * Unigram: the cut of a text into pieces whose scores sum highest (Viterbi). One function for SentencePiece
 * and for tokenizer.json, whose rules differ in small ways that `struct unigram_rules` names.
 */
#ifndef TEXT_UNIGRAM_H
#define TEXT_UNIGRAM_H

#include "text/id_buffer.h"
#include "text/sentencepiece/spm_model.h"

struct unigram_piece {
    const char *text; /* not empty; copied */
    int64_t size;
    double score;
    int32_t id;
};

struct unigram_rules {
    int32_t unknown;       /* id; -1: text with an unknown character is refused */
    double unknown_score;  /* of one unknown character: least score - 10 */
    bool fuse_unknown;     /* neighbouring unknown characters are one piece */
    const int32_t *bytes;  /* [256] ids of the pieces that spell an unknown one, or NULL; copied */
    bool single_precision; /* sums in f32, as SentencePiece; tokenizer.json's are f64 */
};

struct unigram;

/* Of two pieces with the same text the later one counts. */
SY_MUST_CHECK bool unigram_open(const struct unigram_piece *pieces, int64_t count,
                                const struct unigram_rules *rules, struct unigram **out,
                                struct sy_error *err);
/* From a SentencePiece model of kind SPM_UNIGRAM: which pieces take part, and with which score. */
SY_MUST_CHECK bool unigram_open_spm(const struct spm_model *model, struct unigram **out,
                                    struct sy_error *err);
void unigram_close(struct unigram *unigram); /* NULL is allowed */
int64_t unigram_bytes(const struct unigram *unigram);

/* A thread's room for cutting; grows with the longest text without a sure cut in it. Starts as { 0 }. */
struct unigram_scratch {
    void *nodes;
    int64_t room;
};
void unigram_scratch_free(struct unigram_scratch *scratch);

/* Appends the ids of valid UTF-8 text that is normalised already. Time: length times the longest piece. */
SY_MUST_CHECK bool unigram_encode(const struct unigram *unigram, struct unigram_scratch *scratch,
                                  const char *text, int64_t size, struct id_buffer *ids,
                                  struct sy_error *err);

#endif
