/*
 * Finding presets. Their texts are ours, yet they go through the same parser as a stranger's config.
 */
#include "model/presets.h"

#include "base/options.h"

#include <stdio.h>
#include <string.h>

const struct preset *preset_at(int index) {
    return index >= 0 && index + 1 < preset_count ? &preset_table[index + 1] : NULL;
}

const struct preset *preset_find(const char *name) {
    const struct preset *preset;
    for (int i = 0; (preset = preset_at(i)) != NULL; i++)
        if (strcmp(preset->name, name) == 0) return preset;
    return NULL;
}

const char *preset_nearest(const char *name) {
    const char *names[64];
    int count = 0;
    for (const struct preset *preset; count < 64 && (preset = preset_at(count)) != NULL; count++)
        names[count] = preset->name;
    return nearest_word(name, names, count);
}

bool preset_open(const struct preset *preset, struct arena *arena, struct config *config,
                 struct sy_error *err) {
    return config_parse(preset->text, preset->size, preset->name, arena, config, err);
}

bool preset_published(const struct preset *preset, struct published *out) {
    json_t *all =
        json_parse(preset_table[0].text, preset_table[0].size, (struct json_limits){ 1 << 20, 4 }, NULL);
    const json_t *row = json_object_get(all, preset->name);
    *out = (struct published){ 0 };
    if (row) {
        const char *why = json_string_value(json_object_get(row, "why"));
        out->total = json_integer_value(json_object_get(row, "total"));
        out->active = json_integer_value(json_object_get(row, "active"));
        const char *type = json_string_value(json_object_get(row, "type"));
        snprintf(out->type, sizeof out->type, "%s", type ? type : "");
        snprintf(out->why, sizeof out->why, "%s", why ? why : "");
    }
    json_decref(all);
    return row != NULL;
}
