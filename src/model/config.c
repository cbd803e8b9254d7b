/*
 * Reading a config.json: typed look-ups that keep the first error.
 *
 * The set of keys asked for is one flat JSON object. An entry is the address of the object that holds the key
 * and the key itself, so that equal keys of different scopes stay apart; an address alone says that this
 * object was entered, which is what makes config_each look inside it.
 */
#include "model/config.h"
#include "formats/recognize.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LARGEST (1ll << 40)

static const struct json_limits limits = { .bytes = 16 << 20, .depth = 32 };

/* ---- opening ---- */

bool config_wrap(json_t *root, const char *name, struct arena *arena, struct config *config,
                 struct sy_error *err) {
    memset(config, 0, sizeof *config);
    snprintf(config->file, sizeof config->file, "%s", name);
    config->arena = arena;
    config->root = root;
    config->scope = root;
    if (!root) {
        sy_error_remedy(err, "correct it, or fetch it again: a model needs a sound config.json");
        return sy_error_in(err, config->file);
    }
    if (!json_is_object(root)) {
        config_close(config);
        sy_fail(err, SY_ERR_FORMAT, "holds no JSON object");
        sy_error_remedy(err, "a model's config.json is { \"model_type\": ... }");
        return sy_error_in(err, name);
    }
    config->asked = json_object();
    if (config->asked) return true;
    config_close(config);
    return sy_fail(err, SY_ERR_MEMORY, "the system has no memory to read %s", name);
}

bool config_open(const char *path, struct arena *arena, struct config *config, struct sy_error *err) {
    if (config_wrap(json_parse_file_words(path, limits, err), path, arena, config, err)) return true;
    recognize_explain(path, err);
    return false;
}

bool config_parse(const char *text, int64_t size, const char *name, struct arena *arena,
                  struct config *config, struct sy_error *err) {
    return config_wrap(json_parse_words(text, size, limits, err), name, arena, config, err);
}

void config_close(struct config *config) {
    json_decref(config->root);
    json_decref(config->asked);
    config->root = config->scope = config->asked = NULL;
}

/* ---- errors ---- */

/* The dotted name of `scope` below `object`, with the dot behind; false when it is not there. */
static bool find_scope(const json_t *object, const json_t *scope, int depth, char *text, size_t size) {
    const char *key;
    json_t *value;
    text[0] = 0;
    if (object == scope) return true;
    if (depth == 0) return false;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        char rest[96];
        if (!json_is_object(value) || !find_scope(value, scope, depth - 1, rest, sizeof rest)) continue;
        snprintf(text, size, "%s.%s", key, rest);
        return true;
    }
    return false;
}

void config_fail(struct config *config, const char *key, const char *format, ...) {
    char message[256], scope[128];
    va_list args;
    if (config->error.code != SY_OK) return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sy_fail(&config->error, SY_ERR_FORMAT, "%s", message);
    find_scope(config->root, config->scope, 3, scope, sizeof scope);
    sy_error_at(&config->error, "%s%s", scope, key);
    sy_error_in(&config->error, config->file);
}

/* A JSON value as short text for a message. */
static const char *value_text(const json_t *value, char *text, size_t size) {
    size_t ascii = json_word(value) ? 0 : JSON_ENSURE_ASCII;
    char *whole = json_text(value, JSON_ENCODE_ANY | JSON_COMPACT | ascii | JSON_REAL_PRECISION(6));
    int room = (int)size - 4;
    snprintf(text, size, "%.*s%s", room, whole ? whole : "?", whole && strlen(whole) > size - 4 ? "..." : "");
    free(whole);
    return text;
}

static void refuse(struct config *config, const char *key, const json_t *value, const char *wanted) {
    char text[48];
    config_fail(config, key, "%s wanted, %s found", wanted, value_text(value, text, sizeof text));
}

/* ---- look-ups ---- */

static void note(struct config *config, const json_t *scope, const char *key) {
    char entry[288];
    snprintf(entry, sizeof entry, "%p%s%s", (const void *)scope, key ? " " : "", key ? key : "");
    json_object_set_new_nocheck(config->asked, entry, json_true());
}

static bool noted(const struct config *config, const json_t *scope, const char *key) {
    char entry[288];
    snprintf(entry, sizeof entry, "%p%s%s", (const void *)scope, key ? " " : "", key ? key : "");
    return json_object_get(config->asked, entry) != NULL;
}

/* The value, NULL when absent or null. */
static json_t *look_up(struct config *config, const char *key) {
    note(config, config->scope, key);
    json_t *value = json_object_get(config->scope, key);
    return json_is_null(value) ? NULL : value;
}

static json_t *required(struct config *config, const char *key) {
    json_t *value = look_up(config, key);
    if (!value) {
        config_fail(config, key, "missing");
        sy_error_remedy(&config->error,
                        "this family needs it: take config.json from where the weights came from");
    }
    return value;
}

bool config_has(struct config *config, const char *key) {
    return look_up(config, key) != NULL;
}

