/*
 * A tensor as a file holds it: name, type, shape and borrowed bytes. Row-major, last index fastest.
 */
#ifndef TENSOR_TENSOR_H
#define TENSOR_TENSOR_H

#include "base/error.h"
#include "tensor/dtype.h"

#define TENSOR_RANK_MAX 8

struct tensor {
    const char *name; /* borrowed */
    const char *file; /* borrowed; which shard, for messages */
    enum dtype dtype; /* DTYPE_COUNT: a type that is not read here */
    const char *type; /* borrowed; what the file calls it then, else NULL */
    int rank;         /* 0: a scalar */
    int64_t shape[TENSOR_RANK_MAX];
    const unsigned char *data; /* borrowed from a mapping, any alignment */
    int64_t bytes;
};

SY_MUST_CHECK bool tensor_elements(const struct tensor *tensor,
                                   int64_t *out);     /* false on overflow or a negative side */
const char *tensor_type(const struct tensor *tensor); /* "BF16", also of types that are not read */
/* "[5, 32]" into text. Returns text. */
char *tensor_shape_text(const int64_t *shape, int rank, char *text, size_t size);

#endif
