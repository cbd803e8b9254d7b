/*
 * What a test file includes: cmocka's assertions, and the few things that many tests want.
 *
 *     #include "moe/router.h"
 *     #include "test.h"
 *
 *     TEST(ties_go_to_the_lower_expert) {
 *         ...
 *         assert_int_equal(ids[0], 3);
 *     }
 *
 * TEST registers itself, so a new file needs only its line in the folder's meson.build. Each test runs in a
 * process of its own: a crash, a leak or an endless loop costs one test and is reported by name; nothing one
 * test sets is seen by the next. What a test prints is shown only when it fails, or with -v.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the five above before it */

/* An instrumented build? Then seconds are no measure, and what is slow already is better spared it. */
#ifndef __has_feature
#define __has_feature(name) 0 /* clang's; gcc defines names instead */
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define TEST_TSAN true
#else
#define TEST_TSAN false
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define TEST_SANITIZED true
#else
#define TEST_SANITIZED TEST_TSAN
#endif

struct test_case {
    const char *name, *file;
    int line;
    void (*run)(void **state);
    struct test_case *next;
};
void test_register(struct test_case *test);

/* The name of the test that runs: tests that share one function, registered for each folder of cases, go by
 * it. */
const char *test_name(void);

#define TEST(title)                                                                                          \
    static void case_##title(void **state);                                                                  \
    __attribute__((constructor)) static void register_case_##title(void) {                                   \
        static struct test_case self = { #title, __FILE__, __LINE__, case_##title, NULL };                   \
        test_register(&self);                                                                                \
    }                                                                                                        \
    static void case_##title(__attribute__((unused)) void **state)

#define TEST_PATH_MAX 4096

/* Ends this test as skipped, with a reason (printf style). */
#define test_skip(...) test_skip_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void test_skip_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The path of something in the shared test data, say "vectors/moe"; whether it is there. The data lie in
 * ../shared/data beside the checkout, if at all. A test that is then skipped fails where
 * SY_EXPECT_SHARED=1. */
bool test_data(char path[TEST_PATH_MAX], const char *name);

/* The same, but skips the test when it is missing. */
void test_needs_data(char path[TEST_PATH_MAX], const char *name);

/* The path of a committed file, say "tests/golden/olmoe"; fails the test when it is missing. */
void test_source(char path[TEST_PATH_MAX], const char *name);

/* An empty folder of this test's own, removed when it ends, however it ends. The same one at each call. */
const char *test_temp_dir(void);

/* The path of `name` in that folder. */
void test_temp_path(char path[TEST_PATH_MAX], const char *name);

/* Runs build/switchyard with these arguments and waits: test_run("show", model, "--json"). Its stdin is
 * empty. The texts end in a NUL and live as long as the test. */
struct test_output {
    int status; /* exit status, or 128 + the signal that killed it */
    const char *out, *err;
    size_t out_bytes, err_bytes;
};
#define test_run(...) test_run_program((const char *const[]){ __VA_ARGS__, NULL })
struct test_output test_run_program(const char *const *arguments);
/* The same for another program of the build folder. */
struct test_output test_run_other(const char *program, const char *const *arguments);

/* Fails, naming the first index, unless `count` floats are equal bit by bit (a NaN equals itself, 0 is not
 * -0). */
#define assert_same_bits(got, want, count) test_same_bits(got, want, count, __FILE__, __LINE__)
void test_same_bits(const float *got, const float *want, size_t count, const char *file, int line);

/* Fails, naming the worst index, unless |got - want| <= tolerance * (root mean square of want) everywhere; a
 * root of 0 counts as 1. NaN is never near. This is the measure that golden cases are judged by. */
#define assert_near(got, want, count, tolerance) test_near(got, want, count, tolerance, __FILE__, __LINE__)
void test_near(const float *got, const float *want, size_t count, double tolerance, const char *file,
               int line);

#endif
