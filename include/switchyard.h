/*
 * Switchyard: Mixture-of-Experts language models on ordinary CPUs. The public library.
 *
 * Two nouns. An **engine** is a model opened to run: its weights, its tokenizer, its threads, and a pool of
 * pages for keys and values, all of a size computed and taken at the start. A **sequence** is one text on its
 * way through the model: submitted with its prompt, advanced by steps together with all others, polled for
 * what it has said, and released.
 *
 *     sy_engine_open --> sy_submit --> sy_step --> sy_poll --> sy_release --> sy_engine_close
 *                          ^             | once for all sequences
 *                          +-------------+ as often as one likes
 *
 * The bits of a sequence depend on the model, its ids, each id's role (prompt or step) and the precision; not
 * on threads, on company, nor on when it was submitted.
 *
 * Threads: an engine belongs to one thread at a time. A call on an engine that another thread is inside of is
 * refused with SY_ERR_USAGE and changes nothing (sy_engine_close then closes nothing); sy_cancel alone may be
 * called from any thread at any time. Once an engine is closed it is gone: that nobody calls on it any more,
 * not even sy_cancel, is for the caller to see to. Two engines share nothing. Callbacks run inside sy_step,
 * on its caller's thread, and must not call back.
 *
 * NULL where an engine or a struct is wanted is refused with SY_ERR_USAGE by calls that can fail; the others
 * do nothing, or answer with zeros, NULL or -1. A file of weights that shrinks while an engine uses it raises
 * SIGBUS, as mapped files do; the library installs no handler.
 *
 * Functions that can fail return false and fill `err`, which may be NULL. The larger structs begin with their
 * size, set by the caller, so that later versions can add fields at the end; zeros everywhere mean the
 * default:
 *
 *     struct sy_options options = { .struct_bytes = sizeof options };
 *
 * A program built for an older header passes smaller structs, and gets what it knows; one built for a newer
 * header may run on this library as long as it leaves what is new at zero.
 */
#ifndef SWITCHYARD_H
#define SWITCHYARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SY_API   __attribute__((visibility("default")))
#define SY_CHECK __attribute__((warn_unused_result))
#else
#define SY_API
#define SY_CHECK
#endif

/* ---- errors ---- */

/* What kind of thing went wrong. The program's exit status follows from it (commands/main.c). */
enum sy_code {
    SY_OK = 0,
    SY_ERR_IO,       /* the system refused: open, read, write, map */
    SY_ERR_FORMAT,   /* a file breaks its format */
    SY_ERR_SHAPE,    /* a tensor or a config contradicts the model */
    SY_ERR_INPUT,    /* a value given by the user contradicts the model (an id out of range) */
    SY_ERR_USAGE,    /* the command line; a call out of turn */
    SY_ERR_NUMERIC,  /* NaN or infinity where none may be */
    SY_ERR_MEMORY,   /* it does not fit, or the system has no more */
    SY_ERR_LIMIT,    /* beyond a stated limit of ours */
    SY_ERR_STOPPED,  /* interrupted by the user */
    SY_ERR_INTERNAL, /* a fault of ours */
};

/*
 * One error: what, where, what to do. Functions that can fail return bool and fill one; NULL may be passed
 * where nobody asks. Every string is complete in itself; `file`, `place` and `remedy` may be empty.
 */
struct sy_error {
    enum sy_code code;
    char file[256];     /* the input at fault, as the user named it */
    char place[160];    /* where in it: a tensor, a byte offset, a key */
    char message[256];  /* what is wrong: the number found and the number needed */
    char remedy[192];   /* the next thing to try */
    const char *source; /* our file:line that noticed */
};

/* The error as one line: "file: place: message; remedy". Returns `line`. */
SY_API char *sy_error_text(const struct sy_error *err, char *line, size_t size);

/* "0.1.0 (commit)" */
SY_API const char *sy_version(void);

/* ---- an engine: a model opened to run ---- */

struct sy_engine;
struct sy_facts;

