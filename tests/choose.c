#include "choose.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

struct ticket {
    struct test_case *test;
    uint64_t hash;
};

static int by_file_and_line(const void *a, const void *b) {
    const struct test_case *x = *(struct test_case *const *)a, *y = *(struct test_case *const *)b;
    int order = strcmp(x->file, y->file);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int by_hash(const void *a, const void *b) {
    const struct ticket *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static bool named(const struct test_case *test, const struct test_choice *choice) {
    for (int i = 0; i < choice->word_count; i++)
        if (strstr(test->name, choice->words[i]) || strstr(test->file, choice->words[i])) return true;
    return choice->word_count == 0 && !choice->sampled;
}

static uint64_t hash_of(const struct test_case *test, const char *seed) {
    uint64_t hash = random_hash(seed, strlen(seed), 1);
    hash = random_hash(test->file, strlen(test->file), hash);
    return random_hash(test->name, strlen(test->name), hash);
}

struct test_case **tests_choose(struct test_case *registered, const struct test_choice *choice, size_t *count,
                                size_t *others) {
    size_t all = 0;
    for (struct test_case *test = registered; test; test = test->next) all++;
    struct test_case **chosen = calloc(all + 1, sizeof *chosen);
    struct ticket *tickets = calloc(all + 1, sizeof *tickets);
    *count = *others = 0;
    for (struct test_case *test = registered; chosen && tickets && test; test = test->next) {
        if (named(test, choice))
            chosen[(*count)++] = test;
        else
            tickets[(*others)++] = (struct ticket){ test, choice->sampled ? hash_of(test, choice->seed) : 0 };
    }
    if (chosen && tickets && choice->sampled) {
        qsort(tickets, *others, sizeof *tickets, by_hash);
        for (size_t i = 0; i < choice->sample && i < *others; i++) chosen[(*count)++] = tickets[i].test;
    }
    if (chosen) qsort(chosen, *count, sizeof *chosen, by_file_and_line);
    if (!tickets) free(chosen), chosen = NULL;
    free(tickets);
    return chosen;
}
