/*
 * What a host may do wrong, or be given wrong: closing with sequences in every state, files of keys and
 * values that were cut, changed or made by another model, weights that are no numbers. Each is an error with
 * a name, and the engine goes on.
 */
#include "base/os.h"
#include "formats/safetensors.h"
#include "hostile.h"
#include "test.h"
#include <switchyard.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t prompt[] = { 19, 50, 33, 41, 1, 30 };

static struct sy_engine *open_at(const char *path, int64_t sequences) {
    struct sy_engine *engine;
    struct sy_error err;
    struct sy_options options = {
        .struct_bytes = sizeof options, .threads = 2, .sequences = sequences, .context = 300
    };
    if (!sy_engine_open(path, &options, &engine, &err)) fail_msg("%s", err.message);
    return engine;
}

static struct sy_engine *open_golden(const char *name, int64_t sequences) {
    char path[TEST_PATH_MAX];
    test_source(path, name);
    return open_at(path, sequences);
}

static int64_t submit(struct sy_engine *engine, uint32_t flags, int64_t new_count) {
    struct sy_request request = { .struct_bytes = sizeof request,
                                  .flags = SY_IGNORE_END | flags,
                                  .ids = prompt,
                                  .count = 6,
                                  .new_count = new_count };
    struct sy_error err;
    int64_t sequence;
    if (!sy_submit(engine, &request, &sequence, &err)) fail_msg("%s", err.message);
    return sequence;
}

static void run_all(struct sy_engine *engine) {
    struct sy_error err;
    int64_t active = 1;
    while (active > 0)
        if (!sy_step(engine, &active, &err)) fail_msg("%s", err.message);
}

/* ---- closing ---- */

/* Finished and not polled, kept, running, waiting, waiting for a past that was released. */
static void close_in_the_midst(void) {
    struct sy_engine *engine = open_golden("tests/golden/mixtral_fused", 2);
    int64_t active;
    submit(engine, SY_WANT_LOGPROBS, 3);
    int64_t kept = submit(engine, SY_KEEP, 3);
    run_all(engine);
    struct sy_request heir = {
        .struct_bytes = sizeof heir, .ids = prompt, .count = 2, .new_count = 5, .past = kept, .past_length = 4
    };
    submit(engine, SY_KEEP, 200);
    for (int i = 0; i < 3; i++) assert_true(sy_step(engine, &active, NULL));
    assert_true(sy_submit(engine, &heir, &active, NULL));
    submit(engine, 0, 20);
    assert_true(sy_submit(engine, &heir, &active, NULL));
    sy_cancel(engine, active);
    sy_release(engine, kept);
    sy_engine_close(engine);
}

TEST(closing_gives_everything_back) {
    close_in_the_midst();
    struct hostile_held before = hostile_held();
    for (int i = 0; i < 20; i++) close_in_the_midst();
    hostile_same(before);
}

/* ---- files ---- */

static void expect_refused(struct sy_engine *engine, const char *path, enum sy_code code) {
    struct sy_error err = { 0 };
    int64_t sequence = 77;
    char line[1024];
    assert_false(sy_restore(engine, path, &sequence, &err));
    sy_error_text(&err, line, sizeof line);
    if (err.code != code) fail_msg("code %d, wanted %d: %s", (int)err.code, (int)code, line);
    assert_string_equal(err.file, path);
    assert_true(err.message[0] != 0);
    assert_null(strchr(line, '\n'));
}

