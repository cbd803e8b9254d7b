/*
 * Files that people had, under a name that they gave as output.
 */
#include "../converted.h"
#include "../hostile.h"
#include "../speaker.h"
#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_hold(const char *path, const char *content) {
    char *text;
    int64_t size;
    assert_true(os_read_file(path, 1 << 20, &text, &size, NULL));
    assert_string_equal(text, content);
    free(text);
}

/* `logits --out notes.txt` wrote over the notes, and over the only copy of a model, and returned 0. */
TEST(logits_replace_only_logits) {
    char model[TEST_PATH_MAX], notes[TEST_PATH_MAX], out[TEST_PATH_MAX], weights[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_temp_path(notes, "notes.txt");
    test_temp_path(out, "o.safetensors");
    speaker_make(model);
    hostile_file("notes.txt", "mine\n", 5);
    must_refuse(
        test_run("logits", model, "--ids", "1,2", "--out", notes),
        "notes.txt: is there already (text, 5 bytes), not a file of logits by this program; name another, "
        "or add --force to replace it\n");
    must_hold(notes, "mine\n");
    for (int routing = 0; routing < 2; routing++) { /* its own, again and again */
        must_run(test_run("logits", model, "--ids", "1,2", "--out", out));
        must_run(test_run("logits", model, "--ids", "1,2", "--out", out, "--routing"));
    }
    snprintf(weights, sizeof weights, "%.3900s/model.safetensors", model);
    must_refuse(test_run("logits", model, "--ids", "1,2", "--out", weights),
                "is there already (safetensors, ");
    must_refuse(test_run("logits", model, "--ids", "1,2", "--out", weights, "--force"),
                "is an input of this run");
    must_run(test_run("logits", model, "--ids", "1,2", "--out", notes, "--force"));
    must_run(test_run("show", model));
    hostile_file("b.jsonl", "[1,2]\n", 6);
    test_temp_path(notes, "b.jsonl");
    assert_int_equal(test_run("logits", model, "--batch", notes, "--out", notes, "--force").status, 2);
    must_hold(notes, "[1,2]\n");
}

/* The table of routing goes over an earlier one, and over nothing else. */
TEST(routing_replaces_only_routing) {
    char model[TEST_PATH_MAX], notes[TEST_PATH_MAX], table[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_temp_path(notes, "notes.txt");
    test_temp_path(table, "table.tsv");
    speaker_make(model);
    hostile_file("notes.txt", "mine\n", 5);
    for (int again = 0; again < 2; again++)
        must_run(
            test_run("run", model, "--ids", "1,2", "-n", "1", "--routing=tokens", "--routing-out", table));
    must_refuse(test_run("run", model, "--ids", "1,2", "-n", "1", "--routing=tokens", "--routing-out", notes),
                "notes.txt: is there already (text, 5 bytes), not a table of routing by this program; name "
                "another, or add --force to replace it\n");
    must_hold(notes, "mine\n");
    must_run(test_run("run", model, "--ids", "1,2", "-n", "1", "--routing=tokens", "--routing-out", notes,
                      "--force"));
}

/* A file where a folder is to be made stays, whatever is asked for. */
TEST(a_file_is_no_folder_to_be_made) {
    char model[TEST_PATH_MAX], notes[TEST_PATH_MAX], config[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_temp_path(notes, "notes.txt");
    speaker_make(model);
    snprintf(config, sizeof config, "%.3900s/config.json", model);
    hostile_file("notes.txt", "mine\n", 5);
    must_refuse(test_run("convert", model, "--out", notes, "--force"),
                "is a file, where a folder is to be made");
    must_refuse(test_run("synth", config, "--out", notes, "--force"),
                "is a file, where a folder is to be made");
    must_hold(notes, "mine\n");
}

/* `convert` and `synth` with --force, told to write where they read from, lost the source. */
TEST(a_source_is_never_the_target) {
    char model[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX], config[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again.gguf");
    speaker_make(model);
    must_run(test_run("convert", model, "--out", file));
    must_refuse(test_run("convert", model, "--out", file), "is there already (a GGUF model, ");
    must_refuse(test_run("convert", file, "--out", file, "--force", "--dtype", "q8_0"),
                "is an input of this run");
    must_run(test_run("convert", file, "--out", again));
    must_run(test_run("convert", model, "--out", file, "--force"));
    assert_int_equal(test_run("convert", model, "--out", model, "--force").status, 2);
    snprintf(config, sizeof config, "%.3900s/config.json", model);
    assert_int_equal(test_run("synth", config, "--out", model, "--force").status, 2);
    assert_int_equal(test_run("synth", model, "--out", model, "--force").status, 2);
    must_refuse(test_run("synth", model, "--out", file), "is there already (a GGUF model, ");
    must_run(test_run("run", model, "--prompt", "in", "-n", "2"));
}
