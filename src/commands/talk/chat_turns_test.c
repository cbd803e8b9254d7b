#include "commands/talk/chat_turns.h"

#include "test.h"

#include <string.h>

/* The letters of the messages that stay. */
static const char *kept(const json_t *messages, size_t left_out) {
    static char letters[16];
    json_t *list = chat_turns_kept(messages, left_out);
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++)
        letters[i] = json_string_value(json_object_get(json_array_get(list, i), "content"))[0];
    letters[count] = 0;
    json_decref(list);
    return letters;
}

TEST(the_oldest_turns_go_first_and_the_last_one_stays) {
    json_t *messages =
        json_pack("[{ssss}{ssss}{ssss}{ssss}{ssss}{ssss}]", "role", "system", "content", "s", "role", "user",
                  "content", "a", "role", "assistant", "content", "b", "role", "user", "content", "c", "role",
                  "assistant", "content", "d", "role", "user", "content", "e");
    assert_string_equal(kept(messages, 0), "sabcde");
    size_t left_out = chat_turns_next(messages, 0);
    assert_string_equal(kept(messages, left_out), "scde");
    left_out = chat_turns_next(messages, left_out);
    assert_string_equal(kept(messages, left_out), "se");
    assert_int_equal(chat_turns_next(messages, left_out), left_out);
    json_array_remove(messages, 0); /* without a system message */
    assert_string_equal(kept(messages, chat_turns_next(messages, 0)), "cde");
    json_decref(messages);
}
