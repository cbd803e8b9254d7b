/*
 * Byte-pair encoding: a word is cut into its units (bytes, or characters), then the pair of neighbours with
 * the lowest rank becomes one symbol, the leftmost first, until no pair has a rank.
 *
 * All the BPE tokenizers are this one, and differ in where ranks come from: the place in a list of merges
 * (tokenizer.json, GGUF's gpt2), the id of the piece that a pair makes (tiktoken, tekken), or the order of
 * scores (SentencePiece).
 *
 * Source: Sennrich et al. 2016, arXiv:1508.07909; the rules of order as in tokenizers' word.rs and
 * SentencePiece's bpe_model.cc.
 */
#ifndef TEXT_BPE_H
#define TEXT_BPE_H

#include "text/id_buffer.h"
#include "text/pair_table.h"
#include "text/vocab.h"

enum bpe_unit { BPE_BYTES, BPE_CHARACTERS };

struct bpe_rules {
    enum bpe_unit unit;
    bool whole_first;         /* a word that is a piece is that piece, whatever the merges say */
    bool fuse_unknown;        /* neighbouring unknown units are one id */
    bool unknown_spans_words; /* also across words */
    bool spell_unknown;       /* unknown characters become byte pieces, where all of their bytes have one */
    int32_t unknown;          /* id; -1: unknown units are left out */
    /* Ids: BPE_BYTES: the unit that each byte is; BPE_CHARACTERS: the byte pieces. -1: none. */
    int32_t bytes[256];
};

struct bpe {
    struct bpe_rules rules;
    const struct vocab *vocab; /* borrowed */
    const struct piece *texts; /* of vocab: what pieces match in text */
    struct piece_index words;  /* pieces that words are looked up among */
    int64_t word_bytes_max;    /* of those */
    struct pair_table merges;
    uint64_t *whole;   /* a bit an id: merging this piece's own text gives just this piece */
    uint64_t *joints;  /* BPE_CHARACTERS: a bit a hash of two characters that stand side by side in a piece */
    uint32_t *letters; /* sorted: characters of pieces that are none themselves; symbols vocab->count + i */
    int64_t letter_count;
    bool uncut; /* words may not be cut at joints that no piece has: merges know more than text */
};

struct bpe_scratch { /* a call's own room; starts as { 0 } */
    int32_t *symbols;
    int64_t symbol_room;
    void *memory; /* of long words */
    int64_t memory_room;
    bool unknown_open;              /* the last id was an unknown one that may be fused with the next */
    uint32_t last_left, last_right; /* the last merge */
};
void bpe_scratch_free(struct bpe_scratch *scratch);

/*
 * Building. Rules and vocabulary first; then every piece of the model that text may become (bpe_word), then
 * merges by one of two ways, then bpe_finish. `texts` is vocab->spelled or vocab->decoded. On failure
 * bpe_close frees what was built.
 */
SY_MUST_CHECK bool bpe_open(struct bpe *bpe, const struct bpe_rules *rules, const struct vocab *vocab,
                            const struct piece *texts, struct sy_error *err);
SY_MUST_CHECK bool bpe_word(struct bpe *bpe, int32_t id, struct sy_error *err);
SY_MUST_CHECK bool bpe_merge(struct bpe *bpe, int32_t left, int32_t right, uint32_t rank, int32_t made,
                             struct sy_error *err);
/* Merges of a vocabulary without a list: every cut of each word in two known parts, ranked by ranks[id];
 * NO_RANK leaves a word out. `letters`: characters that are no pieces take part too. */
#define BPE_NO_RANK UINT32_MAX
SY_MUST_CHECK bool bpe_merge_all(struct bpe *bpe, const uint32_t *ranks, bool letters, struct sy_error *err);
SY_MUST_CHECK bool bpe_finish(struct bpe *bpe, struct sy_error *err);
int64_t bpe_bytes(const struct bpe *bpe);
void bpe_close(struct bpe *bpe);

/* Appends the ids of one word (BPE_CHARACTERS: valid UTF-8, of any length). */
SY_MUST_CHECK bool bpe_encode(const struct bpe *bpe, struct bpe_scratch *scratch, const char *text,
                              int64_t size, struct id_buffer *ids, struct sy_error *err);

/* ---- between bpe.c and bpe_build.c ---- */

/* Cuts a word into symbols and merges them in scratch->symbols: their count, or -1 and err. */
int64_t bpe_symbols(const struct bpe *bpe, struct bpe_scratch *scratch, const char *text, int64_t size,
                    struct sy_error *err);

/* The symbol of one unit; -1: none. */
int32_t bpe_unit_symbol(const struct bpe *bpe, const char *text, int64_t size);

#define BPE_JOINT_BITS 20
static inline uint64_t bpe_joint(uint32_t a, uint32_t b) {
    return pair_hash(a, b) >> (32 - BPE_JOINT_BITS) & ((1u << BPE_JOINT_BITS) - 1);
}
static inline bool bpe_joins(const struct bpe *bpe, uint32_t a, uint32_t b) {
    uint64_t bit = bpe_joint(a, b);
    return bpe->joints[bit / 64] >> bit % 64 & 1;
}
static inline bool bpe_is_whole(const struct bpe *bpe, int32_t id) {
    return bpe->whole[id / 64] >> id % 64 & 1;
}

#endif
