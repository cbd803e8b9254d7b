/*
 * Unpublished models. presets/unpublished.json lists them by the names that articles use. What is rumoured is
 * told as a rumour, with who said it: nothing is counted from it.
 *
 * Names are compared without case, and without the hyphens, spaces and underscores between their parts. A
 * name ends where the word does or where a part ends (gpt-4 in gpt-4-turbo, not in gpt-4o); one that ends in
 * a star goes on (claude* in claude3).
 */
#include "plan/unpublished.h"

#include "plan/data.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool joins(char c) {
    return c == '-' || c == '_' || c == ' ';
}

/* How many letters of the word the name takes up; 0: it does not begin with it. */
static int begins_with(const char *word, const char *name) {
    int letters = 0;
    while (*name && *name != '*') {
        while (joins(*word)) word++;
        while (joins(*name)) name++;
        if (!*name || *name == '*') break;
        if (tolower((unsigned char)*word) != tolower((unsigned char)*name)) return 0;
        word++, name++, letters++;
    }
    return *name == '*' || !isalnum((unsigned char)*word) ? letters : 0;
}

static void take(char *to, size_t room, const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    snprintf(to, room, "%s", text ? text : "");
}

static void read_row(const json_t *row, const char *name, struct unpublished *out) {
    snprintf(out->name, sizeof out->name, "%s", name);
    take(out->maker, sizeof out->maker, row, "maker");
    take(out->said, sizeof out->said, row, "said");
    take(out->rumour, sizeof out->rumour, row, "rumour");
    take(out->by, sizeof out->by, row, "by");
    take(out->open, sizeof out->open, row, "open");
    take(out->nearest, sizeof out->nearest, row, "nearest");
}

static const char *name_of(const json_t *row, size_t name) {
    return json_string_value(json_array_get(json_object_get(row, "names"), name));
}

bool unpublished_at(int index, int name, struct unpublished *out) {
    json_t *all = plan_data("unpublished");
    const json_t *row = index < 0 ? NULL : json_array_get(json_object_get(all, "models"), (size_t)index);
    const char *found = name < 0 ? NULL : name_of(row, (size_t)name);
    if (found) read_row(row, found, out);
    json_decref(all);
    return found != NULL;
}

/* Files are no names, whatever they begin with; of owner/name the name counts. */
static const char *bare(const char *word) {
    static const char *const endings[] = { ".json", ".gguf", ".safetensors", ".bin", ".pt" };
    const char *slash = strchr(word, '/'), *dot = strrchr(word, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i]) == 0) return NULL;
    if (!slash) return word;
    return slash == word || word[0] == '.' || strchr(slash + 1, '/') ? NULL : slash + 1;
}

bool unpublished_find(const char *word, struct unpublished *out) {
    json_t *all = plan_data("unpublished");
    const json_t *rows = json_object_get(all, "models");
    const char *name, *plain = bare(word);
    int best = 0;
    for (size_t i = 0; plain && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        for (size_t n = 0; (name = name_of(row, n)) != NULL; n++) {
            int letters = begins_with(plain, name);
            if (letters <= best) continue;
            best = letters;
            read_row(row, name, out);
        }
    }
    json_decref(all);
    return best > 0;
}

bool unpublished_refuse(const struct unpublished *m, struct sy_error *err) {
    if (m->open[0])
        sy_fail(err, SY_ERR_INPUT, "%s", m->open);
    else if (m->said[0])
        sy_fail(err, SY_ERR_INPUT, "%s has published no more of it than %s", m->maker, m->said);
    else if (m->rumour[0])
        sy_fail(err, SY_ERR_INPUT, "%s has published no architecture of it; a rumour says %s (%s)", m->maker,
                m->rumour, m->by);
    else
        sy_fail(err, SY_ERR_INPUT,
                "%s has published no architecture of it, and no rumour of its size has a source", m->maker);
    return sy_error_remedy(err, "`switchyard plan %s` is the nearest that is open", m->nearest);
}
