#include "report/progress.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static const struct style ascii = { .columns = 80 };

TEST(nothing_is_drawn_before_two_seconds_or_without_a_terminal) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct progress progress = progress_begin(file, &ascii, "writing", 100, "B/s", 10);
    progress_show(&progress, 50, 11.9);
    progress_end(&progress);
    fclose(file);
    assert_int_equal(size, 0);
    free(text);
    progress = progress_begin(NULL, &ascii, "writing", 100, "B/s", 10);
    progress_show(&progress, 50, 20);
    progress_end(&progress);
}

TEST(share_rate_and_time_left_are_shown_and_wiped) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct progress progress = progress_begin(file, &ascii, "writing", 100, "B/s", 10);
    progress_show(&progress, 25, 15);
    fflush(file);
    assert_string_equal(text, "\r\033[Kwriting  ######                     25 %  5.00 B/s  15.0 s left");
    size_t first = size;
    progress_show(&progress, 26, 15.05); /* too soon */
    fflush(file);
    assert_int_equal(size, first);
    progress_end(&progress);
    fclose(file);
    assert_string_equal(text + first, "\r\033[K");
    free(text);
}
