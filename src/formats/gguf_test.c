/*
 * Reading what is right: files of our own drawing, and files that others wrote.
 */
#include "formats/gguf_test.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>

static const uint64_t bits_of[GGUF_TYPE_COUNT] = {
    [GGUF_U8] = 200,
    [GGUF_I8] = 0xff,
    [GGUF_U16] = 60000,
    [GGUF_I16] = 0x8000,
    [GGUF_U32] = 4000000000,
    [GGUF_I32] = 0xfffffffe,
    [GGUF_F32] = 0x3fc00000,
    [GGUF_BOOL] = 1,
    [GGUF_U64] = UINT64_MAX,
    [GGUF_I64] = 1ull << 63,
    [GGUF_F64] = 0xbfe0000000000000,
};

void draft_everything(struct draft *draft) {
    char name[32];
    draft_head(draft, 3, EVERYTHING_TENSORS, EVERYTHING_KEYS);
    for (enum gguf_type type = GGUF_U8; type < GGUF_TYPE_COUNT; type++) {
        if (gguf_scalar_bytes(type) == 0) continue;
        snprintf(name, sizeof name, "scalar.%d", (int)type);
        draft_scalar(draft, name, type, bits_of[type]);
        snprintf(name, sizeof name, "array.%d", (int)type);
        draft_key(draft, name, GGUF_ARRAY);
        draft_array(draft, type, 3);
        for (int i = 0; i < 3; i++)
            draft_number(draft, i == 1 ? bits_of[type] : 0, gguf_scalar_bytes(type), false);
    }
    draft_key(draft, "text", GGUF_STRING);
    draft_text(draft, "some\nbytes \xff");
    draft_key(draft, "text.empty", GGUF_STRING);
    draft_text(draft, "");
    draft_key(draft, "texts", GGUF_ARRAY);
    draft_array(draft, GGUF_STRING, 2);
    draft_text(draft, "one");
    draft_text(draft, "");
    draft_key(draft, "nested", GGUF_ARRAY);
    draft_array(draft, GGUF_ARRAY, 3);
    draft_array(draft, GGUF_U8, 2);
    gguf_put(&draft->bytes, "\1\2", 2);
    draft_array(draft, GGUF_STRING, 1);
    draft_text(draft, "deep");
    draft_array(draft, GGUF_ARRAY, 1);
    draft_array(draft, GGUF_F64, 0);
    draft_key(draft, "none", GGUF_ARRAY);
    draft_array(draft, GGUF_STRING, 0);
    draft_key(draft, "none.deep", GGUF_ARRAY);
    draft_array(draft, GGUF_ARRAY, 0);
    draft_scalar(draft, GGUF_ALIGNMENT_KEY, GGUF_U32, 32);
    draft_key(draft, "general.architecture", GGUF_STRING);
    draft_text(draft, "llama");
    draft_scalar(draft, "llama.block_count", GGUF_U32, 1);
    draft_tensor(draft, "b.weight", 3, (uint64_t[]){ 2, 3, 2 }, 0, 0);       /* 48 bytes of F32 */
    draft_tensor(draft, "a.weight", 2, (uint64_t[]){ 32, 2 }, 8, 64);        /* 68 of Q8_0 */
    draft_tensor(draft, "c.weight", 1, (uint64_t[]){ 256 }, 16, 160);        /* 66 of IQ2_XXS */
    draft_tensor(draft, "d.weight", 4, (uint64_t[]){ 1, 1, 1, 7 }, 99, 256); /* nobody knows */
    draft_data(draft, 32, EVERYTHING_DATA);
}

static const struct gguf_value *want(const struct gguf *gguf, const char *name, enum gguf_type type) {
    const struct gguf_value *value = gguf_find(gguf, name);
    if (!value || value->type != type) fail_msg("no key %s of type %d", name, (int)type);
    return value;
}

