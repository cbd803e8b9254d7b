/*
 * What the README says works: each `switchyard ...` in it is run, with its placeholders filled in, and must
 * succeed.
 */
#include "speaker.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 32, LINE = 512 };

/* What stands for what. */
static const char *filled(const char *word) {
    static char model[TEST_PATH_MAX], config[TEST_PATH_MAX], out[TEST_PATH_MAX], gguf[TEST_PATH_MAX],
        folder[TEST_PATH_MAX], template[TEST_PATH_MAX], chat[TEST_PATH_MAX], text[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_source(text, "LICENSE");
    test_source(config, "tests/golden/mixtral_window/config.json");
    test_source(template, "tests/golden/templates/chat.jinja");
    test_source(chat, "tests/golden/templates/chat.json");
    test_temp_path(out, "readme.safetensors");
    test_temp_path(folder, "readme");
    test_temp_path(gguf, "readme.gguf");
    const char *const pairs[][2] = { { "MODEL", model },
                                     { "CONFIG.json", config },
                                     { "F.safetensors", out },
                                     { "F.gguf", gguf },
                                     { "DIR", folder },
                                     { "COMMAND", "run" },
                                     { "PRESET", "mixtral-8x7b" },
                                     { "T.jinja", template },
                                     { "CHAT.json", chat },
                                     { "F", text } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(word, pairs[i][0]) == 0) return pairs[i][1];
    return word;
}

static void run_command(char *command) {
    const char *words[WORDS + 1] = { NULL };
    int count = 0;
    print_message("switchyard %s\n", command);
    for (char *at = command; *at; at++)
        if (*at == '[' || *at == ']') *at = ' '; /* what may be left out works too */
    for (char *word = strtok_r(command, " ", &command); word && count < WORDS;
         word = strtok_r(NULL, " ", &command))
        words[count++] = filled(word);
    struct test_output got = test_run_program(words);
    if (got.status != 0) fail_msg("exit %d: %s", got.status, got.err);
    assert_true(got.out_bytes > 0 || strcmp(words[0], "chat") == 0); /* to whom nobody talks */
}

TEST(each_command_of_the_readme_runs) {
    static const char mark[] = "`switchyard ";
    char path[TEST_PATH_MAX], line[4096];
    int found = 0;
    test_temp_path(path, "speaker");
    speaker_make(path);
    test_source(path, "README.md");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        for (char *at = line; (at = strstr(at, mark));) {
            at += strlen(mark);
            size_t length = strcspn(at, "`\n");
            char command[LINE];
            assert_true(length < sizeof command);
            memcpy(command, at, length);
            command[length] = 0;
            run_command(command);
            at += length;
            found++;
        }
    fclose(file);
    assert_true(found >= 6); /* the table is still there */
}
