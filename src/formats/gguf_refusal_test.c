/*
 * Reading what is wrong: each way of breaking a file is refused in one line that names file, place and
 * remedy. Reports (docs/hostile.md) are named beside the test that they became.
 */
#include "formats/gguf_test.h"

#include <stdio.h>

static const uint64_t boundaries[] = { 0,
                                       1,
                                       INT32_MAX,
                                       1ull << 31,
                                       1ull << 32,
                                       (1ull << 42) + 1,
                                       1ull << 58,
                                       1ull << 59,
                                       1ull << 60,
                                       1ull << 61,
                                       1ull << 62,
                                       INT64_MAX,
                                       1ull << 63,
                                       UINT64_MAX - 31,
                                       UINT64_MAX - 7,
                                       UINT64_MAX - 1,
                                       UINT64_MAX };
enum {
    BOUNDARIES = sizeof boundaries / sizeof *boundaries,
    HUGE_FROM = 2 /* the first that no size can be */
};

/* ---- the file as a whole ---- */

TEST(gguf_cut_at_every_byte) {
    struct sy_error err;
    struct draft draft = { .field_count = 0 };
    draft_everything(&draft);
    assert_true(gguf_opens(draft.bytes.at, draft.bytes.size, &err));
    for (int64_t size = 0; size < draft.bytes.size; size++) {
        assert_false(gguf_opens(draft.bytes.at, size, &err));
        assert_true(err.place[0]);
    }
    draft_free(&draft);
}

/* Boundary integers in every count, length, side, offset, type and number of a file: never more than a
 * refusal, and a size of 2^31 or more in a file of a few kB is always one. */
TEST(gguf_boundaries_in_every_field) {
    struct draft draft = { .field_count = 0 };
    draft_everything(&draft);
    for (int i = 0; i < draft.field_count; i++) {
        unsigned char former[8], *at = draft.bytes.at + draft.fields[i].at;
        memcpy(former, at, (size_t)draft.fields[i].size);
        for (int b = 0; b < BOUNDARIES; b++) {
            struct sy_error err;
            for (int64_t k = 0; k < draft.fields[i].size; k++)
                at[k] = (unsigned char)(boundaries[b] >> 8 * k);
            bool good = gguf_opens(draft.bytes.at, draft.bytes.size, &err);
            if (good && draft.fields[i].is_size && b >= HUGE_FROM)
                fail_msg("accepted %llu at byte %lld", (unsigned long long)boundaries[b],
                         (long long)draft.fields[i].at);
        }
        memcpy(at, former, (size_t)draft.fields[i].size);
    }
    draft_free(&draft);
}

TEST(gguf_of_other_versions) {
    static const struct {
        uint32_t version;
        const char *message;
    } all[] = { { 0, "version 0" },
                { 1, "version 1, which is not read" },
                { 4, "version 4" },
                { UINT32_MAX, "version 4294967295" },
                { 1u << 24, "big-endian" },
                { 2u << 24, "big-endian" },
                { 3u << 24, "big-endian (version 3 byte-swapped)" } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct draft draft = { .field_count = 0 };
        draft_head(&draft, all[i].version, 0, 0);
        assert_refused(&draft, "byte 4", all[i].message);
    }
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, 0, 0);
    memcpy(draft.bytes.at, "ggjt", 4);
    assert_refused(&draft, "byte 0", "does not begin with \"GGUF\"");
}

TEST(gguf_of_nothing) {
    for (uint32_t version = 2; version <= 3; version++) {
        struct draft draft = { .field_count = 0 };
        draft_head(&draft, version, 0, 0);
        assert_accepted(&draft);
    }
}

/* ---- docs/hostile.md, report by report ---- */

TEST(hostile_string_length_that_wraps) { /* CVE-2024-23496: len + 1 */
    for (int b = HUGE_FROM; b < BOUNDARIES; b++) {
        struct draft draft = one_key("k", GGUF_STRING);
        draft_number(&draft, boundaries[b], 8, true);
        draft_data(&draft, 32, 100);
        assert_refused(&draft, "key \"k\"", "bytes of a string cannot lie in the");
        draft_head(&draft, 3, 0, 1);
        draft_number(&draft, boundaries[b], 8, true); /* of the key's name */
        draft_data(&draft, 32, 100);
        assert_refused(&draft, "byte 24", "bytes of a string cannot lie in the");
        draft_head(&draft, 3, 1, 0);
        draft_number(&draft, boundaries[b], 8, true); /* of the tensor's name */
        draft_data(&draft, 32, 100);
        assert_refused(&draft, "byte 24", "bytes of a string cannot lie in the");
    }
}

TEST(hostile_array_count_times_size) { /* CVE-2024-21825, 25664..25668 */
    for (enum gguf_type type = GGUF_U8; type < GGUF_TYPE_COUNT; type++) {
        for (int b = HUGE_FROM; b < BOUNDARIES; b++) {
            struct draft draft = one_key("k", GGUF_ARRAY);
            draft_array(&draft, type, boundaries[b]);
            draft_data(&draft, 32, 100);
            assert_refused(&draft, "key \"k\"", "items of an array cannot lie in the");
        }
    }
}