TEST(files_of_keys_and_values_are_hostile) {
    struct sy_engine *engine = open_golden("tests/golden/mixtral_fused", 2),
                     *other = open_golden("tests/golden/llama4_bias", 2);
    char path[TEST_PATH_MAX], broken[TEST_PATH_MAX], *bytes;
    struct sy_error err;
    int64_t size, kept = submit(engine, SY_KEEP, 20), restored;
    run_all(engine);
    test_temp_path(path, "kept");
    test_temp_path(broken, "broken");
    assert_true(sy_save(engine, kept, path, &err));
    assert_true(os_read_file(path, 1 << 24, &bytes, &size, &err));
    expect_refused(other, path, SY_ERR_INPUT); /* of another model */
    struct hostile_held before = hostile_held();
    for (int64_t cut = 0; cut < size; cut += cut < 200 ? 1 : 997) {
        hostile_file("broken", bytes, cut);
        expect_refused(engine, broken, SY_ERR_FORMAT);
    }
    for (int64_t bit = 0; bit < 8 * size; bit += bit < 3000 ? 7 : 8191) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        hostile_file("broken", bytes, size);
        expect_refused(engine, broken, SY_ERR_FORMAT);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    expect_refused(engine, test_temp_dir(), SY_ERR_IO);
    expect_refused(engine, "/dev/zero", SY_ERR_IO);
    hostile_same(before);
    hostile_file("broken", bytes, size);
    if (!sy_restore(engine, broken, &restored, &err)) fail_msg("%s", err.message); /* and it goes on */
    assert_int_equal(sy_length(engine, restored), 25);
    assert_false(sy_restore(engine, broken, &restored, &err)); /* two are kept of two */
    assert_int_equal(err.code, SY_ERR_MEMORY);
    sy_release(engine, restored);
    submit(engine, 0, 20);
    run_all(engine);
    sy_engine_close(engine);
    sy_engine_close(other);
    free(bytes);
}

/* ---- weights that are no numbers ---- */

/* The last element of a tensor, in a copy of the model in the test's folder, becomes a NaN of any width. */
static void spoil(const char *name) {
    struct checkpoint checkpoint;
    struct sy_error err = { 0 };
    if (!checkpoint_open(test_temp_dir(), &checkpoint, &err)) fail_msg("%s", err.message);
    const struct tensor *tensor = checkpoint_find(&checkpoint, name);
    assert_non_null(tensor);
    const struct os_map *map = &checkpoint.maps[0];
    char *bytes = malloc((size_t)map->size);
    memcpy(bytes, map->data, (size_t)map->size);
    memset(bytes + (tensor->data - map->data) + tensor->bytes - 4, 0xff, 4);
    hostile_file("model.safetensors", bytes, map->size);
    free(bytes);
    checkpoint_close(&checkpoint);
}

TEST(a_weight_that_is_no_number_is_named) {
    static const char *const names[] = { "lm_head.weight", "model.norm.weight",
                                         "model.layers.0.self_attn.v_proj.weight" };
    for (int i = 0; i < 3; i++) {
        json_t *config = hostile_golden("mixtral_fused");
        hostile_config(config);
        json_decref(config);
        hostile_own("model.safetensors");
        spoil(names[i]);
        struct sy_engine *engine = open_at(test_temp_dir(), 1);
        struct sy_error err = { 0 };
        struct sy_event event = { .struct_bytes = sizeof event };
        int64_t sequence = submit(engine, 0, 5), active;
        assert_false(sy_step(engine, &active, &err));
        print_message("%s: %s\n", err.place, err.message);
        assert_int_equal(err.code, SY_ERR_NUMERIC);
        assert_int_equal(active, 0);
        assert_string_equal(err.place, names[i]);
        assert_string_equal(err.file, test_temp_dir());
        assert_true(sy_poll(engine, sequence, &event, &err));
        assert_int_equal(event.finish, SY_FINISH_ERROR);
        sy_engine_close(engine);

        static const char *const precisions[] = { "--exact", "--fast" };
        for (int fast = 0; fast < 2; fast++) { /* and by the program */
            struct test_output got = test_run("run", test_temp_dir(), "--ids", "1,2", precisions[fast]);
            assert_int_equal(got.status, 1);
            assert_string_equal(got.out, "");
            assert_non_null(strstr(got.err, names[i]));
            assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1);
        }
    }
}
