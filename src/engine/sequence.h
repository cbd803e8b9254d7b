/*
 * A sequence of the scheduler: what it runs, what it draws, what it says, and how one ends.
 */
#ifndef ENGINE_SEQUENCE_H
#define ENGINE_SEQUENCE_H

#include "engine/answer.h"
#include "engine/batcher.h"
#include <switchyard.h>

enum phase { PHASE_WAITING, PHASE_RUNNING, PHASE_FINISHED };

struct generated {    /* one token; its id stands among the sequence's ids */
    int64_t text_end; /* bytes of text that were sure once it was there */
    double logprob;
    int64_t likeliest_count; /* of its likeliest [sampling.logprobs] */
};

struct sequence {
    int64_t number;
    enum phase phase;
    int64_t holders; /* the registry, and each waiting sequence whose past this is */
    uint32_t flags;
    void *argument;
    void (*on_logits)(void *argument, int64_t sequence, int64_t index, const float *logits, int64_t vocab);
    void (*on_routing)(void *argument, const struct sy_routed_row *row);

    /* what it runs */
    struct lane lane;      /* its ids, how far they have run, its pages */
    int64_t *ids;          /* past, prompt, generated: lane.ids */
    int64_t past;          /* ids that came with `past` */
    int64_t prompt_end;    /* past + those submitted */
    int64_t new_count;     /* tokens to generate at most */
    int64_t shared;        /* positions whose pages it shares: past, or 0 where it is run anew */
    int64_t promise;       /* pages for itself (kv/promise.c), beside those of its first `beside` positions */
    int64_t beside;        /* shared; 0 where it may have to be run anew, and needs them all */
    struct sequence *from; /* while waiting: whose past it shares, held; else NULL */
    bool kept, prefilled_anew;

    /* what it draws */
    struct sy_sampling sampling;
    struct sy_logit_bias *biases;
    struct generated *tokens;     /* [new_count] */
    struct sy_logprob *likeliest; /* [new_count, sampling.logprobs], or NULL */
    int64_t token_count;
    bool drew; /* in the batch in hand */

    /* what it says */
    struct answer answer;
    enum sy_finish finish;
    int64_t polled; /* tokens whose event was given */
    bool end_polled;
    double began, first_token, ended; /* os_seconds(); 0: not yet */

    struct sequence *before, *after; /* in the queue */
};

int64_t sequence_ran(const struct sequence *q); /* ids whose keys it has, or had before it is run anew */

/* It has come to its end, having run or not: what it held back is said, room that it did not use goes back,
 * and its pages too unless it keeps them. */
void sequence_end(struct sequence *q, enum sy_finish finish);

void sequence_drop(struct sequence *q); /* one holder less; none: forgotten */

#endif
