/*
 * Fuzzing somebody's own defaults: the input is the text of config.yaml. What is accepted can be applied to
 * the options of run.
 */
#include "commands/defaults.h"
#include "commands/command.h"
#include "commands/list.h"
#include "must.h"
#include "mutate.h"

#include <string.h>

static const char seed_text[] = "# mine\nthreads: 4\nmemory: 12G\nmodels: ~/models\nsampling:\n  temp: 0.7\n"
                                "  top_k: 40\n  min-p: 0.05\n  seed: 7\n";
static const char *const words[] = {
    "threads",  "memory",   "models",
    "sampling", "temp",     "top_k",
    "seed",     ": ",       "\n",
    "  ",       "- ",       "{",
    "}",        "[",        "]",
    "&a ",      "*a",       "!!int ",
    "\"",       "'",        "---",
    "...",      "| \n",     "> \n",
    "?",        "<<",       "%YAML 1.1\n",
    "0",        "-1",       "99999999999999999999",
    "nan",      "\t",       "\xef\xbb\xbf",
    "\xff\xfe", "\xc3\xa9", "#",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct defaults defaults;
    struct sy_error err = { 0 };
    const struct command *run = command_find(command_list, "run");
    must_begin();
    if (!defaults_parse((const char *)bytes, (int64_t)size, &defaults, &err)) {
        must_deep += strstr(err.message, "is no default") != NULL || strstr(err.message, "--") != NULL;
        must_refuse(&err);
        return 0;
    }
    must_deep++;
    must_good++;
    MUST(defaults.count <= DEFAULTS_MAX);
    void *args = calloc(1, run->args_size);
    MUST(args);
    memcpy(args, run->defaults, run->args_size);
    MUST(defaults_apply(&defaults, run->table, args, &err)); /* it was checked when it was read */
    free(args);
    defaults_free(&defaults);
    return 0;
}

/* Somewhere a word more, in place of as many bytes or between them. */
static void put_word(struct mutation *m) {
    const char *word = words[mutate_below(m, sizeof words / sizeof *words)];
    size_t length = strlen(word), at = mutate_below(m, m->size + 1);
    if (m->size + length > m->room) return;
    if (mutate_below(m, 2) == 0 && at + length <= m->size) {
        memcpy(m->at + at, word, length);
        return;
    }
    memmove(m->at + at + length, m->at + at, m->size - at);
    memcpy(m->at + at, word, length);
    m->size += length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { bytes, size, room, random_seed(seed), words, sizeof words / sizeof *words };
    if (room < sizeof seed_text) return size;
    if (size == 0 || mutate_below(&m, 16) == 0) {
        m.size = sizeof seed_text - 1;
        memcpy(bytes, seed_text, m.size);
    }
    for (size_t i = mutate_below(&m, 3) + 1; i > 0; i--) put_word(&m);
    return m.size;
}
