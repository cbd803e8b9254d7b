/*
 * The scheduler: admits sequences, forms each batch (one step of every sequence past its prompt, then chunks
 * of prompts up to the batch's bound), draws tokens, and ends sequences. `run` is its client with one
 * sequence.
 *
 *     submitted --> waiting --> running: prompt --> running: steps --> finished --> kept | gone
 *                     first come, first served        | cancel, end, stop, length, error
 *
 * Admission promises a sequence all the pages that it can ever need, so none dies half-way for want of room.
 * Sequences share pages of a common past (copied on write). Which rows share a batch changes no bit.
 */
#ifndef ENGINE_SCHEDULER_H
#define ENGINE_SCHEDULER_H

#include "engine/session.h"
#include "text/tokenizer.h"
#include <switchyard.h>

#define SCHEDULER_WAITING_MAX 65536 /* sequences submitted and not yet admitted */

struct scheduler;

/* Bytes that a scheduler over such a session takes: at the start (sampler's scratch, tables), and for the
 * ids, the tokens and the texts of those sequences that run or are kept, SCHEDULER_POSITION a position. */
#define SCHEDULER_POSITION 48
SY_MUST_CHECK bool scheduler_bytes(const struct spec *spec, const struct pass_limits *limits, int64_t context,
                                   int64_t *bytes, struct sy_error *err);
/* Borrows both; tokenizer NULL: events carry no text, and stop texts are refused. Up to limits.sequences
 * sequences run or are kept at the same time. */
SY_MUST_CHECK bool scheduler_open(struct session *session, const struct tokenizer *tokenizer,
                                  struct scheduler **out, struct sy_error *err);
void scheduler_close(struct scheduler *scheduler); /* NULL is allowed */

/* As the public calls of the same name (switchyard.h). */
SY_MUST_CHECK bool scheduler_submit(struct scheduler *scheduler, const struct sy_request *request,
                                    int64_t *sequence, struct sy_error *err);
SY_MUST_CHECK bool scheduler_step(struct scheduler *scheduler, int64_t *active, struct sy_error *err);
SY_MUST_CHECK bool scheduler_poll(struct scheduler *scheduler, int64_t sequence, struct sy_event *event,
                                  struct sy_error *err);
void scheduler_cancel(struct scheduler *scheduler, int64_t sequence); /* from any thread */
void scheduler_release(struct scheduler *scheduler, int64_t sequence);
int64_t scheduler_length(const struct scheduler *scheduler, int64_t sequence); /* -1: unknown */
const int64_t *scheduler_ids(const struct scheduler *scheduler, int64_t sequence);

/* For saving and restoring: a kept sequence's pages, borrowed; and a kept sequence made of pages and ids that
 * came from a file (takes the pages on success, copies the ids). */
const struct kv_sequence *scheduler_kept(const struct scheduler *scheduler, int64_t sequence);
SY_MUST_CHECK bool scheduler_adopt(struct scheduler *scheduler, struct kv_sequence *pages, const int64_t *ids,
                                   int64_t count, int64_t *sequence, struct sy_error *err);

#endif
