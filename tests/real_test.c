/*
 * The tests of sy-real-test, as one: what computes in f64 cannot be in the program that computes in f32.
 *
 *     build/sy-real-test -v [WORD ...]     they by themselves, with what they measured
 */
#include "test.h"

TEST(numbers_in_f64) {
    const struct test_output output = test_run_other("sy-real-test", (const char *const[]){ "-v", NULL });
    print_message("%s%s", output.out, output.err);
    assert_int_equal(output.status, 0);
}
