/*
 * Places where nothing can be written: each command that writes says so in one line, with what to do, and
 * leaves nothing behind.
 */
#include "../converted.h"
#include "../hostile.h"
#include "../speaker.h"
#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { WRITERS = 5 };

static const char *const names[WRITERS] = { "logits", "convert to GGUF", "convert to a folder", "synth",
                                            "plan --svg" };

struct models {
    char folder[TEST_PATH_MAX], config[TEST_PATH_MAX];
};

static void make(struct models *m) {
    test_temp_path(m->folder, "speaker");
    speaker_make(m->folder);
    snprintf(m->config, sizeof m->config, "%.3900s/config.json", m->folder);
}

static struct test_output write_to(const struct models *m, int writer, const char *out) {
    switch (writer) {
    case 0: return test_run("logits", m->folder, "--ids", "1,2", "--out", out);
    case 1:
    case 2: return test_run("convert", m->folder, "--out", out);
    case 3: return test_run("synth", m->config, "--out", out);
    default: return test_run("plan", "mixtral-8x7b", "--svg", out);
    }
}

static bool without_cairo(int writer, const struct test_output *got) {
    return writer == 4 && strstr(got->err, "libcairo2-dev");
}

static void refused(const struct models *m, int writer, const char *out, const char *const *whats) {
    struct test_output got = write_to(m, writer, out);
    if (without_cairo(writer, &got)) return;
    const char *end = strchr(got.err, '\n');
    if (got.status != 1 || !end || end[1] || !strstr(got.err, "; "))
        fail_msg("%s to '%s': exit %d: %s", names[writer], out, got.status, got.err);
    for (; *whats; whats++)
        if (strstr(got.err, *whats)) return;
    fail_msg("%s to '%s': %s", names[writer], out, got.err);
}

static bool is_temporary(void *argument, const char *name) {
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".tmp") == 0) ++*(int *)argument;
    return true;
}

/* A path that is a folder, whose folder is missing or a file, that is too long or empty, or a full device. */
TEST(a_path_that_cannot_be_written_is_an_error_in_one_line) {
    struct models m;
    char path[TEST_PATH_MAX], part[300] = "";
    int left = 0;
    make(&m);
    hostile_file("file", "x", 1);
    memset(part, 'n', 256);
    memcpy(part + 250, ".gguf", 6);
    for (int w = 0; w < WRITERS; w++) {
        const char *end = w == 1 ? ".gguf" : "";
        static const char *const full[] = { "No space left", "is a file, where a folder", NULL };
        static const char *const folder[] = { "is a folder", "not empty", NULL };
        static const char *const missing[] = { "make the folder", NULL };
        static const char *const no_folder[] = { "Not a directory", NULL };
        static const char *const too_long[] = { "File name too long", NULL };
        static const char *const empty[] = { "without a name", "no name for a file", NULL };
        if (w != 1) refused(&m, w, "/dev/full", full);
        if (w != 1) refused(&m, w, test_temp_dir(), folder);
        if (w != 1) refused(&m, w, "", empty);
        snprintf(path, sizeof path, "%.3000s/nowhere/x%s", test_temp_dir(), end);
        refused(&m, w, path, missing);
        snprintf(path, sizeof path, "%.3000s/file/x%s", test_temp_dir(), end);
        refused(&m, w, path, no_folder);
        snprintf(path, sizeof path, "%.3000s/%s%s%s", test_temp_dir(), "n", part, end);
        refused(&m, w, path, too_long);
    }
    assert_true(os_list_folder(test_temp_dir(), is_temporary, &left, NULL));
    assert_int_equal(left, 0);
    /* What was advised: make the folder, name a file in it, give it a shorter name. */
    snprintf(path, sizeof path, "%.3000s/nowhere", test_temp_dir());
    assert_true(os_make_folder(path, NULL));
    for (int w = 0; w < WRITERS; w++) {
        snprintf(path, sizeof path, "%.3000s/nowhere/x%d%s", test_temp_dir(), w, w == 1 ? ".gguf" : "");
        struct test_output got = write_to(&m, w, path);
        if (!without_cairo(w, &got)) must_run(got);
    }
}

/* Runs a script in which /tmp of the test is a small file system of its own; where that is allowed. */
static bool on_small_disk(const char *script, const char *folder, char *text, size_t size) {
    char command[20480];
    snprintf(
        command, sizeof command,
        "unshare -rm sh -c 'mount -t tmpfs -o size=400k none \"%s\" && cd \"%s\" && touch here && { %s; } "
        "2>&1' 2>/dev/null",
        folder, folder, script);
    FILE *from = popen(command, "r");
    assert_non_null(from);
    size_t got = fread(text, 1, size - 1, from);
    text[got] = 0;
    pclose(from);
    return strstr(text, "ran\n") != NULL;
}

/* A full disk and one that is read-only, as they are. */
TEST(a_full_disk_is_an_error_in_one_line) {
    static const char program[] = SY_BUILD_ROOT "/switchyard";
    struct models m;
    char folder[TEST_PATH_MAX], script[8192], text[8192];
    make(&m);
    test_temp_path(folder, "disk");
    assert_true(os_make_folder(folder, NULL));
    snprintf(
        script, sizeof script,
        "echo ran; %s convert %.1000s --out m.gguf; %s convert %.1000s --out m; %s synth %.1000s --out "
        "s.gguf; "
        "ls -A .; dd if=/dev/zero of=fill bs=1k 2>/dev/null; %s logits %.1000s --ids 1,2 --out o; "
        "ls -A; rm fill; %s logits %.1000s --ids 1,2 --out freed >/dev/null 2>&1 && rm freed && echo freed; "
        "mount -o remount,ro . && %s logits %.1000s --ids 1,2 --out o; %s logits %.1000s --ids 1,2 --out "
        "../elsewhere >/dev/null 2>&1 && echo elsewhere",
        program, m.folder, program, m.folder, program, m.config, program, m.folder, program, m.folder,
        program, m.folder, program, m.folder);
    if (!on_small_disk(script, folder, text, sizeof text)) test_skip("no file system can be mounted here");
    print_message("%s", text);
    static const char space[] =
        "cannot be written: No space left on device; free some space there, or write elsewhere\n";
    char want[4096];
    int size = snprintf(want, sizeof want, "ran\nswitchyard: m.gguf: %sswitchyard: m/model.safetensors: %s",
                        space, space);
    size += snprintf(want + size, sizeof want - (size_t)size,
                     "switchyard: s.gguf: %shere\nswitchyard: o: %sfill\nhere\nfreed\n", space, space);
    snprintf(want + size, sizeof want - (size_t)size,
             "switchyard: o: cannot be written: Read-only file system; write to a file system that is not "
             "read-only\nelsewhere\n");
    assert_string_equal(text, want);
}
