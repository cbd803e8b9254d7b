#include "choose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TESTS = 60 };

static struct test_case list[TESTS];
static char names[TESTS][16];

/* Two thirds in src/, one in tests/. */
static struct test_case *listed(int count) {
    for (int i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "number_%d", i);
        list[i] = (struct test_case){ .name = names[i],
                                      .file = i % 3 ? "src/a_test.c" : "tests/b_test.c",
                                      .line = i,
                                      .next = i + 1 < count ? &list[i + 1] : NULL };
    }
    return list;
}

static size_t chosen_of(int tests, struct test_choice choice, bool taken[TESTS], size_t *others) {
    size_t count;
    struct test_case **chosen = tests_choose(listed(tests), &choice, &count, others);
    assert_non_null(chosen);
    memset(taken, 0, TESTS * sizeof *taken);
    for (size_t i = 0; i < count; i++) {
        assert_false(taken[chosen[i] - list]); /* nobody twice */
        taken[chosen[i] - list] = true;
        if (i > 0) assert_true(strcmp(chosen[i - 1]->file, chosen[i]->file) <= 0);
    }
    free(chosen);
    return count;
}

TEST(without_words_and_sample_all_tests_run) {
    bool taken[TESTS];
    size_t others;
    assert_int_equal(chosen_of(TESTS, (struct test_choice){ 0 }, taken, &others), TESTS);
}

TEST(words_name_tests_by_name_or_file) {
    bool taken[TESTS];
    size_t others;
    char *words[] = { "tests/", "number_4" };
    size_t count = chosen_of(TESTS, (struct test_choice){ words, 2, false, 0, "" }, taken, &others);
    for (int i = 0; i < TESTS; i++) assert_int_equal(taken[i], i % 3 == 0 || i == 4 || i / 10 == 4);
    assert_int_equal(count + others, TESTS);
}

TEST(a_sample_is_drawn_from_those_that_no_word_names) {
    bool taken[TESTS], again[TESTS];
    size_t others;
    char *words[] = { "src/" };
    struct test_choice choice = { words, 1, true, 7, "seed" };
    assert_int_equal(chosen_of(TESTS, choice, taken, &others), 40 + 7);
    assert_int_equal(others, 20);
    for (int i = 0; i < TESTS; i++) assert_true(taken[i] || i % 3 == 0);
    chosen_of(TESTS, choice, again, &others);
    assert_memory_equal(taken, again, sizeof taken);
    choice.sample = 1000;
    assert_int_equal(chosen_of(TESTS, choice, taken, &others), TESTS);
    choice.word_count = 0;
    choice.sample = 7;
    assert_int_equal(chosen_of(TESTS, choice, taken, &others), 7);
}

/* A hundred samples of five leave a given test of sixty out with a chance of 0.0002. */
TEST(other_seeds_draw_other_tests) {
    bool taken[TESTS], ever[TESTS] = { false };
    size_t others, count = 0;
    for (int s = 0; s < 100; s++) {
        char seed[16];
        snprintf(seed, sizeof seed, "%d", s);
        chosen_of(TESTS, (struct test_choice){ NULL, 0, true, 5, seed }, taken, &others);
        for (int i = 0; i < TESTS; i++) ever[i] = ever[i] || taken[i];
    }
    for (int i = 0; i < TESTS; i++) count += ever[i];
    assert_int_equal(count, TESTS);
}

TEST(a_new_test_leaves_the_sample_but_for_its_own_place) {
    bool before[TESTS], after[TESTS];
    size_t others, gone = 0;
    struct test_choice choice = { NULL, 0, true, 20, "seed" };
    chosen_of(TESTS - 1, choice, before, &others);
    chosen_of(TESTS, choice, after, &others);
    for (int i = 0; i < TESTS - 1; i++) {
        assert_true(before[i] || !after[i]);
        gone += before[i] && !after[i];
    }
    assert_int_equal(gone, after[TESTS - 1]);
}
