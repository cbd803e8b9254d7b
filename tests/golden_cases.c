#include "golden_cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_case(const char *root, const char *name) {
    char path[TEST_PATH_MAX];
    if (name[0] == '.') return false;
    int length = snprintf(path, sizeof path, "%s/%s/expected.json", root, name);
    return length < (int)sizeof path && access(path, R_OK) == 0;
}

int golden_register(const char *root, const char *prefix, const char *file, int line, void (*run)(void **)) {
    struct dirent **entries;
    int registered = 0, count = scandir(root, &entries, NULL, alphasort);
    for (int i = count - 1; i >= 0; i--) { /* the runner's list is last in, first out */
        char *name = NULL;
        struct test_case *test = NULL;
        if (is_case(root, entries[i]->d_name) && asprintf(&name, "%s%s", prefix, entries[i]->d_name) > 0)
            test = malloc(sizeof *test);
        if (test) {
            *test = (struct test_case){ name, file, line, run, NULL };
            test_register(test); /* keeps it as long as the program runs */
            registered++;
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return registered;
}

void golden_root(char path[TEST_PATH_MAX], const char *name) {
    const char *root = getenv("SY_SOURCE_ROOT");
    snprintf(path, TEST_PATH_MAX, "%s/%s", root ? root : SY_SOURCE_ROOT, name);
}

void golden_folder(char path[TEST_PATH_MAX], const char *root, const char *prefix) {
    size_t skip = strlen(prefix);
    assert_memory_equal(test_name(), prefix, skip);
    int length = snprintf(path, TEST_PATH_MAX, "%s/%s", root, test_name() + skip);
    assert_in_range(length, 1, TEST_PATH_MAX - 1);
}
