/*
 * A session: a model opened, its weights placed, threads started, a pool of pages and a pass: all that a
 * command needs to feed ids and get logits and routing. One call sizes everything beforehand and says what it
 * takes.
 */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/feed.h"
#include "engine/memory.h"

enum precision { PRECISION_DEFAULT, PRECISION_EXACT, PRECISION_FAST };
/* Where weights are read: in the mapped file as it is, or brought into records first (store/store.h). AUTO:
 * records, where the memory that is free now holds them. */
enum weights_layout { WEIGHTS_AUTO, WEIGHTS_FILE, WEIGHTS_KERNEL };

struct session;
struct session_options {
    int threads;              /* 0: team_default_count() */
    enum precision precision; /* DEFAULT: exact when `exact_default` or when the weights are f32, else fast */
    bool exact_default;       /* what the command wants where the user says nothing: logits and eval */
    int kv;                   /* an enum dtype, or -1: f32 in exact, f16 in fast */
    enum regime regime;       /* BF16 is refused in exact, which has one regime only */
    enum weights_layout layout;
    enum level cpu;       /* the highest allowed; LEVEL_COUNT - 1: no limit */
    int64_t context;      /* positions a sequence; 0: the smaller of the model's and 4096 */
    int64_t sequences;    /* at the same time; 0: 1 */
    int64_t kv_positions; /* in the pool of pages, for all sequences; 0: sequences x context */
    int64_t rows;         /* in one batch; 0: memory_rows */
    int64_t memory;       /* bytes; 0: what the machine and its control groups allow */
    int64_t beside;       /* bytes that the caller takes: a tokenizer */
    int64_t before;       /* that were taken before and given back: the sum is no less, with the program */
    /* the same, where that depends on the model or the limits, as a scheduler's: adds to *bytes; or NULL */
    bool (*caller_takes)(void *argument, const struct session *session, int64_t *bytes, struct sy_error *err);
    void *argument;
    bool ignore_unknown;
    int64_t experts_per_token; /* instead of the model's own number; 0: the model's */
};

struct session {
    struct model model;
    struct store store;
    struct kernels kernels;
    struct numerics numerics;
    struct team_pool *team;
    struct kv_pool *pool;
    struct pass *pass;
    struct batcher *batcher; /* forms the batches of session_feed and of a scheduler */
    struct feeder *feeder;
    struct moe_stats stats; /* where all rows since the start went, in the model's arena */
    struct pass_limits limits;
    int64_t context;         /* positions a sequence */
    struct memory_need need; /* what was computed beforehand */
    double load_seconds;
    uint8_t fingerprint[32]; /* of the model, once somebody asked (snapshot.c) */
    bool fingerprinted;
    const int64_t
        *ends; /* [end_count] ends of an answer beside the spec's; borrowed, who opens it sets them */
    int64_t end_count;
    char departure[112]; /* from what the model's authors computed; empty: none */
};

SY_MUST_CHECK bool session_open(const char *path, const struct session_options *options,
                                struct session *session, struct sy_error *err);
void session_close(struct session *session);

/* From now on its passes count in `stats`, from zero: session_open does it. */
SY_MUST_CHECK bool session_count(struct session *session, struct sy_error *err);

/* "fast, integer regime, f16 cache, avx512vnni kernels, 2 threads": returns `text` (describe.c). */
char *session_runs_as(const struct session *session, char *text, size_t size);

/* Check ids against the vocabulary: SY_ERR_INPUT names the position and the bound. */
SY_MUST_CHECK bool session_check_ids(const struct session *session, const int64_t *ids, int64_t count,
                                     struct sy_error *err);

/* Run feeds together, in batches as batcher.h tells; a chunk is at most `chunk` rows (0: no bound but the
 * batch's). The sink's lanes are numbers of feeds, its indices positions within a feed. Ends with
 * SY_ERR_STOPPED when interrupted. */
SY_MUST_CHECK bool session_feed(struct session *session, const struct feed *feeds, int64_t count,
                                int64_t chunk, const struct feed_sink *sink, struct sy_error *err);

/* Opens one; longrope's choice is made by the prompt's length. */
SY_MUST_CHECK bool session_sequence(struct session *session, int64_t prompt_count, struct kv_sequence **out,
                                    struct sy_error *err);

/* A sequence's keys and values, with the ids that made them, to a file and back (kv/snapshot.h): bound to the
 * model and to the arithmetic, not to threads, levels or --ctx. *ids is malloc'ed. */
SY_MUST_CHECK bool session_save(struct session *session, const struct kv_sequence *sequence,
                                const int64_t *ids, int64_t count, const char *path, struct sy_error *err);
SY_MUST_CHECK bool session_restore(struct session *session, const char *path, struct kv_sequence **out,
                                   int64_t **ids, int64_t *count, struct sy_error *err);

#endif
