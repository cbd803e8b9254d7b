/*
 * Models in several files: those that belong together open as one, and everything else is refused.
 */
#include "formats/gguf_test.h"

#include <stdio.h>

struct split_part {
    int64_t no, count, tensors; /* as it says */
    int tensor_count;           /* as it has; named a, b, ... from `first` on */
    char first;
};

static struct draft part_make(struct split_part part) {
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, (uint64_t)part.tensor_count, 4);
    draft_scalar(&draft, "split.no", GGUF_U16, (uint64_t)part.no);
    draft_scalar(&draft, "split.count", GGUF_U16, (uint64_t)part.count);
    draft_scalar(&draft, "split.tensors.count", GGUF_I32, (uint64_t)part.tensors);
    draft_scalar(&draft, part.no == 0 ? "first" : "other", GGUF_U8, 1);
    for (int i = 0; i < part.tensor_count; i++) {
        draft_tensor(&draft, (char[]){ (char)(part.first + i), 0 }, 1, (uint64_t[]){ 8 }, 24,
                     32 * (uint64_t)i);
    }
    draft_data(&draft, 32, 32 * part.tensor_count);
    return draft;
}

enum { PARTS = 3 };

static const char *const names[PARTS] = { "x/m-00001-of-00003.gguf", "x/m-00002-of-00003.gguf",
                                          "x/m-00003-of-00003.gguf" };
static const struct split_part valid[PARTS] = { { 0, 3, 4, 0, 'a' },
                                                { 1, 3, 4, 3, 'b' },
                                                { 2, 3, 4, 1, 'a' } };

/* Opens the parts in memory; false and *err when refused. */
static bool parts_open(const struct split_part parts[PARTS], int present, struct sy_error *err) {
    struct draft drafts[PARTS];
    struct memory_file files[PARTS];
    struct checkpoint checkpoint;
    struct gguf gguf;
    for (int i = 0; i < PARTS; i++) {
        drafts[i] = part_make(parts[i]);
        files[i] = (struct memory_file){ names[i], drafts[i].bytes.at, drafts[i].bytes.size };
    }
    memset(err, 0, sizeof *err);
    bool good = gguf_open_memory(files, present, &checkpoint, &gguf, err);
    if (good) {
        assert_gguf_sound(&checkpoint, &gguf);
        assert_int_equal(checkpoint.count, 4);
        assert_non_null(gguf_find(&gguf, "first"));
        assert_null(gguf_find(&gguf, "other"));
        assert_string_equal(checkpoint.tensors[0].file, names[2]);
        assert_string_equal(checkpoint.tensors[1].file, names[1]);
    } else {
        assert_told(err);
    }
    checkpoint_close(&checkpoint);
    for (int i = 0; i < PARTS; i++) draft_free(&drafts[i]);
    return good;
}

TEST(gguf_in_parts) {
    struct sy_error err;
    assert_true(parts_open(valid, PARTS, &err));
    assert_false(parts_open(valid, 2, &err));
    assert_string_equal(err.file, names[2]);
    assert_true(strstr(err.remedy, "fetch it too") != NULL);
}

TEST(gguf_in_parts_that_disagree) {
    static const struct {
        int which;
        struct split_part part;
        const char *message;
    } all[] = {
        { 1, { 2, 3, 4, 3, 'b' }, "it says file 3 of 3" },
        { 1, { 1, 2, 4, 3, 'b' }, "file 2 of 2 with 4" },
        { 1, { 1, 3, 5, 3, 'b' }, "with 5 tensors in all" },
        { 1, { 0, 1, 4, 3, 'b' }, "it says file 1 of 1" },
        { 2, { 2, 3, 4, 1, 'b' }, "it is also in" },
        { 2, { 2, 3, 4, 2, 'e' }, "5 tensors, where 4 are announced" },
        { 0, { 0, 3, 4, 1, 'z' }, "5 tensors, where 4 are announced" },
        { 0, { 0, 4, 4, 0, 'a' }, "does not end in -00001-of-00004.gguf" },
        { 0, { 1, 3, 4, 0, 'a' }, "does not end in -00002-of-00003.gguf" },
        { 0, { 3, 3, 4, 0, 'a' }, "no integer from 0 to 2" },
        { 0, { 0, 4097, 4, 0, 'a' }, "no integer from 0 to 4096" },
        { 0, { 0, 3, -1, 0, 'a' }, "no integer from 0 to 4194304" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct split_part parts[PARTS];
        struct sy_error err;
        memcpy(parts, valid, sizeof parts);
        parts[all[i].which] = all[i].part;
        assert_false(parts_open(parts, PARTS, &err));
        assert_says(&err, "", all[i].message);
    }
}

TEST(gguf_parts_on_disc) {
    char first[TEST_PATH_MAX], second[TEST_PATH_MAX], alone[TEST_PATH_MAX];
    struct checkpoint checkpoint;
    struct gguf gguf;
    struct sy_error err;
    struct draft one = part_make((struct split_part){ 0, 2, 3, 1, 'a' });
    struct draft two = part_make((struct split_part){ 1, 2, 3, 2, 'b' });
    test_file(first, "m-00001-of-00002.gguf", one.bytes.at, one.bytes.size);
    assert_false(gguf_open(first, &checkpoint, &gguf, &err));
    assert_true(err.code == SY_ERR_IO && strstr(err.file, "m-00002-of-00002.gguf"));
    test_file(second, "m-00002-of-00002.gguf", two.bytes.at, two.bytes.size);
    assert_true(gguf_open(first, &checkpoint, &gguf, &err));
    assert_true(checkpoint.count == 3 && checkpoint.shard_count == 2);
    checkpoint_close(&checkpoint);
    assert_false(gguf_open(second, &checkpoint, &gguf, &err));
    assert_says(&err, "", "this is file 2 of 2");
    assert_true(strstr(err.remedy, "-00001-of-00002.gguf") != NULL);
    test_file(alone, "m.gguf", one.bytes.at, one.bytes.size);
    assert_false(gguf_open(alone, &checkpoint, &gguf, &err));
    assert_says(&err, "", "does not end in -00001-of-00002.gguf");
    draft_free(&one);
    draft_free(&two);
    one = part_make(
        (struct split_part){ 0, 1, 1, 1, 'a' }); /* one of one is none of several, whatever its name */
    test_file(alone, "m.gguf", one.bytes.at, one.bytes.size);
    assert_true(gguf_open(alone, &checkpoint, &gguf, &err));
    checkpoint_close(&checkpoint);
    draft_free(&one);
}

TEST(gguf_part_without_its_keys) {
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, 0, 1);
    draft_scalar(&draft, "split.count", GGUF_U16, 2);
    assert_refused(&draft, "key \"split.no\"", "must have it");
    draft_head(&draft, 3, 0, 1);
    draft_scalar(&draft, "split.count", GGUF_F32, 0x40000000);
    assert_refused(&draft, "key \"split.count\"", "no integer from 0 to 4096");
    draft_head(&draft, 3, 0, 2);
    draft_scalar(&draft, "split.count", GGUF_U64, 2);
    draft_scalar(&draft, "split.no", GGUF_I8, 0xff);
    assert_refused(&draft, "key \"split.no\"", "no integer from 0 to 1");
}
