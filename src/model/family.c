/*
 * The families, and the way from a parsed config.json to a checked spec.
 */
#include "model/family.h"
#include <stdio.h>
#include <string.h>

#define FAMILY(name) extern const struct family family_##name;
#include "model/families/list.h"
#undef FAMILY

#define FAMILY(name) &family_##name,
const struct family *const families[] = {
#include "model/families/list.h"
    NULL
};
#undef FAMILY

static bool lists(const char *const *words, const char *word) {
    for (; word && *words; words++)
        if (strcmp(*words, word) == 0) return true;
    return false;
}

const struct family *family_find(const char *architecture, const char *model_type) {
    for (int i = 0; families[i]; i++)
        if (lists(families[i]->architectures, architecture)) return families[i];
    for (int i = 0; families[i]; i++)
        if (lists(families[i]->model_types, model_type)) return families[i];
    return NULL;
}

const char *family_described_by(const struct family *family) {
    return family->described_by ? family->described_by : "config.json";
}

bool family_refuse(const struct family *family, struct sy_error *err) {
    sy_fail(err, SY_ERR_SHAPE, "the family %s is known to `plan` alone: nothing here runs or writes it yet",
            family->name);
    return sy_error_remedy(err, "`switchyard plan` says what it costs");
}

/* The first of `architectures` that some family knows decides; then model_type. */
static const struct family *choose(struct config *c) {
    const json_t *list = config_array(c, "architectures");
    const char *type = config_string_or(c, "model_type", NULL), *first = NULL;
    char known[232] = "";
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        const struct family *family = family_find(name, NULL);
        if (family) return family;
        if (!first) first = name;
    }
    const struct family *family = family_find(NULL, type);
    if (family || c->error.code != SY_OK) return family;
    if (!first && !type)
        config_fail(c, "architectures", "missing, and model_type too: which family is this?");
    else
        config_fail(c, first ? "architectures" : "model_type", "no family here is called \"%.80s\"",
                    first ? first : type);
    for (int i = 0; families[i]; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, " %s", families[i]->name);
    }
    sy_error_remedy(&c->error, "known:%s", known);
    return NULL;
}

bool spec_from_config(struct config *config, struct arena *arena, const struct family **family,
                      struct spec *spec, struct sy_error *err) {
    config->arena = arena;
    spec_init(spec);
    *family = choose(config);
    if (*family) {
        config->meanings = (*family)->meanings;
        (*family)->read(config, spec);
        spec->family = (*family)->name;
    }
    if (config->error.code != SY_OK) {
        if (err) *err = config->error;
        sy_error_remedy(err, "correct it, or take config.json from where the weights came from");
        return sy_error_in(err, config->file);
    }
    if (spec_check(spec, err)) return config_settle(config, spec, err);
    sy_error_remedy(err,
                    "no model can be so: correct it, or take config.json from where the weights came from");
    return sy_error_in(err, config->file);
}
