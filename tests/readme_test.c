/*
 * What the README says works: each `switchyard ...` in it is run, with its placeholders filled in, and must
 * succeed; so is its quick start. And what docs/troubleshooting.md shows is what the program prints.
 */
#include "speaker.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { WORDS = 32, LINE = 512 };

/* What stands for what. */
static const char *filled(const char *word) {
    static char model[TEST_PATH_MAX], config[TEST_PATH_MAX], out[TEST_PATH_MAX], gguf[TEST_PATH_MAX],
        folder[TEST_PATH_MAX], template[TEST_PATH_MAX], chat[TEST_PATH_MAX], text[TEST_PATH_MAX],
        prompts[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_source(text, "LICENSE");
    test_temp_path(prompts, "readme.jsonl");
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
                                     { "F.jsonl", prompts },
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

static void write_file(const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, name);
    FILE *file = fopen(path, "w");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Runs a line of a page in this test's folder, as a shell would. Returns what the program says, errors too.
 */
static const char *shell(const char *line, int *status) {
    static char out[1 << 16];
    char command[3 * TEST_PATH_MAX];
    const char *program = getenv("SY_PROGRAM");
    snprintf(command, sizeof command, "cd '%s' && switchyard() { '%s' \"$@\"; } && { %s; } 2>&1 </dev/null",
             test_temp_dir(), program ? program : SY_BUILD_ROOT "/switchyard", line);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    out[fread(out, 1, sizeof out - 1, pipe)] = 0;
    int how = pclose(pipe);
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
    return out;
}

static FILE *open_page(const char *name) {
    char path[TEST_PATH_MAX];
    test_source(path, name);
    FILE *page = fopen(path, "r");
    assert_non_null(page);
    return page;
}

/* What a stranger types first, with a small model in the place of the large one. */
TEST(the_quick_start_of_the_readme_runs) {
    static const char mark[] = "    build/";
    char model[TEST_PATH_MAX], line[1024];
    int found = 0, status;
    test_temp_path(model, "olmoe");
    speaker_make(model);
    write_file("README.md", "the hen and the rooster");
    FILE *page = open_page("README.md");
    while (fgets(line, sizeof line, page)) {
        if (strncmp(line, mark, strlen(mark)) != 0) continue;
        line[strcspn(line, "\n")] = 0;
        print_message("%s\n", line);
        const char *said = shell(line + strlen(mark), &status);
        if (status != 0) fail_msg("%s: exit %d: %s", line, status, said);
        found++;
    }
    fclose(page);
    assert_true(found >= 4);
}

/* Does `said` begin as `shown` does, "..." standing for anything? */
static bool matches(const char *said, char *shown) {
    for (char *part = shown, *gap; part; part = gap) {
        gap = strstr(part, "...");
        if (gap) {
            *gap = 0;
            gap += 3;
        }
        const char *at = strstr(said, part);
        if (!at || (part == shown && at != said)) return false;
        said = at + strlen(part);
    }
    return true;
}

/* What lies in the folder that the page's commands run in. */
static void make_troubles(void) {
    int status;
    char path[TEST_PATH_MAX];
    test_temp_path(path, "olmoe");
    speaker_make(path);
    shell("mkdir weights config config/switchyard models && cp olmoe/model.safetensors weights && cp -r "
          "olmoe cut "
          "&& head -c 600000 olmoe/model.safetensors > cut/model.safetensors && cp -r olmoe mute && "
          "rm mute/tokenizer* && cp -r olmoe plain && rm plain/tokenizer_config.json && "
          "cp olmoe/tokenizer_config.json . && "
          "printf '{%% for m in messages %%}{{ m.content }}{%% endfor %%}' > chat.jinja && "
          "switchyard convert olmoe --out models/smol.gguf && cp models/smol.gguf "
          "models/smol-00001-of-00001.gguf && printf 'thread: 2\\n' > config/switchyard/config.yaml",
          &status);
    assert_int_equal(status, 0);
}

/* Runs what is typed on a page. Each message shown there is what the program prints, and each command beside
 * one works. Returns how many messages there were. */
static int type_page(const char *name) {
    char line[1024], said[1 << 15] = "", command[1024] = "";
    int errors = 0, status = 0;
    bool code = false;
    FILE *page = open_page(name);
    while (fgets(line, sizeof line, page)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "```", 3) == 0) code = !code;
        bool typed = code && strncmp(line, "$ ", 2) == 0,
             shown = code && strncmp(line, "switchyard: ", 12) == 0;
        if (typed || (!code && command[0])) { /* the one before printed no error */
            if (command[0] && status != 0) fail_msg("%s: exit %d: %s", command, status, said);
            command[0] = 0;
        }
        if (typed) {
            snprintf(command, sizeof command, "%s", line + 2);
            print_message("%s\n", command);
            snprintf(said, sizeof said, "%s", shell(command, &status));
        }
        if (!shown) continue;
        if (status == 0 || !matches(said, line)) fail_msg("%s: exit %d: %s", command, status, said);
        command[0] = 0;
        errors++;
    }
    fclose(page);
    return errors;
}

TEST(the_page_on_troubles_tells_the_truth) {
    make_troubles();
    assert_true(type_page("docs/troubleshooting.md") >= 10);
}

TEST(the_page_on_speed_is_typed_as_it_stands) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, "olmoe");
    speaker_make(path);
    assert_int_equal(type_page("docs/speed.md"), 0);
    test_temp_path(path, "before.json"); /* one of its commands writes it */
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    fclose(file);
}

TEST(each_command_of_the_readme_runs) {
    static const char mark[] = "`switchyard ";
    char path[TEST_PATH_MAX], line[4096];
    int found = 0;
    test_temp_path(path, "speaker");
    speaker_make(path);
    write_file("readme.jsonl", "{\"prompt\": \"the hen\", \"n\": 3}\n");
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