enum sy_precision {
    SY_PRECISION_DEFAULT, /* exact where all weights are f32, else fast */
    SY_PRECISION_EXACT,   /* weights decoded exactly, everything else in f32 */
    SY_PRECISION_FAST,    /* bf16 products, block formats by integer dots, keys and values in f16 */
};

enum {                             /* flags of sy_options */
       SY_IGNORE_UNKNOWN = 1 << 0, /* load although the file holds tensors that nobody claims */
       SY_PROFILE = 1 << 2,        /* keep times of the parts of a step (sy_engine_profile) */
       SY_EXACT_DEFAULT = 1 << 3,  /* SY_PRECISION_DEFAULT means exact */
       SY_REGIME_BF16 = 1 << 4,    /* block formats in fast: prompts are unpacked to bf16, steps are not */
       SY_LAYOUT_FILE = 1 << 5,    /* weights are read in the mapped file; no bit depends on it */
       SY_LAYOUT_KERNEL = 1 << 6, /* ..in the order of the kernels, in memory; neither: so where it is free */
};

struct sy_options {
    size_t struct_bytes; /* sizeof(struct sy_options) */
    uint32_t flags;
    enum sy_precision precision;
    int32_t threads;           /* 0: the physical cores that this process may use */
    const char *kv;            /* "f32", "f16", "bf16", "q8_0"; NULL: f32 in exact, f16 in fast */
    const char *cpu;           /* the highest instruction-set level allowed; NULL: what there is */
    int64_t context;           /* positions of a sequence; 0: the smaller of the model's and 4096 */
    int64_t sequences;         /* that run or are kept at the same time; 0: 1 */
    int64_t batch_rows;        /* rows of one step at most; 0: 512, fewer for wide models */
    int64_t memory_bytes;      /* refuse to take more; 0: no limit */
    int64_t experts_per_token; /* instead of the model's own number; 0: the model's */
    /* What the caller will take for itself, bytes: counted with the rest, before anything is taken. Asked
     * once the model is known: of the facts those up to context_trained are there, but no strings and no list
     * of layers. NULL: nothing; below 0: more than can be counted, which is refused. */
    int64_t (*beside)(void *argument, const struct sy_facts *facts);
    void *argument; /* of beside */
    /* That all sequences together may hold keys and values of: a layer gets whole pages of 256. Less than all
     * can need is no promise broken: who finds no room waits, and a request that is larger than this is
     * refused at once. 0, and at most: sequences x context. */
    int64_t kv_positions;
    /* The source of a chat template (Jinja) that sy_chat applies instead of the model's own; checked and
     * copied here. NULL: its own. */
    const char *chat_template;
};

/* `model`: the path of a folder with a checkpoint or with one GGUF model, or of a file of either; else a name
 * in $SWITCHYARD_MODELS; else one in the installed data folder. Everything that the engine will ever take is
 * computed, refused or taken here. `options` may be NULL. */
SY_API SY_CHECK bool sy_engine_open(const char *model, const struct sy_options *options,
                                    struct sy_engine **out, struct sy_error *err);
SY_API void sy_engine_close(struct sy_engine *engine); /* and all its sequences; NULL is allowed */

struct sy_facts { /* strings live as long as the engine */
    size_t struct_bytes;
    const char *path, *family;
    const char *runs_as;   /* "fast, f16 cache, avx512vnni, 2 threads" */
    const char *departure; /* from what the model's authors computed (experts_per_token), or NULL */
    const char *tokenizer; /* its kind, or NULL where the model brings none */
    int64_t layers, moe_layers, experts, vocab;
    int64_t experts_per_token; /* at most */
    const int64_t *moe_layer;  /* [moe_layers] their indices among the layers, from 0 */
    int64_t context;           /* positions of a sequence here */
    int64_t context_trained;   /* that the model was made for; 0: unknown */
    int64_t context_before;    /* beyond so many, other rotary factors hold (longrope); 0: none such */
    int64_t threads;
    int64_t weight_bytes, kv_bytes, step_bytes,
        other_bytes; /* computed beforehand; the sum bounds the peak */
    double load_seconds;
    int64_t chat_templates; /* that sy_chat may choose from; 0: none, and it fails */
    int64_t
        text_bytes; /* the longest text that can fit the context; what is longer, sy_encode refuses at once */
    int64_t record_bytes; /* of weight_bytes: in the order of the kernels, not in the mapped file */
};
SY_API void sy_engine_facts(const struct sy_engine *engine, struct sy_facts *facts);
/* What the model's files say that has a meaning and is not obeyed, or that two of them say differently:
 * "generation_config.json: num_beams: ...". NULL beyond the last one; they live as long as the engine. */
