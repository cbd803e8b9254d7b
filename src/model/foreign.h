/*
 * Tensors that other programs put beside the weights, or in place of them: scales of a server's cache and
 * activations, which are no part of the model, and the planes of forms of storage that are not read here,
 * without which the weights beside them mean nothing. Inside model/ only.
 */
#ifndef MODEL_FOREIGN_H
#define MODEL_FOREIGN_H

#include <stdbool.h>

/* What is said of all forms that are not read. */
#define STORAGE_REMEDY "take the model in BF16, in float8 by blocks (fp8), in MXFP4, or as GGUF"

struct foreign {
    const char *ending; /* of the name, behind a '.' or (where it does not begin with one) a '_' */
    bool beside;        /* the model is whole without it */
    const char *what;   /* beside: the reason to leave it out; else the form that it is part of */
};

/* The row that the name belongs to; NULL: none. */
const struct foreign *foreign_find(const char *name);

#endif
