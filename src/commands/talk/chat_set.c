#include "commands/talk/chat_set.h"

#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct speaking nothing_given = SPEAKING_DEFAULTS;

bool chat_set_open(struct chat_set *set, const struct speaking *speaking, const struct sy_engine *engine,
                   struct sy_error *err) {
    *set = (struct chat_set){ .speaking = *speaking };
    sy_recommended(engine, &set->recommended);
    return sampling_given(&speaking->sampling, &set->recommended, &set->given, err);
}

void chat_set_close(struct chat_set *set) {
    for (int64_t i = 0; i < set->count; i++) free(set->words[i]);
    free(set->words);
    *set = (struct chat_set){ 0 };
}

/* Bytes of an option's place in its struct. */
static size_t place_bytes(enum option_type type) {
    switch (type) {
    case OPTION_LIST: return sizeof(struct option_list);
    case OPTION_STRING: return sizeof(const char *);
    case OPTION_REAL: return sizeof(double);
    case OPTION_COUNT: return sizeof(int64_t);
    default: return 0; /* the table has no others */
    }
}

static const struct option *find(const char *name) {
    for (const struct option *o = sampling_table.options; o->name; o++)
        if (strcmp(o->name, name) == 0) return o;
    return NULL;
}

static bool unknown(const char *name, struct sy_error *err) {
    const char *names[64];
    int count = 0;
    for (const struct option *o = sampling_table.options; o->name && count < 64; o++)
        names[count++] = o->name;
    const char *near = nearest_word(name, names, count);
    sy_fail(err, SY_ERR_USAGE, "there is nothing to set that is called '%.40s'", name);
    return near ? sy_error_remedy(err, "did you mean /set %s?", near)
                : sy_error_remedy(err, "/set alone lists what there is");
}

/* An owned "--name=value", which options may point into. */
static char *keep_word(struct chat_set *set, const char *name, const char *value) {
    if (set->count == set->room) {
        int64_t room = set->room ? 2 * set->room : 8;
        char **words = realloc(set->words, (size_t)room * sizeof *words);
        if (!words) return NULL;
        set->words = words;
        set->room = room;
    }
    size_t size = strlen(name) + strlen(value) + 4;
    char *word = malloc(size);
    if (!word) return NULL;
    snprintf(word, size, "--%s=%s", name, value);
    return set->words[set->count++] = word;
}

/* The engine's word on the values: a request that is never run. */
static bool check(struct sy_engine *engine, const struct sampling_given *given, struct sy_error *err) {
    const int64_t id = 0;
    int64_t sequence;
    struct sy_request request = {
        .struct_bytes = sizeof request, .ids = &id, .count = 1, .new_count = 1, .sampling = given->sampling
    };
    if (!sy_submit(engine, &request, &sequence, err)) return false;
    sy_release(engine, sequence);
    return true;
}

static bool change(struct chat_set *set, const struct option *option, const char *value,
                   struct speaking *changed, struct sy_error *err) {
    const char *spare[1];
    int spare_count;
    bool help = false;
    if (strcmp(value, "-") == 0) {
        memcpy((char *)changed + option->offset, (const char *)&nothing_given + option->offset,
               place_bytes(option->type));
        return true;
    }
    char *word = keep_word(set, option->name, value);
    if (!word) return sy_fail(err, SY_ERR_MEMORY, "no memory for the settings");
    return options_parse(&sampling_table, 1, &word, changed, spare, 0, &spare_count, &help, err);
}

bool chat_set_take(struct chat_set *set, const char *words, struct sy_engine *engine, struct sy_error *err) {
    char name[48];
    size_t length = strcspn(words, " \t=");
    const char *value = words + length + strspn(words + length, " \t=");
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), words);
    const struct option *option = find(name);
    if (!option) return unknown(name, err);
    if (!value[0]) {
        sy_fail(err, SY_ERR_USAGE, "/set %s wants a value: %s", name, option->value);
        return sy_error_remedy(err, "/set %s - takes it back", name);
    }
    struct speaking changed = set->speaking;
    struct sampling_given *given = malloc(sizeof *given);
    if (!given) return sy_fail(err, SY_ERR_MEMORY, "no memory for the settings");
    bool done = change(set, option, value, &changed, err) &&
                sampling_given(&changed.sampling, &set->recommended, given, err) && check(engine, given, err);
    if (done) {
        uint64_t seed = set->given.sampling.seed;
        set->speaking = changed;
        set->given = *given;
        set->given.sampling.biases = set->given.biases;
        if (!changed.sampling.seed) set->given.sampling.seed = seed;
    }
    free(given);
    return done;
}

static void show_word(const struct option *option, const void *speaking, const struct sy_sampling *now,
                      char *cell, size_t size) {
    const void *place = (const char *)speaking + option->offset;
    const struct {
        const char *name;
        double value;
    } values[] = {
        { "temp", now->temperature },
        { "top-p", now->top_p },
        { "min-p", now->min_p },
        { "typical", now->typical },
        { "repeat-penalty", now->repeat_penalty },
        { "presence-penalty", now->presence_penalty },
        { "frequency-penalty", now->frequency_penalty },
        { "top-k", (double)now->top_k },
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].name, option->name) == 0) snprintf(cell, size, "%.6g", values[i].value);
    if (strcmp(option->name, "seed") == 0) snprintf(cell, size, "%llu", (unsigned long long)now->seed);
    if (option->type == OPTION_LIST)
        snprintf(cell, size, "%d given", ((const struct option_list *)place)->count);
}

void chat_set_show(const struct chat_set *set, const struct style *style, struct text *out) {
    struct table rows = { .columns = 3, .align = "lrl", .indent = 2 };
    for (const struct option *o = sampling_table.options; o->name; o++) {
        char cell[48] = "";
        size_t bytes = place_bytes(o->type);
        if (bytes == 0) continue;
        bool given = memcmp((const char *)&set->speaking + o->offset,
                            (const char *)&nothing_given + o->offset, bytes) != 0;
        show_word(o, &set->speaking, &set->given.sampling, cell, sizeof cell);
        table_row(&rows, o->name, cell, given || o->type == OPTION_LIST ? "" : "by default");
    }
    table_print(&rows, style, out);
    table_free(&rows);
}
