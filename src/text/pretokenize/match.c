/*
 * The name of a pre-tokeniser, found by its patterns: the other way through names.c. Patterns are the
 * same when they translate to the same, so that an escape and the character that it stands for do not differ.
 *
 * A Split that removes all but its matches counts as one that isolates them: the patterns that have names
 * match all of a text.
 */
#include "text/pretokenize/names.h"
#include "text/pretokenize/pretokenize.h"

#include <string.h>

#define STEPS_MAX (PRE_PATTERNS_MAX + 1)

static bool step_is(const struct pre_step *step, const char *pattern) {
    bool isolates =
        (step->behavior == PRE_ISOLATED && !step->invert) || (step->behavior == PRE_REMOVED && step->invert);
    if (step->kind == PRE_PATTERN) return isolates && pattern_is(step->pattern, pattern);
    if (step->kind != PRE_CLASS || step->is != char_is_number) return false;
    return (step->behavior == PRE_ISOLATED && strcmp(pattern, "\\p{N}") == 0) ||
           (step->behavior == PRE_CONTIGUOUS && strcmp(pattern, "\\p{N}+") == 0);
}

static bool cuts_alike(const struct pretokenizer *pre, const struct pre_name *name) {
    int at = 0;
    for (int i = 0; i < pre->count; i++) {
        if (pre->steps[i].kind == PRE_SPACE) continue; /* a space in front is no matter of the name */
        if (at == PRE_PATTERNS_MAX || !name->patterns[at] || !step_is(&pre->steps[i], name->patterns[at]))
            return false;
        at++;
    }
    return at > 0 && (at == PRE_PATTERNS_MAX || !name->patterns[at]);
}

const struct pre_name *pre_name_of(const struct pretokenizer *pre, bool nfc, bool whole_first) {
    const struct pre_name *best = NULL;
    int most = -1;
    for (int i = 0; pre_name_at(i); i++) {
        const struct pre_name *name = pre_name_at(i);
        int likeness = 2 * (name->nfc == nfc) + (name->whole_first == whole_first);
        if (name->ours || likeness <= most || !cuts_alike(pre, name)) continue;
        best = name;
        most = likeness;
    }
    return best;
}