SY_API const char *sy_engine_warning(const struct sy_engine *engine, int64_t index);
SY_API bool sy_is_end(const struct sy_engine *engine, int64_t token); /* does it end an answer? */

struct sy_end { /* strings live as long as the engine */
    int64_t token;
    const char *text;   /* as the vocabulary spells it; "" where the model brings no tokenizer */
    const char *source; /* where it is said: "generation_config.json: eos_token_id" */
};
/* The tokens that end an answer: all that any file of the model says, and marks between turns known by their
 * names. False, with token -1, beyond the last one. */
SY_API bool sy_engine_end(const struct sy_engine *engine, int64_t index, struct sy_end *end);

/* ---- text ---- */

enum {                            /* flags of sy_encode */
       SY_NO_SPECIAL = 1 << 0,    /* add no bos, no eos */
       SY_PARSE_SPECIAL = 1 << 1, /* special tokens in the text are such; else they are plain text */
};

/* Text to ids and back. Encoding ends with SY_ERR_INPUT where a text can never fit the context, or becomes
 * more than 2 * context + 4096 ids. What comes out is allocated; sy_free gives it back. SY_ERR_INPUT where
 * the model brings no tokenizer. Decoded bytes are NUL-terminated, and may be no UTF-8. */
SY_API SY_CHECK bool sy_encode(struct sy_engine *engine, const char *text, size_t size, uint32_t flags,
                               int64_t **ids, int64_t *count, struct sy_error *err);
SY_API SY_CHECK bool sy_decode(struct sy_engine *engine, const int64_t *ids, int64_t count, char **text,
                               size_t *size, struct sy_error *err);
/* The model's chat template over a conversation: `messages` is a JSON list of {"role", "content", ...};
 * `context` a JSON object of further names ("tools", "enable_thinking", "add_generation_prompt"; that last
 * one is true unless given), or NULL. Encode the text with SY_NO_SPECIAL | SY_PARSE_SPECIAL. */
SY_API SY_CHECK bool sy_chat(struct sy_engine *engine, const char *messages, const char *context, char **text,
                             size_t *size, struct sy_error *err);
SY_API void sy_free(void *memory);

/* ---- sampling ---- */

struct sy_logit_bias {
    int64_t token;
    double bias; /* added to its logit */
};

/* Which token comes next. In this order: biases, then penalties change the logits; the temperature divides
 * them; top-k, top-p, min-p and typical each keep a part; one is drawn from the rest. Zeros: the likeliest
 * token, ties to the lower id. */
struct sy_sampling {
    double temperature;       /* 0: the likeliest token */
    int64_t top_k;            /* keep the k likeliest; 0: all */
    double top_p;             /* keep the likeliest whose probabilities reach p; 0 or 1: all */
    double min_p;             /* keep those at least p times as likely as the likeliest; 0: all */
    double typical;           /* locally typical sampling, arXiv:2202.00666; 0 or 1: all */
    double repeat_penalty;    /* divides positive logits of ids seen, multiplies negative; 0 or 1: none */
    double presence_penalty;  /* subtracted once from ids that were generated */
    double frequency_penalty; /* subtracted for each time that an id was generated */
    int64_t penalty_last;     /* ids that penalties look back at; 0: all */
    const struct sy_logit_bias *biases;
    int64_t bias_count;
    uint64_t seed;       /* the same seed gives the same text, whatever shares the batch */
    int64_t logprobs;    /* with SY_WANT_LOGPROBS: so many likeliest beside the one drawn, at most 64 */
    int64_t reserved[8]; /* zeros: for later versions */
};
#define SY_LOGPROBS_MAX 64

