#include "commands/talk/chat_commands.h"

#include "base/options.h"
#include "base/os.h"
#include "commands/talk/chat_file.h"
#include "report/heat.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 4096

struct request { /* of one command */
    struct chat *chat;
    const char *rest; /* what stands behind the word; "" for nothing */
    struct text *out;
    enum chat_next next;
};

static bool show_system(struct request *r, struct sy_error *err) {
    if (r->rest[0]) return talk_set_system(&r->chat->talk, strcmp(r->rest, "-") == 0 ? "" : r->rest, err);
    const char *system = talk_system(&r->chat->talk);
    text_add(r->out, "%s\n", system ? system : "(no system message)");
    return true;
}

static bool clear(struct request *r, struct sy_error *err) {
    (void)err;
    talk_clear(&r->chat->talk);
    return true;
}

static bool want_file(const struct request *r, const char *word, struct sy_error *err) {
    if (r->rest[0]) return true;
    sy_fail(err, SY_ERR_USAGE, "/%s wants a file", word);
    return sy_error_remedy(err, "/%s talk.json", word);
}

/* ~/talk.json as the shell would have it: no shell sees what is typed here. */
static bool home_path(const char *rest, char path[PATH_BYTES], struct sy_error *err) {
    const char *home = getenv("HOME");
    bool tilde = rest[0] == '~' && (rest[1] == '/' || rest[1] == 0) && home && home[0];
    int length = snprintf(path, PATH_BYTES, "%s%s", tilde ? home : "", tilde ? rest + 1 : rest);
    return length < PATH_BYTES || sy_fail(err, SY_ERR_INPUT, "the path is longer than %d bytes", PATH_BYTES);
}

static bool save_by(struct request *r, const char *word,
                    bool (*write)(const char *path, const json_t *messages, struct sy_error *err),
                    struct sy_error *err) {
    char path[PATH_BYTES];
    const json_t *messages = r->chat->talk.messages;
    if (!want_file(r, word, err) || !home_path(r->rest, path, err) || !write(path, messages, err))
        return false;
    text_add(r->out, "saved %zu messages to %s\n", json_array_size(messages), path);
    return true;
}

static bool save(struct request *r, struct sy_error *err) {
    return save_by(r, "save", chat_file_save, err);
}

static bool save_over(struct request *r, struct sy_error *err) {
    return save_by(r, "save!", chat_file_replace, err);
}

static bool load(struct request *r, struct sy_error *err) {
    char path[PATH_BYTES];
    json_t *messages;
    if (!want_file(r, "load", err) || !home_path(r->rest, path, err) || !chat_file_load(path, &messages, err))
        return false;
    talk_take(&r->chat->talk, messages);
    text_add(r->out, "loaded %zu messages from %s\n", json_array_size(messages), path);
    return true;
}

/* The last message and its answer go; the message in `taken`, where somebody wants it. */
static bool take_back(struct request *r, struct text *taken, struct sy_error *err) {
    struct talk *talk = &r->chat->talk;
    talk_drop(talk, "assistant");
    const json_t *last = json_array_get(talk->messages, json_array_size(talk->messages) - 1);
    const char *said = json_string_value(json_object_get(last, "content"));
    if (taken && said) text_add_bytes(taken, said, strlen(said));
    if (!talk_drop(talk, "user")) return sy_fail(err, SY_ERR_INPUT, "there is no message to take back");
    chat_routes_free(&talk->routes);
    return true;
}

static bool undo(struct request *r, struct sy_error *err) {
    if (!take_back(r, NULL, err)) return false;
    text_add(r->out, "took back your last message and its answer\n");
    return true;
}

static bool edit(struct request *r, struct sy_error *err) {
    if (!r->chat->editor) return sy_fail(err, SY_ERR_USAGE, "/edit wants a terminal");
    text_free(&r->chat->edit);
    return take_back(r, &r->chat->edit, err);
}

