#include "model/family.h"
#include "model/spec_json.h"
#include "test.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same(const struct spec *a, const struct spec *b) {
    json_t *x = NULL, *y = NULL;
    assert_true(spec_to_json(a, &x, NULL) && spec_to_json(b, &y, NULL));
    bool equal = json_equal(x, y) != 0;
    json_decref(x);
    json_decref(y);
    return equal;
}

static bool read_text(const char *text, struct arena *arena, struct spec *spec, struct sy_error *err) {
    struct config config;
    const struct family *family;
    assert_true(config_parse(text, (int64_t)strlen(text), "config.json", arena, &config, err));
    bool ok = spec_from_config(&config, arena, &family, spec, err);
    config_close(&config);
    return ok;
}

/* spec -> config text -> spec, byte for byte where the struct holds no pointer. */
static void round_trip(const struct spec *spec, struct arena *arena) {
    struct sy_error err = { 0 };
    struct spec back, plain;
    json_t *json;
    assert_true(spec_to_config(spec, &json, &err));
    char *text = json_dumps(json, 0);
    if (!read_text(text, arena, &back, &err)) fail_msg("%s: %s", err.place, err.message);
    free(text);
    json_decref(json);
    assert_string_equal(back.family, "switchyard");
    assert_true(same(spec, &back));
    plain = back;
    plain.family = spec->family;
    plain.decoder.layers = spec->decoder.layers;
    plain.rope.short_factor = spec->rope.short_factor;
    plain.rope.long_factor = spec->rope.long_factor;
    assert_true(plain.decoder.layer_count == spec->decoder.layer_count);
    assert_true(plain.rope.factor_count == spec->rope.factor_count);
    for (int64_t i = 0; i < spec->rope.factor_count; i++)
        assert_true(back.rope.long_factor[i] == spec->rope.long_factor[i]);
}

static int try_config(const char *path) {
    struct arena arena;
    struct config config;
    struct spec spec;
    const struct family *family;
    int tried = 0;
    arena_open(&arena);
    if (config_open(path, &arena, &config, NULL)) {
        if (spec_from_config(&config, &arena, &family, &spec, NULL)) {
            round_trip(&spec, &arena);
            tried = 1;
        }
        config_close(&config);
    }
    arena_close(&arena);
    return tried;
}

/* Every FOLDER/NAME.json, or every FOLDER/NAME/config.json. */
static int try_folder(const char *folder) {
    struct dirent *entry;
    DIR *dir = opendir(folder);
    int tried = 0;
    while (dir && (entry = readdir(dir)) != NULL) {
        char path[TEST_PATH_MAX * 2];
        bool file = strstr(entry->d_name, ".json") != NULL;
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s%s", folder, entry->d_name, file ? "" : "/config.json");
        tried += try_config(path);
    }
    if (dir) closedir(dir);
    return tried;
}

TEST(every_golden_spec_reads_back) {
    char path[TEST_PATH_MAX];
    test_source(path, "tests/golden");
    assert_true(try_folder(path) > 30);
}

TEST(every_preset_reads_back) {
    char path[TEST_PATH_MAX];
    test_needs_data(path, "configs");
    assert_true(try_folder(path) >= 26);
}

/* Every field away from its neutral value. */
TEST(a_spec_of_all_fields_reads_back) {
    struct arena arena;
    struct spec spec;
    double factors[2][2] = { { 1, 1.1 }, { 2.2, 1.0 / 3 } };
    arena_open(&arena);
    spec_init(&spec);
    assert_true(spec_layers(&spec, &arena, 2, NULL));
    for (int i = 0; i < spec_field_count; i++) {
        const struct spec_field *f = &spec_fields[i];
        bool layer = strcmp(f->section, "layer") == 0, truth = true;
        char *at = (char *)(layer ? (void *)&spec.decoder.layers[1] : (void *)&spec) + f->offset;
        int64_t integer = 4;
        double real = 0.1 + i;
        unsigned word = 1;
        if (f->type == FIELD_BOOL) memcpy(at, &truth, sizeof truth);
        if (f->type == FIELD_INT) memcpy(at, &integer, sizeof integer);
        if (f->type == FIELD_REAL) memcpy(at, &real, sizeof real);
        if (f->type == FIELD_ENUM || f->type == FIELD_FLAGS) memcpy(at, &word, sizeof word);
    }
    spec.rope.factor_count = 2;
    spec.rope.short_factor = factors[0];
    spec.rope.long_factor = factors[1];
    spec.rope.dims = 4;
    spec.rope.scaling = ROPE_LONGROPE;
    spec.attention.kind = ATTENTION_LATENT;
    spec.attention.head_width = 8;
    spec.norm_eps = 0.25;
    spec.router.top_p = 0.9;
    spec.router.groups = spec.router.groups_kept = 2;
    spec.decoder.layers[0].dense_width = 3;
    spec.tokens.eos_count = 3;
    spec.tokens.eos[2] = 77;
    round_trip(&spec, &arena);
    arena_close(&arena);
}

static void refused(const char *inner, const char *place) {
    struct arena arena;
    struct spec spec;
    struct sy_error err = { 0 };
    char text[1024];
    snprintf(text, sizeof text, "{\"model_type\": \"switchyard\", \"spec\": %s}", inner);
    arena_open(&arena);
    if (read_text(text, &arena, &spec, &err)) fail_msg("read: %s", inner);
    assert_string_equal(err.place, place);
    arena_close(&arena);
}

TEST(what_no_spec_holds_is_refused) {
    refused("[]", "spec");
    refused("null", "spec");
    refused("{\"wdith\": 4}", "spec.wdith");
    refused("{\"layers\": [{\"ffm\": \"moe\"}]}", "spec.layers.0.ffm");
    refused("{\"layers\": [{\"ffn\": \"moe?\"}]}", "spec.layers.0.ffn");
    refused("{\"layers\": [1]}", "spec.layers.0");
    refused("{\"layers\": {}}", "spec.layers");
    refused("{\"layers\": []}", "layers");
    refused("{\"router\": {\"experts\": \"many\"}}", "spec.router.experts");
    refused("{\"router\": {\"balance\": [\"switch\", \"x\"]}}", "spec.router.balance");
    refused("{\"router\": 4}", "spec.router");
    refused("{\"rope\": {\"short_factor\": [1, 2], \"long_factor\": [1]}}", "spec.rope.long_factor");
    refused("{\"tokens\": {\"eos\": [-1]}}", "spec.tokens.eos");
    refused("{\"tied\": 1}", "spec.tied");
    refused("{\"norm_eps\": \"x\"}", "spec.norm_eps");
}
