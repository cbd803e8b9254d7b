#include "commands/bench/summary.h"

#include "base/checked.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double tokens(const struct bench_test *test) {
    return (double)(test->length * test->batch);
}

double bench_rate(const struct bench_test *test, int64_t run) {
    return tokens(test) / test->run[run].seconds;
}

/* ---- figures of one run ---- */

static double read_seconds(const struct bench_test *test, const struct bench_run *run) {
    return test->limits.read_bytes > 0 ? run->bytes / test->limits.read_bytes : 0;
}

static double product_seconds(const struct bench_test *test, const struct bench_run *run) {
    double sum = 0;
    for (int a = 0; a < ARITHMETIC_COUNT; a++)
        if (run->operations.of[a] > 0 && test->limits.products[a] > 0)
            sum += run->operations.of[a] / test->limits.products[a];
    return sum;
}

enum figure { RATE, READ_SHARE, PRODUCT_SHARE, BYTES, OPERATIONS, PRODUCT_RATE, JOULES, KINDS };
/* KINDS and on: operations of each arithmetic. */

static double figure_of(const struct bench_test *test, enum figure figure, int64_t index) {
    const struct bench_run *run = &test->run[index];
    double operations = bench_amount_sum(&run->operations), least = product_seconds(test, run);
    switch (figure) {
    case READ_SHARE: return read_seconds(test, run) / run->seconds;
    case PRODUCT_SHARE: return least / run->seconds;
    case BYTES: return run->bytes / tokens(test);
    case OPERATIONS: return operations / tokens(test);
    case PRODUCT_RATE: return least > 0 ? operations / least : 0;
    case JOULES: return run->joules / tokens(test);
    case RATE: return bench_rate(test, index);
    default: return run->operations.of[figure - KINDS] / tokens(test);
    }
}

/* ---- of all of them ---- */

/* The median of `count` > 0 values, which are sorted. */
static double median_of(double *values, int64_t count) {
    qsort(values, (size_t)count, sizeof *values, ascending);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* The median over the runs, sorted into `values`; NAN where one is. */
static double figure_median(const struct bench_test *test, enum figure figure,
                            double values[BENCH_RUNS_MAX]) {
    for (int64_t i = 0; i < test->runs; i++) {
        values[i] = figure_of(test, figure, i);
        if (isnan(values[i])) return NAN;
    }
    return median_of(values, test->runs);
}

/* The least of the values that at least 99 of 100 do not pass (nearest rank). Sorts the steps: their order
 * tells nothing that is asked for. */
static void step_times(const struct bench_test *test, struct bench_summary *s) {
    s->step_median = s->step_slow = NAN;
    if (test->step_count == 0) return;
    s->step_median = median_of(test->step_seconds, test->step_count);
    s->step_slow = test->step_seconds[ceil_div(99 * test->step_count, 100) - 1];
}

struct bench_summary bench_summary(const struct bench_test *test) {
    double values[BENCH_RUNS_MAX];
    struct bench_summary s = { .evenness = test->evenness / (double)test->runs };
    s.read_share = figure_median(test, READ_SHARE, values);
    s.product_share = figure_median(test, PRODUCT_SHARE, values);
    s.products = s.product_share > s.read_share;
    s.share = s.products ? s.product_share : s.read_share;
    s.bytes = figure_median(test, BYTES, values);
    s.operations = figure_median(test, OPERATIONS, values);
    for (int a = 0; a < ARITHMETIC_COUNT; a++)
        s.kinds.of[a] = figure_median(test, (enum figure)(KINDS + a), values);
    s.product_rate = figure_median(test, PRODUCT_RATE, values);
    s.joules = figure_median(test, JOULES, values);
    s.rate = figure_median(test, RATE, values);
    s.least = values[0];
    s.most = values[test->runs - 1];
    step_times(test, &s);
    return s;
}
