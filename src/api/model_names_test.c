#include "api/model_names.h"
#include "api/model_path.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void put(const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, name);
    FILE *file = fopen(path, "w");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void folder(const char *name) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_models(void) {
    put("smol.gguf", "12345");
    put("big-00002-of-00002.gguf", "123");
    put("big-00001-of-00002.gguf", "12");
    put("notes.txt", "no model");
    folder("olmoe");
    put("olmoe/config.json", "{}");
    put("olmoe/model.safetensors", "1234567");
    folder("owner");
    folder("owner/Name-7B");
    put("owner/Name-7B/config.json", "{}");
    folder("empty");
}

TEST(models_of_a_folder_have_names) {
    struct model_names names;
    make_models();
    assert_true(model_names_list(test_temp_dir(), &names, NULL));
    static const struct {
        const char *name, *file;
        int64_t bytes;
    } want[] = { { "big", "big-00001-of-00002.gguf", 5 },
                 { "olmoe", "olmoe", 7 },
                 { "owner/Name-7B", "owner/Name-7B", 0 },
                 { "smol", "smol.gguf", 5 } };
    assert_int_equal(names.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(names.list[i].name, want[i].name);
        assert_string_equal(names.list[i].file, want[i].file);
        assert_int_equal(names.list[i].bytes, want[i].bytes);
    }
    model_names_free(&names);
    assert_true(model_names_list("/nowhere", &names, NULL));
    assert_int_equal(names.count, 0);
}

static const char *found(const char *word) {
    static char path[TEST_PATH_MAX];
    struct sy_error err = { 0 };
    if (!model_path_find(word, path, sizeof path, &err)) return "refused";
    const char *slash = strstr(path, test_temp_dir());
    return slash ? path + strlen(test_temp_dir()) + 1 : path;
}

TEST(a_name_leads_to_its_model) {
    make_models();
    setenv("SWITCHYARD_MODELS", test_temp_dir(), 1);
    assert_string_equal(found("smol"), "smol.gguf");
    assert_string_equal(found("smol.gguf"), "smol.gguf");
    assert_string_equal(found("Smol"), "smol.gguf");
    assert_string_equal(found("big"), "big-00001-of-00002.gguf");
    assert_string_equal(found("owner/name-7b"), "owner/Name-7B");
    assert_string_equal(found("none"), "none"); /* what is wrong shows when it is opened */
    put("smol-00001-of-00002.gguf", "1");
    assert_string_equal(found("smol"), "refused");
    struct sy_error err = { 0 };
    char path[TEST_PATH_MAX];
    assert_false(model_path_find("smol", path, sizeof path, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_string_equal(err.remedy, "name one of smol-00001-of-00002.gguf, smol.gguf");
    folder("smol"); /* a folder or file of that very name goes first */
    assert_string_equal(found("smol"), "smol");
}
