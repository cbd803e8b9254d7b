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

static void expect_messages(const char *path, const json_t *messages) {
    struct sy_error err;
    json_t *back;
    assert_true(chat_file_load(path, &back, &err));
    assert_true(json_equal(back, messages));
    json_decref(back);
}

/* Another conversation, or what is none, may be somebody's only copy. */
TEST(only_an_earlier_state_of_the_conversation_is_saved_over) {
    char path[TEST_PATH_MAX], text[TEST_PATH_MAX];
    struct sy_error err;
    json_t *one = json_pack("[{ssss}]", "role", "user", "content", "a");
    json_t *two =
        json_pack("[{ssss} {ssss}]", "role", "user", "content", "a", "role", "assistant", "content", "b");
    json_t *other =
        json_pack("[{ssss} {ssss}]", "role", "user", "content", "a", "role", "assistant", "content", "c");
    test_temp_path(path, "chat.json");
    test_temp_path(text, "notes.txt");
    assert_true(chat_file_save(path, one, &err) && chat_file_save(path, two, &err) &&
                chat_file_save(path, two, &err));
    assert_false(chat_file_save(path, other, &err));
    assert_non_null(strstr(err.message, "is there already"));
    assert_string_equal(err.remedy, "name another, or /save! to replace it");
    assert_false(chat_file_save(path, one, &err)); /* shorter: what was said since would be lost */
    expect_messages(path, two);
    assert_true(chat_file_replace(path, other, &err));
    expect_messages(path, other);
    FILE *file = fopen(text, "w");
    assert_non_null(file);
    fputs("mine\n", file);
    fclose(file);
    assert_false(chat_file_save(text, one, &err));
    assert_true(chat_file_replace(text, one, &err));
    assert_true(chat_file_save("/dev/null", one, &err));
    json_decref(one);
    json_decref(two);
    json_decref(other);
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