static void check_scalars(const struct gguf *gguf) {
    assert_true(want(gguf, "scalar.0", GGUF_U8)->u == 200);
    assert_true(want(gguf, "scalar.1", GGUF_I8)->i == -1);
    assert_true(want(gguf, "scalar.2", GGUF_U16)->u == 60000);
    assert_true(want(gguf, "scalar.3", GGUF_I16)->i == -32768);
    assert_true(want(gguf, "scalar.4", GGUF_U32)->u == 4000000000);
    assert_true(want(gguf, "scalar.5", GGUF_I32)->i == -2);
    assert_true(want(gguf, "scalar.6", GGUF_F32)->f == 1.5);
    assert_true(want(gguf, "scalar.7", GGUF_BOOL)->u == 1);
    assert_true(want(gguf, "scalar.10", GGUF_U64)->u == UINT64_MAX);
    assert_true(want(gguf, "scalar.11", GGUF_I64)->i == INT64_MIN);
    assert_true(want(gguf, "scalar.12", GGUF_F64)->f == -0.5);
    assert_true(want(gguf, "text", GGUF_STRING)->text.size == 12);
    assert_memory_equal(want(gguf, "text", GGUF_STRING)->text.data, "some\nbytes \xff", 12);
    assert_true(want(gguf, "text.empty", GGUF_STRING)->text.size == 0);
    assert_null(gguf_find(gguf, "scalar."));
    assert_null(gguf_find(gguf, ""));
    assert_null(gguf_find(gguf, "zzz"));
}

static void check_items(const struct gguf *gguf) {
    static const struct {
        const char *key;
        enum gguf_type type;
        double real;
        int64_t integer;
    } all[] = {
        { "array.0", GGUF_U8, 200, 200 },         { "array.1", GGUF_I8, -1, -1 },
        { "array.2", GGUF_U16, 60000, 60000 },    { "array.3", GGUF_I16, -32768, -32768 },
        { "array.4", GGUF_U32, 4e9, 4000000000 }, { "array.5", GGUF_I32, -2, -2 },
        { "array.6", GGUF_F32, 1.5, 0 },          { "array.7", GGUF_BOOL, 1, 1 },
        { "array.10", GGUF_U64, 0x1p64, 0 },      { "array.11", GGUF_I64, -0x1p63, INT64_MIN },
        { "array.12", GGUF_F64, -0.5, 0 },
    };
    double real = 7;
    int64_t integer = 7;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct gguf_value *array = want(gguf, all[i].key, GGUF_ARRAY);
        assert_true(array->array.type == all[i].type && array->array.count == 3 && !array->array.items);
        assert_true(gguf_item_real(array, 1, &real) && real == all[i].real);
        assert_true(gguf_item_real(array, 2, &real) && real == 0);
        assert_true(gguf_item_int(array, 1, &integer) == (all[i].integer != 0));
        if (all[i].integer != 0) assert_true(integer == all[i].integer);
        assert_false(gguf_item_real(array, 3, &real) || gguf_item_real(array, -1, &real));
        assert_false(gguf_item_int(array, 3, &integer) || gguf_item_int(array, INT64_MIN, &integer));
    }
    assert_false(gguf_item_real(want(gguf, "texts", GGUF_ARRAY), 0, &real));
    assert_false(gguf_item_int(want(gguf, "nested", GGUF_ARRAY), 0, &integer));
    assert_false(gguf_item_int(want(gguf, "scalar.4", GGUF_U32), 0, &integer));
}

static void check_nested(const struct gguf *gguf) {
    const struct gguf_value *texts = want(gguf, "texts", GGUF_ARRAY),
                            *nested = want(gguf, "nested", GGUF_ARRAY);
    double real;
    assert_true(texts->array.count == 2 && texts->array.items[0].text.size == 3);
    assert_memory_equal(texts->array.items[0].text.data, "one", 3);
    assert_true(nested->array.count == 3 && nested->array.type == GGUF_ARRAY);
    assert_true(gguf_item_real(&nested->array.items[0], 1, &real) && real == 2);
    assert_memory_equal(nested->array.items[1].array.items[0].text.data, "deep", 4);
    assert_true(nested->array.items[2].array.items[0].array.type == GGUF_F64);
    assert_true(nested->array.items[2].array.items[0].array.count == 0);
}

static void check_tensors(const struct checkpoint *checkpoint, const struct gguf *gguf) {
    assert_int_equal(checkpoint->count, EVERYTHING_TENSORS);
    const struct tensor *a = &checkpoint->tensors[0], *b = a + 1, *c = a + 2, *d = a + 3;
    assert_true(a->dtype == DTYPE_Q8_0 && a->rank == 2 && a->shape[0] == 2 && a->shape[1] == 32);
    assert_true(a->bytes == 68 && a->data[0] == 64 && gguf->types[0] == 8);
    assert_true(b->dtype == DTYPE_F32 && b->rank == 3 && b->shape[0] == 2 && b->shape[1] == 3 &&
                b->shape[2] == 2);
    assert_true(b->bytes == 48 && b->data[1] == 1 && gguf->types[1] == 0);
    assert_true(c->dtype == DTYPE_COUNT && c->bytes == 66 && c->data[0] == 160 && gguf->types[2] == 16);
    assert_true(d->dtype == DTYPE_COUNT && d->bytes == 0 && d->shape[0] == 7 && gguf->types[3] == 99);
    assert_string_equal(gguf_type_name(gguf->types[2]), "IQ2_XXS");
    assert_null(gguf_type_name(99));
}

