/*
 * Opening a model: config.json, then the weights, then binding one to the other. A GGUF file is all of it.
 */
#include "base/checked.h"
#include "base/os.h"
#include "formats/recognize.h"
#include "model/bind.h"
#include "model/gguf_form.h"
#include "model/model_account.h"
#include "model/presets.h"
#include <stdio.h>
#include <string.h>

bool model_tables_bytes(const struct spec *spec, int64_t *bytes, struct sy_error *err) {
    enum {
        TENSOR = sizeof(struct tensor) + 88,
        OTHERS = 16
    }; /* 88: a name, the claim on it; others: of a layer */
    int64_t layers = spec->decoder.layer_count + spec->encoder.layer_count, views, tensors;
    if (size_mul_add(spec->router.experts, 6, SLOT_COUNT, &views) && size_mul(layers, views, &views) &&
        size_mul(views, sizeof(struct weight) + sizeof(void *), &views) &&
        size_mul_add(spec->router.experts, 3, OTHERS, &tensors) && size_mul(layers, tensors, &tensors) &&
        size_mul_add(tensors, TENSOR, views, bytes))
        return true;
    return sy_fail(err, SY_ERR_LIMIT, "the tables of %lld layers of %lld experts overflow 64 bits",
                   (long long)layers, (long long)spec->router.experts);
}

/* config.json in the folder, or beside the file. */
static bool config_path(const char *path, char *out, size_t size, struct sy_error *err) {
    const char *slash = strrchr(path, '/');
    bool folder = os_is_folder(path);
    int length;
    if (folder)
        length = snprintf(out, size, "%s/config.json", path);
    else
        length = snprintf(out, size, "%.*sconfig.json", slash ? (int)(slash + 1 - path) : 0, path);
    if (length < 0 || (size_t)length >= size) {
        sy_fail(err, SY_ERR_LIMIT, "the path is longer than %zu bytes", size);
        return sy_error_in(err, path);
    }
    if (os_is_file(out)) return true;
    sy_fail(err, SY_ERR_IO, "no such file");
    sy_error_remedy(err, "config.json must lie %s; take it from where the weights came from",
                    folder ? "in the folder" : "beside the weights");
    return sy_error_in(err, out);
}

/* Does the config say that weights are codes with scales beside them? */
static bool says_scaled(const struct config *config) {
    static const char *const places[] = { "text_config", NULL };
    const json_t *stored = json_object_get(config->root, "quantization_config");
    for (int i = 0; places[i] && !stored; i++)
        stored = json_object_get(json_object_get(config->root, places[i]), "quantization_config");
    const char *method = json_string_value(json_object_get(stored, "quant_method"));
    return method && strcmp(method, "fp8") == 0;
}

static bool open_parts(struct model *model, const struct given *given, unsigned flags, struct config *config,
                       struct sy_error *err) {
    const char *path = given->path;
    struct census *census = &model->census;
    if (!spec_from_config(config, &model->arena, &model->family, &model->spec, err)) return false;
    if (family_is_described_only(model->family))
        return family_refuse(model->family, err) || sy_error_in(err, path);
    model->account = config->account;
    if (given->beside[0] && !account_add(&model->account, given->beside, "", FATE_IGNORED, err,
                                         "the .safetensors beside it are opened; its own path opens it"))
        return false;
    const char **unknown;
    int64_t unknown_count;
    if (!config_unknown(config, &unknown, &unknown_count, err)) return false;
    if (!checkpoint_open(path, &model->checkpoint, err)) return false;
    if (says_scaled(config)) flags |= BIND_SCALED;
    if (!head_settle(model->family, &model->checkpoint, &model->spec, &model->account, err) ||
        !bind_checkpoint(model->family, &model->spec, &model->checkpoint, flags, &model->arena,
                         &model->binding, census, err)) {
        checkpoint_close(&model->checkpoint);
        return sy_error_in(err, path);
    }
    census->unknown_keys = unknown;
    census->unknown_key_count = unknown_count;
    return true;
}

