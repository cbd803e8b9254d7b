#include "commands/defaults.h"

#include "base/os.h"
#include "commands/common.h"
#include "commands/console.h"
#include "commands/talk/sampling_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define FILE_BYTES_MAX ((int64_t)64 << 10)

/* ---- one value ---- */

/* Keys at the top, and those of "sampling": the options that they stand for. */
static const char *const top_keys[] = { "threads", "memory", "models", "sampling" };
static const char *const sampling_keys[] = { "temp",
                                             "top-k",
                                             "top-p",
                                             "min-p",
                                             "typical",
                                             "repeat-penalty",
                                             "seed",
                                             "presence-penalty",
                                             "frequency-penalty" };
enum {
    TOP_KEYS = sizeof top_keys / sizeof top_keys[0],
    SAMPLING_KEYS = sizeof sampling_keys / sizeof sampling_keys[0]
};

struct reading {
    struct defaults *defaults;
    yaml_parser_t parser;
    struct sy_error *err;
};

static bool at_mark(struct reading *r, const yaml_mark_t *mark) {
    sy_error_at(r->err, "line %zu, column %zu", mark->line + 1, mark->column + 1);
    return sy_error_remedy(r->err, "--no-defaults runs without this file");
}

/* top_k is --top-k. */
static void option_word(const char *key, char word[64]) {
    snprintf(word, 64, "%s", key);
    for (char *at = word; *at; at++)
        if (*at == '_') *at = '-';
}

static bool unknown(struct reading *r, const char *key, const char *const *known, int count,
                    const yaml_mark_t *mark) {
    char list[200] = "";
    const char *near = nearest_word(key, known, count);
    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", known[i]);
    }
    sy_fail(r->err, SY_ERR_INPUT, "'%.60s' is no default that there is%s%s%s", key, near ? " (" : "",
            near ? near : "", near ? "?)" : "");
    sy_error_at(r->err, "line %zu, column %zu", mark->line + 1, mark->column + 1);
    return sy_error_remedy(r->err, "known are %s", list);
}

/* By the table of its option, into arguments that nobody reads. */
static bool check(struct reading *r, char *word, const yaml_mark_t *mark) {
    struct speaking spare = SPEAKING_DEFAULTS;
    const char *positional[1];
    int count;
    bool help = false;
    if (options_parse(&speaking_table, 1, &word, &spare, positional, 0, &count, &help, r->err)) return true;
    if (r->err) r->err->code = SY_ERR_INPUT; /* of the file, not of the command line */
    return at_mark(r, mark);
}

static bool keep(struct reading *r, const char *key, const char *value, bool sampling,
                 const yaml_mark_t *mark) {
    struct defaults *d = r->defaults;
    bool models = strcmp(key, "models") == 0;
    size_t length = strlen(key), size = length + strlen(value) + 4;
    for (int i = 0; i < d->count; i++) {
        const char *had = d->values[i].word + (d->values[i].word[0] == '-' ? 2 : 0);
        if (strncmp(had, key, length) != 0 || had[length] != '=') continue;
        sy_fail(r->err, SY_ERR_INPUT, "'%s' stands there twice", key);
        return at_mark(r, mark);
    }
    char *word = malloc(size);
    if (!word) return sy_fail(r->err, SY_ERR_MEMORY, "no memory for the defaults");
    snprintf(word, size, "%s%s=%s", models ? "" : "--", key, value);
    d->values[d->count++] = (struct default_value){ word, sampling, mark->line + 1, mark->column + 1 };
    return models || check(r, word, mark);
}

/* ---- the file ---- */

static bool next(struct reading *r, yaml_event_t *event) {
    if (yaml_parser_parse(&r->parser, event)) return true;
    sy_fail(r->err, SY_ERR_FORMAT, "is no YAML: %s", r->parser.problem ? r->parser.problem : "unreadable");
    return at_mark(r, &r->parser.problem_mark);
}

static bool unexpected(struct reading *r, const char *wanted, const yaml_event_t *event) {
    sy_fail(r->err, SY_ERR_FORMAT, "%s is wanted here", wanted);
    return at_mark(r, &event->start_mark);
}

static const char *scalar(const yaml_event_t *event) {
    return event->type == YAML_SCALAR_EVENT && !event->data.scalar.anchor
               ? (const char *)event->data.scalar.value
               : NULL;
}

static bool read_map(struct reading *r, const char *const *keys, int key_count, bool sampling);

static bool read_value(struct reading *r, const char *key, bool sampling) {
    yaml_event_t event;
    bool inner = !sampling && strcmp(key, "sampling") == 0, done;
    if (!next(r, &event)) return false;
    if (inner && event.type == YAML_MAPPING_START_EVENT)
        done = read_map(r, sampling_keys, SAMPLING_KEYS, true);
    else if (inner)
        done = unexpected(r, "a map such as {temp: 0.7}", &event);
    else
        done = scalar(&event) ? keep(r, key, scalar(&event), sampling, &event.start_mark)
                              : unexpected(r, "a plain value", &event);
    yaml_event_delete(&event);
    return done;
}

