/*
 * Several sequences at a time through the scheduler, and the lines of their answers in order:
 *
 *     entries   0 1 2 3 4 5 6 7 8 9 ...
 *               | | |   `-+-' `- next
 *          printed | slots: run now
 *                  ready: its line waits for those before it
 *
 * So that a slow one cannot make lines wait without bound, nothing is started that is further than a window
 * from what was printed last. What a prompt says does not depend on the others.
 */
#include "commands/talk/run_prompts.h"

#include "base/checked.h"
#include "base/os.h"
#include "commands/console.h"
#include "commands/emit.h"
#include "commands/json_lines.h"
#include "commands/talk/engine_options.h"
#include "commands/talk/run_count.h"
#include "report/number.h"
#include "report/progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX   ((int64_t)256 << 20)
#define LINES_MAX        ((int64_t)1 << 20)
#define PARALLEL_DEFAULT 4
#define PARALLEL_MAX     1024
#define WINDOW           16 /* times those that run */
#define A_TOKEN_BYTES    32 /* of a line that waits: its id, and its text, escaped */

struct entry {
    json_t *value;    /* the line's object */
    struct text line; /* of the answer, once it is ready */
    bool ready;
};

struct slot {
    int64_t entry, sequence; /* sequence 0: free */
    int64_t prompt_count, token_count;
    int64_t *tokens; /* [token_room] */
    uint64_t seed;
    struct text text;
};

struct batch {
    const struct run_args *args;
    struct sy_engine *engine;
    struct sy_facts facts;
    struct sampling_given given;
    struct entry *entries;
    int64_t count, room, next, printed, failed, tokens;
    struct slot *slots; /* [parallel] */
    int64_t parallel, active;
};

/* ---- the file ---- */

/* What is wrong with a line whatever the model is. */
static bool check_line(const json_t *value, struct sy_error *err) {
    static const char *const known[] = { "prompt", "messages", "ids", "id", "n", "seed" };
    const char *key;
    json_t *member;
    int64_t number;
    if (!json_is_object(value)) return sy_fail(err, SY_ERR_FORMAT, "is no JSON object");
    json_object_foreach((json_t *)(uintptr_t)value, key, member) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) found |= strcmp(key, known[i]) == 0;
        if (found) continue;
        sy_fail(err, SY_ERR_FORMAT, "'%.40s' is not known", key);
        return sy_error_remedy(err, "a line has prompt, messages or ids, and may have id, n and seed");
    }
    const json_t *prompt = json_object_get(value, "prompt"), *ids = json_object_get(value, "ids"),
                 *messages = json_object_get(value, "messages"), *n = json_object_get(value, "n"),
                 *seed = json_object_get(value, "seed");
    if ((prompt != NULL) + (ids != NULL) + (messages != NULL) != 1)
        return sy_fail(err, SY_ERR_FORMAT, "wants one of \"prompt\", \"messages\" and \"ids\"");
    if ((prompt && !json_is_string(prompt)) || (ids && !json_is_array(ids)) ||
        (messages && !json_is_array(messages)))
        return sy_fail(err, SY_ERR_FORMAT, "wants a text as prompt, a list as messages or ids");
    for (size_t i = 0; i < json_array_size(ids); i++)
        if (!json_is_integer(json_array_get(ids, i)))
            return sy_fail(err, SY_ERR_FORMAT, "ids holds something that is no whole number");
    if (n && (!json_to_i64(n, &number) || number < COUNT_ROOM || number > COUNT_MAX))
        return sy_fail(err, SY_ERR_FORMAT, "n is no whole number from -1 to %lld", (long long)COUNT_MAX);
    if (seed && (!json_is_integer(seed) || json_integer_value(seed) < 0))
        return sy_fail(err, SY_ERR_FORMAT, "seed is no whole number, 0 or more");
    return true;
}

static bool take_line(void *argument, int64_t line, const json_t *value, struct sy_error *err) {
    struct batch *b = argument;
    (void)line;
    if (!check_line(value, err)) return false;
    if (b->count == b->room) {
        int64_t room = b->room ? 2 * b->room : 64;
        struct entry *entries = realloc(b->entries, (size_t)room * sizeof *entries);
        if (!entries) return sy_fail(err, SY_ERR_MEMORY, "no memory for the prompts");
        b->entries = entries;
        b->room = room;
    }
    b->entries[b->count++] = (struct entry){ .value = json_incref((json_t *)(uintptr_t)value) };
    return true;
}