TEST(gguf_of_everything) {
    for (uint32_t version = 2; version <= 3; version++) {
        struct draft draft = { .field_count = 0 };
        struct checkpoint checkpoint;
        struct gguf gguf;
        draft_everything(&draft);
        draft.bytes.at[4] = (unsigned char)version;
        struct memory_file file = { "m.gguf", draft.bytes.at, draft.bytes.size };
        assert_true(gguf_open_memory(&file, 1, &checkpoint, &gguf, NULL));
        assert_gguf_sound(&checkpoint, &gguf);
        assert_true(gguf.version == (int)version && gguf.alignment == 32);
        assert_int_equal(gguf.key_count, EVERYTHING_KEYS);
        assert_string_equal(gguf.keys[0].name, "scalar.0");
        check_scalars(&gguf);
        check_items(&gguf);
        check_nested(&gguf);
        check_tensors(&checkpoint, &gguf);
        gguf.by_name = NULL; /* as somebody would have it who made one by hand */
        check_scalars(&gguf);
        checkpoint_close(&checkpoint);
        draft_free(&draft);
    }
}

TEST(gguf_types_and_dtypes) {
    int known = 0;
    for (uint32_t id = 0; id < 200; id++) {
        int64_t elements = 0, bytes = 0, own_elements = 0, own_bytes = 0;
        enum dtype dtype;
        uint32_t back;
        if (!gguf_dtype_of(id, &dtype)) continue;
        assert_true(gguf_type_name(id) && gguf_type_unit(id, &elements, &bytes));
        dtype_unit(dtype, &own_elements, &own_bytes);
        assert_true(elements == own_elements && bytes == own_bytes);
        assert_string_equal(gguf_type_name(id), dtype_name(dtype));
        assert_true(gguf_type_of(dtype, &back) && back == id);
        known++;
    }
    assert_int_equal(known, 21);
    for (enum dtype dtype = 0; dtype < DTYPE_COUNT; dtype++) {
        uint32_t id;
        if (dtype_is_block(dtype)) assert_true(gguf_type_of(dtype, &id));
    }
    uint32_t id;
    assert_false(gguf_type_of(DTYPE_F8_E4M3, &id) || gguf_type_of(DTYPE_BOOL, &id));
    assert_false(gguf_type_of(DTYPE_F4_E2M1, &id) || gguf_type_of(DTYPE_COUNT, &id));
    assert_string_equal(gguf_type_name(40), "NVFP4");
    assert_null(gguf_type_name(42));
    assert_null(gguf_type_name(UINT32_MAX));
}

/* ---- files that others wrote ---- */

static int64_t number_of(const struct gguf *gguf, const char *arch, const char *key) {
    char name[100];
    snprintf(name, sizeof name, "%s.%s", arch, key);
    const struct gguf_value *value = want(gguf, name, GGUF_U32);
    return (int64_t)value->u;
}

static void check_vocabulary(const struct gguf *gguf, int64_t size) {
    const struct gguf_value *tokens = want(gguf, "tokenizer.ggml.tokens", GGUF_ARRAY);
    const struct gguf_value *types = gguf_find(gguf, "tokenizer.ggml.token_type");
    int64_t type = 0;
    assert_true(tokens->array.type == GGUF_STRING && tokens->array.count == size);
    if (types) assert_true(types->array.count == size && gguf_item_int(types, size - 1, &type));
}