static bool open_gguf(struct model *model, const char *path, unsigned flags, struct sy_error *err) {
    struct gguf gguf;
    struct gguf_model described;
    if (!gguf_open(path, &model->checkpoint, &gguf, err)) return false;
    bool ok = recognize_gguf(&gguf, path, err) &&
              spec_from_gguf(&gguf, &model->checkpoint, path, true, &model->arena, &described, err);
    if (ok) {
        model->family = described.family;
        model->spec = described.spec;
        model->account = described.account;
        ok = head_settle(model->family, &model->checkpoint, &model->spec, &model->account, err) &&
             bind_checkpoint(model->family, &model->spec, &model->checkpoint, flags, &model->arena,
                             &model->binding, &model->census, err);
        model->census.unknown_keys = described.unknown;
        model->census.unknown_key_count = described.unknown_count;
        gguf_model_free(&described);
    }
    if (ok) return true;
    checkpoint_close(&model->checkpoint);
    return sy_error_in(err, path);
}

/* A preset is a config without weights: how to get the files. */
static bool name_preset(const struct preset *preset, struct sy_error *err) {
    const char *hub = preset_hub(preset);
    sy_fail(err, SY_ERR_IO, "no such file or folder; the preset of this name has no weights");
    if (hub)
        sy_error_remedy(err, "its files: hf download %s --local-dir %s", hub, preset->name);
    else
        sy_error_remedy(err, "`switchyard plan %s` needs none", preset->name);
    return sy_error_in(err, preset->name);
}

/* To fetch what a config describes is no help where nothing here runs its family. */
static void refuse_described(const struct given *given, struct sy_error *err) {
    char file[sizeof given->path + 16];
    struct config config;
    struct arena arena;
    struct spec spec;
    struct sy_error unused;
    const struct family *family;
    snprintf(file, sizeof file, "%s%s", given->path, given->folder ? "/config.json" : "");
    arena_open(&arena);
    if (config_open(file, &arena, &config, &unused)) {
        if (spec_from_config(&config, &arena, &family, &spec, &unused) && family_is_described_only(family)) {
            family_refuse(family, err);
            sy_error_in(err, given->path);
        }
        config_close(&config);
    }
    arena_close(&arena);
}

bool model_given(const char *path, enum given_want want, struct given *given, struct sy_error *err) {
    if (recognize(path, want, given, err)) {
        if (strlen(given->path) < sizeof((struct model *)0)->path) return true;
        sy_fail(err, SY_ERR_LIMIT, "the path is longer than %zu bytes", sizeof((struct model *)0)->path - 1);
        sy_error_remedy(err, "give a shorter one, or go to its folder first");
        return sy_error_in(err, path);
    }
    if (given->kind == GIVEN_CONFIG && want == GIVEN_AS_MODEL) refuse_described(given, err);
    const struct preset *preset = given->kind >= GIVEN_NOTHING ? preset_find(path) : NULL;
    return preset ? name_preset(preset, err) : false;
}

bool model_open(const char *path, unsigned flags, struct model *model, struct sy_error *err) {
    char config_file[sizeof model->path + 16];
    struct config config;
    struct given given;
    bool ok;
    memset(model, 0, sizeof *model);
    if (!model_given(path, GIVEN_AS_MODEL, &given, err)) return false;
    bool gguf = given.kind == GIVEN_GGUF;
    if (!gguf && !config_path(given.path, config_file, sizeof model->path, err)) return false;
    snprintf(model->path, sizeof model->path, "%.511s", given.path); /* it fits: model_given */
    arena_open(&model->arena);
    account_open(&model->account, &model->arena);
    if (gguf) {
        ok = open_gguf(model, given.path, flags, err);
    } else if ((ok = config_open(config_file, &model->arena, &config, err))) {
        ok = open_parts(model, &given, flags, &config, err);
        config_close(&config);
    }
    if (ok && !model_warn(model, err)) {
        checkpoint_close(&model->checkpoint);
        ok = false;
    }
    if (!ok) {
        arena_close(&model->arena);
        memset(model, 0, sizeof *model);
    }
    return ok;
}

void model_close(struct model *model) {
    checkpoint_close(&model->checkpoint);
    arena_close(&model->arena);
    memset(model, 0, sizeof *model);
}