/* Behind its beginning, to its end. */
static bool read_map(struct reading *r, const char *const *keys, int key_count, bool sampling) {
    for (;;) {
        yaml_event_t event;
        char word[64];
        bool known = false;
        if (!next(r, &event)) return false;
        bool end = event.type == YAML_MAPPING_END_EVENT, done = end || scalar(&event);
        if (!done) unexpected(r, "a key", &event);
        if (done && !end) {
            option_word(scalar(&event), word);
            for (int i = 0; i < key_count; i++) known |= strcmp(keys[i], word) == 0;
            done = known || unknown(r, scalar(&event), keys, key_count, &event.start_mark);
        }
        yaml_event_delete(&event);
        if (!done || end) return done;
        if (!read_value(r, word, sampling)) return false;
    }
}

static bool read_document(struct reading *r) {
    static const yaml_event_type_t end[] = { YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT };
    yaml_event_t event;
    for (;;) {
        if (!next(r, &event)) return false;
        yaml_event_type_t type = event.type;
        bool empty = type == YAML_STREAM_END_EVENT ||
                     (type == YAML_SCALAR_EVENT && event.data.scalar.length == 0); /* comments alone */
        bool done = empty || type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ||
                    type == YAML_MAPPING_START_EVENT || unexpected(r, "a map of defaults", &event);
        yaml_event_delete(&event);
        if (!done || empty) return done;
        if (type == YAML_MAPPING_START_EVENT) break;
    }
    if (!read_map(r, top_keys, TOP_KEYS, false)) return false;
    for (int i = 0; i < 2; i++) {
        if (!next(r, &event)) return false;
        bool done = event.type == end[i] || unexpected(r, "one document, which ends", &event);
        yaml_event_delete(&event);
        if (!done) return false;
    }
    return true;
}

/* ---- where it is ---- */

static bool find(char path[4096]) {
    const char *none = getenv("SWITCHYARD_NO_DEFAULTS"), *config = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    int length = 0;
    if (none && none[0]) return false;
    if (config && config[0] == '/') /* the specification has relative ones ignored */
        length = snprintf(path, 4096, "%s/switchyard/config.yaml", config);
    else if (home && home[0])
        length = snprintf(path, 4096, "%s/.config/switchyard/config.yaml", home);
    return length > 0 && length < 4096 && os_is_file(path);
}

bool defaults_parse(const char *text, int64_t size, struct defaults *defaults, struct sy_error *err) {
    struct reading r = { .defaults = defaults, .err = err };
    *defaults = (struct defaults){ .count = 0 };
    if (!yaml_parser_initialize(&r.parser)) return sy_fail(err, SY_ERR_MEMORY, "no memory for the defaults");
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, (size_t)size);
    bool done = read_document(&r);
    yaml_parser_delete(&r.parser);
    if (!done) defaults_free(defaults);
    return done;
}

bool defaults_read(struct defaults *defaults, struct sy_error *err) {
    char path[4096], *text;
    int64_t size;
    *defaults = (struct defaults){ .count = 0 };
    if (!find(path)) return true;
    if (!os_read_file(path, FILE_BYTES_MAX, &text, &size, err)) return false;
    bool done = defaults_parse(text, size, defaults, err) || sy_error_in(err, path);
    free(text);
    if (done) snprintf(defaults->path, sizeof defaults->path, "%s", path);
    return done;
}

void defaults_free(struct defaults *defaults) {
    for (int i = 0; i < defaults->count; i++) free(defaults->values[i].word);
    defaults->count = 0;
}

/* ---- what comes of it ---- */

static bool holds(const struct option_table *table, const struct option *options) {
    for (; table; table = table->next)
        if (table->options == options) return true;
    return false;
}

bool defaults_concern(const struct option_table *table) {
    return holds(table, common_table.options);
}

bool defaults_apply(const struct defaults *defaults, const struct option_table *table, void *args,
                    struct sy_error *err) {
    bool common = defaults_concern(table), sampling = holds(table, sampling_table.options);
    for (int i = 0; i < defaults->count; i++) {
        const struct default_value *value = &defaults->values[i];
        const char *positional[1];
        char *word = value->word;
        int count;
        bool help = false;
        if (word[0] != '-' || !(value->sampling ? sampling : common)) continue;
        if (!options_parse(table, 1, &word, args, positional, 0, &count, &help, err)) {
            sy_error_in(err, defaults->path);
            return sy_error_at(err, "line %zu, column %zu", value->line, value->column);
        }
    }
    return true;
}

void defaults_use_models(const struct defaults *defaults) {
    const char *models = "models=", *home = getenv("HOME");
    for (int i = 0; i < defaults->count; i++) {
        char path[4096];
        const char *word = defaults->values[i].word, *folder = word + strlen(models);
        if (strncmp(word, models, strlen(models)) != 0) continue;
        bool tilde = folder[0] == '~' && (folder[1] == '/' || !folder[1]) && home;
        int length = snprintf(path, sizeof path, "%s%s", tilde ? home : "", folder + tilde);
        if (length > 0 && length < (int)sizeof path) setenv("SWITCHYARD_MODELS", path, 0);
    }
}

void defaults_tell(const struct defaults *defaults) {
    struct text text = { 0 };
    if (!defaults->path[0]) return;
    for (int i = 0; i < defaults->count; i++) {
        const char *word = defaults->values[i].word;
        text_add(&text, "%s%s", i > 0 ? " " : "", word);
    }
    console_note("defaults   %s%s%s", defaults->path, text.data ? ": " : "", text.data ? text.data : "");
    text_free(&text);
}
