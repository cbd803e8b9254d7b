/*
 * The writer: golden bytes, round trips through the reader, and what must not be written.
 */
#include "formats/safetensors_parts.h"

#include "base/random.h"
#include "formats/safetensors_test.h"

#include <stdio.h>
#include <sys/stat.h>

static struct safetensors_writer *writer_at(char path[TEST_PATH_MAX], const char *name) {
    struct safetensors_writer *writer = NULL;
    struct sy_error err;
    test_temp_path(path, name);
    assert_true(safetensors_writer_open(path, false, &writer, &err));
    return writer;
}

static bool declare(struct safetensors_writer *writer, const char *name, enum dtype dtype, int rank,
                    int64_t a, int64_t b) {
    struct sy_error err = { .code = SY_OK };
    const int64_t shape[2] = { a, b };
    bool good = safetensors_declare(writer, name, dtype, rank, shape, &err);
    assert_true(good || (err.file[0] && err.message[0]));
    return good;
}

static void assert_content(const char *path, const char *want, size_t size) {
    char *text;
    int64_t bytes;
    assert_true(os_read_file(path, 1 << 20, &text, &bytes, NULL));
    assert_int_equal(bytes, size);
    assert_memory_equal(text, want, size);
    free(text);
}

TEST(golden_bytes_are_written) {
    char path[TEST_PATH_MAX];
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"a\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]},"
                                 "\"s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[12,13]}}";
    char want[256];
    size_t length = sizeof header - 1, padded = (length + 7) / 8 * 8;
    memset(want, ' ', sizeof want);
    memcpy(want, "\0\0\0\0\0\0\0\0", 8);
    want[0] = (char)padded;
    memcpy(want + 8, header, length);
    memcpy(want + 8 + padded, "0123456789abX", 13);

    struct safetensors_writer *writer = writer_at(path, "w.safetensors");
    assert_true(declare(writer, "a", DTYPE_BF16, 2, 2, 3));
    assert_true(safetensors_metadata(writer, "format", "pt", NULL));
    assert_true(declare(writer, "s", DTYPE_U8, 0, 0, 0));
    assert_true(safetensors_write(writer, "01234", 5, NULL));
    assert_true(safetensors_write(writer, "", 0, NULL));
    assert_true(safetensors_write(writer, "56789abX", 8, NULL));
    assert_false(os_is_file(path)); /* not under its name yet */
    assert_true(safetensors_writer_commit(writer, NULL));
    assert_content(path, want, 8 + padded + 13);
}

TEST(data_come_in_any_order) {
    char one[TEST_PATH_MAX], other[TEST_PATH_MAX], *text;
    int64_t size;
    struct sy_error err = { .code = SY_OK };
    struct safetensors_writer *writer = writer_at(one, "one.safetensors");
    assert_true(declare(writer, "a", DTYPE_U8, 2, 2, 3));
    assert_true(declare(writer, "b", DTYPE_U8, 2, 1, 4));
    assert_true(safetensors_write(writer, "abcdefWXYZ", 10, NULL));
    assert_true(safetensors_writer_commit(writer, NULL));

    writer = writer_at(other, "other.safetensors");
    assert_true(declare(writer, "a", DTYPE_U8, 2, 2, 3));
    assert_true(declare(writer, "b", DTYPE_U8, 2, 1, 4));
    assert_true(safetensors_write_at(writer, 1, 2, "YZ", 2, NULL));
    assert_true(safetensors_write_at(writer, 0, 3, "def", 3, NULL));
    assert_false(safetensors_write_at(writer, 0, 4, "xyz", 3, &err)); /* past the end of its tensor */
    assert_false(safetensors_write_at(writer, 2, 0, "x", 1, &err));
    assert_false(safetensors_write_at(writer, 0, -1, "x", 1, &err));
    assert_false(safetensors_write(writer, "x", 1, &err)); /* one way or the other */
    assert_true(safetensors_write_at(writer, 0, 0, "abc", 3, NULL));
    assert_true(safetensors_write_at(writer, 1, 0, "WX", 2, NULL));
    assert_true(safetensors_writer_commit(writer, NULL));
    assert_true(os_read_file(one, 1 << 20, &text, &size, NULL));
    assert_content(other, text, (size_t)size);
    free(text);

    writer = writer_at(other, "short.safetensors"); /* a hole is not committed */
    assert_true(declare(writer, "a", DTYPE_U8, 2, 2, 3));
    assert_true(safetensors_write_at(writer, 0, 3, "def", 3, NULL));
    assert_false(safetensors_writer_commit(writer, &err));
    assert_false(os_is_file(other));
}

