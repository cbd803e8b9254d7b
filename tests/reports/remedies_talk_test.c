/*
 * What run, chat and the file of defaults advise is of use: each remedy is provoked, followed, and helps.
 */
#include "speaker.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *model;

/* What `switchyard LINE` says in this test's folder, where `model` is one; its status must be this. */
static const char *said(int status, const char *line) {
    static char out[1 << 16];
    char command[4 * TEST_PATH_MAX];
    const char *program = getenv("SY_PROGRAM");
    snprintf(command, sizeof command,
             "cd '%s' && model='%s' && switchyard() { '%s' \"$@\"; } && { %s; } 2>&1", test_temp_dir(), model,
             program ? program : SY_BUILD_ROOT "/switchyard", line);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    out[fread(out, 1, sizeof out - 1, pipe)] = 0;
    int how = pclose(pipe);
    if (!WIFEXITED(how) || WEXITSTATUS(how) != status)
        fail_msg("%s: status %d, not %d: %s", line, WEXITSTATUS(how), status, out);
    return out;
}

static void advised(const char *line, int status, const char *remedy) {
    const char *out = said(status, line);
    if (!strstr(out, remedy)) fail_msg("%s: no '%s' in %s", line, remedy, out);
}

TEST(remedies_of_room_for_tokens) {
    model = text_model();
    advised("switchyard run $model --ids 1,2,3 --ctx 2", 1, "give --ctx 3, or a shorter prompt");
    said(0, "switchyard run $model --ids 1,2,3 --ctx 3");
    said(0, "switchyard run $model --ids 1,2 --ctx 2");
    advised("switchyard run $model --ids 1,2,3 -n 9 --ctx 4", 1,
            "give --ctx 11, a smaller -n, or -n -1 for what fits");
    said(0, "switchyard run $model --ids 1,2,3 -n 9 --ctx 11");
    said(0, "switchyard run $model --ids 1,2,3 -n 2 --ctx 4");
    said(0, "switchyard run $model --ids 1,2,3 -n -1 --ctx 4");
    advised("switchyard run $model --ids 1 -n -2", 2, "-1 goes on to the end of the context");
    said(0, "switchyard run $model --ids 1 -n -1 --ctx 8");
}

TEST(remedies_of_layers) {
    char dense[TEST_PATH_MAX];
    model = text_model();
    advised("switchyard run $model -p Ab -n 1 --routing=tokens --layers 0..1", 2, "such as --layers 0,3-5");
    advised("switchyard run $model -p Ab -n 1 --routing=tokens --layers 0-9", 1, "from layer 0 to 2");
    said(0, "switchyard run $model -p Ab -n 1 --routing=tokens --layers 0,1-1");
    test_source(dense, "tests/golden/llama_linear_tied");
    model = dense;
    advised("switchyard run $model --ids 1 -n 1 --routing=tokens --layers 0", 1,
            "no layer of this model has");
    said(0, "switchyard run $model --ids 1 -n 1 --routing=tokens");
}

TEST(remedies_of_many_prompts) {
    model = text_model();
    advised("echo '{\"promt\": \"Ab\"}' | switchyard run $model --prompts -", 1,
            "a line has prompt, messages or ids, and may have id, n and seed");
    said(0,
         "echo '{\"prompt\": \"Ab\", \"id\": 1, \"n\": 2, \"seed\": 3}' | switchyard run $model --prompts -");
    advised("echo '{\"ids\": [999]}' | switchyard run $model --prompts - >lines", 1,
            "the line that was printed for each says why, as \"error\"");
    said(0, "grep -q '\"error\":.*999' lines");
}

TEST(remedies_of_a_full_context) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, "speaker");
    speaker_make(path);
    model = path;
    advised("echo 'a message of some length' | switchyard chat $model --temp 0 -n 2 --ctx 16", 1,
            "shorten it, or start with a larger --ctx");
    said(0, "echo short | switchyard chat $model --temp 0 -n 2 --ctx 16");
    said(0, "echo 'a message of some length' | switchyard chat $model --temp 0 -n 2 --ctx 64");
    advised(
        "printf 'one short line\\nanother one\\n' | switchyard chat $model --temp 0 -n 4 --ctx 32 --keep-all",
        1, "/clear or /undo, or start with a larger --ctx or without --keep-all");
    said(0, "printf 'one short line\\nanother one\\n' | switchyard chat $model --temp 0 -n 4 --ctx 32");
    said(0, "printf 'one short line\\nanother one\\n' | switchyard chat $model --temp 0 -n 4 --ctx 80 "
            "--keep-all");
    said(0, "printf 'one short line\\n/undo\\nanother one\\n' | "
            "switchyard chat $model --temp 0 -n 4 --ctx 32 --keep-all --commands");
    said(0, "printf 'one short line\\n/clear\\nanother one\\n' | "
            "switchyard chat $model --temp 0 -n 4 --ctx 32 --keep-all --commands");
}

TEST(remedies_of_defaults) {
    char folder[TEST_PATH_MAX];
    model = text_model();
    test_temp_path(folder, "switchyard");
    assert_int_equal(mkdir(folder, 0700), 0);
    setenv("XDG_CONFIG_HOME", test_temp_dir(), 1);
    said(0, "echo 'colour: red' >switchyard/config.yaml");
    advised("switchyard run $model -p Ab -n 1", 1, "known are threads, memory, models, sampling");
    said(0,
         "printf 'threads: 1\\nmemory: 2G\\nmodels: /tmp\\nsampling: {temp: 1}\\n' >switchyard/config.yaml");
    said(0, "switchyard run $model -p Ab -n 1");
    said(0, "echo 'threads: x' >switchyard/config.yaml");
    advised("switchyard run $model -p Ab -n 1", 1, "--no-defaults runs without this file");
    said(0, "switchyard run $model -p Ab -n 1 --no-defaults");
}