static bool set(struct request *r, struct sy_error *err) {
    if (r->rest[0]) {
        if (!chat_set_take(&r->chat->set, r->rest, r->chat->talk.engine, err)) return false;
        chat_use_settings(r->chat);
        return true;
    }
    chat_set_show(&r->chat->set, &r->chat->style, r->out);
    text_add(r->out, "/set NAME VALUE changes one, /set NAME - takes it back\n");
    return true;
}

/* The same question, other luck. */
static bool answer_again(struct request *r, struct sy_error *err) {
    struct talk *talk = &r->chat->talk;
    if (!talk_drop(talk, "assistant")) return sy_fail(err, SY_ERR_INPUT, "there is no answer to give anew");
    r->chat->set.given.sampling.seed++;
    chat_use_settings(r->chat);
    if (talk->sampling.temperature == 0)
        text_add(r->out, "(the likeliest answer is the same each time; /set temp 0.8 gives others)\n");
    r->next = CHAT_ANSWER;
    return true;
}

static void count_row(struct table *rows, const char *what, int64_t last, int64_t all) {
    char one[NUMBER_TEXT], sum[NUMBER_TEXT];
    table_row(rows, what, number_exact(last, one), number_exact(all, sum));
}

static double rate(int64_t count, double seconds) {
    return seconds > 0 ? (double)count / seconds : 0;
}

static void rate_row(struct table *rows, const char *what, double last, double all) {
    char one[NUMBER_TEXT], mean[NUMBER_TEXT];
    table_row(rows, what, number_rate(last, "tok/s", one), number_rate(all, "tok/s", mean));
}

/* "experts   evenness 0.93, least 0.81 in layer 3: 31 % to expert 12": of all that the engine ran. */
static bool show_load(const struct sy_engine *engine, const struct sy_facts *facts, struct text *out,
                      struct sy_error *err) {
    int64_t experts = facts->experts, worst = 0, busiest = 0, most = 0, all = 0, picks;
    double sum = 0, least = 2;
    char share[NUMBER_TEXT];
    int64_t *counts = calloc((size_t)experts + 1, sizeof *counts);
    if (!counts)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for the load of %lld experts", (long long)experts);
    for (int64_t i = 0; i < facts->moe_layers; i++) {
        sy_engine_experts(engine, i, counts, experts, &picks);
        double even = heat_evenness(counts, experts);
        sum += even;
        if (even >= least) continue;
        least = even, worst = i, all = picks, busiest = 0;
        for (int64_t e = 0; e < experts; e++)
            if (counts[e] > counts[busiest]) busiest = e;
        most = counts[busiest];
    }
    free(counts);
    if (all > 0)
        text_add(
            out,
            "experts used with evenness %.2f (1: all alike); least in layer %lld, %.2f: %s to expert %lld\n",
            sum / (double)facts->moe_layers, (long long)facts->moe_layer[worst], least,
            number_share((double)most, (double)all, share), (long long)busiest);
    return true;
}

static bool show_counts(struct request *r, struct sy_error *err) {
    const struct talk_counts *last = &r->chat->talk.last, *all = &r->chat->talk.all;
    struct table rows = { .columns = 3, .align = "lrr", .head = true };
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    char peak[NUMBER_TEXT];
    table_row(&rows, "", "last answer", "all");
    count_row(&rows, "answers", last->answers, all->answers);
    count_row(&rows, "ids of the prompt", last->prompt_ids, all->prompt_ids);
    count_row(&rows, "  not computed again", last->shared_ids, all->shared_ids);
    count_row(&rows, "tokens", last->tokens, all->tokens);
    rate_row(&rows, "prompt", rate(last->prompt_ids - last->shared_ids, last->prompt_seconds),
             rate(all->prompt_ids - all->shared_ids, all->prompt_seconds));
    rate_row(&rows, "answer", rate(last->steps, last->step_seconds), rate(all->steps, all->step_seconds));
    table_print(&rows, &r->chat->style, r->out);
    table_free(&rows);
    sy_engine_facts(r->chat->talk.engine, &facts);
    text_add(r->out, "\n%s, %s; room for %lld positions; peak memory %s\n", facts.family, facts.runs_as,
             (long long)facts.context, number_bytes(os_peak_rss_bytes(), peak));
    return show_load(r->chat->talk.engine, &facts, r->out, err);
}

