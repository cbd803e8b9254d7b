/*
 * What a folder holds. Names decide what may be opened; of several .gguf models in one folder a look at their
 * first keys tells which are models at all, for projectors often lie beside them.
 *
 *     config.json and .safetensors           the folder
 *     one .gguf, or the parts of one         that file; the first part
 *     .safetensors alone                     the folder (its reader misses config.json)
 *     anything else                          what it is, for the refusal
 */
#include "base/arena.h"
#include "base/json.h"
#include "formats/recognize_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODELS_MAX = 64, FOLDERS_MAX = 64, SPLIT_BYTES = 15, DEPTH_MAX = 2 };

struct gguf_name { /* of one model; of several files the first one's, whether it is there or not */
    char name[256];
    int64_t parts, seen;
    bool first; /* is there */
};

struct found {
    const char *path;
    bool config, adapter, params;
    int64_t names, weights, pytorch, keras, flax, onnx, mistral, unfinished, tokenizers;
    struct gguf_name models[MODELS_MAX];
    int model_count;
    char folders[FOLDERS_MAX][256];
    int folder_count;
};

bool recognize_split(const char *name, const char *ending, int64_t *no, int64_t *count) {
    size_t length = strlen(name), tail = strlen(ending) + SPLIT_BYTES; /* -00001-of-00003 */
    unsigned a = 0, b = 0;
    int used = 0;
    if (length < tail || !recognize_ends(name, ending)) return false;
    if (sscanf(name + length - tail, "-%5u-of-%5u%n", &a, &b, &used) != 2 || used != SPLIT_BYTES)
        return false;
    *no = a;
    *count = b;
    return a >= 1 && a <= b;
}

static void gguf_see(struct found *f, const char *name) {
    struct gguf_name model = { .parts = 1, .seen = 1, .first = true };
    int64_t no, count;
    snprintf(model.name, sizeof model.name, "%s", name);
    if (recognize_split(name, ".gguf", &no, &count)) {
        size_t at = strlen(name) - strlen("-00001-of-00003.gguf");
        memcpy(model.name + at + 1, "00001", 5);
        model.parts = count;
        model.first = no == 1;
    }
    for (int i = 0; i < f->model_count; i++) {
        if (strcmp(f->models[i].name, model.name) != 0) continue;
        f->models[i].seen++;
        f->models[i].first |= model.first;
        return;
    }
    if (f->model_count < MODELS_MAX) f->models[f->model_count++] = model;
}

