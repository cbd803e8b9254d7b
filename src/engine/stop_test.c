/* Stop texts: found wherever tokens cut them, nothing shown that turns out to be one. */
#include "base/random.h"
#include "engine/stop.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static struct stop_texts *open_stops(const char *const *stops, int64_t count) {
    struct stop_texts *s;
    struct sy_error err = { 0 };
    if (!stop_open(stops, count, &s, &err)) fail_msg("%s", err.message);
    return s;
}

TEST(stop_texts_are_held_back_until_sure) {
    static const char *const stops[] = { "END", "\n\n" };
    struct stop_texts *s = open_stops(stops, 2);
    const char *text = "aE EN\nEND";
    static const int64_t want[] = { 1, 1, 3, 3, 3, 5, 6, 6, 6 };
    int64_t sure = 0;
    for (int64_t size = 1; size <= 9; size++) {
        assert_int_equal(stop_scan(s, text, size, &sure), size == 9);
        assert_int_equal(sure, want[size - 1]);
    }
    stop_close(s);
    s = open_stops(NULL, 0);
    sure = 0;
    assert_false(stop_scan(s, text, 9, &sure));
    assert_int_equal(sure, 9);
    stop_close(s);
}

/* By the definition: of all places where a stop text ends the first, of those that end there the longest. */
static int64_t cut_place(const char *const *stops, int count, const char *text, int64_t size) {
    for (int64_t end = 1; end <= size; end++) {
        int64_t begin = end;
        for (int i = 0; i < count; i++) {
            int64_t length = (int64_t)strlen(stops[i]);
            if (length <= end && memcmp(text + end - length, stops[i], (size_t)length) == 0 &&
                end - length < begin)
                begin = end - length;
        }
        if (begin < end) return begin;
    }
    return -1;
}

TEST(where_an_answer_ends_does_not_depend_on_how_it_was_cut) {
    struct random random = random_seed(4);
    int found = 0;
    for (int round = 0; round < 4000; round++) {
        char texts[3][8] = { "" }, text[41] = "";
        const char *stops[3] = { texts[0], texts[1], texts[2] };
        int count = 1 + (int)random_below(&random, 3), longest = 0;
        for (int i = 0; i < count; i++) {
            int length = 1 + (int)random_below(&random, 6);
            for (int k = 0; k < length; k++) texts[i][k] = "ab"[random_below(&random, 2)];
            if (length > longest) longest = length;
        }
        for (int k = 0; k < 40; k++)
            text[k] = "abc"[random_below(&random, 8) == 0 ? 2 : random_below(&random, 2)];
        struct stop_texts *s = open_stops(stops, count);
        int64_t want = cut_place(stops, count, text, 40), sure = 0, size = 0;
        bool stopped = false;
        while (!stopped && size < 40) {
            int64_t before = sure;
            size += 1 + (int64_t)random_below(&random, 9);
            if (size > 40) size = 40;
            stopped = stop_scan(s, text, size, &sure);
            assert_true(sure >= before && sure <= size);
            assert_true(stopped || size - sure < longest);
            assert_true(want < 0 || sure <= want); /* nothing shown that had to be cut off */
        }
        assert_int_equal(stopped, want >= 0);
        if (stopped) assert_int_equal(sure, want);
        found += stopped;
        stop_close(s);
    }
    assert_in_range(found, 1000, 3990);
}

TEST(stop_texts_that_cannot_be_are_refused) {
    char *long_one = malloc(STOP_BYTES_MAX + 2);
    memset(long_one, 'x', STOP_BYTES_MAX + 1);
    long_one[STOP_BYTES_MAX + 1] = 0;
    const char *empty[] = { "a", "" }, *too_long[] = { long_one }, *none[] = { NULL },
               *many[STOP_COUNT_MAX + 1];
    struct stop_texts *s;
    struct sy_error err = { 0 };
    for (int i = 0; i <= STOP_COUNT_MAX; i++) many[i] = "a";
    assert_false(stop_open(empty, 2, &s, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_non_null(strstr(err.message, "stop text 2 is empty"));
    assert_false(stop_open(too_long, 1, &s, &err));
    assert_false(stop_open(none, 1, &s, &err));
    assert_false(stop_open(NULL, 1, &s, &err));
    assert_false(stop_open(many, STOP_COUNT_MAX + 1, &s, &err));
    assert_false(stop_open(many, -1, &s, &err));
    long_one[STOP_BYTES_MAX] = 0;
    assert_true(stop_open(too_long, 1, &s, &err));
    stop_close(s);
    assert_true(stop_open(many, STOP_COUNT_MAX, &s, &err));
    stop_close(s);
    free(long_one);
}