static bool show_routes(struct request *r, struct sy_error *err) {
    const struct chat_routes *routes = &r->chat->talk.routes;
    char *end = NULL;
    int64_t layer = chat_routes_layer(routes);
    if (r->rest[0]) layer = strtoll(r->rest, &end, 10);
    if (end && *end) return sy_fail(err, SY_ERR_USAGE, "/routing wants the number of a layer");
    if (!r->rest[0] && layer < 0 && routes->count > 0)
        return sy_fail(err, SY_ERR_INPUT, "the model has no layer with experts");
    return chat_routes_show(routes, layer < 0 && !r->rest[0] ? 0 : layer, &r->chat->style, r->out, err);
}

static bool leave(struct request *r, struct sy_error *err) {
    (void)err;
    r->next = CHAT_LEAVE;
    return true;
}

static bool show_help(struct request *r, struct sy_error *err);

static const struct chat_word {
    const char *name, *rest, *help;
    bool (*run)(struct request *request, struct sy_error *err);
} words[] = {
    { "help", "", "this list", show_help },
    { "system", "[TEXT]", "show the system message, or set it (- takes it away)", show_system },
    { "clear", "", "forget the conversation, but for the system message", clear },
    { "regen", "", "answer the last message anew", answer_again },
    { "undo", "", "take back your last message and its answer", undo },
    { "edit", "", "the same, and put the message into the line to be changed", edit },
    { "set", "[NAME VALUE]", "show how tokens are drawn, or change it: /set temp 0.8", set },
    { "save", "FILE", "write the conversation to a file that only you can read", save },
    { "save!", "FILE", "the same, whatever stands there", save_over },
    { "load", "FILE", "go on with a conversation from a file", load },
    { "routing", "[LAYER]", "the last answer, coloured by the first expert of each token", show_routes },
    { "stats", "", "tokens and rates, and how evenly experts are used", show_counts },
    { "quit", "", "leave (Ctrl-D does too)", leave },
};
enum { WORD_COUNT = sizeof words / sizeof words[0] };

static bool show_help(struct request *r, struct sy_error *err) {
    (void)err;
    for (int i = 0; i < WORD_COUNT; i++) {
        char usage[32];
        snprintf(usage, sizeof usage, "/%s %s", words[i].name, words[i].rest);
        text_add(r->out, "  %-18s %s\n", usage, words[i].help);
    }
    text_add(r->out, "// begins a message with a slash. What is pasted is one message, its line ends\n"
                     "shown as \u23ce; a line that ends in \\ goes on in the next; \"\"\" opens and closes\n"
                     "many lines. Ctrl-C stops an answer.\n");
    return true;
}

static bool unknown(const char *word, struct sy_error *err) {
    const char *names[WORD_COUNT];
    for (int i = 0; i < WORD_COUNT; i++) names[i] = words[i].name;
    const char *near = nearest_word(word, names, WORD_COUNT);
    sy_fail(err, SY_ERR_USAGE, "there is no /%s", word);
    return near ? sy_error_remedy(err, "did you mean /%s?", near) : sy_error_remedy(err, "/help lists them");
}

void chat_use_settings(struct chat *chat) {
    const struct chat_set *set = &chat->set;
    chat->talk.sampling = set->given.sampling;
    chat->talk.stops = set->speaking.sampling.stops.words;
    chat->talk.stop_count = set->speaking.sampling.stops.count;
}

bool chat_command(struct chat *chat, const char *line, struct text *out, enum chat_next *next,
                  struct sy_error *err) {
    char word[32];
    size_t length = strcspn(line + 1, " \t\n");
    struct request request = { .chat = chat, .out = out, .next = CHAT_GO_ON };
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), line + 1);
    request.rest = line + 1 + length + strspn(line + 1 + length, " \t\n");
    for (int i = 0; i < WORD_COUNT; i++) {
        if (strcmp(words[i].name, word) != 0) continue;
        bool done = words[i].run(&request, err);
        *next = request.next;
        return done;
    }
    return unknown(word, err);
}