TEST(hostile_tensor_count) { /* CVE-2024-21836 */
    for (int b = HUGE_FROM - 1; b < BOUNDARIES; b++) {
        struct draft draft = { .field_count = 0 };
        draft_head(&draft, 3, boundaries[b], 0);
        assert_refused(&draft, "byte 8", "tensors cannot lie in the 0 bytes");
    }
}

TEST(hostile_key_count) { /* CVE-2024-23605 */
    for (int b = HUGE_FROM - 1; b < BOUNDARIES; b++) {
        struct draft draft = { .field_count = 0 };
        draft_head(&draft, 3, 0, boundaries[b]);
        assert_refused(&draft, "byte 16", "keys cannot lie in the 0 bytes");
    }
}

TEST(
    hostile_sides) { /* CVE-2024-21802: product overflow, negative; CVE-2026-33298: 2^42 + 1 times a stride */
    static const struct {
        uint64_t sides[4];
        uint32_t type;
        const char *message;
    } all[] = {
        { { 1ull << 32, 1ull << 32, 1, 1 }, 0, "more than can be addressed" },
        { { 1ull << 31, 1ull << 31, 2, 1 }, 24, "more than can be addressed" },
        { { 1ull << 16, 1ull << 16, 1ull << 16, 1ull << 16 }, 24, "more than can be addressed" },
        { { 4, 1ull << 61, 1, 1 }, 0, "more than can be addressed" },
        { { INT64_MAX, 2, 1, 1 }, 99, "more than can be addressed" },
        { { 1ull << 61, 1, 1, 1 }, 0, "more than can be addressed" },
        { { (1ull << 42) + 1, 1ull << 20, 1, 1 }, 0, "more than can be addressed" },
        { { (1ull << 42) + 1, 1, 1, 1 }, 0, "begin at byte 0, but the file holds only 256" },
        { { 32, (1ull << 42) + 1, 1, 1 }, 8, "begin at byte 0, but the file holds only 256" },
        { { UINT64_MAX, 1, 1, 1 }, 0, "side 3 of its shape is 18446744073709551615" },
        { { 1, UINT64_MAX, 1, 1 }, 0, "side 2 of its shape" },
        { { 1ull << 63, 2, 1, 1 }, 0, "side 3 of its shape" },
        { { 0, 1, 1, 1 }, 0, "side 3 of its shape is 0" },
        { { 1, 1, 1, 0 }, 0, "side 0 of its shape is 0" },
        { { 33, 1, 1, 1 }, 8, "rows have 33 elements, and Q8_0 comes in blocks of 32" },
        { { 128, 2, 1, 1 }, 12, "rows have 128 elements, and Q4_K comes in blocks of 256" },
        { { 65, 1, 1, 1 }, 0, "260 bytes of data begin at byte 0, but the file holds only 256" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct draft draft = one_tensor("t", 4, all[i].sides, all[i].type, 0);
        assert_refused(&draft, "tensor \"t\"", all[i].message);
    }
}

TEST(hostile_ranks) {
    static const uint32_t ranks[] = { 0, 5, 6, 8, 1u << 31, UINT32_MAX };
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        struct draft draft = { .field_count = 0 };
        draft_head(&draft, 3, 1, 0);
        draft_text(&draft, "t");
        draft_number(&draft, ranks[i], 4, false);
        draft_data(&draft, 32, 256);
        assert_refused(&draft, "tensor \"t\"", "1 to 4 are allowed");
    }
}

TEST(hostile_early_exit) { /* CVE-2024-32878: what was not yet read is not freed */
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, 0, 3);
    draft_scalar(&draft, "one", GGUF_U32, 1);
    draft_key(&draft, "two", GGUF_TYPE_COUNT);
    draft_data(&draft, 32, 100);
    assert_refused(&draft, "key \"two\"", "13 is no type of value");
}

TEST(hostile_missing_keys) { /* CVE-2024-41130: nothing is there, and asking says so */
    struct draft draft = { .field_count = 0 };
    struct checkpoint checkpoint;
    struct gguf gguf;
    draft_head(&draft, 3, 0, 0);
    struct memory_file file = { "m.gguf", draft.bytes.at, draft.bytes.size };
    assert_true(gguf_open_memory(&file, 1, &checkpoint, &gguf, NULL));
    assert_null(gguf_find(&gguf, "general.architecture"));
    assert_true(gguf.alignment == 32);
    checkpoint_close(&checkpoint);
    draft_free(&draft);
}

TEST(hostile_sums_of_padded_sizes) { /* CVE-2025-53630, CVE-2026-27940: each fits, their sum wraps */
    static const uint64_t side[] = { 1ull << 62 };
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, 4, 0);
    for (uint64_t i = 0; i < 4; i++) {
        char name[3];
        snprintf(name, sizeof name, "t%d", (int)i);
        draft_tensor(&draft, name, 1, side, 24, i << 62);
    }
    draft_data(&draft, 32, 64);
    assert_refused(&draft, "tensor \"t2\"", "no multiple of the alignment"); /* an offset of 2^63 */
    draft_head(&draft, 3, 1, 0);
    draft_tensor(&draft, "t", 1, (uint64_t[]){ INT64_MAX }, 24, INT64_MAX - 31);
    draft_data(&draft, 32, 64);
    assert_refused(&draft, "tensor \"t\"", "but the file holds only 64");
}

