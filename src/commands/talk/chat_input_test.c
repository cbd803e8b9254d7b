#include "commands/talk/chat_input.h"

#include "test.h"

static void expect(const char *const *given, const char *message) {
    struct message_lines lines = { 0 };
    struct text text = { 0 };
    for (; *given; given++) {
        bool complete = message_lines_add(&lines, *given, &text);
        assert_int_equal(complete, given[1] == NULL);
    }
    assert_string_equal(text.data ? text.data : "", message);
    text_free(&text);
}

TEST(messages_of_several_lines_are_joined) {
    expect((const char *const[]){ "one", NULL }, "one");
    expect((const char *const[]){ "one\\", "two\\", "three", NULL }, "one\ntwo\nthree");
    expect((const char *const[]){ "\"\"\"", "a\\", "", "b", "\"\"\"", NULL }, "a\\\n\nb");
    expect((const char *const[]){ "", NULL }, "");
}
