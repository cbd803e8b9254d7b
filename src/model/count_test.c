/*
 * Counts against the published table, and against the list of tensors that binding and synth go by.
 */
#include "model/bind.h"
#include "test.h"
#include <stdio.h>
#include <string.h>

static int64_t wanted(const json_t *row, const char *key) {
    return json_integer_value(json_object_get(row, key));
}

static int64_t planned_elements(const struct planned_tensor *tensors, int64_t count) {
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t elements = 1;
        for (int k = 0; k < tensors[i].rank; k++) elements *= tensors[i].shape[k];
        sum += elements;
    }
    return sum;
}

static void check_preset(const char *folder, const char *name, const json_t *row, int *checked) {
    char path[TEST_PATH_MAX + 64];
    struct arena arena;
    struct config config;
    struct spec spec;
    struct param_count count;
    struct planned_tensor *tensors;
    const struct family *family;
    struct sy_error err = { 0 };
    const char **unknown;
    int64_t parts = 0, tensor_count, unknown_count;
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    arena_open(&arena);
    assert_true(config_open(path, &arena, &config, &err));
    if (!spec_from_config(&config, &arena, &family, &spec, &err)) {
        fail_msg("%s: %s: %s", name, err.place, err.message);
    } else {
        assert_true(spec_count(&spec, &count, &err));
        assert_true(count.total == wanted(row, "total_params"));
        assert_true(count.active == wanted(row, "active_params"));
        assert_true(count.active_no_embed == wanted(row, "active_params_no_embed"));
        for (int i = 0; i < PART_COUNT; i++) parts += count.part[i];
        assert_true(parts == count.total);
        bool named = plan_tensors(family, &spec, &arena, &tensors, &tensor_count, &err);
        assert_true(named == !family_is_described_only(family));
        if (named) assert_true(planned_elements(tensors, tensor_count) == count.total);
        assert_true(config_unknown(&config, &unknown, &unknown_count, &err));
        if (unknown_count) fail_msg("%s: unknown key %s", name, unknown[0]);
        ++*checked;
    }
    config_close(&config);
    arena_close(&arena);
}

TEST(presets_count_as_published) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 32];
    const char *name;
    json_t *row, *table;
    int checked = 0;
    test_needs_data(folder, "configs");
    snprintf(path, sizeof path, "%s/expected.json", folder);
    table = json_parse_file(path, (struct json_limits){ 1 << 20, 8 }, NULL);
    assert_non_null(table);
    json_object_foreach(table, name, row) if (name[0] != '_') check_preset(folder, name, row, &checked);
    assert_true(checked == 38);
    json_decref(table);
}
