#include "base/os.h"
#include "commands/shards.h"
#include "commands/synth/config.h"
#include "commands/synth/files.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct made {
    struct arena arena;
    struct config config;
    struct synth_plan plan;
    struct team_pool *team;
};

static void plan_golden(const char *name, enum dtype dtype, struct made *made) {
    char path[TEST_PATH_MAX];
    const struct family *family;
    struct spec spec;
    struct sy_error err = { 0 };
    test_source(path, name);
    arena_open(&made->arena);
    bool done = config_open(path, &made->arena, &made->config, &err) &&
                spec_from_config(&made->config, &made->arena, &family, &spec, &err);
    struct synth_options options = { .dtype = dtype, .mxfp4 = done && synth_config_mxfp4(made->config.root) };
    done = done && synth_plan(family, &spec, &options, &made->arena, &made->plan, &err) &&
           team_pool_open(2, &made->team, &err);
    if (!done) fail_msg("%s", err.message);
}

static void close_made(struct made *made) {
    team_pool_close(made->team);
    config_close(&made->config);
    arena_close(&made->arena);
}

static int write_folder(const char *folder, struct made *made, int64_t shard_bytes) {
    struct style style = { .columns = 80 };
    struct progress silent = progress_begin(NULL, &style, "", 1, "B/s", 0);
    struct sy_error err = { 0 };
    int shards = 0;
    char *config = json_dumps(made->config.root, 0);
    bool is_new;
    assert_true(shards_make_folder(folder, true, &is_new, &err));
    if (!synth_write(folder, &made->plan, config, (int64_t)strlen(config), shard_bytes, made->team, &silent,
                     &shards, &err))
        fail_msg("%s", err.message);
    free(config);
    return shards;
}

TEST(shards_hold_what_one_file_holds) {
    char whole[TEST_PATH_MAX], cut[TEST_PATH_MAX];
    struct made made;
    struct checkpoint a, b;
    test_temp_path(whole, "whole");
    test_temp_path(cut, "cut");
    plan_golden("tests/golden/mixtral_window/config.json", DTYPE_F32, &made);
    assert_int_equal(write_folder(whole, &made, 0), 1);
    assert_true(write_folder(cut, &made, made.plan.bytes / 3) >= 3);
    assert_true(checkpoint_open(whole, &a, NULL));
    assert_true(checkpoint_open(cut, &b, NULL));
    assert_int_equal(a.count, made.plan.count);
    assert_int_equal(a.count, b.count);
    for (int64_t i = 0; i < a.count; i++) {
        assert_string_equal(a.tensors[i].name, b.tensors[i].name);
        assert_memory_equal(a.tensors[i].data, b.tensors[i].data, (size_t)a.tensors[i].bytes);
    }
    checkpoint_close(&a);
    checkpoint_close(&b);
    close_made(&made);
}

TEST(a_new_checkpoint_takes_the_place_of_the_old_one) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX];
    struct made made;
    struct checkpoint opened;
    test_temp_path(folder, "m");
    plan_golden("tests/golden/mixtral_window/config.json", DTYPE_BF16, &made);
    int shards = write_folder(folder, &made, made.plan.bytes / 3);
    test_temp_path(path, "m/model.safetensors.index.json");
    assert_true(os_is_file(path));
    assert_int_equal(write_folder(folder, &made, 0), 1);
    assert_false(os_is_file(path));
    for (int i = 1; i <= shards; i++) {
        char name[64];
        snprintf(name, sizeof name, "m/model-%05d-of-%05d.safetensors", i, shards);
        test_temp_path(path, name);
        assert_false(os_is_file(path));
    }
    assert_true(write_folder(folder, &made, made.plan.bytes / 3) >
                1); /* and back: model.safetensors would win */
    assert_true(checkpoint_open(folder, &opened, NULL));
    assert_true(opened.shard_count > 1);
    checkpoint_close(&opened);
    close_made(&made);
}

TEST(a_folder_in_use_is_left_alone) {
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    test_temp_path(folder, "used");
    test_temp_path(path, "used/something");
    bool made;
    assert_true(shards_make_folder(folder, false, &made, &err) && made);
    assert_true(shards_make_folder(folder, false, &made, &err) && !made); /* empty */
    fclose(fopen(path, "w"));
    assert_false(shards_make_folder(folder, false, &made, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
}

TEST(mxfp4_experts_are_planned_as_published) {
    struct made made;
    plan_golden("tests/golden/gpt_oss_mxfp4/config.json", DTYPE_BF16, &made);
    int64_t blocks = 0, scales = 0;
    for (int64_t i = 0; i < made.plan.count; i++) {
        const struct synth_tensor *t = &made.plan.tensors[i];
        blocks += t->fill == SYNTH_MX_BLOCKS;
        scales += t->fill == SYNTH_MX_SCALES;
        if (t->fill == SYNTH_MX_BLOCKS) assert_int_equal(t->shape[3], 16);
        assert_true(t->dtype == (t->fill == SYNTH_NORMAL ? DTYPE_BF16 : DTYPE_U8));
    }
    assert_true(blocks > 0 && blocks == scales);
    close_made(&made);
}