/* The settings that the model's authors recommend (generation_config.json, or general.sampling.* of GGUF);
 * greedy where they say nothing. */
SY_API void sy_recommended(const struct sy_engine *engine, struct sy_sampling *sampling);

/* ---- sequences ---- */

enum {                            /* flags of sy_request */
       SY_IGNORE_END = 1 << 0,    /* go on after the model's end tokens */
       SY_KEEP = 1 << 1,          /* when finished, keep keys and values: for `past`, sy_save */
       SY_WANT_ROUTING = 1 << 2,  /* call on_routing */
       SY_WANT_LOGITS = 1 << 3,   /* call on_logits for every position; without it, for those drawn from */
       SY_WANT_LOGPROBS = 1 << 4, /* give the log-probability of each token generated */
};

/* Where one MoE layer sent one id. A later version may add fields at the end. */
struct sy_routed_row {
    int64_t sequence;       /* its number */
    int64_t index;          /* of the id, 0: the sequence's first */
    int64_t layer;          /* index in the model: one of sy_facts.moe_layer */
    int64_t count;          /* of the experts chosen: experts_per_token where the router's number is fixed */
    const int32_t *experts; /* [count] best first */
    const float *weights;   /* [count] as multiplied into the experts' outputs, scale included */
    const float *logits;    /* [sy_facts.experts] before any score function or selection bias */
};

struct sy_request {
    size_t struct_bytes;
    uint32_t flags;
    const int64_t *ids; /* the prompt; or, with `past`, what follows it. At least one */
    int64_t count;
    int64_t new_count;   /* generate at most so many; 0: run the prompt only */
    int64_t past;        /* a kept sequence whose first past_length positions come before ids; 0: none */
    int64_t past_length; /* shared, not computed again; they keep the roles that made them */
    struct sy_sampling sampling;
    const char *const *stops; /* texts that end the answer, and are cut off; may span tokens */
    int64_t stop_count;
    void *argument; /* of the callbacks; either may be NULL */
    /* logits [vocab] after the id at `index` (0: the sequence's first); borrowed for the call */
    void (*on_logits)(void *argument, int64_t sequence, int64_t index, const float *logits, int64_t vocab);
    /* for each id and MoE layer, layer by layer; the row and what it points at are borrowed for the call */
    void (*on_routing)(void *argument, const struct sy_routed_row *row);
};

/* Copies what it needs. Waits until there is room; refused at once where there never can be. *sequence is a
 * number above 0 that no other sequence of this engine has had. */
SY_API SY_CHECK bool sy_submit(struct sy_engine *engine, const struct sy_request *request, int64_t *sequence,
                               struct sy_error *err);

/* One batch: one step of each sequence that is past its prompt, then as much of prompts as fits. *active: the
 * sequences that are not finished. An error ends all that took part in the batch, with SY_FINISH_ERROR. */
SY_API SY_CHECK bool sy_step(struct sy_engine *engine, int64_t *active, struct sy_error *err);

enum sy_finish {
    SY_FINISH_NONE,
    SY_FINISH_LENGTH,    /* new_count reached */
    SY_FINISH_END,       /* the model's end token, which is among the tokens, its text not in the text */
    SY_FINISH_STOP,      /* a stop text */
    SY_FINISH_CANCELLED, /* sy_cancel */
    SY_FINISH_ERROR,     /* sy_step said which */
};
SY_API const char *sy_finish_name(enum sy_finish finish); /* "length", "end", "stop", "cancelled", "error" */

