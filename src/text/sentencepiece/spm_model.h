/*
 * SentencePiece's own model file (tokenizer.model, spiece.model): a protobuf message, read through protobuf-c
 * into a plain struct.
 */
#ifndef TEXT_SPM_MODEL_H
#define TEXT_SPM_MODEL_H

#include "base/arena.h"
#include "base/error.h"
#include <stdint.h>

/* Numbers of the file, and of tokenizer.ggml.token_type. */
enum spm_piece_type {
    SPM_NORMAL = 1,
    SPM_UNKNOWN = 2,
    SPM_CONTROL = 3,
    SPM_USER_DEFINED = 4,
    SPM_UNUSED = 5,
    SPM_BYTE = 6,
};

struct spm_piece {
    const char *text; /* valid UTF-8, a NUL behind */
    int64_t size;     /* at least 1 */
    float score;      /* finite */
    enum spm_piece_type type;
};

enum spm_kind { SPM_UNIGRAM = 1, SPM_BPE = 2 }; /* word and char models are refused by name */

/* What is done to text before it is cut; GGUF says the same in tokenizer.ggml.*. */
struct spm_rules {
    const unsigned char *charsmap; /* or NULL */
    int64_t charsmap_size;
    bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces;
    bool whitespace_as_suffix;      /* U+2581 stands behind words, the dummy one at the end */
    const struct spm_piece *pieces; /* of these, the user-defined ones are never changed; may be NULL */
    int64_t piece_count;
};

struct spm_model {
    enum spm_kind kind;
    struct spm_piece *pieces; /* [count], by id; texts unique among types 1, 4, 5 and among 2, 3, 6 */
    int64_t count;
    int64_t unk, bos, eos, pad; /* -1: none; unk is there, or byte_fallback */
    bool byte_fallback;         /* all 256 byte pieces are there then */
    bool cuts_user_defined; /* user-defined pieces are added tokens: cut out before anything else happens */
    int32_t bytes[256];     /* ids of <0x00>..<0xFF>, -1: none */
    struct spm_rules rules; /* pieces and piece_count are those above */
    struct arena arena;     /* holds all of it */
};

struct spm_limits {       /* zeros: the defaults */
    int64_t file_bytes;   /* 32 MB */
    int64_t memory_bytes; /* that protobuf-c may take: 32 times the file and 1 MB */
    int64_t pieces;       /* 4 million */
    int64_t piece_bytes;  /* of one piece: 7999 */
};

/* Copies what it needs of `bytes`. Errors: SY_ERR_FORMAT and SY_ERR_LIMIT, with a place ("piece 17") and a
 * remedy; the caller adds the file. On failure *out is empty. */
SY_MUST_CHECK bool spm_model_read(const unsigned char *bytes, int64_t size, const struct spm_limits *limits,
                                  struct spm_model *out, struct sy_error *err);
void spm_model_close(struct spm_model *model);

#endif
