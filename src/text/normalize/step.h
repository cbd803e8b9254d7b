/*
 * One step of a normaliser, as normalize.c reads it from tokenizer.json, and steps.c and spm.c carry it out.
 */
#ifndef TEXT_NORMALIZE_STEP_H
#define TEXT_NORMALIZE_STEP_H

#include "base/json.h"
#include "text/byte_trie.h"
#include "text/normalize/charsmap.h"
#include "text/normalize/unicode_form.h"
#include "text/pattern/pattern.h"

enum step_kind {
    STEP_FORM,
    STEP_PREPEND,
    STEP_REPLACE,
    STEP_STRIP,
    STEP_STRIP_ACCENTS,
    STEP_LOWERCASE,
    STEP_NMT,
    STEP_PRECOMPILED,
    STEP_BYTE_LEVEL,
    STEP_BERT,
    STEP_SPM,
};

struct step {
    enum step_kind kind;
    enum unicode_form form;
    bool left, right; /* of STEP_STRIP: which ends */
    char *content;    /* of STEP_PREPEND, STEP_REPLACE; owned */
    int64_t content_size;
    struct pattern *pattern;                 /* of STEP_REPLACE; owned */
    struct charsmap *map;                    /* of STEP_PRECOMPILED, and perhaps of STEP_SPM; owned */
    bool clean, chinese, accents, lowercase; /* of STEP_BERT; `accents`: taken off */
    /* of STEP_SPM */
    bool dummy_prefix, squeeze, escape, suffix;
    struct byte_trie whole; /* what the user defined is never changed */
    bool plain[128];        /* this ASCII character, before another one, stands for itself */
};

/* Appends what becomes of valid UTF-8 text. */
SY_MUST_CHECK bool step_apply(const struct step *step, const char *text, int64_t size, bool first,
                              struct text *out, struct sy_error *err);

/* ---- spm.c: SentencePiece's own rules ---- */

SY_MUST_CHECK bool step_apply_spm(const struct step *step, const char *text, int64_t size, bool first,
                                  struct text *out, struct sy_error *err);
/* Fills step->plain. */
void step_find_plain(struct step *step);

#endif