static int64_t asked_of(const struct batch *b, const json_t *value) {
    int64_t n;
    return json_to_i64(json_object_get(value, "n"), &n) ? n : b->args->count;
}

/* Positions that a line can need, before there is a tokenizer. */
static int64_t bound_of(const struct batch *b, const json_t *value) {
    const json_t *ids = json_object_get(value, "ids"), *messages = json_object_get(value, "messages");
    int64_t most = count_most(asked_of(b, value), !ids), bytes = RUN_FRAME_IDS;
    if (ids) return (int64_t)json_array_size(ids) + most;
    bytes += (int64_t)json_string_length(json_object_get(value, "prompt"));
    if (b->args->system) bytes += (int64_t)strlen(b->args->system);
    if (messages) bytes += (int64_t)json_dumpb(messages, NULL, 0, JSON_COMPACT);
    return bytes + most;
}

static int64_t positions_bound(const struct batch *b) {
    int64_t most = 1;
    for (int64_t i = 0; i < b->count && most < COUNT_MAX; i++)
        most = max_i64(most, bound_of(b, b->entries[i].value));
    return most;
}

/* ---- one prompt ---- */

/* The line says what went wrong, and the others go on. */
static void fail_entry(struct batch *b, int64_t index, const struct sy_error *why) {
    struct entry *entry = &b->entries[index];
    struct emit e = { .text = &entry->line };
    char line[1024];
    emit_object(&e, NULL);
    emit_json(&e, "id", json_object_get(entry->value, "id"));
    emit_int(&e, "index", index);
    emit_string(&e, "error", console_error_line(why, line, sizeof line));
    emit_end(&e);
    entry->ready = true;
    b->failed++;
}

static bool take_ids(const json_t *ids, struct run_prompt *prompt, struct sy_error *err) {
    prompt->ids = calloc(json_array_size(ids) + 1, sizeof *prompt->ids);
    if (!prompt->ids) return sy_fail(err, SY_ERR_MEMORY, "no memory for ids");
    for (; prompt->count < (int64_t)json_array_size(ids); prompt->count++)
        prompt->ids[prompt->count] = json_integer_value(json_array_get(ids, (size_t)prompt->count));
    return true;
}

static bool encode(const struct batch *b, const json_t *value, struct run_prompt *prompt,
                   struct sy_error *err) {
    const json_t *ids = json_object_get(value, "ids"), *messages = json_object_get(value, "messages");
    if (ids) return take_ids(ids, prompt, err);
    if (messages) {
        char *text = json_dumps(messages, JSON_COMPACT);
        bool done = text || sy_fail(err, SY_ERR_MEMORY, "no memory for a prompt");
        done = done && run_prompt_chat(b->engine, text, prompt, err);
        free(text);
        return done;
    }
    const json_t *words = json_object_get(value, "prompt");
    prompt->size = json_string_length(words);
    prompt->text = calloc(prompt->size + 1, 1);
    if (!prompt->text) return sy_fail(err, SY_ERR_MEMORY, "no memory for a prompt");
    memcpy(prompt->text, json_string_value(words), prompt->size);
    return run_prompt_encode(b->args, b->engine, prompt, err);
}

static bool submit(struct batch *b, struct slot *slot, int64_t index, struct sy_error *err) {
    const json_t *value = b->entries[index].value, *seed = json_object_get(value, "seed");
    const struct option_list *stops = &b->args->speaking.sampling.stops;
    struct run_prompt prompt = { 0 };
    struct sy_request request = {
        .struct_bytes = sizeof request,
        .flags = b->args->ignore_eos ? SY_IGNORE_END : 0u,
        .sampling = b->given.sampling,
        .stops = stops->words,
        .stop_count = stops->count,
    };
    int64_t asked = asked_of(b, value), count = count_most(asked, !json_object_get(value, "ids")),
            room = count_room(&b->args->speaking.common, &b->facts);
    request.sampling.seed =
        seed ? (uint64_t)json_integer_value(seed) : b->given.sampling.seed + (uint64_t)index;
    bool done = encode(b, value, &prompt, err) && count_fit(asked, prompt.count, room, &count, err);
    if (done) {
        request.ids = prompt.ids;
        request.count = prompt.count;
        request.new_count = count;
        *slot = (struct slot){ .entry = index, .prompt_count = prompt.count, .seed = request.sampling.seed };
        slot->tokens = calloc((size_t)count + 1, sizeof *slot->tokens);
        done = slot->tokens ? sy_submit(b->engine, &request, &slot->sequence, err)
                            : sy_fail(err, SY_ERR_MEMORY, "no memory for %lld tokens", (long long)count);
    }
    run_prompt_free(&prompt);
    if (done) return true;
    free(slot->tokens);
    *slot = (struct slot){ 0 };
    return false;
}

