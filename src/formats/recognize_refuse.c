/*
 * What each kind is called, and what to do about it: one table. %s is given.detail, %p what was given.
 */
#include "formats/recognize_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMEDY(text) text /* marks them for tests/reports/remedies_test.c */
#define REMEDY_OTHER "take the model's .safetensors or .gguf files, which most makers publish too"

struct words {
    const char *is, *remedy;
};

static const struct words table[GIVEN_KINDS] = {
    [GIVEN_CHECKPOINT] = { "holds weights in safetensors, where something else is wanted", NULL },
    [GIVEN_GGUF] = { "is a GGUF file, where a config.json is wanted",
                     REMEDY("`switchyard convert` writes the config.json of a GGUF file") },
    [GIVEN_CONFIG] = { "says what a model is, but its weights are not there",
                       REMEDY("fetch its .safetensors files too; `switchyard plan` needs no weights") },
    [GIVEN_TOKENIZER] = { "is a tokenizer alone: there are no weights",
                          REMEDY("give the model's folder or .gguf file; `switchyard tokenize` takes this "
                                 "one") },
    [GIVEN_JSON] = { "is a JSON text, no model",
                     REMEDY("give a .gguf file, or a folder with config.json and .safetensors") },
    [GIVEN_TEXT] = { "is a text, no model: '%s'",
                     REMEDY("give a .gguf file, or a folder with config.json and .safetensors") },
    [GIVEN_OTHER] = { "is neither GGUF nor safetensors, by its first bytes",
                      REMEDY("give a .gguf file, or a folder with config.json and .safetensors") },
    [GIVEN_EMPTY] = { "is empty (0 bytes)", REMEDY("fetch it again: nothing of it has arrived") },
    [GIVEN_ZEROS] = { "begins with zeros: a file whose place was kept, but which never arrived",
                      REMEDY("fetch it again") },
    [GIVEN_UNFINISHED] = { "is a download that has not finished",
                           REMEDY("let it finish, or fetch it again") },
    [GIVEN_WEB_PAGE] = { "is a web page, not the file itself",
                         REMEDY("fetch it from its download link (on the hub: .../resolve/..., not "
                                ".../blob/...)") },
    [GIVEN_ANSWER] = { "is what a server answered in place of a file: '%s'",
                       REMEDY("fetch it again; where the model wants its terms accepted, log in first (`hf "
                              "auth login`)") },
    [GIVEN_LFS] = { "is a git-LFS pointer; the file itself, of %s bytes, was not fetched",
                    REMEDY("run `git lfs install` and `git lfs pull` in its folder, or fetch it with `hf "
                           "download`") },
    [GIVEN_PYTORCH] = { "holds weights as PyTorch pickles them, which are not read: they can run code",
                        REMEDY_OTHER },
    [GIVEN_KERAS] = { "holds weights as Keras or TensorFlow keep them, which are not read", REMEDY_OTHER },
    [GIVEN_ONNX] = { "is a graph in ONNX, which is not read", REMEDY_OTHER },
    [GIVEN_TFLITE] = { "is a model for TensorFlow Lite, which is not read", REMEDY_OTHER },
    [GIVEN_FLAX] = { "holds weights as Flax keeps them (msgpack), which are not read", REMEDY_OTHER },
    [GIVEN_NUMPY] = { "holds arrays of NumPy, which are not read", REMEDY_OTHER },
    [GIVEN_GGML] = { "is of a format older than GGUF, which is not read",
                     REMEDY("take the model as .gguf, or convert it with llama.cpp's "
                            "convert_llama_ggml_to_gguf.py") },
    [GIVEN_MISTRAL] = { "describes the model in params.json, which is not read",
                        REMEDY("take the form with config.json and model*.safetensors, which most makers "
                               "publish too") },
    [GIVEN_ZIP] = { "is a zip archive", REMEDY("unpack it, and give what was in it") },
    [GIVEN_PACKED] = { "is packed with %s", REMEDY("unpack it, and give what was in it") },
    [GIVEN_MEDIA] = { "is %s, no model",
                      REMEDY("give a .gguf file, or a folder with config.json and .safetensors") },
    [GIVEN_IMATRIX] = { "is an importance matrix: statistics for quantising, no weights",
                        REMEDY("give the .gguf file of the model itself") },
    [GIVEN_ADAPTER] = { "is an adapter (LoRA)%s, no model of its own, and adapters are not applied here",
                        REMEDY(
                            "merge it into its model with the program that made it, and give the result") },
    [GIVEN_PROJECTOR] = { "is a projector (mmproj): it turns images into rows for a language model",
                          REMEDY("give the .gguf file of the language model") },
    [GIVEN_PART] = { "is part of a model in several files, and the first is missing: %s",
                     REMEDY("fetch that file into the same folder too") },
    [GIVEN_SHARD] = { "is part of a model in several files, and their index is missing",
                      REMEDY("fetch model.safetensors.index.json and the other files into the same folder "
                             "too") },
    [GIVEN_NO_FILES] = { "is an empty folder",
                         REMEDY("give a .gguf file, or a folder with config.json and .safetensors") },
    [GIVEN_NO_MODEL] = { "is a folder without a model",
                         REMEDY("give a .gguf file, or a folder with config.json and .safetensors") },
    [GIVEN_BELOW] = { "holds no model itself, but its folder %s does", REMEDY("give %p") },
    [GIVEN_SEVERAL] = { "holds several models: %s", REMEDY("give the path of one of these files") },
    [GIVEN_NOTHING] = { "no such file or folder",
                        REMEDY("a model is a .gguf file, or a folder with config.json and .safetensors") },
    [GIVEN_ADDRESS] = { "is an address, and nothing is fetched here",
                        REMEDY("download the file, and give its path") },
    [GIVEN_HUB] = { "is an address, and nothing is fetched here", REMEDY("hf download %s") },
    [GIVEN_HUB_NAME] = { "no such file or folder", REMEDY("if it is a name on the hub: hf download %s") },
    [GIVEN_OLLAMA] = { "no such file or folder", REMEDY("if ollama has it, `ollama show %p --modelfile` "
                                                        "tells its file's path behind FROM: give that") },
};

/* A template of the table, filled. */
static void fill(char *out, size_t size, const char *words, const struct given *given) {
    size_t used = 0;
    for (const char *at = words; *at && used + 1 < size; at++) {
        if (*at != '%') {
            out[used++] = *at;
            continue;
        }
        int length = *++at == 's' ? snprintf(out + used, size - used, "%s", given->detail)
                     : given->kind == GIVEN_BELOW
                         ? snprintf(out + used, size - used, "%s/%s", given->path, given->detail)
                         : snprintf(out + used, size - used, "%s", given->path);
        used += length > 0 ? (size_t)length : 0;
        if (used >= size) used = size - 1;
    }
    out[used] = 0;
}

bool recognize_refuse(const struct given *given, struct sy_error *err) {
    const struct words *words = &table[given->kind];
    bool there = given->kind < GIVEN_NOTHING;
    char text[512];
    fill(text, sizeof text, words->is, given);
    sy_fail(err, there ? SY_ERR_FORMAT : SY_ERR_IO, "%s", text);
    if (words->remedy) {
        fill(text, sizeof text, words->remedy, given);
        sy_error_remedy(err, "%s", text);
    }
    return sy_error_in(err, given->path);
}
