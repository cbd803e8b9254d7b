/*
 * What people give in place of a model, or as one: each is told what it is, and what to do.
 */
#include "hostile.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *at(const char *name) {
    static char path[4][TEST_PATH_MAX];
    static int turn;
    turn = (turn + 1) % 4;
    test_temp_path(path[turn], name);
    return path[turn];
}

static void folder(const char *name) {
    assert_int_equal(mkdir(at(name), 0700), 0);
}

/* The command over `word` is refused with status 1 in one line that has all of `words`. */
static void refused_by(const char *command, const char *word, const char *const *words) {
    bool runs = strcmp(command, "run") == 0, tokens = strcmp(command, "tokenize") == 0;
    bool converts = strcmp(command, "convert") == 0;
    struct test_output run = runs       ? test_run("run", word, "--ids", "1", "-n", "1")
                             : tokens   ? test_run("tokenize", word, "--text", "a")
                             : converts ? test_run("convert", word, "--out", at("out.gguf"))
                                        : test_run(command, word);
    if (run.status != 1) fail_msg("%s %s: status %d: %s", command, word, run.status, run.err);
    assert_ptr_equal(strchr(run.err, '\n'), run.err + run.err_bytes - 1);
    for (; *words; words++)
        if (!strstr(run.err, *words)) fail_msg("%s: '%s' is not in: %s", command, *words, run.err);
}
#define refused(command, word, ...) refused_by(command, word, (const char *const[]){ __VA_ARGS__, NULL })

static void convert(const char *model, const char *out) {
    struct test_output run = test_run("convert", model, "--out", out);
    if (run.status != 0) fail_msg("%s", run.err);
}

static void accepted(const char *command, const char *model) {
    struct test_output run = strcmp(command, "run") == 0 ? test_run("run", model, "--ids", "1,2", "-n", "1")
                             : strcmp(command, "tokenize") == 0
                                 ? test_run("tokenize", model, "--text", "ab", "--json")
                                 : test_run(command, model);
    if (run.status != 0) fail_msg("%s %s: %s", command, model, run.err);
}

/* Somebody gave the folder that they had downloaded one .gguf into, and was told to put config.json there. */
TEST(a_folder_with_one_gguf_opens_as_that_file) {
    folder("one");
    convert(text_model(), at("one/small-q8.gguf"));
    hostile_file("one/README.md", "# small\n", 8);
    accepted("run", at("one"));
    accepted("show", at("one"));
    accepted("plan", at("one"));
    accepted("tokenize", at("one"));
    struct test_output shown = test_run("show", at("one"));
    assert_non_null(strstr(shown.out, "small-q8.gguf")); /* which file it was is said */
    hostile_file("one/mmproj-small.gguf",
                 "GGUF\3\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\14\0\0\0\0\0\0\0general."
                 "type\10\0\0\0\6\0\0\0\0\0\0\0mmproj",
                 24 + 20 + 4 + 14);
    accepted("run", at("one")); /* what lies beside it is no model */
}

/* Somebody gave a blob of ollama's store, whose name is a hash. */
TEST(a_gguf_file_needs_no_name) {
    convert(text_model(), at("m.gguf"));
    assert_int_equal(rename(at("m.gguf"), at("sha256-0a1b2c")), 0);
    accepted("run", at("sha256-0a1b2c"));
    accepted("tokenize", at("sha256-0a1b2c"));
    hostile_file("sha256-0a1b2c.aria2", "x", 1); /* what a downloader keeps until it is done */
    refused("run", at("sha256-0a1b2c"), "a download that has not finished", "let it finish");
}

/* Somebody kept two quantisations in one folder: which is meant cannot be guessed. */
TEST(a_folder_with_several_gguf_lists_them) {
    folder("two");
    convert(text_model(), at("two/a-q4.gguf"));
    assert_int_equal(link(at("two/a-q4.gguf"), at("two/b-q8.gguf")), 0);
    refused("run", at("two"), "holds several models: a-q4.gguf, b-q8.gguf",
            "give the path of one of these files");
    accepted("run", at("two/b-q8.gguf"));
}