static void finish(struct batch *b, struct slot *slot, const struct sy_event *end) {
    struct entry *entry = &b->entries[slot->entry];
    struct emit e = { .text = &entry->line };
    emit_object(&e, NULL);
    emit_json(&e, "id", json_object_get(entry->value, "id"));
    emit_int(&e, "index", slot->entry);
    emit_string(&e, "text", !b->facts.tokenizer ? NULL : slot->text.data ? slot->text.data : "");
    emit_list(&e, "tokens");
    for (int64_t i = 0; i < slot->token_count; i++) emit_int(&e, NULL, slot->tokens[i]);
    emit_end(&e);
    emit_int(&e, "prompt_tokens", slot->prompt_count);
    emit_string(&e, "finish_reason", sy_finish_name(end->finish));
    if (b->given.sampling.temperature > 0) emit_int(&e, "seed", (int64_t)slot->seed);
    emit_end(&e);
    entry->ready = true;
    b->tokens += slot->token_count;
}

static void free_slot(struct batch *b, struct slot *slot) {
    if (slot->sequence) sy_release(b->engine, slot->sequence);
    text_free(&slot->text);
    free(slot->tokens);
    *slot = (struct slot){ 0 };
}

/* ---- all of them ---- */

static bool print_ready(struct batch *b, struct sy_error *err) {
    for (; b->printed < b->count && b->entries[b->printed].ready; b->printed++) {
        struct entry *entry = &b->entries[b->printed];
        if (!console_print(&entry->line, err)) return false;
        json_decref(entry->value);
        entry->value = NULL;
    }
    return console_finish(err);
}

/* At the end that comes too early: what is finished behind one that is not. */
static void print_rest(struct batch *b) {
    for (int64_t i = b->printed; i < b->count; i++)
        if (b->entries[i].ready && !console_print(&b->entries[i].line, NULL)) return;
}

static struct slot *free_one(struct batch *b) {
    for (int64_t i = 0; i < b->parallel; i++)
        if (!b->slots[i].sequence) return &b->slots[i];
    return NULL;
}

static void start_more(struct batch *b) {
    while (b->active < b->parallel && b->next < b->count && b->next < b->printed + WINDOW * b->parallel) {
        struct sy_error why = { 0 };
        if (submit(b, free_one(b), b->next, &why))
            b->active++;
        else
            fail_entry(b, b->next, &why);
        b->next++;
    }
}

static bool read_events(struct batch *b, struct slot *slot, struct sy_error *err) {
    for (;;) {
        struct sy_event event = { .struct_bytes = sizeof event };
        if (!sy_poll(b->engine, slot->sequence, &event, err)) return false;
        if (event.text_size > 0) text_add_bytes(&slot->text, event.text, event.text_size);
        if (slot->text.failed) return sy_fail(err, SY_ERR_MEMORY, "no memory for an answer");
        if (event.kind == SY_EVENT_TOKEN) slot->tokens[slot->token_count++] = event.token.token;
        if (event.kind == SY_EVENT_FINISHED) {
            finish(b, slot, &event);
            free_slot(b, slot);
            b->active--;
        }
        if (event.kind != SY_EVENT_TOKEN) return true;
    }
}

static bool generate(struct batch *b, struct sy_error *err) {
    struct style style = console_style(stderr);
    struct progress progress =
        progress_begin(console_progress(), &style, "prompts", b->count, "prompts/s", os_seconds());
    bool done = true;
    while (done && b->printed < b->count) {
        int64_t active;
        start_more(b);
        done = print_ready(b, err) && (b->active == 0 || sy_step(b->engine, &active, err));
        for (int64_t i = 0; i < b->parallel && done; i++)
            if (b->slots[i].sequence) done = read_events(b, &b->slots[i], err);
        done = done && print_ready(b, err);
        progress_show(&progress, b->printed, os_seconds());
        if (done && os_interrupted()) done = sy_fail(err, SY_ERR_STOPPED, "interrupted");
    }
    progress_end(&progress);
    if (!done) print_rest(b);
    return done;
}

