/*
 * The wide golden cases, one test each, wide_golden_NAME for tests/golden/wide/NAME: models whose prompt,
 * width and experts need more than one block, tile or page of everything. Their weights are rebuilt from the
 * rule of golden_weights.h; the rule has a test of its own.
 *
 * Logits and router logits are known of some rows, experts and weights of all. Then the same bits once more
 * in chunks, and with one thread and the kernels of a lesser machine.
 */
#include "base/os.h"
#include "golden.h"
#include "golden_cases.h"
#include "golden_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDE   "tests/golden/wide"
#define PREFIX "wide_golden_"

TEST(golden_weights_follow_the_rule) {
    static const uint64_t r[] = { 0x5a02f2213920f0ef, 0x0bdf4d3a11651ed1, 0xebee2fa8626dcd10,
                                  0x380f7fbc5ab29c3b };
    static const uint16_t plain[] = { 0x3f34, 0x3dbe, 0xbe21, 0x3ee0 };
    static const uint16_t norm[] = { 0x3f97, 0x3f83, 0x3f76, 0x3f8e };
    uint64_t hash = golden_hash("model.embed_tokens.weight");
    assert_true(hash == 0xa88fd795d5c6d156u);
    for (uint64_t i = 0; i < 4; i++) {
        assert_true(golden_mix(hash ^ 1, i) == r[i]);
        assert_int_equal(golden_bf16(r[i], 0, 1), plain[i]);
        assert_int_equal(golden_bf16(r[i], 1, 0.25f), norm[i]);
    }
}

static void must(bool ok, const struct sy_error *err) {
    char line[1024];
    if (!ok) fail_msg("%s", sy_error_line(err, line, sizeof line));
}

/* The case's model, whole, in the test's own folder. */
static const char *rebuild(const char *folder) {
    char from[TEST_PATH_MAX + 32], to[TEST_PATH_MAX], *text;
    struct sy_error err = { 0 };
    struct os_writer *writer;
    int64_t size;
    snprintf(from, sizeof from, "%s/config.json", folder);
    test_temp_path(to, "config.json");
    must(os_read_file(from, 1 << 20, &text, &size, &err), &err);
    must(os_writer_open(to, false, &writer, &err), &err);
    must(os_writer_write(writer, text, size, &err), &err);
    must(os_writer_commit(writer, &err), &err);
    free(text);
    snprintf(from, sizeof from, "%s/weights.json", folder);
    test_temp_path(to, "model.safetensors");
    golden_weights_write(from, to);
    return test_temp_dir();
}

/* The prompt follows from the rule too. */
static void check_prompt(const struct golden *golden, int64_t vocab) {
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(golden->meta, "seed"));
    uint64_t state = golden_hash("input_ids") ^ seed;
    for (int64_t i = 0; i < golden->count; i++)
        assert_int_equal(golden->ids[i], golden_mix(state, (uint64_t)i) % (uint64_t)vocab);
}

static void wide_case(void **state) {
    char root[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    struct golden golden;
    struct session session;
    struct golden_run run, other;
    int64_t row_count;
    (void)state;
    golden_root(root, WIDE);
    golden_folder(folder, root, PREFIX);
    golden_open(&golden, folder);
    const char *model = rebuild(folder);
    int64_t *rows = golden_numbers(&golden, "logits_rows", &row_count);
    assert_non_null(rows);

    golden_session(&session, model, PRECISION_EXACT, 2, LEVEL_COUNT - 1, golden.count);
    check_prompt(&golden, session.model.spec.vocab);
    golden_feed(&session, golden.ids, golden.count, 0, 0, &run);
    golden_judge(&golden, &run, rows, row_count);
    golden_feed(&session, golden.ids, golden.count, 64, 0, &other);
    golden_same(&other, &run, "chunks of 64");
    golden_run_close(&other);
    session_close(&session);

    golden_session(&session, model, PRECISION_EXACT, 1, LEVEL_AVX2, golden.count);
    golden_feed(&session, golden.ids, golden.count, 0, 0, &other);
    golden_same(&other, &run, "1 thread, AVX2");
    golden_run_close(&other);
    session_close(&session);
    golden_run_close(&run);
    golden_close(&golden);
}

__attribute__((constructor)) static void register_cases(void) {
    char root[TEST_PATH_MAX];
    golden_root(root, WIDE);
    golden_register(root, PREFIX, __FILE__, __LINE__, wide_case);
}
