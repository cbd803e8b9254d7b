/*
 * Reading keys and tensors that are wrong by themselves: names, types, nesting, limits, overlaps.
 */
#include "formats/gguf_test.h"

/* ---- keys ---- */

TEST(gguf_bad_keys) {
    struct draft draft = one_key("", GGUF_U8);
    draft_data(&draft, 32, 32);
    assert_refused(&draft, "byte 24", "empty name");
    static const char *const names[] = { "a\n", "\x1b[0m", "\xc3\xa9", "a\x7f", "a\tb" };
    for (int i = 0; i < 5; i++) {
        draft = one_key(names[i], GGUF_U8);
        draft_data(&draft, 32, 32);
        assert_refused(&draft, "byte 24", "no printable ASCII");
    }
    draft_head(&draft, 3, 0, 1);
    draft_number(&draft, 3, 8, true);
    gguf_put(&draft.bytes, "a\0b\0\0\0\0\1", 8);
    assert_refused(&draft, "byte 24", "no printable ASCII");
    draft_head(&draft, 3, 0, 2);
    draft_scalar(&draft, "same", GGUF_U8, 1);
    draft_scalar(&draft, "same", GGUF_U8, 1);
    assert_refused(&draft, "key \"same\"", "stands twice");
    draft = one_key("b", GGUF_BOOL);
    draft_number(&draft, 2, 1, false);
    assert_refused(&draft, "key \"b\"", "stored as 2");
    draft = one_key("b", GGUF_ARRAY);
    draft_array(&draft, GGUF_BOOL, 3);
    gguf_put(&draft.bytes, "\0\1\xff", 3);
    assert_refused(&draft, "key \"b\"", "stored as 255");
    for (uint64_t type = GGUF_TYPE_COUNT; type < 1ull << 32; type = 2 * type + 1) {
        draft = one_key("a", GGUF_ARRAY);
        draft_number(&draft, type, 4, false);
        draft_data(&draft, 32, 32);
        assert_refused(&draft, "key \"a\"", "is no type of value");
    }
}

TEST(gguf_longest_key) {
    for (size_t size = GGUF_KEY_BYTES_MAX; size <= GGUF_KEY_BYTES_MAX + 1; size++) {
        char *name = malloc(size + 1);
        memset(name, 'k', size);
        name[size] = 0;
        struct draft draft = one_key(name, GGUF_U8);
        draft_number(&draft, 1, 1, false);
        if (size <= GGUF_KEY_BYTES_MAX)
            assert_accepted(&draft);
        else
            assert_refused(&draft, "byte 24", "65536 bytes, the limit is 65535");
        free(name);
    }
}

TEST(gguf_deep_arrays) {
    for (int depth = 1; depth <= 100000; depth = depth < 12 ? depth + 1 : depth * 9) {
        struct draft draft = one_key("a", GGUF_ARRAY);
        for (int i = 1; i < depth; i++) {
            draft.field_count = 0;
            draft_array(&draft, GGUF_ARRAY, 1);
        }
        draft_array(&draft, GGUF_U8, 0);
        if (depth <= GGUF_DEPTH_MAX)
            assert_accepted(&draft);
        else
            assert_refused(&draft, "key \"a\"", "nested deeper than 8");
    }
}

TEST(gguf_too_many_keys_and_items) {
    struct draft draft = { .field_count = 0 };
    int64_t keys = GGUF_KEYS_MAX + 1, items = GGUF_ITEMS_MAX + 1;
    void *zeros = calloc((size_t)items, 8);
    draft_head(&draft, 3, 0, (uint64_t)keys);
    gguf_put(&draft.bytes, zeros, keys * 14);
    assert_refused(&draft, "byte 16", "65537 keys, the limit is 65536");
    draft = one_key("a", GGUF_ARRAY);
    draft_array(&draft, GGUF_STRING, (uint64_t)items);
    gguf_put(&draft.bytes, zeros, items * 8);
    assert_refused(&draft, "key \"a\"", "more than 4194304 strings");
    free(zeros);
}

/* ---- tensors ---- */

TEST(gguf_bad_tensor_names) {
    static const uint64_t side[] = { 4 };
    static const struct {
        const char *name, *message;
    } all[] = { { "", "empty name" },
                { "a\n", "control character" },
                { "\xff", "no UTF-8" },
                { "\xc2\x85", "control character" },
                { "0123456789012345678901234567890123456789012345678901234567890123x", "65 bytes" } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct draft draft = one_tensor(all[i].name, 1, side, 0, 0);
        assert_refused(&draft, "byte 24", all[i].message);
    }
    struct draft draft = one_tensor(all[4].name + 1, 1, side, 0, 0); /* 64 bytes */
    assert_accepted(&draft);
    draft = one_tensor("a?b", 1, side, 0, 0);
    draft.bytes.at[33] = 0;
    assert_refused(&draft, "byte 24", "control character");
    draft_head(&draft, 3, 2, 0);
    draft_tensor(&draft, "same", 1, side, 0, 0);
    draft_tensor(&draft, "same", 1, side, 0, 32);
    draft_data(&draft, 32, 64);
    assert_refused(&draft, "tensor \"same\"", "stands twice");
}

TEST(gguf_overlapping_tensors) {
    static const struct {
        uint32_t types[2];
        uint64_t offsets[2];
        const char *message;
    } all[] = { { { 0, 0 }, { 0, 0 }, "begin at byte 0, inside those of \"a\", which end at 64" },
                { { 0, 0 }, { 0, 32 }, "begin at byte 32, inside those of \"a\"" },
                { { 0, 99 }, { 0, 32 }, "begin at byte 32, inside those of \"a\"" },
                { { 99, 99 }, { 64, 64 }, "begin at byte 64, inside those of \"a\"" },
                { { 99, 0 }, { 0, 32 }, NULL },
                { { 0, 0 }, { 0, 128 }, NULL } }; /* a hole is nobody's */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct draft draft = { .field_count = 0 };
        draft_head(&draft, 3, 2, 0);
        draft_tensor(&draft, "a", 1, (uint64_t[]){ 16 }, all[i].types[0], all[i].offsets[0]);
        draft_tensor(&draft, "b", 1, (uint64_t[]){ 16 }, all[i].types[1], all[i].offsets[1]);
        draft_data(&draft, 32, 192);
        if (all[i].message)
            assert_refused(&draft, "tensor \"b\"", all[i].message);
        else
            assert_accepted(&draft);
    }
}