enum sy_event_kind { SY_EVENT_NONE, SY_EVENT_TOKEN, SY_EVENT_FINISHED };

struct sy_logprob {
    int64_t token;
    double logprob; /* natural logarithm, of the model's own distribution: before any sampling option */
};

struct sy_event { /* pointers are valid until the next call on the engine */
    size_t struct_bytes;
    enum sy_event_kind kind;
    /* SY_EVENT_TOKEN */
    int64_t index; /* of the token among those generated */
    struct sy_logprob token;
    const struct sy_logprob *likeliest; /* [likeliest_count], best first, as sampling.logprobs asked */
    int64_t likeliest_count;
    /* both kinds: text that became sure since the last event; never half a character, nothing of a stop
     * text */
    const char *text;
    size_t text_size;
    /* SY_EVENT_FINISHED */
    enum sy_finish finish;
    int64_t prompt_count, token_count, step_count; /* ids run as prompt; tokens generated; ids run as steps */
    double prompt_seconds, step_seconds; /* between submission's first batch and the first token; after it */
    bool prefilled_anew; /* longrope: the text outgrew the model's original context and was run anew */
};

/* The next thing that happened to a sequence; kind SY_EVENT_NONE when there is nothing new. */
SY_API SY_CHECK bool sy_poll(struct sy_engine *engine, int64_t sequence, struct sy_event *event,
                             struct sy_error *err);

/* Ends a sequence before its next token. From any thread, as long as the engine is open; an unknown or
 * finished sequence is left alone. */
SY_API void sy_cancel(struct sy_engine *engine, int64_t sequence);

/* Forgets a sequence, finished or not, and gives its pages back. An unknown one is left alone. */
SY_API void sy_release(struct sy_engine *engine, int64_t sequence);

/* Positions of a sequence that have run: what `past_length` may go up to. -1: no such sequence. */
SY_API int64_t sy_length(const struct sy_engine *engine, int64_t sequence);

/* Keys and values of a kept sequence, with its ids, to a file (mode 0600, written aside, checksummed, bound
 * to the model and the precision) and back, as a kept sequence. They reveal the text. */
SY_API SY_CHECK bool sy_save(struct sy_engine *engine, int64_t sequence, const char *path,
                             struct sy_error *err);
SY_API SY_CHECK bool sy_restore(struct sy_engine *engine, const char *path, int64_t *sequence,
                                struct sy_error *err);
/* The ids of a sequence that have run, [sy_length]; borrowed until the next call on the engine. */
SY_API const int64_t *sy_ids(const struct sy_engine *engine, int64_t sequence);

/* ---- where the ids went ---- */

/*
 * How often each expert of a MoE layer was chosen since the engine was opened, by all sequences together. It
 * is always counted; no bit depends on it.
 *
 *     sum of counts  =  *picks  =  ids run x experts_per_token     where the router's number is fixed
 *     the difference of two calls is a window
 *
 * `layer` is a number among the MoE layers, from 0 to sy_facts.moe_layers - 1; its place in the model is
 * sy_facts.moe_layer[layer]. `counts` gets those of the first min(size, experts) experts, and *picks the sum
 * over all; either may be NULL. Returns the number of experts: 0, with *picks 0 and `counts` left alone, for
 * a model without any or a layer that is none. An id that is shared (`past`) is not run, and one that is run
 * anew (longrope) was counted before; ids of a step that failed may be counted.
 */
SY_API int64_t sy_engine_experts(const struct sy_engine *engine, int64_t layer, int64_t *counts, int64_t size,
                                 int64_t *picks);

/* ---- where the time goes ---- */

struct sy_profile { /* seconds since the engine was opened, with SY_PROFILE; zeros without */
    size_t struct_bytes;
    double router, dispatch, experts, combine, attention, dense, head, other; /* the parts of a step */
    double total, barriers; /* their sum; of it, the time that threads waited for one another, averaged */
    int64_t steps, barrier_count;
};
SY_API void sy_engine_profile(const struct sy_engine *engine, struct sy_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
