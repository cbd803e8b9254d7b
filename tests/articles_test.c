/*
 * docs/articles.md says what the program says. Making it needs Python, as the build does.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

TEST(the_page_of_articles_is_up_to_date) {
    char command[3 * TEST_PATH_MAX], script[TEST_PATH_MAX];
    test_source(script, "tools/articles");
    if (system("python3 --version >/dev/null 2>&1") != 0) test_skip("no python3 here");
    snprintf(command, sizeof command, "python3 '%s' --check '%s/switchyard'", script, SY_BUILD_ROOT);
    if (system(command) != 0) fail_msg("run tools/articles, and read what changed");
}
