#include "text_model.h"
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* By id; '_' and '/' stand for the space and the newline. */
static const char letters[] = "_/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?012";

char text_model_letter(long long id) {
    assert_in_range(id, 0, 60);
    return id == 0 ? ' ' : id == 1 ? '\n' : letters[id];
}

static void write_tokenizer(const char *folder) {
    char path[TEST_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(
        "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],\"normalizer\":null,"
        "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"
        "\"use_regex\":true},\"post_processor\":null,\"decoder\":{\"type\":\"ByteLevel\","
        "\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\","
        "\"dropout\":null,\"unk_token\":null,\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,"
        "\"fuse_unk\":false,\"byte_fallback\":false,\"merges\":[],\"vocab\":{",
        file);
    for (int id = 0; id < 61; id++) {
        if (id < 2)
            fprintf(file, "\"\\u01%02x\":%d,", id == 0 ? 0x20 : 0x0a, id); /* as byte-level BPE spells them */
        else
            fprintf(file, "\"%c\":%d%s", letters[id], id, id < 60 ? "," : "");
    }
    fputs("}}}\n", file);
    assert_int_equal(fclose(file), 0);
}

const char *text_model(void) {
    static const char *const files[] = { "config.json", "model.safetensors" };
    static char folder[TEST_PATH_MAX];
    test_temp_path(folder, "letters");
    if (mkdir(folder, 0700) != 0) return folder;
    for (int i = 0; i < 2; i++) {
        char golden[TEST_PATH_MAX], name[64], link[TEST_PATH_MAX + 64];
        snprintf(name, sizeof name, "tests/golden/mixtral_fused/%s", files[i]);
        test_source(golden, name);
        snprintf(link, sizeof link, "%s/%s", folder, files[i]);
        assert_int_equal(symlink(golden, link), 0);
    }
    write_tokenizer(folder);
    return folder;
}
