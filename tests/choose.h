/*
 * Which of the registered tests run: those that a word names, and a sample of the others.
 *
 *     words    sample   runs
 *     none     none     all
 *     some     none     the named ones: their name or file contains one of the words
 *     some     N        the named ones, and N of the others
 *     none     N        N of all
 *
 * The sample is the N tests of least hash(seed, file, name). So one seed is one sample, another seed is as
 * good as a new draw, and a test that comes or goes leaves the order of the rest as it was.
 */
#ifndef TESTS_CHOOSE_H
#define TESTS_CHOOSE_H

#include "test.h"

struct test_choice {
    char **words;
    int word_count;
    bool sampled;
    size_t sample;    /* so many of those that no word names; all of them where they are fewer */
    const char *seed; /* any text */
};

/* By file and line, in an array that the caller frees; NULL without memory. `others` counts what was drawn
 * from. */
struct test_case **tests_choose(struct test_case *registered, const struct test_choice *choice, size_t *count,
                                size_t *others);

#endif
