#include "commands/talk/chat_file.h"

#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

TEST(a_conversation_is_saved_for_its_owner_alone) {
    char path[TEST_PATH_MAX];
    struct stat facts;
    struct sy_error err;
    json_t *back, *messages = json_pack("[{ss ss} {ss ss}]", "role", "user", "content", "a \"b\"\n\u00e9",
                                        "role", "assistant", "content", "");
    test_temp_path(path, "chat.json");
    assert_true(chat_file_save(path, messages, &err));
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_true(chat_file_load(path, &back, &err));
    assert_true(json_equal(back, messages));
    json_decref(back);
    json_decref(messages);
}

static void expect_refused(const char *text, const char *word) {
    char path[TEST_PATH_MAX];
    struct sy_error err = { 0 };
    json_t *messages;
    test_temp_path(path, "bad.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_false(chat_file_load(path, &messages, &err));
    assert_non_null(strstr(err.file, "bad.json"));
    if (!strstr(err.message, word) && !strstr(err.place, word)) fail_msg("%s: %s", err.place, err.message);
}

TEST(files_that_hold_no_conversation_are_refused) {
    expect_refused("", "JSON");
    expect_refused("[]", "messages");
    expect_refused("{\"messages\": 3}", "messages");
    expect_refused("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}, 5]}", "message 2");
    expect_refused("{\"messages\": [{\"role\": \"user\", \"content\": [1]}]}", "message 1");
}