static bool check_args(const struct run_args *args, struct sy_error *err) {
    const char *other = args->prompt          ? "-p"
                        : args->file          ? "-f"
                        : args->ids           ? "--ids"
                        : args->routing       ? "--routing"
                        : args->layers        ? "--layers"
                        : args->routing_out   ? "--routing-out"
                        : args->profile       ? "--profile"
                        : args->logprobs >= 0 ? "--logprobs"
                                              : NULL;
    if (other) return sy_fail(err, SY_ERR_USAGE, "--prompts and %s exclude one another", other);
    if (args->system && !args->chat)
        return sy_fail(err, SY_ERR_USAGE, "--system is part of a conversation: give --chat as well");
    if (args->experts == 0) return sy_fail(err, SY_ERR_USAGE, "--experts-per-token 0: at least 1");
    if (args->parallel > PARALLEL_MAX)
        return sy_fail(err, SY_ERR_USAGE, "--parallel %lld: at most %d", (long long)args->parallel,
                       PARALLEL_MAX);
    return count_check("-n", args->count, err);
}

/* Lines that wait for those before them. */
static int64_t waiting_bytes(void *argument, const struct sy_facts *facts) {
    const struct batch *b = argument;
    int64_t bytes;
    return size_mul(min_i64(b->count, WINDOW * b->parallel), facts->context, &bytes) &&
                   size_mul(bytes, A_TOKEN_BYTES, &bytes)
               ? bytes
               : -1;
}

static bool open_engine(struct batch *b, const char *word, struct sy_error *err) {
    const struct common *common = &b->args->speaking.common;
    struct engine_words words;
    struct sy_options wanted;
    struct sy_sampling recommended;
    int64_t most = positions_bound(b);
    char *source;
    engine_options(common, &words, &wanted);
    if (!wanted.context && most < CONTEXT_MOST) wanted.context = most;
    if (b->args->experts > 0) wanted.experts_per_token = b->args->experts;
    wanted.sequences = b->parallel;
    wanted.beside = waiting_bytes;
    wanted.argument = b;
    if (!engine_template(b->args->speaking.template_file, &source, err)) return false;
    wanted.chat_template = source;
    bool opened = engine_open(common, word, &wanted, &b->engine, err);
    free(source);
    if (!opened) return false;
    b->facts.struct_bytes = sizeof b->facts;
    sy_engine_facts(b->engine, &b->facts);
    sy_recommended(b->engine, &recommended);
    return sampling_given(&b->args->speaking.sampling, &recommended, &b->given, err);
}

static void tell(const struct batch *b, double seconds) {
    char rate[NUMBER_TEXT], took[NUMBER_TEXT];
    if (isatty(STDERR_FILENO) || b->args->speaking.common.verbose)
        console_note("%lld prompts, %lld tokens generated in %s, %s together", (long long)b->count,
                     (long long)b->tokens, number_seconds(seconds, took),
                     number_rate(seconds > 0 ? (double)b->tokens / seconds : 0, "tok/s", rate));
}

static void clean_up(struct batch *b) {
    for (int64_t i = 0; b->slots && i < b->parallel; i++) free_slot(b, &b->slots[i]);
    for (int64_t i = 0; i < b->count; i++) {
        json_decref(b->entries[i].value);
        text_free(&b->entries[i].line);
    }
    free(b->slots);
    free(b->entries);
    sy_engine_close(b->engine);
}

static bool run_all(struct batch *b, const char *word, struct sy_error *err) {
    struct json_lines_limits limits = { .bytes = FILE_BYTES_MAX, .lines = LINES_MAX, .depth = 32 };
    if (!check_args(b->args, err) || !json_lines_read(b->args->prompts, limits, "prompts", take_line, b, err))
        return false;
    b->parallel = min_i64(b->args->parallel ? b->args->parallel : PARALLEL_DEFAULT, b->count);
    b->slots = calloc((size_t)b->parallel, sizeof *b->slots);
    if (!b->slots) return sy_fail(err, SY_ERR_MEMORY, "no memory for the prompts");
    if (!open_engine(b, word, err)) return false;
    double begin = os_seconds();
    if (!generate(b, err)) return false;
    tell(b, os_seconds() - begin);
    if (b->failed == 0) {
        engine_warn(&b->args->speaking.common, b->engine, 0);
        return true;
    }
    sy_fail(err, SY_ERR_INPUT, "%lld of %lld prompts could not be run", (long long)b->failed,
            (long long)b->count);
    return sy_error_remedy(err, "the line that was printed for each says why, as \"error\"");
}

bool run_prompts(const struct run_args *args, const char *word, struct sy_error *err) {
    struct batch batch = { .args = args };
    bool done = run_all(&batch, word, err);
    clean_up(&batch);
    return done;
}
