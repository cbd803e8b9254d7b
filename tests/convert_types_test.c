/*
 * convert within one form: other types, the same tensors; all metadata of a GGUF file, all side files of a
 * folder; and weights cut into several files.
 */
#include "base/os.h"
#include "converted.h"
#include "gguf_rewrite.h"
#include "speaker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls `run` with each of some golden folders; NULL ends. */
static void with_each(const char *const *names, void (*run)(const char *folder)) {
    char name[96], folder[TEST_PATH_MAX];
    for (; *names; names++) {
        snprintf(name, sizeof name, "tests/golden/%s", *names);
        test_source(folder, name);
        print_message("%s\n", name);
        run(folder);
    }
}

/* ---- GGUF to GGUF ---- */

struct file {
    struct checkpoint checkpoint;
    struct gguf gguf;
};

static struct file open_file(const char *path) {
    struct file file;
    struct sy_error err;
    assert_true(gguf_open(path, &file.checkpoint, &file.gguf, &err));
    return file;
}

static void same_value(const struct gguf_value *a, const struct gguf_value *b) {
    assert_int_equal(a->type, b->type);
    if (a->type == GGUF_STRING) {
        assert_int_equal(a->text.size, b->text.size);
        assert_memory_equal(a->text.data, b->text.data, (size_t)a->text.size);
    } else if (a->type == GGUF_ARRAY) {
        assert_int_equal(a->array.type, b->array.type);
        assert_int_equal(a->array.count, b->array.count);
        for (int64_t i = 0; a->array.items && i < a->array.count; i++)
            same_value(&a->array.items[i], &b->array.items[i]);
        for (int64_t i = 0; a->array.bytes && i < a->array.count; i++) {
            double x, y;
            assert_true(gguf_item_real(a, i, &x) && gguf_item_real(b, i, &y) && x == y);
        }
    } else {
        assert_true(a->u == b->u);
    }
}

/* `but` NULL: all of them. */
static void same_keys(const struct file *from, const struct file *to, const char *but) {
    assert_int_equal(from->gguf.key_count, to->gguf.key_count);
    for (int64_t i = 0; i < from->gguf.key_count; i++) {
        const struct gguf_key *a = &from->gguf.keys[i], *b = &to->gguf.keys[i];
        const struct gguf_value *value = gguf_find(&to->gguf, a->name);
        assert_non_null(value);
        if (!but || strcmp(a->name, but) != 0) same_value(&a->value, value);
        if (!but) assert_string_equal(a->name, b->name);
    }
}

static void same_weights(const struct file *a, const struct file *b) {
    assert_int_equal(a->checkpoint.count, b->checkpoint.count);
    for (int64_t i = 0; i < a->checkpoint.count; i++) {
        const struct tensor *t = &a->checkpoint.tensors[i], *u = &b->checkpoint.tensors[i];
        assert_string_equal(t->name, u->name);
        assert_true(t->dtype == u->dtype && t->rank == u->rank && t->bytes == u->bytes);
        assert_memory_equal(t->shape, u->shape, (size_t)t->rank * sizeof *t->shape);
        if (memcmp(t->data, u->data, (size_t)t->bytes) != 0) fail_msg("%s differs", t->name);
    }
}

static void close_file(struct file *file) {
    checkpoint_close(&file->checkpoint);
}

/* Two ways to the same file: from the folder at once, and by way of a file in the source's own types, to
 * which somebody has added a key that nobody knows. */
static void two_ways(const char *folder, const char *dtype) {
    static const struct gguf_value words[] = { { .type = GGUF_STRING, .text = { "a", 1 } },
                                               { .type = GGUF_STRING, .text = { "", 0 } } };
    const struct gguf_change extra = { "somebody.else", gguf_array_of(GGUF_STRING, 2, NULL, words), false };
    char file[TEST_PATH_MAX], more[TEST_PATH_MAX], direct[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    test_temp_path(more, "more.gguf");
    test_temp_path(direct, "direct.gguf");
    test_temp_path(again, "again.gguf");
    must_run(test_run("convert", folder, "--out", file, "--force"));
    gguf_rewrite(file, more, &extra, 1);
    must_run(test_run("convert", folder, "--out", direct, "--dtype", dtype, "--force"));
    must_run(test_run("convert", more, "--out", again, "--dtype", dtype, "--force"));
    struct file a = open_file(more), b = open_file(again), c = open_file(direct);
    same_keys(&a, &b, "general.file_type");
    same_value(gguf_find(&c.gguf, "general.file_type"), gguf_find(&b.gguf, "general.file_type"));
    same_weights(&c, &b);
    close_file(&a);
    close_file(&b);
    close_file(&c);
    must_run(test_run("show", again));
}

static void requantised(const char *folder) {
    two_ways(folder, "q8_0");
    two_ways(folder, "bf16");
}

TEST(requantised_as_from_the_folder) {
    static const char *const names[] = { "mixtral_fused",     "deepseek_v2_norm", "gpt_oss_clamp",
                                         "llama_bias_llama3", "granitemoe_bias",  NULL };
    with_each(names, requantised);
}

/* GGUF holds the divisors of llama3's positions in a tensor of their own. */
TEST(divisors_of_positions_come_along) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_source(folder, "tests/golden/llama_bias_llama3");
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again.gguf");
    must_run(test_run("convert", folder, "--out", file));
    must_run(test_run("convert", file, "--out", again, "--dtype", "q8_0"));
    struct file a = open_file(file), b = open_file(again);
    const struct tensor *t = checkpoint_find(&a.checkpoint, "rope_freqs.weight"),
                        *u = checkpoint_find(&b.checkpoint, "rope_freqs.weight");
    assert_non_null(t);
    assert_non_null(u);
    assert_true(t->dtype == u->dtype && t->bytes == u->bytes);
    assert_memory_equal(t->data, u->data, (size_t)t->bytes);
    close_file(&a);
    close_file(&b);
    assert_non_null(strstr(must_run(test_run("show", again)).out, " by factors"));
}

