/*
 * Cutting. A splitter sees its text as an alternation of pieces that match and pieces that do not; a small
 * state per splitter joins or drops them, as its behaviour says, while they come by. So every step runs at
 * the same time, on the word at hand.
 */
#include "text/pretokenize/pretokenize.h"

#include "base/utf8.h"
#include <string.h>

struct run {
    const struct pretokenizer *pre;
    struct pre_scratch *scratch;
    pre_visit *visit;
    void *argument;
};

static bool step_run(const struct run *run, int step, const char *text, int64_t size, bool first,
                     struct sy_error *err);

/* ---- the five behaviours ---- */

struct splitter {
    const struct run *run;
    int step; /* that the pieces are given to */
    const char *text;
    enum pre_behavior behavior;
    bool invert, first;
    int64_t at;         /* everything before it was seen */
    int64_t begin, end; /* a piece that is held back; begin < 0: none */
    bool held_match;
};

static bool give(const struct splitter *s, int64_t begin, int64_t end, struct sy_error *err) {
    if (begin < 0 || begin == end) return true;
    return step_run(s->run, s->step, s->text + begin, end - begin, s->first && begin == 0, err);
}

static bool give_held(struct splitter *s, struct sy_error *err) {
    int64_t begin = s->begin;
    s->begin = -1;
    return give(s, begin, s->end, err);
}

static void hold(struct splitter *s, int64_t begin, int64_t end) {
    s->begin = begin;
    s->end = end;
}

/* The next piece, whether it matched or not. */
static bool piece(struct splitter *s, int64_t begin, int64_t end, bool match, struct sy_error *err) {
    bool held = s->begin >= 0, before = s->held_match;
    s->held_match = match;
    switch (s->behavior) {
    case PRE_REMOVED: return match || give(s, begin, end, err);
    case PRE_ISOLATED: return give(s, begin, end, err);
    case PRE_CONTIGUOUS:
        if (held && before == match) return s->end = end, true;
        if (!give_held(s, err)) return false;
        return hold(s, begin, end), true;
    case PRE_WITH_PREVIOUS: /* of several matches in a row only the first joins what stands before */
        if (held && match && !before) return s->end = end, true;
        if (!give_held(s, err)) return false;
        return hold(s, begin, end), true;
    case PRE_WITH_NEXT: /* and here the last joins what stands behind */
        if (!match && held && before) begin = s->begin, s->begin = -1;
        if (!give_held(s, err)) return false;
        if (!match) return give(s, begin, end, err);
        return hold(s, begin, end), true;
    }
    return true;
}

static bool match_visit(void *argument, int64_t begin, int64_t end, struct sy_error *err) {
    struct splitter *s = argument;
    if (begin > s->at && !piece(s, s->at, begin, s->invert, err)) return false;
    s->at = end;
    return begin == end || piece(s, begin, end, !s->invert, err);
}

static bool walk_class(const struct pre_step *step, struct splitter *s, int64_t size, struct sy_error *err) {
    const void *character = &step->character;
    for (int64_t at = 0, length; at < size; at += length) {
        uint32_t point = 0;
        length = (int64_t)utf8_decode(s->text + at, (size_t)(size - at), &point);
        if (step->is(point, character) && !match_visit(s, at, at + length, err)) return false;
    }
    return true;
}

static bool split(const struct run *run, int index, const char *text, int64_t size, bool first,
                  struct sy_error *err) {
    const struct pre_step *step = &run->pre->steps[index];
    struct splitter s = { .run = run,
                          .step = index + 1,
                          .text = text,
                          .behavior = step->behavior,
                          .invert = step->invert,
                          .first = first,
                          .begin = -1 };
    bool done = step->kind == PRE_CLASS
                    ? walk_class(step, &s, size, err)
                    : pattern_walk(step->pattern, run->scratch->matching, text, size, match_visit, &s, err);
    if (done && s.at < size) done = piece(&s, s.at, size, s.invert, err);
    return done && give_held(&s, err);
}

/* ---- steps that change text ---- */

static bool starts_with(const char *text, int64_t size, const char *mark, int64_t mark_size) {
    return size >= mark_size && memcmp(text, mark, (size_t)mark_size) == 0;
}

static bool change(const struct run *run, int index, const char *text, int64_t size, bool first,
                   struct sy_error *err) {
    const struct pre_step *step = &run->pre->steps[index];
    struct text *out = &run->scratch->texts[index];
    bool escape = step->kind == PRE_METASPACE;
    bool there = starts_with(text, size, step->mark, step->mark_size) || (escape && text[0] == ' ');
    bool prepend = !there && (step->prepend == PRE_ALWAYS || (step->prepend == PRE_FIRST && first));
    const void *space = escape ? memchr(text, ' ', (size_t)size) : NULL;
    if (!prepend && !space) return step_run(run, index + 1, text, size, first, err);
    out->size = 0;
    if (prepend) text_add_bytes(out, step->mark, (size_t)step->mark_size);
    for (int64_t at = 0; at < size;) {
        const char *found = escape ? memchr(text + at, ' ', (size_t)(size - at)) : NULL;
        int64_t end = found ? found - text : size;
        text_add_bytes(out, text + at, (size_t)(end - at));
        if (found) text_add_bytes(out, step->mark, (size_t)step->mark_size);
        at = end + (found != NULL);
    }
    if (out->failed) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld bytes of text", (long long)size);
    return step_run(run, index + 1, out->data, (int64_t)out->size, first, err);
}

static bool step_run(const struct run *run, int step, const char *text, int64_t size, bool first,
                     struct sy_error *err) {
    if (step == run->pre->count) return run->visit(run->argument, text, size, err);
    enum pre_kind kind = run->pre->steps[step].kind;
    if (kind == PRE_PATTERN || kind == PRE_CLASS) return split(run, step, text, size, first, err);
    return change(run, step, text, size, first, err);
}

bool pretokenizer_run(const struct pretokenizer *pre, struct pre_scratch *scratch, const char *text,
                      int64_t size, bool first, pre_visit *visit, void *argument, struct sy_error *err) {
    struct run run = { pre, scratch, visit, argument };
    return size == 0 || step_run(&run, 0, text, size, first, err);
}

/* ---- room ---- */

bool pre_scratch_open(struct pre_scratch *scratch, struct sy_error *err) {
    *scratch = (struct pre_scratch){ .matching = NULL };
    return pattern_scratch_open(&scratch->matching, err);
}

void pre_scratch_close(struct pre_scratch *scratch) {
    pattern_scratch_close(scratch->matching);
    for (int i = 0; i < PRE_STEPS_MAX; i++) text_free(&scratch->texts[i]);
    *scratch = (struct pre_scratch){ .matching = NULL };
}

void pretokenizer_close(struct pretokenizer *pre) {
    for (int i = 0; i < pre->count; i++) pattern_close(pre->steps[i].pattern);
    *pre = (struct pretokenizer){ .count = 0 };
}
