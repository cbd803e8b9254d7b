#include "commands/talk/chat_wrap.h"

#include "test.h"

#include <string.h>

/* What a terminal shows of `pieces`, by a small terminal that knows the two sequences used. */
static const char *shown(int columns, const char *const *pieces) {
    static char lines[4096];
    struct chat_wrap wrap = chat_wrap_begin(columns);
    struct text out = { 0 };
    size_t line = 0, column = 0, end = 0;
    for (; *pieces; pieces++) chat_wrap_add(&wrap, *pieces, strlen(*pieces), &out);
    for (const char *at = out.data ? out.data : ""; *at; at++) {
        if (*at == '\033') {
            size_t number = 0;
            for (at += 2; *at >= '0' && *at <= '9'; at++) number = 10 * number + (size_t)(*at - '0');
            if (*at == 'D')
                column -= number;
            else if (*at == 'K')
                end = line + column;
            continue;
        }
        lines[line + column++] = *at;
        if (line + column > end) end = line + column;
        if (*at == '\n') {
            line = end = line + column;
            column = 0;
        } else {
            assert_true(column < (size_t)columns); /* the last column stays free */
        }
    }
    lines[end] = 0;
    text_free(&out);
    return lines;
}
#define SHOWN(columns, ...) shown(columns, (const char *const[]){ __VA_ARGS__, NULL })

TEST(words_go_to_the_next_line_whole) {
    assert_string_equal(SHOWN(12, "a long word here"), "a long word\nhere");
    assert_string_equal(SHOWN(11, "a lo", "ng w", "or", "d he", "re"), "a long \nword here");
    assert_string_equal(SHOWN(80, "one\ntwo"), "one\ntwo");
    assert_string_equal(SHOWN(8, "abcdefghijklm no"), "abcdefg\nhijklm \nno"); /* too long for any line */
    assert_string_equal(SHOWN(6, "abcde fg"), "abcde\nfg");                    /* the space is the break */
    assert_string_equal(SHOWN(6, "abcde ", " \nfg"), "abcde\nfg");             /* and so is what follows it */
}

TEST(control_characters_of_a_model_stay_off_the_terminal) {
    struct chat_wrap wrap = chat_wrap_begin(80);
    struct text out = { 0 };
    chat_wrap_add(&wrap,
                  "a\033[2Jb\r\a\xc2\x9b"
                  "31mc\td\xff",
                  17, &out);
    assert_string_equal(out.data, "a[2Jb31mc\td\xef\xbf\xbd");
    text_free(&out);
}
