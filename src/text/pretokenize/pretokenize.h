/*
 * Pre-tokenisers: a text is cut into words before the model sees it. A chain of steps, each of which cuts
 * what the step before it gave; words come out one after the other, and are never held all at once.
 *
 *     text ─► split by pattern ─► digits ─► add a space ─► ... ─► visit(word)
 *
 * Source: Hugging Face tokenizers, pre_tokenizers/ and NormalizedString::split for the five behaviours.
 */
#ifndef TEXT_PRETOKENIZE_H
#define TEXT_PRETOKENIZE_H

#include "base/json.h"
#include "text/char_class.h"
#include "text/pattern/pattern.h"

#define PRE_STEPS_MAX 16

enum pre_behavior { /* what becomes of what a splitter matched */
                    PRE_REMOVED,
                    PRE_ISOLATED,   /* a piece by itself */
                    PRE_CONTIGUOUS, /* neighbouring matches are one piece */
                    PRE_WITH_PREVIOUS,
                    PRE_WITH_NEXT,
};

enum pre_kind { PRE_PATTERN, PRE_CLASS, PRE_SPACE, PRE_METASPACE };
enum pre_prepend { PRE_NEVER, PRE_FIRST, PRE_ALWAYS };

struct pre_step {
    enum pre_kind kind;
    /* PRE_PATTERN, PRE_CLASS */
    struct pattern *pattern;
    char_class *is;
    uint32_t character; /* that char_is asks for */
    enum pre_behavior behavior;
    bool invert; /* what does not match counts as matched */
    /* PRE_METASPACE: spaces become `mark`; and one is put in front. PRE_SPACE puts a space in front. */
    enum pre_prepend prepend;
    char mark[4];
    int64_t mark_size;
};

struct pretokenizer {
    struct pre_step steps[PRE_STEPS_MAX];
    int count;
    bool byte_level; /* the file spells pieces in the byte alphabet (byte_alphabet.h) */
};

/* From the "pre_tokenizer" value of a tokenizer.json (NULL or null: none). Errors: SY_ERR_FORMAT, with the
 * name of a type that is not known here; place "pre_tokenizer". */
SY_MUST_CHECK bool pretokenizer_open(const json_t *value, struct pretokenizer *pre, struct sy_error *err);
/* One more step that isolates what a pattern matches. */
SY_MUST_CHECK bool pretokenizer_add_pattern(struct pretokenizer *pre, const char *pattern, int64_t size,
                                            enum pattern_dialect dialect, struct sy_error *err);
void pretokenizer_close(struct pretokenizer *pre);

struct pre_scratch { /* a call's own room; starts as { 0 } */
    struct pattern_scratch *matching;
    struct text texts[PRE_STEPS_MAX]; /* what a step that changes text made */
};
SY_MUST_CHECK bool pre_scratch_open(struct pre_scratch *scratch, struct sy_error *err);
void pre_scratch_close(struct pre_scratch *scratch);

typedef bool pre_visit(void *argument, const char *word, int64_t size, struct sy_error *err);
/* Cuts valid UTF-8. `first`: it stands at the very front of what is encoded. Words are never empty. */
SY_MUST_CHECK bool pretokenizer_run(const struct pretokenizer *pre, struct pre_scratch *scratch,
                                    const char *text, int64_t size, bool first, pre_visit *visit,
                                    void *argument, struct sy_error *err);

#endif