TEST(a_copy_without_a_type_is_the_same) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(folder, "speaker");
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again.gguf");
    speaker_make(folder);
    must_run(test_run("convert", folder, "--out", file, "--dtype", "q4_0"));
    must_run(test_run("convert", file, "--out", again));
    must_refuse(test_run("convert", file, "--out", again), "is there already");
    must_run(test_run("convert", file, "--out", again, "--force"));
    struct file a = open_file(file), b = open_file(again);
    same_keys(&a, &b, NULL);
    same_weights(&a, &b);
    close_file(&a);
    close_file(&b);
    same_file(file, again, NULL);
    must_refuse(test_run("convert", file, "--out", file, "--dtype", "q8_0", "--force"), /* onto itself */
                "is an input of this run");
    must_run(test_run("run", file, "--prompt", "in", "-n", "2"));
}

/* ---- folder to folder ---- */

static void through_gguf(const char *folder, const char *dtype) {
    char file[TEST_PATH_MAX], one[TEST_PATH_MAX], two[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    test_temp_path(one, "one");
    test_temp_path(two, "two");
    must_run(test_run("convert", folder, "--out", file, "--force", "--dtype", "f32"));
    must_run(test_run("convert", file, "--out", one, "--force", "--dtype", dtype));
    must_run(test_run("convert", folder, "--out", two, "--force", "--dtype", dtype));
    same_tensors(one, two);
    same_file(one, two, "config.json");
}

static void retyped(const char *folder) {
    through_gguf(folder, "bf16");
    through_gguf(folder, "f32");
}

TEST(a_folder_in_another_type_as_through_gguf) {
    static const char *const names[] = { "mixtral_fused", "qwen3_moe_fp8", "gpt_oss_mxfp4",
                                         "deepseek_v2_norm", NULL };
    char folder[TEST_PATH_MAX], again[TEST_PATH_MAX];
    with_each(names, retyped);
    test_source(folder, "tests/golden/qwen3_moe_fp8");
    test_temp_path(again, "again");
    must_refuse(test_run("convert", folder, "--out", again), "stored as F8_E4M3");
    assert_false(os_is_folder(again));
}

static void copied(const char *folder) {
    char again[TEST_PATH_MAX];
    test_temp_path(again, "again");
    must_run(test_run("convert", folder, "--out", again, "--force"));
    same_tensors(folder, again);
    same_file(folder, again, "config.json");
}

/* Also what no slot takes: a vision tower, the layer that predicts further tokens. */
TEST(a_folder_as_it_is) {
    static const char *const names[] = { "mixtral_fused",   "gpt_oss_mxfp4",   "llama4_nested",
                                         "mixtral_sharded", "deepseek_v3_mtp", NULL };
    with_each(names, copied);
}

TEST(side_files_come_along) {
    static const char *const sides[] = { "tokenizer.json", "tokenizer_config.json",
                                         "generation_config.json" };
    char folder[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(folder, "speaker");
    test_temp_path(again, "again");
    speaker_make(folder);
    must_run(test_run("convert", folder, "--out", again, "--dtype", "bf16"));
    for (int i = 0; i < 3; i++) same_file(folder, again, sides[i]);
    must_refuse(test_run("convert", folder, "--out", again), "the folder is not empty");
    assert_int_equal(test_run("convert", folder, "--out", folder, "--force").status, 2);
    must_run(test_run("show", folder));
}

/* ---- shards ---- */

TEST(weights_in_several_files) {
    char folder[TEST_PATH_MAX], again[TEST_PATH_MAX], file[TEST_PATH_MAX], path[TEST_PATH_MAX];
    struct checkpoint made;
    struct sy_error err;
    test_temp_path(folder, "speaker");
    test_temp_path(again, "again");
    test_temp_path(file, "m.gguf");
    speaker_make(folder);
    must_run(test_run("convert", folder, "--out", file));
    for (int from_gguf = 0; from_gguf < 2; from_gguf++) {
        const char *source = from_gguf ? file : folder;
        struct test_output output =
            must_run(test_run("convert", source, "--out", again, "--shard-size", "100KB", "--force"));
        assert_non_null(strstr(output.out, " files, "));
        same_tensors(folder, again);
        assert_true(checkpoint_open(again, &made, &err));
        int64_t bytes = 0;
        for (int64_t i = 0; i < made.count; i++) bytes += made.tensors[i].bytes;
        assert_true(made.shard_count >= bytes / 100000 && made.shard_count <= 2 * bytes / 100000 + 1);
        checkpoint_close(&made);
        snprintf(path, sizeof path, "%.4000s/model.safetensors", again);
        assert_false(os_is_file(path));
        must_run(test_run("convert", source, "--out", again, "--force"));
        same_tensors(folder, again);
        assert_true(os_is_file(path));
        snprintf(path, sizeof path, "%.4000s/model.safetensors.index.json", again);
        assert_false(os_is_file(path));
    }
}
