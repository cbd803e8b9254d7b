#include "commands/bench/rank.h"
#include "test.h"

#include <math.h>

static void expect(const double *before, int64_t n, const double *after, int64_t m, enum rank_change change,
                   double p) {
    struct rank_verdict v = rank_compare(before, n, after, m);
    if (v.change != change || fabs(v.p - p) > 1e-6 * p)
        fail_msg("%lld beside %lld: %s, p %.9g", (long long)n, (long long)m, rank_word(v.change), v.p);
}

/* The shares are those of published tables: of C(8, 4) = 70 orders 1 has U = 0, 1 U = 1, 2 U = 2, 3 U = 3. */
TEST(ranks_tell_a_change_from_noise) {
    const double low[] = { 1, 2, 3, 4, 5 }, high[] = { 6, 7, 8, 9, 10 }, mixed[] = { 0.5, 3.5, 4.5, 6 };
    expect(low, 4, high, 4, RANK_FASTER, 2.0 / 70);
    expect(high, 4, low, 4, RANK_SLOWER, 2.0 / 70);
    expect(low, 5, high, 5, RANK_FASTER, 2.0 / 252);
    expect(low, 3, high, 5, RANK_FASTER, 2.0 / 56);
    expect((const double[]){ 1, 2, 3, 9 }, 4, (const double[]){ 8, 10, 11, 12 }, 4, RANK_NOISE, 4.0 / 70);
    expect(low, 4, mixed, 4, RANK_NOISE, 2 * (1 + 1 + 2 + 3 + 5 + 5.0) / 70);
}

TEST(too_few_runs_are_no_answer) {
    const double low[] = { 1, 2, 3 }, high[] = { 4, 5, 6 };
    expect(low, 3, high, 3, RANK_TOO_FEW, 0.1);
    expect(low, 1, high, 1, RANK_TOO_FEW, 1);
    expect(low, 1, low, 3, RANK_TOO_FEW, 1);
}

TEST(equal_runs_are_noise) {
    const double same[] = { 2, 2, 2, 2, 2 };
    expect(same, 5, same, 5, RANK_NOISE, 1);
    expect(same, 4, same, 5, RANK_NOISE, 1);
}

/* Beyond what is counted exactly: the normal distribution is near what counting gives just before. */
TEST(many_runs_are_compared_too) {
    double before[1000], after[1000];
    for (int i = 0; i < 1000; i++) before[i] = i, after[i] = i + 1.5;
    assert_int_equal(rank_compare(before, 1000, after, 1000).change, RANK_NOISE);
    for (int i = 0; i < 1000; i++) after[i] = i + 60;
    assert_int_equal(rank_compare(before, 1000, after, 1000).change, RANK_FASTER);
    assert_int_equal(rank_compare(after, 1000, before, 1000).change, RANK_SLOWER);
    for (int i = 0; i < 21; i++) after[i] = i + 3.5;
    double exact = rank_compare(before, 20, after, 20).p, normal = rank_compare(before, 21, after, 21).p;
    assert_true(fabs(exact - normal) < 0.03);
    assert_int_equal(rank_compare(before, 2, after, 1000).change, RANK_FASTER);
}