static void check_model(const char *path) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    struct sy_error err;
    char arch[64];
    if (!gguf_open(path, &checkpoint, &gguf, &err)) fail_msg("%s: %s", path, err.message);
    assert_gguf_sound(&checkpoint, &gguf);
    assert_true(gguf_is_file(path));
    const struct gguf_text name = want(&gguf, "general.architecture", GGUF_STRING)->text;
    snprintf(arch, sizeof arch, "%.*s", (int)name.size, name.data);
    const struct tensor *embedding = checkpoint_find(&checkpoint, "token_embd.weight");
    assert_non_null(embedding);
    assert_true(embedding->shape[1] == number_of(&gguf, arch, "embedding_length"));
    check_vocabulary(&gguf, embedding->shape[0]);
    char last[64];
    snprintf(last, sizeof last, "blk.%lld.attn_norm.weight",
             (long long)number_of(&gguf, arch, "block_count") - 1);
    assert_non_null(checkpoint_find(&checkpoint, last));
    for (int64_t i = 0; i < checkpoint.count; i++) assert_true(checkpoint.tensors[i].dtype != DTYPE_COUNT);
    checkpoint_close(&checkpoint);
}

TEST(gguf_files_of_the_package) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 600];
    int files = 0;
    test_needs_data(folder, "vectors/gguf");
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        static const char *const names[] = { "f32", "q8_0", "q4_0", "mxfp4" };
        for (int i = 0; i < 4; i++) {
            snprintf(path, sizeof path, "%s/%s/%s.gguf", folder, entry->d_name, names[i]);
            if (!os_is_file(path)) continue;
            check_model(path);
            files++;
        }
    }
    closedir(list);
    assert_int_equal(files, 29);
}

TEST(gguf_vocabularies_alone) {
    static const struct {
        const char *name;
        int keys;
        int64_t tokens;
    } files[] = { { "phi-3", 26, 32064 },
                  { "llama-spm", 22, 32000 },
                  { "deepseek-llm", 23, 102400 },
                  { "starcoder", 19, 49152 } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[100], packed[TEST_PATH_MAX], path[TEST_PATH_MAX], command[3 * TEST_PATH_MAX];
        struct checkpoint checkpoint;
        struct gguf gguf;
        snprintf(name, sizeof name, "vectors/tokenizers/ggml-vocab-%s.gguf.zst", files[i].name);
        test_needs_data(packed, name);
        test_temp_path(path, "vocabulary.gguf");
        snprintf(command, sizeof command, "zstd -qdf '%s' -o '%s'", packed, path);
        if (system(command) != 0) test_skip("no program zstd");
        assert_true(gguf_open(path, &checkpoint, &gguf, NULL));
        assert_gguf_sound(&checkpoint, &gguf);
        assert_true(checkpoint.count == 0 && gguf.version == 3 && gguf.key_count == files[i].keys);
        check_vocabulary(&gguf, files[i].tokens);
        checkpoint_close(&checkpoint);
    }
}

TEST(what_is_no_gguf_file) {
    struct checkpoint checkpoint;
    struct gguf gguf;
    struct sy_error err;
    char path[TEST_PATH_MAX];
    const char *const paths[] = { test_temp_dir(), "/dev/null", "/dev/zero", path };
    test_temp_path(path, "none.gguf");
    for (int i = 0; i < 4; i++) {
        memset(&err, 0, sizeof err);
        assert_false(gguf_is_file(paths[i]));
        assert_false(gguf_open(paths[i], &checkpoint, &gguf, &err));
        assert_true(err.code == SY_ERR_IO && err.file[0] && err.remedy[0]);
        checkpoint_close(&checkpoint);
    }
    test_file(path, "none.gguf", "GGU", 3);
    assert_false(gguf_is_file(path));
    test_file(path, "none.gguf", "GGUF", 4);
    assert_true(gguf_is_file(path));
    assert_false(gguf_open(path, &checkpoint, &gguf, &err)); /* Ollama's 4-byte GGUF */
    assert_says(&err, "byte 4", "only 0 are left");
    assert_told(&err);
}

TEST(gguf_reading_survives_failing_calls) {
    struct draft draft = { .field_count = 0 };
    char path[TEST_PATH_MAX];
    draft_everything(&draft);
    test_file(path, "m.gguf", draft.bytes.at, draft.bytes.size);
    draft_free(&draft);
    for (int64_t at = 1;; at++) {
        struct os_fault_plan plan = { .fault = OS_FAULT_FAIL, .at = at };
        struct checkpoint checkpoint;
        struct gguf gguf;
        struct sy_error err = { .code = SY_OK };
        os_fault_install(&plan);
        bool good = gguf_open(path, &checkpoint, &gguf, &err);
        os_fault_install(NULL);
        checkpoint_close(&checkpoint);
        if (plan.calls < at) {
            assert_true(good && at > 1);
            return;
        }
        if (!good) assert_told(&err);
    }
}
