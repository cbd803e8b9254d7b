/*
 * What becomes of keys that nobody asked for (meanings.h), and the walk over those of a config.json.
 */
#include "model/config.h"
#include "model/meanings.h"
#include <stdlib.h>
#include <string.h>

enum { DOTS_MAX = 4 }; /* in a key that some table knows */

static const struct key_meaning *find_exactly(const struct key_meaning *table, const char *key) {
    for (; table->key; table++)
        if (meaning_covers(table->key, key)) return table;
    return NULL;
}

const struct key_meaning *key_meaning_find(const struct key_meaning *table, const char *key) {
    const struct key_meaning *found = NULL;
    int dots = 0;
    for (const char *rest = key; table && rest && !found && dots <= DOTS_MAX; rest = strchr(rest, '.')) {
        if (*rest == '.') rest++, dots++;
        found = find_exactly(table, rest);
    }
    return found;
}

/* A value as short text. */
static const char *value_text(const json_t *value, char *text, size_t size) {
    char *whole =
        json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    bool fits = whole && strlen(whole) < size;
    snprintf(text, size, "%s", fits ? whole : "this value");
    free(whole);
    return text;
}

static bool refuse(const struct key_meaning *meaning, const char *key, const json_t *value,
                   const struct spec *spec, struct sy_error *err) {
    char text[40];
    sy_fail(err, SY_ERR_FORMAT, "%s says something (%s) that no %s here does",
            value_text(value, text, sizeof text), meaning->reason, spec->family);
    sy_error_remedy(err, "if the program that the model was made for ignores this key, take it out");
    return sy_error_at(err, "%s", key);
}

bool key_settle(const struct key_meaning *own, const struct key_meaning *table, const char *file,
                const char *key, const json_t *value, const struct spec *spec, struct account *account,
                struct sy_error *err) {
    const struct key_meaning *meaning = key_meaning_find(own, key);
    char text[40];
    if (!meaning) meaning = key_meaning_find(table, key);
    if (json_is_null(value))
        return account_add(account, file, key, FATE_IGNORED, err, "null: it says nothing");
    if (!meaning) return account_add(account, file, key, FATE_UNKNOWN, err, "%s", "");
    if (meaning->fate == FATE_IGNORED)
        return account_add(account, file, key, FATE_IGNORED, err, "%s", meaning->reason);
    if (value && meaning->harmless && meaning->harmless(value, spec))
        return account_add(account, file, key, FATE_IGNORED, err, "says what holds anyway (%s)",
                           meaning->reason);
    if (meaning->fate == FATE_REFUSED) return refuse(meaning, key, value, spec, err);
    if (meaning->fate == FATE_WARNED)
        return account_add(account, file, key, FATE_WARNED, err, "is %s, which is not used (%s)",
                           value_text(value, text, sizeof text), meaning->reason);
    return account_add(account, file, key, FATE_WARNED, err, "is not used by this %s (%s)", spec->family,
                       meaning->reason);
}

/* ---- of config.json ---- */

struct settling {
    struct config *config;
    const char *file;
    const struct spec *spec;
    struct sy_error *err;
};

static bool settle(void *argument, const char *key, const json_t *value, bool asked) {
    struct settling *s = argument;
    struct account *account = &s->config->account;
    if (!asked)
        return key_settle(s->config->meanings, config_meanings, s->file, key, value, s->spec, account,
                          s->err);
    const struct key_meaning *meaning = key_meaning_find(config_meanings, key);
    return account_add(account, s->file, key, FATE_USED, s->err, "%s", meaning ? meaning->reason : "");
}

bool config_settle(struct config *config, const struct spec *spec, struct sy_error *err) {
    const char *slash = strrchr(config->file, '/');
    struct settling s = { config, slash ? slash + 1 : config->file, spec, err };
    account_open(&config->account, config->arena);
    return config_each(config, settle, &s) || sy_error_in(err, config->file);
}

/* ---- what nobody knows ---- */

struct unknown {
    const struct config *config;
    const char **names; /* NULL while they are only counted */
    int64_t count;
    struct sy_error *err;
};

static bool collect(void *argument, const char *key, const json_t *value, bool asked) {
    struct unknown *u = argument;
    if (asked || json_is_null(value) || key_meaning_find(u->config->meanings, key) ||
        key_meaning_find(config_meanings, key))
        return true;
    int64_t at = u->count++;
    if (!u->names) return true;
    u->names[at] = arena_string(u->config->arena, key, strlen(key), u->err);
    return u->names[at] != NULL;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool config_unknown(struct config *config, const char ***names, int64_t *count, struct sy_error *err) {
    struct unknown u = { .config = config, .err = err };
    if (!config_each(config, collect, &u)) return false;
    *names = u.names = arena_new(config->arena, const char *, u.count, err);
    u.count = 0;
    if (!u.names || !config_each(config, collect, &u)) return false;
    qsort(u.names, (size_t)u.count, sizeof *u.names, by_text);
    *count = u.count;
    return true;
}
