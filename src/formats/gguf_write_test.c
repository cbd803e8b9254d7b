/*
 * Writing: what goes in comes out again, and what the reader would refuse is refused.
 */
#include "formats/gguf_test.h"

#include "base/os.h"

#include <math.h>
#include <stdio.h>

static struct gguf_writer *writer_make(char path[TEST_PATH_MAX], const char *name) {
    struct gguf_writer *writer = NULL;
    test_temp_path(path, name);
    assert_true(gguf_writer_open(path, &writer, NULL));
    return writer;
}

static void assert_same_value(const struct gguf_value *a, const struct gguf_value *b) {
    assert_true(a->type == b->type);
    if (a->type == GGUF_STRING) {
        assert_true(a->text.size == b->text.size);
        assert_memory_equal(a->text.data, b->text.data, (size_t)a->text.size);
    } else if (a->type == GGUF_ARRAY) {
        int64_t each = gguf_scalar_bytes(a->array.type), count = a->array.count;
        assert_true(a->array.type == b->array.type && count == b->array.count);
        if (each > 0) assert_memory_equal(a->array.bytes, b->array.bytes, (size_t)(count * each));
        for (int64_t i = 0; each == 0 && i < count; i++)
            assert_same_value(&a->array.items[i], &b->array.items[i]);
    } else {
        assert_true(a->u == b->u);
    }
}

/* Writes all of one file into another, cutting data into pieces of `piece` bytes, across tensors. */
static void copy(const struct checkpoint *from, const struct gguf *keys, const char *path, int64_t piece) {
    struct gguf_writer *writer;
    struct gguf_bytes all = { .size = 0 };
    assert_true(gguf_writer_open(path, &writer, NULL));
    for (int64_t i = 0; i < keys->key_count; i++) {
        if (strcmp(keys->keys[i].name, GGUF_ALIGNMENT_KEY) == 0) continue;
        assert_true(gguf_set(writer, keys->keys[i].name, &keys->keys[i].value, NULL));
    }
    for (int64_t i = 0; i < from->count; i++) {
        const struct tensor *t = &from->tensors[i];
        if (t->dtype == DTYPE_COUNT) continue;
        assert_true(gguf_declare(writer, t->name, t->dtype, t->rank, t->shape, NULL));
        gguf_put(&all, t->data, t->bytes);
    }
    for (int64_t at = 0; at < all.size; at += piece)
        assert_true(gguf_write(writer, all.at + at, piece < all.size - at ? piece : all.size - at, NULL));
    assert_true(gguf_writer_commit(writer, NULL));
    free(all.at);
}

static void assert_copy(const struct checkpoint *from, const struct gguf *keys, const char *path) {
    struct checkpoint back;
    struct gguf again;
    int64_t held = 0;
    assert_true(gguf_open(path, &back, &again, NULL));
    assert_gguf_sound(&back, &again);
    assert_true(again.version == 3 && again.alignment == 32);
    for (int64_t i = 0; i < keys->key_count; i++) {
        const struct gguf_value *value = gguf_find(&again, keys->keys[i].name);
        if (strcmp(keys->keys[i].name, GGUF_ALIGNMENT_KEY) == 0) continue;
        assert_non_null(value);
        assert_same_value(value, &keys->keys[i].value);
    }
    for (int64_t i = 0; i < from->count; i++) {
        const struct tensor *a = &from->tensors[i], *b = checkpoint_find(&back, a->name);
        if (a->dtype == DTYPE_COUNT) continue;
        assert_true(b && a->dtype == b->dtype && a->rank == b->rank && a->bytes == b->bytes);
        assert_memory_equal(a->shape, b->shape, sizeof a->shape);
        assert_memory_equal(a->data, b->data, (size_t)a->bytes);
        assert_true((b->data - back.maps[0].data) % 32 == 0);
        held++;
    }
    assert_true(back.count == held && back.maps[0].size % 32 == 0);
    checkpoint_close(&back);
}

TEST(gguf_round_trip_of_everything) {
    static const int64_t pieces[] = { 1, 7, 64, 1 << 20 };
    struct draft draft = { .field_count = 0 };
    struct checkpoint checkpoint;
    struct gguf gguf;
    char path[TEST_PATH_MAX];
    draft_everything(&draft);
    struct memory_file file = { "m.gguf", draft.bytes.at, draft.bytes.size };
    assert_true(gguf_open_memory(&file, 1, &checkpoint, &gguf, NULL));
    for (int i = 0; i < 4; i++) {
        test_temp_path(path, "copy.gguf");
        copy(&checkpoint, &gguf, path, pieces[i]);
        assert_copy(&checkpoint, &gguf, path);
    }
    checkpoint_close(&checkpoint);
    draft_free(&draft);
}