TEST(hostile_offsets) { /* CVE-2026-7482: offset + size beyond the end */
    static const uint64_t side[] = { 16 };
    for (int b = HUGE_FROM; b < BOUNDARIES; b++) {
        struct draft draft = one_tensor("t", 1, side, 0, boundaries[b] & ~31ull);
        assert_refused(&draft, "tensor \"t\"", "data begin at byte");
    }
    struct draft draft = one_tensor("t", 1, side, 0, 192);
    assert_accepted(&draft);
    draft = one_tensor("t", 1, side, 0, 224);
    assert_refused(&draft, "tensor \"t\"", "64 bytes of data begin at byte 224, but the file holds only 256");
    draft = one_tensor("t", 1, side, 0, 16);
    assert_refused(&draft, "tensor \"t\"", "no multiple of the alignment of 32");
    draft = one_tensor("t", 1, side, 99, 256); /* of a type nobody knows: its first byte must be there */
    assert_refused(&draft, "tensor \"t\"", "begin at byte 256, but the file holds only 256");
}

TEST(hostile_alignments) { /* llama.cpp #24759, #26318, #24997 */
    static const struct {
        enum gguf_type type;
        uint64_t number;
        const char *message; /* NULL: fine */
    } all[] = {
        { GGUF_U32, 0, "no power of two" },
        { GGUF_U32, 1, "no power of two from 8 on" },
        { GGUF_U32, 4, "no power of two" },
        { GGUF_U32, 24, "no power of two" },
        { GGUF_U32, 0x80000000u, "the limit is" },
        { GGUF_U32, UINT32_MAX, "the limit is" },
        { GGUF_U64, 1ull << 63, "the limit is" },
        { GGUF_U64, UINT64_MAX, "the limit is" },
        { GGUF_U64, (1ull << 32) + 32, "the limit is" },
        { GGUF_U32, (16u << 20) + 1, "the limit is" },
        { GGUF_I32, 32, "no unsigned integer" },
        { GGUF_I64, 32, "no unsigned integer" },
        { GGUF_F32, 0x42000000, "no unsigned integer" },
        { GGUF_BOOL, 1, "no unsigned integer" },
        { GGUF_U32, 8, NULL },
        { GGUF_U32, 32, NULL },
        { GGUF_U8, 64, NULL },
        { GGUF_U16, 4096, NULL },
        { GGUF_U64, 64, NULL },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct draft draft = { .field_count = 0 };
        draft_head(&draft, 3, 1, 1);
        draft_scalar(&draft, GGUF_ALIGNMENT_KEY, all[i].type, all[i].number);
        draft_tensor(&draft, "t", 1, (uint64_t[]){ 4 }, 0, 0);
        draft_data(&draft, all[i].message ? 32 : (int64_t)all[i].number, 16);
        if (all[i].message)
            assert_refused(&draft, "key \"" GGUF_ALIGNMENT_KEY "\"", all[i].message);
        else
            assert_accepted(&draft);
    }
    struct draft draft = { .field_count = 0 };
    draft_head(&draft, 3, 1, 1); /* the largest: padding alone is far beyond the file */
    draft_scalar(&draft, GGUF_ALIGNMENT_KEY, GGUF_U32, (uint64_t)GGUF_ALIGNMENT_MAX);
    draft_tensor(&draft, "t", 1, (uint64_t[]){ 4 }, 0, 0);
    draft_data(&draft, 32, 64);
    assert_refused(&draft, "byte ", "before the data of its 1 tensors");
    draft = one_key(GGUF_ALIGNMENT_KEY, GGUF_STRING);
    draft_text(&draft, "32");
    assert_refused(&draft, "key \"" GGUF_ALIGNMENT_KEY "\"", "no unsigned integer");
}

TEST(hostile_scores_of_one_byte) { /* llama.cpp #26690: declared as u8, read as something of four bytes */
    struct draft draft = one_key("tokenizer.ggml.scores", GGUF_ARRAY);
    struct checkpoint checkpoint;
    struct gguf gguf;
    double real = 0;
    draft_array(&draft, GGUF_U8, 2);
    gguf_put(&draft.bytes, "\5\6", 2);
    unsigned char *exact = malloc((size_t)draft.bytes.size);
    memcpy(exact, draft.bytes.at, (size_t)draft.bytes.size);
    struct memory_file file = { "m.gguf", exact, draft.bytes.size };
    assert_true(gguf_open_memory(&file, 1, &checkpoint, &gguf, NULL));
    const struct gguf_value *scores = gguf_find(&gguf, "tokenizer.ggml.scores");
    assert_true(gguf_item_real(scores, 1, &real) && real == 6);
    assert_false(gguf_item_real(scores, 2, &real));
    checkpoint_close(&checkpoint);
    free(exact);
    draft_free(&draft);
}
