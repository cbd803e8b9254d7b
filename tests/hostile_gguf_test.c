/*
 * GGUF models whose container is sound and whose content is not: the reports of docs/hostile.md
 * that lie above the container (formats/gguf_refusal_test.c has those within it, by their numbers).
 */
#include "formats/gguf.h"
#include "hostile.h"
#include "model/bind.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char config[] =
    "{\"architectures\": [\"MixtralForCausalLM\"], \"model_type\": \"mixtral\", \"hidden_size\": 32,"
    " \"intermediate_size\": 32, \"num_hidden_layers\": 1, \"num_attention_heads\": 4, "
    "\"num_key_value_heads\": 2, \"num_local_experts\": 3, \"num_experts_per_tok\": 2, \"vocab_size\": 20, "
    "\"rms_norm_eps\": 1e-5, \"rope_theta\": 1e6, \"max_position_embeddings\": 64, "
    "\"tie_word_embeddings\": false, \"hidden_act\": \"silu\"}";

struct sound { /* a sound file */
    char path[TEST_PATH_MAX];
    struct checkpoint checkpoint;
    struct gguf gguf;
};

static void sound_open(struct sound *sound) {
    char from[TEST_PATH_MAX];
    hostile_file("base.json", config, sizeof config - 1);
    test_temp_path(from, "base.json");
    test_temp_path(sound->path, "base.gguf");
    assert_int_equal(test_run("synth", from, "--out", sound->path, "--dtype", "q8_0").status, 0);
    assert_true(gguf_open(sound->path, &sound->checkpoint, &sound->gguf, NULL));
}

/* The sound file again, with one key changed (or left out: value NULL; or added, where it has none). */
static void write_changed(const struct sound *sound, const char *path, const char *key,
                          const struct gguf_value *value) {
    struct gguf_writer *writer;
    bool there = false;
    assert_true(gguf_writer_open(path, &writer, NULL));
    for (int64_t i = 0; i < sound->gguf.key_count; i++) {
        const struct gguf_key *k = &sound->gguf.keys[i];
        bool this = strcmp(k->name, key) == 0;
        there |= this;
        if (strcmp(k->name, "general.alignment") == 0 || (this && !value)) continue;
        assert_true(gguf_set(writer, k->name, this ? value : &k->value, NULL));
    }
    if (!there) assert_true(gguf_set(writer, key, value, NULL));
    for (int64_t i = 0; i < sound->checkpoint.count; i++) {
        const struct tensor *t = &sound->checkpoint.tensors[i];
        assert_true(gguf_declare(writer, t->name, t->dtype, t->rank, t->shape, NULL));
    }
    for (int64_t i = 0; i < sound->checkpoint.count; i++)
        assert_true(
            gguf_write(writer, sound->checkpoint.tensors[i].data, sound->checkpoint.tensors[i].bytes, NULL));
    assert_true(gguf_writer_commit(writer, NULL));
}

/* Opens (true), or is refused in one line that says where and what to do. */
static bool opens(const char *path, struct sy_error *err) {
    struct model model;
    *err = (struct sy_error){ .code = SY_OK };
    bool done = model_open(path, false, &model, err);
    if (done)
        model_close(&model);
    else
        hostile_sound(err, false);
    return done;
}

/* Each key of the file with each of many values, and left out. */
static void change_all(const struct sound *sound, const char *path, int *opened, int *refused) {
    static const uint64_t numbers[] = { 0,          1,         2, 255, 1u << 31, UINT32_MAX, (1ull << 42) + 1,
                                        1ull << 63, UINT64_MAX };
    static const double reals[] = { 0, -1, 1e-320, 1e308, HUGE_VAL, NAN };
    struct sy_error err;
    for (int64_t k = 0; k < sound->gguf.key_count; k++) {
        const char *name = sound->gguf.keys[k].name;
        for (int i = 0; i < 9 + 9 + 6 + 3; i++) {
            struct gguf_value value = { .type = GGUF_U32 };
            if (strcmp(name, "general.alignment") == 0) continue;
            if (i < 9)
                value = (struct gguf_value){ .type = GGUF_U64, .u = numbers[i] };
            else if (i < 18)
                value = (struct gguf_value){ .type = GGUF_I32, .i = (int32_t)numbers[i - 9] };
            else if (i < 24)
                value = (struct gguf_value){ .type = GGUF_F64, .f = reals[i - 18] };
            else if (i == 24)
                value = (struct gguf_value){ .type = GGUF_STRING, .text = { "x", 1 } };
            else if (i == 25)
                value = (struct gguf_value){ .type = GGUF_ARRAY,
                                             .array = { GGUF_U32, 0, (const unsigned char *)"", NULL } };
            write_changed(sound, path, name, i == 26 ? NULL : &value);
            bool good = opens(path, &err);
            good ? ++*opened : ++*refused;
            if (i == 26 && strcmp(name, "general.architecture") == 0) assert_false(good);
            if (strstr(name, "block_count") && value.u != 1) assert_false(good);
        }
    }
}

/* CVE-2024-41130, CVE-2025-0312, 0315, 0317: missing fields, counts of 0, huge ones. Opened or refused, and
 * nothing is held. */
