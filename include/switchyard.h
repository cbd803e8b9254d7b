/*
 * Switchyard: Mixture-of-Experts language models on ordinary CPUs. The public library.
 *
 * Only the error type stands here yet; handles and calls come with the engine. Nothing internal is declared
 * here.
 */
#ifndef SWITCHYARD_H
#define SWITCHYARD_H

#ifdef __cplusplus
extern "C" {
#endif

/* What kind of thing went wrong. The program's exit status follows from it (commands/main.c). */
enum sy_code {
    SY_OK = 0,
    SY_ERR_IO,       /* the system refused: open, read, write, map */
    SY_ERR_FORMAT,   /* a file breaks its format */
    SY_ERR_SHAPE,    /* a tensor or a config contradicts the model */
    SY_ERR_INPUT,    /* a value given by the user contradicts the model (an id out of range) */
    SY_ERR_USAGE,    /* the command line */
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

#ifdef __cplusplus
}
#endif
#endif