static bool is_tokenizer(const char *name) {
    static const char *const names[] = { "tokenizer.json", "tokenizer.model", "spiece.model", "tekken.json",
                                         "tiktoken.model", "vocab.json",      "vocab.txt" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return recognize_ends(name, ".tiktoken");
}

/* Counts of what a lone name says. */
static void other_see(struct found *f, const char *name) {
    f->tokenizers += is_tokenizer(name);
    f->pytorch += (recognize_ends(name, ".bin") && strstr(name, "model")) || recognize_ends(name, ".pth") ||
                  recognize_ends(name, ".pt") || recognize_ends(name, ".ckpt");
    f->keras += recognize_ends(name, ".h5") || recognize_ends(name, ".keras");
    f->flax += recognize_ends(name, ".msgpack");
    f->onnx += recognize_ends(name, ".onnx");
    f->unfinished += recognize_ends(name, ".incomplete") || recognize_ends(name, ".part") ||
                     recognize_ends(name, ".crdownload") || recognize_ends(name, ".aria2");
}

static bool name_see(void *argument, const char *name) {
    struct found *f = argument;
    if (name[0] == '.' || strlen(name) > 250) return true;
    f->names++;
    if (strcmp(name, "config.json") == 0)
        f->config = true;
    else if (strcmp(name, "adapter_config.json") == 0)
        f->adapter = true;
    else if (strcmp(name, "params.json") == 0)
        f->params = true;
    else if (strcmp(name, "model.safetensors.index.json") == 0)
        f->weights++;
    else if (recognize_ends(name, ".gguf"))
        gguf_see(f, name);
    else if (recognize_ends(name, ".safetensors"))
        f->weights += strcmp(name, "adapter_model.safetensors") != 0;
    else
        other_see(f, name);
    if (f->folder_count < FOLDERS_MAX) /* is it one? asked only where there is nothing else */
        snprintf(f->folders[f->folder_count++], sizeof f->folders[0], "%s", name);
    return true;
}

/* ---- GGUF models ---- */

static void join(char *path, size_t size, const char *folder, const char *name) {
    size_t length = strlen(folder);
    snprintf(path, size, "%.3800s%s%.250s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name);
}

static bool is_model(const char *folder, const struct gguf_name *model) {
    char path[4096];
    struct os_map map;
    join(path, sizeof path, folder, model->name);
    if (!os_map_open(path, &map, NULL)) return true; /* what is wrong shows when it is opened */
    char detail[160];
    bool is = recognize_bytes(map.data, map.size, path, detail) == GIVEN_GGUF;
    os_map_close(&map);
    return is;
}

static int by_name(const void *a, const void *b) {
    const struct gguf_name *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* Leaves the models only, unless none of them is one. */
static void models_only(struct found *f) {
    int kept = 0;
    qsort(f->models, (size_t)f->model_count, sizeof f->models[0], by_name);
    for (int i = 0; i < f->model_count && f->model_count > 1; i++)
        if (is_model(f->path, &f->models[i])) f->models[kept++] = f->models[i];
    if (kept > 0) f->model_count = kept;
}

static void name_models(const struct found *f, char detail[160]) {
    size_t used = 0;
    detail[0] = 0;
    for (int i = 0; i < f->model_count && used < 120; i++) {
        bool more = i + 1 < f->model_count && used + strlen(f->models[i].name) > 110;
        int length =
            more ? snprintf(detail + used, 160 - used, "%sand %d more", i ? ", " : "", f->model_count - i)
                 : snprintf(detail + used, 160 - used, "%s%.100s", i ? ", " : "", f->models[i].name);
        used += length > 0 ? (size_t)length : 0;
        if (more) return;
    }
}

static void take_gguf(struct found *f, struct given *given) {
    char folder[sizeof given->path];
    models_only(f);
    const struct gguf_name *model = &f->models[0];
    snprintf(folder, sizeof folder, "%s", f->path);
    given->kind = f->model_count > 1 ? GIVEN_SEVERAL : model->first ? GIVEN_GGUF : GIVEN_PART;
    if (given->kind == GIVEN_SEVERAL)
        name_models(f, given->detail);
    else if (given->kind == GIVEN_PART)
        snprintf(given->detail, sizeof given->detail, "%.150s", model->name);
    else
        join(given->path, sizeof given->path, folder, model->name);
}

/* ---- what is not opened ---- */

/* " for BASE", where adapter_config.json says of what. */
static void adapter_base(const char *folder, char detail[160]) {
    char path[4096];
    join(path, sizeof path, folder, "adapter_config.json");
    json_t *root = json_parse_file_words(path, (struct json_limits){ 1 << 20, 16 }, NULL);
    const char *base = json_string_value(json_object_get(root, "base_model_name_or_path"));
    snprintf(detail, 160, "%s%.120s", base ? " for " : "", base ? base : "");
    json_decref(root);
}

static bool look(const char *path, int depth, struct given *given, struct sy_error *err);

/* A folder within that holds a model, as the hub's cache has them: snapshots/HASH. */
static bool look_below(const struct found *f, int depth, struct given *given) {
    for (int i = 0; i < f->folder_count && depth < DEPTH_MAX; i++) {
        char path[4096];
        struct given inner = { .kind = GIVEN_OTHER };
        join(path, sizeof path, f->path, f->folders[i]);
        if (!os_is_folder(path) || !look(path, depth + 1, &inner, NULL)) continue;
        if (inner.kind != GIVEN_CHECKPOINT && inner.kind != GIVEN_GGUF && inner.kind != GIVEN_BELOW) continue;
        given->kind = GIVEN_BELOW;
        if (inner.kind == GIVEN_BELOW)
            snprintf(given->detail, sizeof given->detail, "%.70s/%.80s", f->folders[i], inner.detail);
        else
            snprintf(given->detail, sizeof given->detail, "%.150s", f->folders[i]);
        return true;
    }
    return false;
}

static void take_other(const struct found *f, struct given *given) {
    given->kind = f->params && f->weights + f->pytorch > 0 ? GIVEN_MISTRAL
                  : f->pytorch > 0                         ? GIVEN_PYTORCH
                  : f->keras > 0                           ? GIVEN_KERAS
                  : f->flax > 0                            ? GIVEN_FLAX
                  : f->onnx > 0                            ? GIVEN_ONNX
                  : f->unfinished > 0                      ? GIVEN_UNFINISHED
                  : f->config                              ? GIVEN_CONFIG
                  : f->tokenizers > 0                      ? GIVEN_TOKENIZER
                  : f->names == 0                          ? GIVEN_NO_FILES
                                                           : GIVEN_NO_MODEL;
}

static bool look(const char *path, int depth, struct given *given, struct sy_error *err) {
    struct found *f = calloc(1, sizeof *f);
    if (!f) return sy_fail(err, SY_ERR_MEMORY, "no memory to list the folder");
    f->path = path;
    bool listed = os_list_folder(path, name_see, f, err);
    bool own = f->weights > 0 && !(f->params && !f->config);
    given->config = f->config;
    given->tokenizer = f->tokenizers > 0;
    if (own && (f->config || f->model_count == 0)) {
        given->kind = GIVEN_CHECKPOINT;
        if (f->model_count > 0) snprintf(given->beside, sizeof given->beside, "%.120s", f->models[0].name);
    } else if (f->model_count > 0)
        take_gguf(f, given);
    else if (f->adapter) {
        given->kind = GIVEN_ADAPTER;
        adapter_base(path, given->detail);
    } else if (listed) {
        take_other(f, given);
        if (given->kind == GIVEN_NO_MODEL || given->kind == GIVEN_CONFIG) look_below(f, depth, given);
    }
    free(f);
    return listed;
}

bool recognize_folder(const char *path, struct given *given, struct sy_error *err) {
    return look(path, 0, given, err) ||
           sy_error_remedy(err, "a folder must be readable to be opened (chmod +rx)");
}
