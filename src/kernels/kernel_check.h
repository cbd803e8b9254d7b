/*
 * What a file of kernel-check sees. For each operation of list.h there are two functions, found by name, so
 * that an operation without them does not link:
 *
 *     void check_OP(struct check *check);   all shapes and kinds of data: check->test->OP as check->ref->OP
 *     void bench_OP(struct check *check);   speed of check->test->OP, beside the machine's limit
 *
 *     void check_scale(struct check *check) {
 *         for (int kind = 0; kind < DATA_COUNT; kind++)
 *             for (int64_t n = 0; n < 70; n++) {
 *                 float *x = check_input(check, n * sizeof *x), *want = check_output(check, n * sizeof *x),
 *                       *got = check_output(check, n * sizeof *x);
 *                 check_fill(check, kind, x, n);
 *                 check->ref->scale(3, x, n, want);
 *                 check->test->scale(3, x, n, got);
 *                 check_same(check, got, want, n, "n = %ld, data %d", (long)n, kind);
 *                 if (kind == DATA_NORMAL)
 *                     for (int64_t i = 0; i < n; i++)
 *                         check_near(check, got[i], 3.0 * x[i], 6e-8 * fabs(got[i]));
 *                 check_done(check);
 *             }
 *     }
 *
 * The reference level runs through the same functions (test is then ref itself): it is measured against
 * float64, and its speed is printed. Denormals are flushed while all this runs.
 */
#ifndef KERNELS_KERNEL_CHECK_H
#define KERNELS_KERNEL_CHECK_H

#include "base/random.h"
#include "kernels/kernels.h"

#include <stddef.h>

struct check_buffer;

struct check {
    const struct kernels *ref, *test;
    struct random random;         /* of this operation and level: the same at each run */
    const char *operation;        /* of list.h */
    struct check_buffer *buffers; /* of the trial in hand */
    long compared, wrong;         /* numbers compared, and how many of them differed */
    double worst;                 /* largest error / bound that check_near saw; at most 1 when all is well */
    double worst_error, worst_bound;
};

/* ---- a trial: take buffers, run both, compare, check_done ---- */

/* `bytes` of input. Ends right before an unmapped page, so that reading past its end crashes; its address
 * has, therefore, any alignment that `bytes` gives it. Lives until check_done. */
void *check_input(struct check *check, int64_t bytes);

/* `bytes` of output, poisoned, between guard bands that check_done looks at; ends right before an
 * unmapped page too. Two outputs of a size are poisoned alike, so unwritten parts compare equal. */
void *check_output(struct check *check, int64_t bytes);

/* Frees the trial's buffers, and counts a fault when something was written outside an output. */
void check_done(struct check *check);

enum check_data {
    DATA_NORMAL,     /* normal distribution */
    DATA_WIDE,       /* the same times 2^-40 .. 2^40 */
    DATA_ZERO,       /* +0 and -0 */
    DATA_HUGE,       /* near the largest f32: sums overflow */
    DATA_TINY,       /* denormals, and normals whose products are */
    DATA_EQUAL,      /* few distinct values: many ties */
    DATA_CANCELLING, /* large, alternating */
    DATA_SPECIAL,    /* normal, with NaN, +-infinity, +-0 and denormals strewn in */
    DATA_COUNT,
};
void check_fill(struct check *check, enum check_data data, float *x, int64_t count);

/* Equal bits (NaN equals NaN); what differs is counted and the first few are printed, with the printf text.
 */
void check_same(struct check *check, const float *got, const float *want, int64_t count, const char *format,
                ...) __attribute__((format(printf, 5, 6)));
void check_same_ids(struct check *check, const int32_t *got, const int32_t *want, int64_t count,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
void check_same_bytes(struct check *check, const void *got, const void *want, int64_t count,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* One number against its float64 evaluation: counted wrong when |got - want| > bound. Not for what overflows
 * or holds NaN (such a pair is passed over when `want` is not finite). */
void check_near(struct check *check, double got, double want, double bound);

/* ---- speed ---- */

/* Seconds that one call of body(argument) takes: median of several batches. */
double check_seconds(void (*body)(void *argument), void *argument);

/* One line: operation, level, `shape`, amount / seconds in `unit` ("GB/s", "GFLOP/s", "Gelem/s"; amount in
 * bytes, operations or elements) and, where limit is not 0, its share of that rate (in the same unit's base:
 * bytes a second...). */
void check_rate(struct check *check, const char *shape, double amount, double seconds, const char *unit,
                double limit);

/* Random bytes to read at speed, more than any cache holds; *bytes says how many. Kept until the end. */
const unsigned char *check_memory(int64_t *bytes);
/* The machine's limits, measured anew at each call, since others may share it. */
double check_bandwidth(void);         /* bytes a second that one thread reads from memory */
double check_flops(enum level level); /* f32 operations a second of one thread's FMAs; 0 for ref */

void check_release(struct check *check); /* of the main program: unmaps all buffers */

#define OPERATION(op)                                                                                        \
    void check_##op(struct check *check);                                                                    \
    void bench_##op(struct check *check);
OPERATION_LIST(OPERATION)
#undef OPERATION

#endif
