/*
 * Perplexity: how surprised a model is by a text, a token.
 *
 *   ppl           = exp(-1/n * sum of ln p(id_i | what stands before it in its window))    over n scored ids
 *   bits per byte = -sum of log2 p(...) / bytes that the scored ids stand for
 *
 * Two ways to cut a text into windows of C ids:
 *
 *   halves  Disjoint windows; the second half of each is scored: ids C/2 + 1 .. C - 1, each after at least
 *           C/2 others. Where the model adds a bos, the first id of each window is replaced by it. What is
 *           left over at the end is not scored. Source: llama.cpp's tools/perplexity, without --ppl-stride.
 *   stride  A window begins every S ids; of each those ids are scored that none before scored: all but the
 *           text's first id, each once. Source: transformers' docs, "Perplexity of fixed-length models".
 */
#ifndef EVAL_PERPLEXITY_H
#define EVAL_PERPLEXITY_H

#include "eval/score.h"

enum perplexity_method { PERPLEXITY_HALVES, PERPLEXITY_STRIDE };

struct perplexity_request {
    const int64_t *ids; /* checked */
    int64_t count;
    const int32_t *id_bytes; /* [count] bytes of text that each stands for */
    int64_t bos;             /* halves: stands first in each window; -1: none */
    enum perplexity_method method;
    int64_t window, stride; /* C, at least 4; S, 1 .. C - 1 */
    void *argument;
    void (*progress)(void *argument, int64_t done); /* ids done with, of count; may be NULL */
};

struct perplexity {
    double nll; /* -sum of ln p */
    int64_t scored, bytes, windows;
};

/* One window: ids [begin, end) of the text, of which [first, end) are scored. */
struct perplexity_window {
    int64_t begin, end, first;
};
/* The window with this index; false: there is none. */
bool perplexity_window(const struct perplexity_request *request, int64_t index,
                       struct perplexity_window *window);

/* The session must have room for `window` positions. SY_ERR_INPUT when the text fills no window. */
SY_MUST_CHECK bool perplexity(struct session *session, const struct perplexity_request *request,
                              struct perplexity *result, struct sy_error *err);

#endif