TEST(empty_files_as_upstream_writes_them) {
    char path[TEST_PATH_MAX];
    assert_true(safetensors_writer_commit(writer_at(path, "e.safetensors"), NULL));
    assert_content(path, "\10\0\0\0\0\0\0\0{}      ", 16);
    struct safetensors_writer *writer = writer_at(path, "m.safetensors");
    assert_true(safetensors_metadata(writer, "framework", "pt", NULL));
    assert_true(safetensors_writer_commit(writer, NULL));
    assert_content(path, "\50\0\0\0\0\0\0\0{\"__metadata__\":{\"framework\":\"pt\"}}     ", 48);
}

/* Every dtype, odd sides, empty tensors and awkward names, in random cuts. */
TEST(round_trip_of_every_dtype) {
    char path[TEST_PATH_MAX], name[64];
    struct random random = random_seed(5);
    unsigned char data[DTYPE_PLAIN_COUNT * 6 * 8];
    struct checkpoint checkpoint;
    struct sy_error err;
    int64_t total = 0;
    struct safetensors_writer *writer = writer_at(path, "all.safetensors");
    assert_true(safetensors_metadata(writer, "", "", NULL));
    assert_true(safetensors_metadata(writer, "k\"\\\x01\xc3\xa9", "line\nline", NULL));
    for (int i = 0; i < DTYPE_PLAIN_COUNT; i++) {
        snprintf(name, sizeof name, "%c/\"\\\xc3\xa9 {,} %d", 'z' - i, i);
        assert_true(declare(writer, name, (enum dtype)i, 2, 2, i % 4));
        total += 2 * (i % 4) * dtype_bits((enum dtype)i) / 8;
    }
    for (int64_t i = 0; i < total; i++) data[i] = (unsigned char)random_u64(&random);
    for (int64_t at = 0, count; at < total; at += count) {
        count = 1 + (int64_t)random_below(&random, (uint64_t)(total - at));
        assert_true(safetensors_write(writer, data + at, count, NULL));
    }
    assert_true(safetensors_writer_commit(writer, NULL));
    if (!checkpoint_open(path, &checkpoint, &err)) fail_msg("%s: %s", err.place, err.message);
    assert_sound(&checkpoint);
    assert_int_equal(checkpoint.count, DTYPE_PLAIN_COUNT);
    const unsigned char *at = data;
    for (int i = 0; i < DTYPE_PLAIN_COUNT; i++) {
        snprintf(name, sizeof name, "%c/\"\\\xc3\xa9 {,} %d", 'z' - i, i);
        const struct tensor *tensor = checkpoint_find(&checkpoint, name);
        assert_non_null(tensor);
        assert_true((int)tensor->dtype == i && tensor->rank == 2 && tensor->shape[0] == 2 &&
                    tensor->shape[1] == i % 4);
        assert_memory_equal(tensor->data, at, (size_t)tensor->bytes);
        at += tensor->bytes;
    }
    checkpoint_close(&checkpoint);
}

TEST(wrong_declarations) {
    char path[TEST_PATH_MAX], name[SAFETENSORS_NAME_MAX + 2];
    struct safetensors_writer *writer = writer_at(path, "d.safetensors");
    assert_true(declare(writer, "a", DTYPE_U8, 1, 1, 0));
    assert_false(declare(writer, "a", DTYPE_U8, 1, 1, 0));
    assert_false(declare(writer, "", DTYPE_U8, 1, 1, 0));
    assert_false(declare(writer, "__metadata__", DTYPE_U8, 1, 1, 0));
    assert_false(declare(writer, "x\n", DTYPE_U8, 1, 1, 0));
    assert_false(declare(writer, "\xff", DTYPE_U8, 1, 1, 0));
    memset(name, 'n', sizeof name);
    name[SAFETENSORS_NAME_MAX + 1] = 0;
    assert_false(declare(writer, name, DTYPE_U8, 1, 1, 0));
    name[SAFETENSORS_NAME_MAX] = 0;
    assert_true(declare(writer, name, DTYPE_U8, 1, 1, 0));
    assert_false(declare(writer, "n", DTYPE_U8, 9, 1, 0));
    assert_false(declare(writer, "n", DTYPE_U8, -1, 1, 0));
    assert_false(declare(writer, "n", DTYPE_U8, 2, -1, 0));
    assert_false(declare(writer, "n", DTYPE_F4_E2M1, 1, 3, 0));
    assert_false(declare(writer, "n", DTYPE_F32, 2, 1ll << 40, 1ll << 40));
    assert_false(declare(writer, "n", DTYPE_U8, 1, INT64_MAX, 0)); /* behind the two bytes of a and n...n */
    assert_true(declare(writer, "n", DTYPE_U8, 1, 1, 0));          /* a refused name is not taken */
    assert_true(safetensors_metadata(writer, "k", "v", NULL));
    assert_false(safetensors_metadata(writer, "k", "v", NULL));
    assert_false(safetensors_metadata(writer, "\xff", "v", NULL));
    assert_false(safetensors_metadata(writer, "j", "\xff", NULL));
    assert_false(safetensors_write(writer, "1234", 4, NULL)); /* one more than declared */
    assert_false(safetensors_write(writer, "1", -1, NULL));
    assert_true(safetensors_write(writer, "12", 2, NULL));
    assert_false(declare(writer, "late", DTYPE_U8, 1, 1, 0));
    assert_false(safetensors_metadata(writer, "late", "v", NULL));
    assert_true(safetensors_write(writer, "3", 1, NULL));
    assert_true(safetensors_writer_commit(writer, NULL));
    struct checkpoint checkpoint;
    assert_true(checkpoint_open(path, &checkpoint, NULL));
    assert_int_equal(checkpoint.count, 3);
    checkpoint_close(&checkpoint);
}