/* Somebody gave the second file of a split model, or the folder of its parts. */
TEST(parts_of_a_split_model_open_as_the_whole) {
    char parts[TEST_PATH_MAX], second[TEST_PATH_MAX + 64];
    test_needs_data(parts, "reports/folder-with-gguf/parts");
    accepted("run", parts);
    snprintf(second, sizeof second, "%s/tiny-00002-of-00002.gguf", parts);
    accepted("run", second);
    accepted("plan", second);
    folder("lone"); /* only the second was fetched */
    assert_int_equal(symlink(second, at("lone/tiny-00002-of-00002.gguf")), 0);
    refused("run", at("lone"), "the first is missing: tiny-00001-of-00002.gguf", "fetch that file");
    refused("run", at("lone/tiny-00002-of-00002.gguf"), "the first is missing", "fetch that file");
}

/* Somebody gave one shard of a checkpoint in several files. */
TEST(a_shard_stands_for_its_index) {
    char golden[TEST_PATH_MAX], shard[TEST_PATH_MAX + 64], other[TEST_PATH_MAX + 64];
    test_source(golden, "tests/golden/mixtral_sharded");
    snprintf(shard, sizeof shard, "%s/model-00001-of-00003.safetensors", golden);
    accepted("run", shard);
    folder("lone");
    assert_int_equal(symlink(shard, at("lone/model-00001-of-00003.safetensors")), 0);
    snprintf(other, sizeof other, "%s/config.json", golden);
    assert_int_equal(symlink(other, at("lone/config.json")), 0);
    refused("run", at("lone/model-00001-of-00003.safetensors"), "index is missing",
            "fetch model.safetensors.index.json");
}

/* Somebody gave config.json itself; somebody else had fetched nothing but that. */
TEST(a_config_stands_for_its_folder) {
    char config[TEST_PATH_MAX];
    const char *model = text_model();
    snprintf(config, sizeof config, "%.4000s/config.json", model);
    accepted("run", config);
    accepted("show", config);
    accepted("tokenize", config);
    accepted("plan", config);
    folder("bare");
    assert_int_equal(symlink(config, at("bare/config.json")), 0);
    refused("run", at("bare"), "its weights are not there", "fetch its .safetensors", "switchyard plan");
    refused("run", at("bare/config.json"), "its weights are not there", "switchyard plan");
    accepted("plan", at("bare")); /* as the refusal says */
    accepted("plan", at("bare/config.json"));
}

