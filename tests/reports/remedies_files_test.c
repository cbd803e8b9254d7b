/*
 * Remedies that are about files, followed: the file is put where the remedy wants it, or made what it wants,
 * and the model opens.
 */
#include "gguf_rewrite.h"
#include "hostile.h"
#include "speaker.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *at(const char *name) {
    static char path[4][TEST_PATH_MAX];
    static int turn;
    turn = (turn + 1) % 4;
    test_temp_path(path[turn], name);
    return path[turn];
}

static void refused(const char *model, const char *remedy) {
    struct test_output got = test_run("run", model, "--ids", "1", "-n", "1");
    if (got.status != 1 || !strstr(got.err, remedy))
        fail_msg("'%s' is not in %d: %s", remedy, got.status, got.err);
}

static void opens(const char *model) {
    struct test_output got = test_run("run", model, "--ids", "1", "-n", "1");
    if (got.status != 0) fail_msg("%s", got.err);
}

static void move(const char *from, const char *to) {
    char target[TEST_PATH_MAX];
    snprintf(target, sizeof target, "%s", at(to));
    if (rename(at(from), target) != 0) fail_msg("%s to %s", from, to);
}

static void golden_link(const char *golden, const char *name) {
    char path[TEST_PATH_MAX], source[300];
    snprintf(source, sizeof source, "tests/golden/%s", golden);
    test_source(path, source);
    assert_int_equal(symlink(path, at(name)), 0);
}

/* Somebody fetched the weights alone. */
TEST(remedy_config_beside_the_weights) {
    const char *model = text_model();
    move("letters/config.json", "kept.json");
    refused(model, "config.json must lie in the folder; take it from where the weights came from");
    refused(at("letters/model.safetensors"), "config.json must lie beside the weights; take it from");
    move("kept.json", "letters/config.json");
    opens(model);
    opens(at("letters/model.safetensors"));
}

/* Somebody fetched the config alone. */
TEST(remedy_weights_beside_the_config) {
    const char *model = text_model();
    move("letters/model.safetensors", "kept.safetensors");
    refused(model, "fetch its .safetensors files too; `switchyard plan` needs no weights");
    assert_int_equal(test_run("plan", model).status, 0);
    move("kept.safetensors", "letters/model.safetensors");
    opens(model);
}

/* Somebody's download lacked a shard, or the index. */
TEST(remedy_the_shard_and_the_index) {
    static const char *const files[] = { "config.json", "model-00001-of-00003.safetensors",
                                         "model-00003-of-00003.safetensors" };
    char golden[128], name[128];
    assert_int_equal(mkdir(at("shards"), 0700), 0);
    for (int i = 0; i < 3; i++) {
        snprintf(golden, sizeof golden, "mixtral_sharded/%s", files[i]);
        snprintf(name, sizeof name, "shards/%s", files[i]);
        golden_link(golden, name);
    }
    refused(at("shards"), "name one of them, or fetch the index too");
    refused(at("shards/model-00001-of-00003.safetensors"),
            "fetch model.safetensors.index.json and the other files into the same folder too");
    golden_link("mixtral_sharded/model.safetensors.index.json", "shards/model.safetensors.index.json");
    refused(at("shards"), "the index names this shard: fetch it too");
    golden_link("mixtral_sharded/model-00002-of-00003.safetensors",
                "shards/model-00002-of-00003.safetensors");
    opens(at("shards"));
    opens(at("shards/model-00001-of-00003.safetensors"));
}

/* Somebody's download lacked a part of a GGUF model, or had renamed one. */
TEST(remedy_the_part_and_its_name) {
    char parts[TEST_PATH_MAX], path[TEST_PATH_MAX + 64];
    test_needs_data(parts, "reports/folder-with-gguf/parts");
    assert_int_equal(mkdir(at("parts"), 0700), 0);
    snprintf(path, sizeof path, "%s/tiny-00002-of-00002.gguf", parts);
    assert_int_equal(symlink(path, at("parts/tiny-00002-of-00002.gguf")), 0);
    refused(at("parts"), "fetch that file into the same folder too");
    snprintf(path, sizeof path, "%s/tiny-00001-of-00002.gguf", parts);
    assert_int_equal(symlink(path, at("parts/tiny.gguf")), 0);
    refused(at("parts/tiny.gguf"), "give it its name back, so that the others can be found");
    move("parts/tiny.gguf", "parts/tiny-00001-of-00002.gguf");
    opens(at("parts"));
    move("parts/tiny-00002-of-00002.gguf", "elsewhere.gguf");
    refused(at("parts"), "the model goes on in this file: fetch it too");
    move("elsewhere.gguf", "parts/tiny-00002-of-00002.gguf");
    opens(at("parts"));
}

static char *contents(const char *path, size_t *size) {
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(*size < sizeof bytes);
    return bytes;
}