/* A file of the gguf package, whose tensors stand in no order of ours. */
TEST(gguf_round_trip_of_models) {
    static const char *const names[] = { "llama-moe/q8_0", "gpt-oss/mxfp4", "qwen3moe/q4_0" };
    for (int i = 0; i < 3; i++) {
        struct checkpoint checkpoint;
        struct gguf gguf;
        char name[100], from[TEST_PATH_MAX], path[TEST_PATH_MAX];
        snprintf(name, sizeof name, "vectors/gguf/%s.gguf", names[i]);
        test_needs_data(from, name);
        test_temp_path(path, "copy.gguf");
        assert_true(gguf_open(from, &checkpoint, &gguf, NULL));
        copy(&checkpoint, &gguf, path, 1000);
        assert_copy(&checkpoint, &gguf, path);
        checkpoint_close(&checkpoint);
    }
}

/* The bytes, spelled out. */
TEST(gguf_written_bytes) {
    static const unsigned char want[96] = "GGUF\3\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* 24 bytes */
                                          "\1\0\0\0\0\0\0\0t\2\0\0\0\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x18\0\0"
                                          "\0\0\0\0\0\0\0\0\0" /* 41, then 31 */;
    char path[TEST_PATH_MAX], *text;
    int64_t size;
    struct gguf_writer *writer = writer_make(path, "m.gguf");
    assert_true(gguf_declare(writer, "t", DTYPE_I8, 2, (int64_t[]){ 1, 2 }, NULL));
    assert_true(gguf_write(writer, "xy", 2, NULL));
    assert_true(gguf_writer_commit(writer, NULL));
    assert_true(os_read_file(path, 1000, &text, &size, NULL));
    assert_int_equal(size, 128);
    assert_memory_equal(text, want, 96);
    assert_memory_equal(text + 96, "xy\0\0\0", 5);
    free(text);
}

TEST(gguf_setters) {
    char path[TEST_PATH_MAX];
    struct checkpoint checkpoint;
    struct gguf gguf;
    struct sy_error err;
    struct gguf_writer *writer = writer_make(path, "keys.gguf");
    assert_true(gguf_set_u32(writer, "u", UINT32_MAX, NULL));
    assert_false(gguf_set_u32(writer, "v", 1ll << 32, &err));
    assert_says(&err, "key \"v\"", "does not fit into the 4 bytes");
    assert_false(gguf_set_u32(writer, "v", -1, NULL));
    assert_true(gguf_set_u32(writer, "v", 0, NULL)); /* what was refused left no trace */
    assert_true(gguf_set_f32(writer, "f", 0.1, NULL));
    assert_true(gguf_set_f32(writer, "nan", NAN, NULL));
    assert_true(gguf_set_f64(writer, "d", 0.1, NULL));
    assert_true(gguf_set_bool(writer, "b", true, NULL));
    assert_true(gguf_set_text(writer, "t", "a\0b", 3, NULL));
    assert_true(gguf_set_text(writer, "e", NULL, 0, NULL));
    assert_true(gguf_writer_commit(writer, NULL));
    assert_true(gguf_open(path, &checkpoint, &gguf, NULL));
    assert_true(gguf.key_count == 8 && checkpoint.count == 0);
    assert_true(gguf_find(&gguf, "u")->u == UINT32_MAX && gguf_find(&gguf, "v")->u == 0);
    assert_true(gguf_find(&gguf, "f")->f == (double)0.1f && gguf_find(&gguf, "d")->f == 0.1);
    assert_true(isnan(gguf_find(&gguf, "nan")->f) && gguf_find(&gguf, "b")->u == 1);
    assert_true(gguf_find(&gguf, "t")->text.size == 3 && gguf_find(&gguf, "e")->text.size == 0);
    checkpoint_close(&checkpoint);
}

