/* The insides of the scheduler, for its own files alone. */
#ifndef ENGINE_SCHEDULER_PRIVATE_H
#define ENGINE_SCHEDULER_PRIVATE_H

#include "engine/sampler.h"
#include "engine/scheduler.h"
#include "engine/stop.h"

#include <stdatomic.h>

enum phase { PHASE_WAITING, PHASE_RUNNING, PHASE_FINISHED };

struct generated {    /* one token; its id stands among the sequence's ids */
    int64_t text_end; /* bytes of text that were sure once it was there */
    double logprob;
    int64_t likeliest_count; /* of its likeliest [sampling.logprobs] */
};

struct sequence {
    int64_t number;
    enum phase phase;
    int64_t holders; /* the roll, and each waiting sequence whose past this is */
    uint32_t flags;
    void *argument;
    void (*on_logits)(void *argument, int64_t sequence, int64_t index, const float *logits, int64_t vocab);
    void (*on_routing)(void *argument, int64_t sequence, int64_t index, int64_t layer, const int32_t *experts,
                       const float *weights, int64_t n);

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
    struct stop_texts *stops;
    struct token_stream stream;
    struct text text;
    int64_t sure; /* of the text: nothing of it will be cut off */
    enum sy_finish finish;
    int64_t polled; /* tokens whose event was given */
    bool end_polled;
    double began, first_token, ended; /* os_seconds(); 0: not yet */

    struct sequence *before, *after; /* in the queue */
};

struct scheduler {
    struct session *session;
    const struct tokenizer *tokenizer;
    int64_t pieces; /* ids that the tokenizer knows: a vocabulary may be padded beyond */
    struct sampler *sampler;

    /* sequences by number: cell number % cells; a word is number << 1 | cancelled, 0 where none is */
    int64_t cells; /* a power of two */
    struct sequence **cell;
    _Atomic uint64_t *word;     /* what other threads see */
    atomic_bool cancels;        /* some word has been marked since they were looked at */
    int64_t last_number, known; /* known: sequences in the roll */

    struct sequence *first, *last; /* waiting */
    int64_t waiting;
    struct sequence **running; /* [sequences] oldest first */
    struct lane **lanes;       /* [sequences] of those */
    struct drawn *drawn;       /* [sequences] in the batch in hand */
    int64_t running_count;
    int64_t kept;      /* sequences that finished and keep their pages */
    bool room_changed; /* since the first in the queue was last found not to fit */
    struct text scratch;
};

/* scheduler_roll.c */
#define ROLL_CELL_BYTES (int64_t)(sizeof(struct sequence *) + sizeof(_Atomic uint64_t))
SY_MUST_CHECK bool roll_open(struct scheduler *s, struct sy_error *err);
void roll_close(struct scheduler *s);
int64_t roll_cells(const struct pass_limits *limits);
struct sequence *roll_find(const struct scheduler *s, int64_t number); /* NULL: unknown */
void roll_add(struct scheduler *s, struct sequence *q);                /* numbers it */
void roll_remove(struct scheduler *s, struct sequence *q);
bool roll_cancelled(const struct scheduler *s, const struct sequence *q);
void sequence_drop(struct sequence *q); /* one holder less; none: forgotten */

/* scheduler_admit.c */
void queue_add(struct scheduler *s, struct sequence *q);
void queue_remove(struct scheduler *s, struct sequence *q);
SY_MUST_CHECK bool queue_admit(struct scheduler *s, struct sy_error *err); /* as many as there is room for */
int64_t pages_unpromised(const struct scheduler *s);                       /* free, and promised to nobody */

/* scheduler_answer.c */
SY_MUST_CHECK bool answer_begin(struct scheduler *s, struct sequence *q, struct sy_error *err);
SY_MUST_CHECK bool answer_take(struct scheduler *s, struct sequence *q, int64_t token, struct sy_error *err);
void answer_end(struct sequence *q);     /* what was held back, becomes sure */
bool answer_stopped(struct sequence *q); /* a stop text has come: text is cut off before it */

/* scheduler.c */
void sequence_finish(struct scheduler *s, struct sequence *q, enum sy_finish finish);
bool unknown_sequence(int64_t number, struct sy_error *err); /* false */

#endif