/* Nothing older is lost, nothing half appears, nothing is left behind. */
TEST(a_file_appears_whole_or_not_at_all) {
    char path[TEST_PATH_MAX];
    struct sy_error err = { .code = SY_OK };
    test_file(path, "old.safetensors", "old", 3);
    struct safetensors_writer *writer = writer_at(path, "old.safetensors");
    assert_true(declare(writer, "a", DTYPE_U8, 1, 2, 0));
    assert_true(safetensors_write(writer, "1", 1, NULL));
    assert_false(safetensors_writer_commit(writer, &err));
    assert_true(err.file[0] && strstr(err.message, "1 bytes of data were given, but 2"));
    assert_content(path, "old", 3);
    writer = writer_at(path, "old.safetensors");
    assert_true(declare(writer, "a", DTYPE_U8, 1, 2, 0));
    assert_true(safetensors_write(writer, "1", 1, NULL));
    safetensors_writer_abandon(writer);
    assert_content(path, "old", 3);
    safetensors_writer_abandon(NULL);
}

TEST(private_files_are_private) {
    char path[TEST_PATH_MAX];
    struct safetensors_writer *writer;
    struct stat status;
    test_temp_path(path, "p.safetensors");
    assert_true(safetensors_writer_open(path, true, &writer, NULL));
    assert_true(safetensors_writer_commit(writer, NULL));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* Each call to the system fails once: the old file stays, the error is told. */
TEST(failures_at_every_call) {
    char path[TEST_PATH_MAX];
    struct sy_error err;
    test_file(path, "f.safetensors", "old", 3);
    for (int64_t at = 1;; at++) {
        struct os_fault_plan plan = { .fault = OS_FAULT_FAIL, .at = at };
        struct safetensors_writer *writer = NULL;
        memset(&err, 0, sizeof err);
        os_fault_install(&plan);
        bool good = safetensors_writer_open(path, false, &writer, &err);
        if (good) {
            good = declare(writer, "a", DTYPE_U8, 1, 4, 0) && safetensors_write(writer, "1234", 4, &err);
            if (good)
                good = safetensors_writer_commit(writer, &err);
            else
                safetensors_writer_abandon(writer);
        }
        os_fault_install(NULL);
        if (plan.calls < at) {
            assert_true(good && at > 3);
            return;
        }
        assert_true(good || (err.code == SY_ERR_IO && err.file[0] && err.message[0]));
        if (!good && !strstr(err.message, "is written")) assert_content(path, "old", 3);
    }
}

TEST(the_reader_survives_failures_at_every_call) {
    char path[TEST_PATH_MAX];
    struct sy_error err;
    struct bytes file = file_make("{}", 0);
    test_file(path, "r.safetensors", file.at, file.size);
    free(file.at);
    for (int64_t at = 1;; at++) {
        struct os_fault_plan plan = { .fault = OS_FAULT_FAIL, .at = at };
        struct checkpoint checkpoint;
        memset(&err, 0, sizeof err);
        os_fault_install(&plan);
        bool good = checkpoint_open(path, &checkpoint, &err);
        os_fault_install(NULL);
        checkpoint_close(&checkpoint);
        if (plan.calls < at) {
            assert_true(good && at > 1);
            return;
        }
        if (!good) assert_told(&err);
    }
}