static int64_t whole(struct config *config, const char *key, const json_t *value, int64_t low, int64_t high,
                     int64_t otherwise) {
    int64_t result;
    char wanted[96];
    if (config->error.code != SY_OK || !value) return otherwise;
    if (json_to_i64(value, &result) && result >= low && result <= high) return result;
    if (high == SIZE_LARGEST)
        snprintf(wanted, sizeof wanted, "a whole number from %lld to 2^40", (long long)low);
    else
        snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld", (long long)low, (long long)high);
    refuse(config, key, value, wanted);
    return otherwise;
}

int64_t config_size(struct config *config, const char *key) {
    return whole(config, key, required(config, key), 1, SIZE_LARGEST, 1);
}

int64_t config_size_or(struct config *config, const char *key, int64_t otherwise) {
    return whole(config, key, look_up(config, key), 1, SIZE_LARGEST, otherwise);
}

int64_t config_int_or(struct config *config, const char *key, int64_t otherwise) {
    return whole(config, key, look_up(config, key), 0, SIZE_LARGEST, otherwise);
}

int64_t config_int_range(struct config *config, const char *key, int64_t low, int64_t high,
                         int64_t otherwise) {
    return whole(config, key, look_up(config, key), low, high, otherwise);
}

static double real(struct config *config, const char *key, const json_t *value, double otherwise) {
    if (config->error.code != SY_OK || !value) return otherwise;
    if (json_is_number(value) && isfinite(json_number_value(value))) return json_number_value(value);
    refuse(config, key, value, "a number");
    return otherwise;
}

double config_real(struct config *config, const char *key) {
    return real(config, key, required(config, key), 1);
}

double config_real_or(struct config *config, const char *key, double otherwise) {
    return real(config, key, look_up(config, key), otherwise);
}

bool config_bool_or(struct config *config, const char *key, bool otherwise) {
    json_t *value = look_up(config, key);
    if (config->error.code != SY_OK || !value) return otherwise;
    if (!json_is_boolean(value)) refuse(config, key, value, "true or false");
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

const char *config_string_or(struct config *config, const char *key, const char *otherwise) {
    json_t *value = look_up(config, key);
    if (config->error.code != SY_OK || !value) return otherwise;
    bool is_text = json_is_string(value) && !json_word(value);
    if (!is_text) refuse(config, key, value, "a string");
    return is_text ? json_string_value(value) : otherwise;
}

int config_word_or(struct config *config, const char *key, const char *const *words, int otherwise) {
    const char *word = config_string_or(config, key, NULL);
    char known[128] = "";
    if (!word) return otherwise;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) return i;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", words[i]);
    }
    config_fail(config, key, "\"%.64s\" is not known here", word);
    sy_error_remedy(&config->error, "known: %s", known);
    return otherwise;
}

json_t *config_object(struct config *config, const char *key) {
    json_t *value = look_up(config, key);
    if (config->error.code != SY_OK || !value) return NULL;
    if (!json_is_object(value)) refuse(config, key, value, "an object");
    return json_is_object(value) ? value : NULL;
}

json_t *config_array(struct config *config, const char *key) {
    json_t *value = look_up(config, key);
    if (config->error.code != SY_OK || !value) return NULL;
    if (!json_is_array(value)) refuse(config, key, value, "a list");
    return json_is_array(value) ? value : NULL;
}

/* Do two spellings of one thing say different things? Of objects: where both say something. */
static bool contradict(const json_t *a, const json_t *b) {
    const char *key;
    json_t *value;
    if (json_is_number(a) && json_is_number(b))
        return !(fabs(json_number_value(a) - json_number_value(b)) <= 0);
    if (!json_is_object(a) || !json_is_object(b)) return !json_equal(a, b);
    json_object_foreach((json_t *)(uintptr_t)a, key, value) {
        const json_t *other = json_object_get(b, key);
        if (other && contradict(value, other)) return true;
    }
    return false;
}

const char *config_spelling(struct config *config, ...) {
    const char *key, *last = NULL, *found = NULL;
    json_t *first = NULL, *value;
    va_list keys;
    va_start(keys, config);
    while ((key = va_arg(keys, const char *)) != NULL) {
        last = key;
        if ((value = look_up(config, key)) == NULL) continue;
        if (found && contradict(first, value))
            config_fail(config, key, "says another thing than %s, and both mean the same", found);
        if (!found) found = key, first = value;
    }
    va_end(keys);
    return found ? found : last;
}

json_t *config_enter(struct config *config, const char *key) {
    json_t *former = config->scope, *object = config_object(config, key);
    if (!object) return NULL;
    note(config, object, NULL);
    config->scope = object;
    return former;
}

void config_leave(struct config *config, json_t *former) {
    config->scope = former;
}

/* ---- all keys ---- */

static bool each(const struct config *config, const json_t *object, const char *before, config_visit *visit,
                 void *argument) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        char name[512];
        bool asked = noted(config, object, key);
        snprintf(name, sizeof name, "%s%s%s", before, *before ? "." : "", key);
        if (!visit(argument, name, value, asked)) return false;
        bool entered = json_is_object(value) && noted(config, value, NULL);
        if (entered && !each(config, value, name, visit, argument)) return false;
    }
    return true;
}

bool config_each(const struct config *config, config_visit *visit, void *argument) {
    return each(config, config->root, "", visit, argument);
}