/* Values that no reader would take. */
TEST(gguf_refused_values) {
    char path[TEST_PATH_MAX];
    struct gguf_writer *writer = writer_make(path, "keys.gguf");
    struct gguf_value deep[GGUF_DEPTH_MAX + 2] = { { .type = GGUF_U8 } };
    struct gguf_value mixed[2] = { { .type = GGUF_STRING }, { .type = GGUF_ARRAY } };
    const struct gguf_value bad[] = {
        { .type = GGUF_TYPE_COUNT },
        { .type = (enum gguf_type)1000 },
        { .type = GGUF_BOOL, .u = 2 },
        { .type = GGUF_U8, .u = 256 },
        { .type = GGUF_I8, .i = -129 },
        { .type = GGUF_I16, .i = 32768 },
        { .type = GGUF_I32, .i = 1ll << 31 },
        { .type = GGUF_U16, .u = UINT64_MAX },
        { .type = GGUF_STRING, .text = { "a", -1 } },
        { .type = GGUF_ARRAY, .array = { GGUF_U8, -1, NULL, NULL } },
        { .type = GGUF_ARRAY, .array = { GGUF_U64, INT64_MAX, NULL, NULL } },
        { .type = GGUF_ARRAY, .array = { GGUF_TYPE_COUNT, 0, NULL, NULL } },
        { .type = GGUF_ARRAY, .array = { GGUF_STRING, GGUF_ITEMS_MAX + 1, NULL, NULL } },
        { .type = GGUF_ARRAY, .array = { GGUF_STRING, 2, NULL, mixed } },
        { .type = GGUF_ARRAY, .array = { GGUF_BOOL, 2, (const unsigned char *)"\1\2", NULL } },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(gguf_set(writer, "k", &bad[i], NULL));
    for (int i = 1; i < GGUF_DEPTH_MAX + 2; i++) {
        deep[i] = (struct gguf_value){ .type = GGUF_ARRAY };
        deep[i].array.type = deep[i - 1].type;
        deep[i].array.count = i > 1;
        deep[i].array.items = &deep[i - 1];
    }
    assert_false(gguf_set(writer, "k", &deep[GGUF_DEPTH_MAX + 1], NULL));
    assert_true(gguf_set(writer, "k", &deep[GGUF_DEPTH_MAX], NULL));
    assert_false(gguf_set_u32(writer, "k", 1, NULL)); /* twice */
    static const char *const names[] = {
        "", "a\n", "\xc3\xa9", GGUF_ALIGNMENT_KEY, "split.no", "split.count"
    };
    for (int i = 0; i < 6; i++) assert_false(gguf_set_u32(writer, names[i], 32, NULL));
    char *name = calloc(1, GGUF_KEY_BYTES_MAX + 2);
    memset(name, 'n', GGUF_KEY_BYTES_MAX + 1);
    assert_false(gguf_set_u32(writer, name, 1, NULL));
    assert_true(gguf_set_u32(writer, name + 1, 1, NULL));
    free(name);
    assert_true(gguf_writer_commit(writer, NULL));
    struct checkpoint checkpoint;
    struct gguf gguf;
    assert_true(gguf_open(path, &checkpoint, &gguf, NULL));
    assert_int_equal(gguf.key_count, 2);
    checkpoint_close(&checkpoint);
}

TEST(gguf_refused_declarations) {
    static const struct {
        const char *name;
        enum dtype dtype;
        int rank;
        int64_t shape[6];
        const char *message;
    } all[] = {
        { "", DTYPE_F32, 1, { 1 }, "empty name" },
        { "a\n", DTYPE_F32, 1, { 1 }, "control character" },
        { "\xff", DTYPE_F32, 1, { 1 }, "no UTF-8" },
        { "0123456789012345678901234567890123456789012345678901234567890123x",
          DTYPE_F32,
          1,
          { 1 },
          "65 bytes" },
        { "t", DTYPE_F8_E4M3, 1, { 1 }, "no type for its numbers" },
        { "t", DTYPE_U8, 1, { 1 }, "no type for its numbers" },
        { "t", DTYPE_COUNT, 1, { 1 }, "no type for its numbers" },
        { "t", DTYPE_F32, 0, { 1 }, "0 sides" },
        { "t", DTYPE_F32, 5, { 1, 1, 1, 1, 1 }, "5 sides" },
        { "t", DTYPE_F32, -1, { 1 }, "-1 sides" },
        { "t", DTYPE_F32, 2, { 0, 1 }, "side 0" },
        { "t", DTYPE_F32, 2, { 1, -1 }, "side 1" },
        { "t", DTYPE_F32, 2, { 1ll << 32, 1ll << 31 }, "more than can be addressed" },
        { "t", DTYPE_F32, 1, { 1ll << 61 }, "more than can be addressed" },
        { "t", DTYPE_F32, 1, { INT64_MAX }, "more than can be addressed" },
        { "t", DTYPE_I8, 1, { INT64_MAX - 10 }, "more than can be addressed" },
        { "t", DTYPE_Q8_0, 2, { 32, 16 }, "blocks of 32" },
        { "t", DTYPE_Q4_K, 1, { 32 }, "blocks of 256" },
        { "first", DTYPE_F32, 1, { 1 }, "twice" },
    };
    char path[TEST_PATH_MAX];
    struct gguf_writer *writer = writer_make(path, "m.gguf");
    assert_true(gguf_declare(writer, "first", DTYPE_Q8_0, 1, (int64_t[]){ 32 }, NULL));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct sy_error err = { .code = SY_OK };
        if (gguf_declare(writer, all[i].name, all[i].dtype, all[i].rank, all[i].shape, &err))
            fail_msg("declared, not \"%s\"", all[i].message);
        assert_says(&err, "tensor", all[i].message);
        assert_string_equal(err.file, path);
    }
    char data[34] = "";
    struct sy_error err;
    assert_false(gguf_write(writer, data, 35, &err));
    assert_false(gguf_write(writer, data, -1, &err));
    assert_true(gguf_write(writer, data, 34, &err));
    assert_false(gguf_write(writer, data, 1, &err));
    assert_false(gguf_declare(writer, "late", DTYPE_F32, 1, (int64_t[]){ 1 }, &err));
    assert_false(gguf_set_u32(writer, "late", 1, &err));
    assert_says(&err, "key \"late\"", "after the first data");
    assert_true(gguf_writer_commit(writer, &err));
}