/* Somebody's download had stopped half-way. */
TEST(remedy_files_that_were_cut_short) {
    const char *model = text_model(), *remedy = "the file was cut short: fetch it again";
    size_t size;
    assert_int_equal(test_run("convert", model, "--out", at("whole.gguf")).status, 0);
    char *bytes = contents(at("whole.gguf"), &size);
    hostile_file("cut.gguf", bytes, (int64_t)size / 2);
    refused(at("cut.gguf"), remedy);
    hostile_file("cut.gguf", bytes, (int64_t)size - 64); /* behind the last tensor are some bytes */
    refused(at("cut.gguf"), remedy);
    hostile_file("cut.gguf", bytes, (int64_t)size);
    opens(at("cut.gguf"));
    bytes = contents(at("letters/model.safetensors"), &size);
    hostile_file("letters/model.safetensors", bytes, (int64_t)size / 2);
    refused(model, remedy);
    hostile_file("letters/model.safetensors", bytes, 100);
    refused(model, remedy);
    hostile_file("letters/model.safetensors", bytes, (int64_t)size);
    opens(model);
}

/* `text` in place of the file, until it is put back. */
static void spoilt(const char *model, const char *name, const char *text, const char *remedy) {
    char path[64];
    snprintf(path, sizeof path, "letters/%s", name);
    bool was = access(at(path), F_OK) == 0;
    if (was) move(path, "kept");
    hostile_file(path, text, (int64_t)strlen(text));
    refused(model, remedy);
    assert_int_equal(unlink(at(path)), 0);
    if (was) move("kept", path);
    opens(model);
}

/* Somebody had edited a file of a model. */
TEST(remedy_configs_corrected_or_fetched_again) {
    const char *model = text_model();
    size_t size;
    char *config = contents(at("letters/config.json"), &size), *other;
    config[size] = 0;
    spoilt(model, "config.json",
           "{ \"model_type\": ", "correct it, or fetch it again: a model needs a sound config.json");
    spoilt(model, "config.json", "7", "a model's config.json is { \"model_type\": ... }");
    spoilt(model, "config.json", "{ \"model_type\": \"nobody\" }", "known: ");
    other = hostile_replace(config, "\"vocab_size\"", "\"no_size\"");
    spoilt(model, "config.json", other,
           "this family needs it: take config.json from where the weights came from");
    free(other);
    other = hostile_replace(config, "\"rope_theta\": 1000000.0", "\"rope_theta\": \"x\"");
    spoilt(model, "config.json", other, "correct it, or take config.json from where the weights came from");
    free(other);
    other = hostile_replace(config, "\"num_experts_per_tok\": 3", "\"num_experts_per_tok\": 7");
    spoilt(model, "config.json", other,
           "no model can be so: correct it, or take config.json from where the weights came from");
    free(other);
    other = hostile_replace(config, "\"hidden_size\": 28", "\"hidden_size\": 32");
    spoilt(model, "config.json", other, "the weights and config.json are not of the same model");
    free(other);
    spoilt(model, "tokenizer.json", "{ \"model\": 7 }", "get the file anew");
    spoilt(model, "generation_config.json", "{ \"temperature\": \"x\" }", "mend it, or take the key out");
}

/* Somebody's folder had vocab.json and merges.txt, and a class that nobody here knows. */
TEST(remedy_a_class_that_cuts_text) {
    static const char remedy[] = "put tokenizer.json beside them; without one, the tokenizer_class may be "
                                 "GPT2Tokenizer, Qwen2Tokenizer, CodeGenTokenizer or GPTNeoXTokenizer";
    static const char *const classes[] = { "GPT2Tokenizer", "Qwen2Tokenizer", "CodeGenTokenizer",
                                           "GPTNeoXTokenizer" };
    const char *model = text_model();
    char text[128];
    move("letters/tokenizer.json", "kept.json");
    hostile_file("letters/vocab.json", "{\"a\": 0, \"b\": 1, \"ab\": 2}", 25);
    hostile_file("letters/merges.txt", "a b\n", 4);
    hostile_file("letters/tokenizer_config.json", "{\"tokenizer_class\": \"ZzTokenizer\"}", 34);
    refused(model, remedy);
    for (int i = 0; i < 4; i++) {
        int size = snprintf(text, sizeof text, "{\"tokenizer_class\": \"%s\"}", classes[i]);
        hostile_file("letters/tokenizer_config.json", text, size);
        opens(model);
    }
    hostile_file("letters/tokenizer_config.json", "{\"tokenizer_class\": \"ZzTokenizer\"}", 34);
    move("kept.json", "letters/tokenizer.json");
    opens(model);
}

/* Somebody's GGUF file was of a version that is not read, older or newer, or had lost its head. */
TEST(remedy_a_file_of_another_version) {
    static const struct {
        int byte, value;
        const char *remedy;
    } heads[] = { { 4, 1, "; convert the model anew with today's tools" },
                  { 4, 9, "; fetch it again, or use a newer version of this program" },
                  { 0, 'X', "; give a .gguf file" } };
    const char *model = text_model();
    size_t size;
    assert_int_equal(test_run("convert", model, "--out", at("sound.gguf")).status, 0);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char *bytes = contents(at("sound.gguf"), &size);
        bytes[heads[i].byte] = (char)heads[i].value;
        hostile_file("other.gguf", bytes, (int64_t)size);
        refused(at("other.gguf"), heads[i].remedy);
        assert_int_equal(test_run("convert", model, "--out", at("other.gguf"), "--force").status, 0);
        opens(at("other.gguf"));
    }
}

