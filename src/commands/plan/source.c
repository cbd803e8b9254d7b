#include "commands/plan/source.h"

#include "api/model_path.h"
#include "base/os.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "model/model_account.h"
#include "plan/unpublished.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_BYTES_MAX ((int64_t)16 << 20)

/* How others pack weights is no matter for the spec, whose reader refuses what `run` cannot read. */
static void drop_packing(json_t *config) {
    static const char *const keys[] = { "quantization_config", "compression_config" };
    json_t *places[2] = { config, json_object_get(config, "text_config") };
    for (int p = 0; p < 2; p++)
        for (int k = 0; k < 2; k++) json_object_del(places[p], keys[k]);
}

/* The spec of a config that is open; closes it. */
static bool take_config(struct config *config, struct plan_source *source, struct sy_error *err) {
    published_from_config(config->root, &source->types);
    if (!source->types.read_here) drop_packing(config->root);
    bool ok = spec_from_config(config, &source->arena, &source->family, &source->own, err) &&
              config_unknown(config, &source->unknown_keys, &source->unknown_key_count, err);
    const char **lines;
    ok = ok && account_warnings(&config->account, &source->arena, 0, &lines, &source->warning_count, err);
    if (ok) source->warnings = lines;
    source->spec = &source->own;
    config_close(config);
    return ok;
}

static bool open_preset(const struct preset *preset, struct plan_source *source, struct sy_error *err) {
    struct config config;
    source->preset = preset;
    snprintf(source->name, sizeof source->name, "%s", preset->name);
    if (!preset_open(preset, &source->arena, &config, err) || !take_config(&config, source, err))
        return false;
    struct published published;
    if (preset_published(preset, &published)) (void)published_from_word(published.type, &source->types);
    return true;
}

static bool open_config(const char *path, struct plan_source *source, struct sy_error *err) {
    char file[4200];
    struct config config;
    snprintf(file, sizeof file, os_is_folder(path) ? "%s/config.json" : "%s", path);
    return config_open(file, &source->arena, &config, err) && take_config(&config, source, err);
}

static bool open_stdin(struct plan_source *source, struct sy_error *err) {
    struct config config;
    char *text;
    int64_t size;
    snprintf(source->name, sizeof source->name, "standard input");
    if (!os_read_stdin(CONFIG_BYTES_MAX, &text, &size, err)) return false;
    bool ok = config_parse(text, size, source->name, &source->arena, &config, err);
    free(text);
    return ok && take_config(&config, source, err);
}

/* A family that only plan knows has no names to bind: its config alone counts. */
static bool described_only(const char *path) {
    struct plan_source trial = { 0 };
    arena_open(&trial.arena);
    bool only =
        os_is_folder(path) && open_config(path, &trial, NULL) && family_is_described_only(trial.family);
    arena_close(&trial.arena);
    return only;
}

static bool open_checkpoint(const char *path, bool ignore_unknown, struct plan_source *source,
                            struct sy_error *err) {
    unsigned flags = MODEL_DESCRIBE | (ignore_unknown ? MODEL_IGNORE_UNKNOWN : 0);
    if (!model_open(path, flags, &source->model, err)) return false;
    source->stored = true;
    source->family = source->model.family;
    source->spec = &source->model.spec;
    source->warnings = source->model.warnings;
    source->warning_count = source->model.warning_count;
    source->unknown_keys = source->model.census.unknown_keys;
    source->unknown_key_count = source->model.census.unknown_key_count;
    return true;
}

/* A path that is there: its weights count, else its config. */
static bool open_path(const char *path, bool ignore_unknown, struct plan_source *source,
                      struct sy_error *err) {
    struct given given;
    if (!model_given(path, GIVEN_AS_CONFIG, &given, err)) return false;
    bool weights = given.kind == GIVEN_CHECKPOINT || given.kind == GIVEN_GGUF;
    return weights && !described_only(given.path) ? open_checkpoint(given.path, ignore_unknown, source, err)
                                                  : open_config(given.path, source, err);
}

static bool unknown_word(const char *word, struct sy_error *err) {
    const char *nearest = preset_nearest(word);
    struct unpublished model;
    if (unpublished_find(word, &model)) {
        (void)unpublished_refuse(&model, err);
        return sy_error_in(err, word);
    }
    struct given given;
    if (!model_given(word, GIVEN_AS_CONFIG, &given, err) && given.kind != GIVEN_NOTHING) return false;
    sy_fail(err, SY_ERR_INPUT, "no file, no folder, and no preset is called so");
    if (nearest)
        sy_error_remedy(err, "did you mean %s? `switchyard plan --list` has all presets", nearest);
    else
        sy_error_remedy(err, "`switchyard plan --list` has all presets");
    return sy_error_in(err, word);
}

bool plan_source_open(const char *word, bool ignore_unknown, struct plan_source *source,
                      struct sy_error *err) {
    char path[4096];
    const struct preset *preset = preset_find(word);
    bool ok;
    memset(source, 0, sizeof *source);
    arena_open(&source->arena);
    snprintf(source->name, sizeof source->name, "%s", word);
    if (strcmp(word, "-") == 0)
        ok = open_stdin(source, err);
    else if (!model_path_find(word, path, sizeof path, err))
        ok = false;
    else if (!os_is_there(path))
        ok = preset ? open_preset(preset, source, err) : unknown_word(word, err);
    else
        ok = open_path(path, ignore_unknown, source, err);
    if (!ok) plan_source_close(source);
    return ok;
}

enum types_from plan_source_weights(const struct plan_source *source, const struct recipe *asked,
                                    struct weights *weights) {
    *weights = (struct weights){ .spec = source->spec, .recipe = asked };
    if (asked) return TYPES_ASKED;
    if (source->stored) {
        weights->model = &source->model;
        return TYPES_STORED;
    }
    weights->recipe = &source->types.recipe;
    return source->types.said ? TYPES_PUBLISHED : TYPES_ASSUMED;
}

void plan_source_warn(const struct plan_source *source) {
    for (int64_t i = 0; i < source->warning_count; i++) console_warn("%s", source->warnings[i]);
}

void plan_source_close(struct plan_source *source) {
    if (source->stored) model_close(&source->model);
    arena_close(&source->arena);
    source->stored = false;
}