/* Somebody gave tokenizer.json, and was told that config.json was missing. */
TEST(a_tokenizer_is_no_model) {
    char path[TEST_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/tokenizer.json", text_model());
    refused("run", path, "is a tokenizer alone", "switchyard tokenize");
    accepted("tokenize", path);
}

struct sample {
    const char *name, *bytes;
    int size; /* 0: a text */
    const char *is, *remedy;
};

#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
static const struct sample samples[] = {
    /* Somebody saved the page about the file under the file's name. */
    { "page.gguf", "\n<!DOCTYPE html>\n<html class=\"\">", 0, "is a web page", "/resolve/" },
    { "page.safetensors", "<html><head>", 0, "is a web page", "/resolve/" },
    { "denied.gguf", "Access to model a/b is restricted. You must have access to it", 0,
      "what a server answered in place of a file: 'Access to model a/b", "hf auth login" },
    { "missing.safetensors", "Entry not found", 0, "what a server answered", "fetch it again" },
    { "json.gguf", "{\"error\":\"Repository not found\"}", 0, "what a server answered", "hf auth login" },
    /* Somebody cloned without git-lfs. */
    { "pointer.gguf", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4920739232\n", 0,
      "is a git-LFS pointer; the file itself, of 4920739232 bytes, was not fetched", "git lfs pull" },
    { "empty.gguf", "", -1, "is empty", "fetch it again" },
    { "zeros.gguf", ZEROS ZEROS ZEROS ZEROS, 64, "begins with zeros", "fetch it again" },
    { "x.gguf.incomplete", "GGUF\3\0\0\0", 8, "a download that has not finished", "let it finish" },
    /* Somebody gave weights of another program. */
    { "pytorch_model.bin", "PK\3\4\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0\0archive/data.pkl",
      46, "as PyTorch pickles them", ".safetensors or .gguf" },
    { "old.pth", "\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\31.", 15, "as PyTorch pickles them", ".gguf" },
    { "model.h5", "\x89HDF\r\n\32\n\0\0\0", 11, "Keras", ".safetensors" },
    { "model.onnx", "\10\7\22\7pytorch\32\5", 13, "ONNX", ".safetensors" },
    { "flax_model.msgpack", "\x81\xa5model\x82\xa3\1\2", 11, "Flax", ".safetensors" },
    { "model.tflite", "\34\0\0\0TFL3\0\0", 10, "TensorFlow Lite", ".safetensors" },
    { "weights.npz", "PK\3\4\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0w.npy", 35, "NumPy",
      ".safetensors" },
    { "ggml-model.bin", "tjgg\3\0\0\0\0\x7d\0\0", 12, "older than GGUF", "as .gguf" },
    /* Somebody gave an archive. */
    { "model.zip", "PK\3\4\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0a.txt", 35,
      "is a zip archive", "unpack it" },
    { "model.tar.gz", "\x1f\x8b\10\0\0\0\0\0\0\3", 10, "is packed with gzip", "unpack it" },
    /* Somebody gave what belongs to a model. */
    { "imatrix.dat", "\2\0\0\0\26\0\0\0blk.0.attn_output.weig\1\0\0\0", 34, "is an importance matrix",
      "the .gguf file of the model itself" },
    { "lora.gguf",
      "GGUF\3\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\14\0\0\0\0\0\0\0general."
      "type\10\0\0\0\7\0\0\0\0\0\0\0adapter",
      24 + 20 + 4 + 15, "is an adapter (LoRA)", "merge it into its model" },
    { "imatrix.gguf",
      "GGUF\3\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\14\0\0\0\0\0\0\0general."
      "type\10\0\0\0\7\0\0\0\0\0\0\0imatrix",
      24 + 20 + 4 + 15, "is an importance matrix", "the .gguf file of the model itself" },
    { "mmproj.gguf",
      "GGUF\3\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\24\0\0\0\0\0\0\0general."
      "architecture\10\0\0\0\4\0\0\0\0\0\0\0"
      "clip",
      24 + 28 + 4 + 12, "is a projector (mmproj)", "of the language model" },
    { "notes.txt", "remember the milk\n", 0, "is a text, no model: 'remember the milk'", ".gguf file" },
    { "settings.json", "{\"a\": 1}", 0, "is a JSON text, no model", ".gguf file" },
    { "data.bin", "\1\2\3\4\5\6\7\10\11\12\13\14", 12, "neither GGUF nor safetensors", ".gguf file" },
    { "paper.gguf", "%PDF-1.7\n%\xe2\xe3", 12, "is a PDF, no model", ".gguf file" },
};

static void write_sample(const struct sample *s, const char *name) {
    hostile_file(name, s->bytes, s->size > 0 ? s->size : s->size < 0 ? 0 : (int64_t)strlen(s->bytes));
}

/* Each of these was met under the name of a model, or given as one. */
TEST(a_file_that_is_no_model_is_called_what_it_is) {
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *s = &samples[i];
        write_sample(s, s->name);
        refused("run", at(s->name), s->name, s->is, s->remedy);
        refused(i % 2 ? "show" : "convert", at(s->name), s->is, s->remedy);
    }
}

/* Somebody's clone had pointers in place of large files, and pages in place of small ones. */
TEST(a_file_of_a_checkpoint_that_is_another_thing_is_named) {
    static const char *const names[] = { "model.safetensors", "config.json", "tokenizer.json",
                                         "tokenizer_config.json", "generation_config.json" };
    const char *model = text_model();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t which = 0; which < 6; which += 5) {
            char name[64], kept[TEST_PATH_MAX];
            snprintf(name, sizeof name, "letters/%s", names[i]);
            snprintf(kept, sizeof kept, "%.4000s.kept", at(name));
            bool was = rename(at(name), kept) == 0;
            write_sample(&samples[which], name);
            refused("run", model, names[i], samples[which].is, samples[which].remedy);
            assert_int_equal(unlink(at(name)), 0);
            if (was) assert_int_equal(rename(kept, at(name)), 0);
        }
    }
    accepted("run", model);
}