TEST(hostile_gguf_metadata) {
    struct sound sound;
    struct sy_error err;
    char path[TEST_PATH_MAX];
    int opened = 0, refused = 0;
    sound_open(&sound);
    test_temp_path(path, "m.gguf");
    write_changed(&sound, path, "a.key", &(struct gguf_value){ .type = GGUF_U8 });
    assert_true(opens(path, &err));
    change_all(&sound, path, &opened, &refused); /* malloc keeps some of what is freed */
    struct hostile_held before = hostile_held();
    change_all(&sound, path, &opened, &refused);
    hostile_same(before);
    print_message("%d opened, %d refused\n", opened, refused);
    assert_true(refused > 100);
    checkpoint_close(&sound.checkpoint);
}

/* llama.cpp #26690, #27226, CVE-2025-49847: arrays of the vocabulary of another type, or shorter than the
 * ids, tokens that look like bytes below 0. Ids need no vocabulary, so they still run; nothing may crash. */
TEST(hostile_gguf_vocabularies) {
    static const struct gguf_value odd[] = { { .type = GGUF_STRING, .text = { "<0x-1>", 6 } },
                                             { .type = GGUF_STRING, .text = { "<0xFFF>", 7 } },
                                             { .type = GGUF_STRING, .text = { "", 0 } } };
    static const unsigned char bytes[64];
    const struct {
        const char *key;
        struct gguf_value value;
    } all[] = {
        { "tokenizer.ggml.scores", { .type = GGUF_ARRAY, .array = { GGUF_U8, 20, bytes, NULL } } },
        { "tokenizer.ggml.scores", { .type = GGUF_ARRAY, .array = { GGUF_F32, 3, bytes, NULL } } },
        { "tokenizer.ggml.scores", { .type = GGUF_ARRAY, .array = { GGUF_STRING, 3, NULL, odd } } },
        { "tokenizer.ggml.token_type", { .type = GGUF_ARRAY, .array = { GGUF_U8, 20, bytes, NULL } } },
        { "tokenizer.ggml.token_type", { .type = GGUF_U32, .u = 5 } },
        { "tokenizer.ggml.tokens", { .type = GGUF_ARRAY, .array = { GGUF_STRING, 3, NULL, odd } } },
        { "tokenizer.ggml.tokens", { .type = GGUF_ARRAY, .array = { GGUF_U32, 3, bytes, NULL } } },
        { "tokenizer.ggml.merges", { .type = GGUF_ARRAY, .array = { GGUF_STRING, 3, NULL, odd } } },
        { "tokenizer.ggml.bos_token_id", { .type = GGUF_U32, .u = UINT32_MAX } },
        { "tokenizer.ggml.eos_token_id", { .type = GGUF_I32, .i = -1 } },
    };
    struct sound sound;
    struct sy_error err;
    char path[TEST_PATH_MAX];
    sound_open(&sound);
    test_temp_path(path, "m.gguf");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        write_changed(&sound, path, all[i].key, &all[i].value);
        bool good = opens(path, &err);
        struct test_output got = test_run("run", path, "--ids", "1,2", "-n", "2");
        if (got.status != (good ? 0 : 1)) print_error("%s: %d %s\n", all[i].key, got.status, got.err);
        assert_int_equal(got.status, good ? 0 : 1);
    }
    checkpoint_close(&sound.checkpoint);
}

/* CVE-2026-7482: data that end before their tensors do must be no product, and what stood there stays. */
TEST(hostile_gguf_cut_before_convert) {
    struct sound sound;
    char path[TEST_PATH_MAX], folder[TEST_PATH_MAX], kept[TEST_PATH_MAX];
    sound_open(&sound);
    test_temp_path(path, "m.gguf");
    test_temp_path(folder, "product");
    assert_int_equal(test_run("convert", sound.path, "--out", folder, "--dtype", "f32").status, 0);
    test_temp_path(kept, "product/model.safetensors");
    struct stat before, after, whole;
    assert_int_equal(stat(kept, &before), 0);
    assert_int_equal(stat(sound.path, &whole), 0);
    static unsigned char bytes[1 << 16];
    FILE *file = fopen(sound.path, "rb");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_int_equal(size, whole.st_size);
    for (size_t cut = 40; cut < size; cut = cut * 3 / 2 + 1) {
        hostile_file("m.gguf", bytes, (int64_t)(size - cut));
        struct test_output got = test_run("convert", path, "--out", folder, "--dtype", "f32", "--force");
        assert_int_equal(got.status, 1);
        assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1);
        assert_int_equal(stat(kept, &after), 0);
        assert_int_equal(after.st_ino, before.st_ino);
    }
    checkpoint_close(&sound.checkpoint);
}

/* A type of which nothing is known is refused by the name of the tensor, when that tensor is used (the wire's
 * cousin of it is CVE-2024-42477). */
TEST(hostile_gguf_types_out_of_range) {
    static const char name[] = "blk.0.attn_q.weight";
    static const uint32_t types[] = { 4, 5, 99, 1u << 31, UINT32_MAX };
    static unsigned char bytes[1 << 16];
    struct sound sound;
    struct sy_error err;
    char path[TEST_PATH_MAX];
    sound_open(&sound);
    test_temp_path(path, "m.gguf");
    FILE *file = fopen(sound.path, "rb");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    unsigned char *at = memmem(bytes, size, name, sizeof name - 1);
    assert_non_null(at);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        memcpy(at + sizeof name - 1 + 4 + 2 * 8, &types[i], 4);
        hostile_file("m.gguf", bytes, (int64_t)size);
        assert_false(opens(path, &err));
        assert_non_null(strstr(err.place, name));
    }
    checkpoint_close(&sound.checkpoint);
}
