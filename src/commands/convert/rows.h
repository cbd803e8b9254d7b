/*
 * A tensor of one checkpoint made out of the weights of another, row by row: in another arrangement (fused,
 * transposed, halves, alternating, permuted for the other kind of rope), and in the same bits or another
 * type.
 *
 * A row of the file is one or two strips: a strip is a row of a view of the source, put into every step-th
 * place from an offset on.
 */
#ifndef COMMANDS_CONVERT_ROWS_H
#define COMMANDS_CONVERT_ROWS_H

#include "model/bind.h"
#include "tensor/held.h"

struct convert_tensor {
    struct planned_tensor plan;
    const struct model *source;
    const struct spec *target;
    enum dtype dtype;              /* of the elements; MXFP4 in safetensors' form: F4_E2M1, in the file U8 */
    int64_t rows, cols, row_bytes; /* of the file; all experts' rows */
    int64_t each;                  /* rows of one expert */
    const unsigned char *raw;      /* the file's bytes as they are to be; else NULL */
    bool read;                     /* by the model; else nobody looks at its numbers */
    int64_t bytes;
};

/* The type in which the source holds what this tensor is to hold: F8_E4M3, say, or MXFP4 (of either form).
 * False: of other sizes (a file that contradicts itself), or of more than one type, unless that may be. */
SY_MUST_CHECK bool convert_source_dtype(const struct model *source, const struct spec *target,
                                        const struct planned_tensor *plan, bool mixed, enum dtype *dtype,
                                        struct sy_error *err);

SY_MUST_CHECK bool convert_prepare(const struct model *source, const struct spec *target,
                                   const struct planned_tensor *plan, enum dtype dtype,
                                   struct convert_tensor *out, struct sy_error *err);

/* A tensor that stays as it is, to the byte. read: the model has a use for it. */
SY_MUST_CHECK bool convert_copy(const struct tensor *from, bool read, struct convert_tensor *out,
                                struct sy_error *err);

/* One row, read back: whether the type holds it is added to `held`. scratch: 2 * cols floats, this
 * thread's. */
void convert_row(const struct convert_tensor *tensor, int64_t row, float *scratch, unsigned char *out,
                 struct held *held);

/* What of the source a row begins with: its name and type. Of a copy only the name is known. */
struct weight convert_row_source(const struct convert_tensor *tensor, int64_t row);

#endif