/* A tensor whose type turns out too narrow gets another, before, between and within its data: the file is the
 * one that declares it so at once. */
TEST(gguf_a_type_changed_on_the_way) {
    static const int64_t shape[] = { 3, 64 }, odd[] = { 5 };
    static const unsigned char bytes[4 * 3 * 64] = { 1, 2, 3 };
    static const enum dtype narrow = DTYPE_Q8_0, wide = DTYPE_F32;
    enum { NARROW = 3 * 2 * 34, WIDE = 3 * 64 * 4, ODD = 5 * 4 };
    for (int which = 0; which < 3; which++)
        for (int begun = 0; begun <= 1; begun++) {
            char a[TEST_PATH_MAX], b[TEST_PATH_MAX];
            struct gguf_writer *writers[] = { writer_make(a, "changed.gguf"), writer_make(b, "direct.gguf") };
            for (int direct = 0; direct < 2; direct++) {
                struct gguf_writer *w = writers[direct];
                static const char *const names[] = { "one", "two", "three" };
                assert_true(gguf_set_u32(w, "a.key", 7, NULL));
                for (int i = 0; i < 3; i++)
                    assert_true(
                        gguf_declare(w, names[i], direct && i == which ? wide : narrow, 2, shape, NULL));
                assert_true(gguf_declare(w, "odd", DTYPE_F32, 1, odd, NULL));
                for (int i = 0; i < 3; i++) {
                    bool changes = !direct && i == which;
                    if (changes && begun) assert_true(gguf_write(w, bytes + 5, NARROW - 1, NULL));
                    if (changes) assert_true(gguf_retype(w, wide, NULL));
                    assert_true(gguf_write(w, bytes, i == which ? WIDE : NARROW, NULL));
                }
                assert_true(gguf_write(w, bytes, ODD, NULL));
                assert_false(gguf_retype(w, wide, NULL));
                assert_true(gguf_writer_commit(w, NULL));
            }
            char *x, *y;
            int64_t m, n;
            assert_true(os_read_file(a, 1 << 20, &x, &m, NULL));
            assert_true(os_read_file(b, 1 << 20, &y, &n, NULL));
            assert_int_equal(m, n);
            assert_memory_equal(x, y, (size_t)m);
            free(x);
            free(y);
        }
}

TEST(gguf_unfinished_files) {
    char path[TEST_PATH_MAX];
    struct sy_error err;
    struct gguf_writer *writer = writer_make(path, "m.gguf");
    assert_true(gguf_declare(writer, "t", DTYPE_F32, 1, (int64_t[]){ 2 }, NULL));
    assert_true(gguf_write(writer, "1234567", 7, NULL));
    assert_false(gguf_writer_commit(writer, &err));
    assert_says(&err, "", "7 bytes of data were given, but 8");
    assert_false(os_is_file(path));
    writer = writer_make(path, "m.gguf");
    gguf_writer_abandon(writer);
    gguf_writer_abandon(NULL);
    assert_false(os_is_file(path));
    assert_false(gguf_writer_open("/no/such/folder/m.gguf", &writer, &err));
    assert_true(err.code == SY_ERR_IO);
}

TEST(gguf_writing_survives_failing_calls) {
    char path[TEST_PATH_MAX];
    for (int64_t at = 1;; at++) {
        struct os_fault_plan plan = { .fault = OS_FAULT_FAIL, .at = at };
        struct gguf_writer *writer = NULL;
        struct sy_error err = { .code = SY_OK };
        test_file(path, "m.gguf", "old", 3);
        os_fault_install(&plan);
        bool good = gguf_writer_open(path, &writer, &err);
        if (good) {
            good = gguf_set_u32(writer, "k", 1, &err) &&
                   gguf_declare(writer, "t", DTYPE_I8, 1, (int64_t[]){ 4 }, &err) &&
                   gguf_write(writer, "1234", 4, &err);
            if (good)
                good = gguf_writer_commit(writer, &err);
            else
                gguf_writer_abandon(writer);
        }
        os_fault_install(NULL);
        if (plan.calls < at) {
            assert_true(good && at > 3);
            return;
        }
        assert_true(good || (err.code == SY_ERR_IO && err.file[0] && err.message[0]));
        assert_true(good || strstr(err.message, "is written") || !gguf_is_file(path));
    }
}
