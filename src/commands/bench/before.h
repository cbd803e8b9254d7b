/*
 * An earlier run of bench, read from what --json printed, and which of its rows stand beside which of this
 * run's. Rows are the same test where name, batch and threads are. Rates compare only where model and
 * arithmetic do: other weights, another regime or cache is refused by name; another level of kernels or
 * another version of the program is what one may want to compare.
 *
 * The file may be anybody's: it is parsed within limits, and each field is checked before it is used.
 */
#ifndef COMMANDS_BENCH_BEFORE_H
#define COMMANDS_BENCH_BEFORE_H

#include "commands/bench/rank.h"
#include "commands/bench/tests.h"

struct bench_identity { /* of what was measured */
    char path[600], family[80];
    int64_t weight_bytes;
    char precision[16], regime[16], kv[16], level[24]; /* regime "": exact has none */
    char version[64];
};
void bench_identity_of(const struct session *session, struct bench_identity *out);

struct bench_before_row {
    char test[24]; /* "pp512" */
    int64_t batch, threads;
    double rate;
    double *runs; /* [run_count], malloc'ed */
    int64_t run_count;
    bool met; /* by a test of this run */
};

struct bench_before {
    const char *path; /* borrowed; "": of no file */
    struct bench_identity identity;
    struct bench_before_row *rows; /* [count] */
    int64_t count;
};

SY_MUST_CHECK bool bench_before_parse(const char *text, int64_t size, struct bench_before *out,
                                      struct sy_error *err);
/* The same of a file, whose path is borrowed. */
SY_MUST_CHECK bool bench_before_open(const char *path, struct bench_before *out, struct sy_error *err);
void bench_before_close(struct bench_before *before);

/* Is it of what this session measures? Errors say what differs. */
SY_MUST_CHECK bool bench_before_fits(const struct bench_before *before, const struct bench_identity *now,
                                     struct sy_error *err);
/* Is any of its rows one of these tests? An error says what differs, the threads first. Marks those met. */
SY_MUST_CHECK bool bench_before_meets(struct bench_before *before, const struct bench_test *tests,
                                      int64_t count, struct sy_error *err);

void bench_test_name(const struct bench_test *test, char name[24]); /* "tg64" */
/* The row of the same test; NULL: there is none, or nothing to compare with. */
const struct bench_before_row *bench_before_row(const struct bench_before *before,
                                                const struct bench_test *test);
struct rank_verdict bench_before_change(const struct bench_before_row *row, const struct bench_test *test);

#endif