/* Folders that people gave: of adapters, of another program's weights, the one above, an empty one. */
TEST(a_folder_without_a_model_is_called_what_it_is) {
    folder("empty");
    refused("run", at("empty"), "is an empty folder", ".gguf file");
    folder("lora");
    static const char adapter[] = "{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"some/base\"}";
    hostile_file("lora/adapter_config.json", adapter, sizeof adapter - 1);
    hostile_file("lora/adapter_model.safetensors", "", 0);
    refused("run", at("lora"), "is an adapter (LoRA) for some/base", "merge it into its model");
    refused("run", at("lora/adapter_config.json"), "is an adapter (LoRA)", "merge it into its model");
    folder("pickled");
    hostile_file("pickled/pytorch_model.bin", "PK\3\4", 4);
    refused("run", at("pickled"), "as PyTorch pickles them", ".safetensors");
    folder("mistral");
    hostile_file("mistral/params.json", "{}", 2);
    hostile_file("mistral/consolidated.safetensors", "", 0);
    refused("run", at("mistral"), "params.json, which is not read", "config.json and model*.safetensors");
    folder("arriving");
    hostile_file("arriving/model.gguf.part", "GGUF", 4);
    refused("run", at("arriving"), "a download that has not finished", "let it finish");
    folder("papers");
    hostile_file("papers/a.pdf", "%PDF-", 5);
    refused("run", at("papers"), "a folder without a model", ".gguf file");
    folder("cache"); /* as the hub's client keeps what it fetched */
    folder("cache/snapshots");
    folder("cache/blobs");
    assert_int_equal(rename(text_model(), at("cache/snapshots/0a1b2c")), 0);
    refused("run", at("cache"), "but its folder snapshots/0a1b2c does", "give ");
    accepted("run", at("cache/snapshots/0a1b2c"));
}

/* Somebody had both forms of a model in one folder. */
TEST(safetensors_with_their_config_come_before_a_gguf_beside_them) {
    const char *model = text_model();
    hostile_file("letters/other.gguf", "GGUF", 4); /* would be refused */
    accepted("run", model);
    struct test_output shown = test_run("show", model);
    assert_non_null(strstr(shown.out, "other.gguf: 1 ignored")); /* it is said that it is left aside */
    assert_non_null(strstr(shown.out, "the .safetensors beside it are opened; its own path opens it"));
}

/* People gave names of other places, and expected the program to fetch them. */
TEST(names_of_other_places_say_how_to_get_the_files) {
    static const char *const words[][3] = {
        { "mistralai/Mixtral-8x7B-v0.1", "no such file or folder",
          "hf download mistralai/Mixtral-8x7B-v0.1 --local-dir Mixtral-8x7B-v0.1\n" },
        { "unsloth/Qwen3-30B-A3B-GGUF:Q4_K_M", "no such file or folder",
          "hf download unsloth/Qwen3-30B-A3B-GGUF --local-dir Qwen3-30B-A3B-GGUF\n" },
        { "hf.co/a/b:Q8_0", "nothing is fetched here", "hf download a/b --local-dir b\n" },
        { "https://huggingface.co/a/b/resolve/main/x/c.gguf?download=true", "is an address",
          "hf download a/b x/c.gguf --local-dir b\n" },
        { "https://huggingface.co/a/b", "is an address", "hf download a/b --local-dir b\n" },
        { "https://example.org/m.gguf", "is an address", "download the file, and give its path" },
        { "qwen3:30b-a3b", "no such file or folder", "ollama show qwen3:30b-a3b --modelfile" },
        { "models/none.gguf", "no such file or folder", "a model is a .gguf file, or a folder" },
        { "nothing-of-this-name", "no such file or folder", "a model is a .gguf file, or a folder" },
        { "qwen3-30b-a3b", "the preset of this name has no weights",
          "hf download Qwen/Qwen3-30B-A3B --local-dir qwen3-30b-a3b\n" },
        { "switch-base-8", "the preset of this name has no weights",
          "`switchyard plan switch-base-8` needs none" },
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        refused("run", words[i][0], words[i][0], words[i][1], words[i][2]);
        refused("show", words[i][0], words[i][1], words[i][2]);
        refused("convert", words[i][0], words[i][1]);
    }
    accepted("plan", "qwen3-30b-a3b");
    accepted("plan", "switch-base-8"); /* as the refusal says */
    refused("plan", "mistralai/Mixtral-8x7B-v0.1", "hf download mistralai/Mixtral-8x7B-v0.1");
}

/* Somebody's model belonged to another user. */
TEST(a_file_that_may_not_be_read_says_so) {
    if (geteuid() == 0) test_skip("root may read everything");
    hostile_file("secret.gguf", "GGUF", 4);
    assert_int_equal(chmod(at("secret.gguf"), 0), 0);
    refused("run", at("secret.gguf"), "Permission denied", "chmod +r");
    folder("closed");
    assert_int_equal(chmod(at("closed"), 0), 0);
    refused("run", at("closed"), "Permission denied", "chmod +rx");
    assert_int_equal(chmod(at("closed"), 0700), 0);
}