/* Somebody's GGUF file had a tokenizer of a kind that is not known here. */
TEST(remedy_a_kind_of_tokenizer) {
    const struct gguf_change other[] = { gguf_no_files[0],
                                         gguf_no_files[1],
                                         { "tokenizer.ggml.model", gguf_text_of("rwkv"), false } };
    char model[TEST_PATH_MAX], whole[TEST_PATH_MAX], odd[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_temp_path(whole, "whole.gguf");
    test_temp_path(odd, "odd.gguf");
    speaker_make(model);
    assert_int_equal(test_run("convert", model, "--out", whole).status, 0);
    gguf_rewrite(whole, odd, other, 3);
    refused(odd, "known are gpt2, llama and t5");
    gguf_rewrite(whole, odd, gguf_no_files, 2);
    opens(odd); /* gpt2 */
}

/* Of about so many bytes, by way of itself again and again. */
static void roundabout(char path[2 * TEST_PATH_MAX], size_t bytes) {
    size_t used = (size_t)snprintf(path, TEST_PATH_MAX, "%s", test_temp_dir());
    for (; used < bytes; used += 2) memcpy(path + used, "/.", 3);
    snprintf(path + used, 16, "/letters");
}

/* Somebody's models lay so deep that their path was longer than a path may be here. */
TEST(remedy_a_path_that_is_too_long) {
    char path[2 * TEST_PATH_MAX], longer[2 * TEST_PATH_MAX], folder[TEST_PATH_MAX];
    const char *model = text_model();
    roundabout(path, 600);
    refused(path, "; give a shorter one, or go to its folder first");
    roundabout(longer, 3900);
    struct test_output got = test_run("tokenize", longer, "--text", "a");
    assert_true(got.status == 1 && strstr(got.err, "; give a shorter one\n"));
    assert_int_equal(test_run("tokenize", model, "--text", "a").status, 0);
    opens(model);
    assert_non_null(getcwd(folder, sizeof folder));
    assert_int_equal(chdir(test_temp_dir()), 0);
    opens("letters");
    assert_int_equal(chdir(folder), 0);
}

/* Somebody's file held a tensor more, a buffer that some program had left there. */
TEST(remedy_a_tensor_that_nobody_knows) {
    struct hostile hostile;
    const int64_t side = 4;
    hostile_open(&hostile);
    hostile_add(&hostile, "model.zzzzzz", "F32", 32, 1, &side);
    hostile_write(&hostile);
    const char *model = test_temp_dir();
    refused(model, "--ignore-unknown leaves it out");
    struct test_output got = test_run("run", model, "--ids", "1", "-n", "1", "--ignore-unknown");
    if (got.status != 0) fail_msg("%s", got.err);
    hostile_close(&hostile);
}

/* Somebody took the number that the refusal named. */
TEST(remedy_the_context_that_would_fit) {
    char model[TEST_PATH_MAX]; /* without a tokenizer, whose share is another */
    test_source(model, "tests/golden/mixtral_fused");
    struct test_output got =
        test_run("run", model, "--ids", "1", "-n", "1", "--memory", "1K", "--ctx", "1000000");
    double needed = 0;
    char memory[32], context[32];
    const char *text = strstr(got.err, "; ");
    assert_true(text && sscanf(text, "; %lf MiB are needed without any cache", &needed) == 1);
    snprintf(memory, sizeof memory, "%.0fK", (needed + 4) * 1024);
    got = test_run("run", model, "--ids", "1", "-n", "1", "--memory", memory, "--ctx", "1000000");
    assert_int_equal(got.status, 1);
    text = strstr(got.err, "; --ctx ");
    assert_true(text && sscanf(text, "; --ctx %31s would fit", context) == 1);
    got = test_run("run", model, "--ids", "1", "-n", "1", "--memory", memory, "--ctx", context);
    if (got.status != 0) fail_msg("--ctx %s: %s", context, got.err);
}

/* Somebody gave a trace of another model, and one that was none. */
TEST(remedy_a_trace_of_this_model) {
    const char *model = text_model();
    char other[TEST_PATH_MAX];
    test_source(other, "tests/golden/olmoe_clip");
    static const char none[] = "{ \"tokens\": [] }";
    hostile_file("none.json", none, sizeof none - 1);
    struct test_output got = test_run("plan", model, "--trace", at("none.json"));
    assert_non_null(strstr(got.err, "`switchyard run MODEL --routing --json` prints one"));
    got = test_run("run", model, "--ids", "1,2,3", "-n", "2", "--routing", "--json");
    assert_int_equal(got.status, 0);
    hostile_file("own.json", got.out, (int64_t)got.out_bytes);
    got = test_run("plan", model, "--trace", at("own.json"));
    if (got.status != 0) fail_msg("%s", got.err);
    got = test_run("plan", other, "--trace", at("own.json"));
    if (got.status != 1 || !strstr(got.err, "give a trace of this very model")) fail_msg("%s", got.err);
}
