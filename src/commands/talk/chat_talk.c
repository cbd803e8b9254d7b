#include "commands/talk/chat_talk.h"

#include "base/checked.h"
#include "base/error.h"
#include "commands/talk/chat_turns.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_ROOM 256 /* tokens that an answer is to have room for */

static bool no_memory(struct sy_error *err) {
    return sy_fail(err, SY_ERR_MEMORY, "no memory for the conversation");
}

/* NULL: no memory. What is no UTF-8 becomes U+FFFD: a model may end in the middle of a character. */
static json_t *message_of(const char *role, const char *content) {
    struct text text = { 0 };
    json_t *message = NULL;
    text_add(&text, "{\"role\":");
    text_add_json_string(&text, role);
    text_add(&text, ",\"content\":");
    text_add_json_string(&text, content);
    text_add(&text, "}");
    struct json_limits limits = { .bytes = (int64_t)text.size, .depth = 2 };
    if (!text.failed) message = json_parse(text.data, (int64_t)text.size, limits, NULL);
    text_free(&text);
    return message;
}

bool talk_begin(struct talk *talk, const char *system, struct sy_error *err) {
    talk->messages = json_array();
    if (!talk->messages) return no_memory(err);
    return !system || talk_set_system(talk, system, err);
}

/* Who follows it holds what it shares: it may go as soon as that one is submitted, so that the engine needs
 * room for one sequence. */
static void forget(struct talk *talk) {
    if (talk->kept) sy_release(talk->engine, talk->kept);
    talk->kept = 0;
}

void talk_end(struct talk *talk) {
    chat_routes_free(&talk->routes);
    json_decref(talk->messages);
    forget(talk);
    talk->messages = NULL;
}

static bool has_role(const json_t *message, const char *role) {
    const char *has = json_string_value(json_object_get(message, "role"));
    return has && strcmp(has, role) == 0;
}

const char *talk_system(const struct talk *talk) {
    json_t *first = json_array_get(talk->messages, 0);
    return has_role(first, "system") ? json_string_value(json_object_get(first, "content")) : NULL;
}

bool talk_set_system(struct talk *talk, const char *system, struct sy_error *err) {
    if (talk_system(talk)) json_array_remove(talk->messages, 0);
    if (!system[0]) return true;
    json_t *message = message_of("system", system);
    return (message && json_array_insert_new(talk->messages, 0, message) == 0) || no_memory(err);
}

bool talk_add(struct talk *talk, const char *role, const char *content, struct sy_error *err) {
    json_t *message = message_of(role, content);
    return (message && json_array_append_new(talk->messages, message) == 0) || no_memory(err);
}

bool talk_drop(struct talk *talk, const char *role) {
    size_t count = json_array_size(talk->messages);
    if (count == 0 || !has_role(json_array_get(talk->messages, count - 1), role)) return false;
    if (talk->left_out >= count - 1) talk->left_out = 0; /* counted anew when it matters */
    return json_array_remove(talk->messages, count - 1) == 0;
}

void talk_clear(struct talk *talk) {
    while (json_array_size(talk->messages) > (talk_system(talk) ? 1 : 0))
        json_array_remove(talk->messages, json_array_size(talk->messages) - 1);
    talk->left_out = 0;
    chat_routes_free(&talk->routes);
}

void talk_take(struct talk *talk, json_t *messages) {
    json_decref(talk->messages);
    talk->messages = messages;
    talk->left_out = 0;
    chat_routes_free(&talk->routes);
}

/* ---- an answer ---- */

struct answer {
    struct talk *talk;
    const struct talk_sink *sink;
    int64_t *ids; /* of the prompt, owned */
    int64_t count, past;
    int64_t sequence;
    struct text text;
};

/* The text of the messages that are not left out, and its ids. */
static bool render(struct answer *a, struct text *prompt, struct sy_error *err) {
    json_t *kept = chat_turns_kept(a->talk->messages, a->talk->left_out);
    char *text = NULL, *messages = kept ? json_dumps(kept, JSON_COMPACT) : NULL;
    size_t size = 0;
    json_decref(kept);
    if (!messages) return no_memory(err);
    bool done = sy_chat(a->talk->engine, messages, a->talk->context, &text, &size, err);
    free(messages);
    if (!done) return false;
    text_free(prompt);
    text_add_bytes(prompt, text, size);
    sy_free(text);
    sy_free(a->ids);
    a->ids = NULL;
    const uint32_t flags = SY_NO_SPECIAL | SY_PARSE_SPECIAL;
    if (!sy_encode(a->talk->engine, prompt->data ? prompt->data : "", prompt->size, flags, &a->ids, &a->count,
                   err))
        return false;
    return a->count > 0 || sy_fail(err, SY_ERR_INPUT, "the chat template made an empty prompt");
}

static int64_t context_of(const struct talk *talk) {
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(talk->engine, &facts);
    return facts.context;
}

/* An answer wants some room. Where there is none, more than that is made at once: each time that the oldest
 * go, all that stays is computed anew. */
static bool make_room(struct answer *a, struct text *prompt, struct sy_error *err) {
    struct talk *talk = a->talk;
    int64_t context = context_of(talk), quarter = max_i64(1, context / 4),
            wanted = min_i64(talk->new_count > 0 ? talk->new_count : ANSWER_ROOM, quarter);
    if (talk->keep_all || a->count + wanted - 1 <= context) return true;
    while (a->count > context - quarter) {
        size_t next = chat_turns_next(talk->messages, talk->left_out);
        if (next == talk->left_out) break;
        talk->left_out = next;
        if (!render(a, prompt, err)) return false;
    }
    return true;
}

static bool check_room(const struct answer *a, struct sy_error *err) {
    int64_t context = context_of(a->talk);
    bool last = chat_turns_next(a->talk->messages, a->talk->left_out) == a->talk->left_out;
    if (a->count <= context) return true;
    sy_fail(err, SY_ERR_INPUT, "the %s has %lld tokens, and there is room for %lld",
            last ? "message" : "conversation", (long long)a->count, (long long)context);
    if (last) return sy_error_remedy(err, "shorten it, or start with a larger --ctx");
    return sy_error_remedy(err, "/clear or /undo, or start with a larger --ctx or without --keep-all");
}

static bool make_prompt(struct answer *a, struct sy_error *err) {
    struct text prompt = { 0 };
    size_t before = a->talk->left_out;
    bool done = render(a, &prompt, err) && make_room(a, &prompt, err) && check_room(a, err);
    if (done && prompt.failed) done = no_memory(err);
    if (done && a->sink->prompt) a->sink->prompt(a->sink->argument, prompt.data, prompt.size);
    if (!done) a->talk->left_out = before;
    text_free(&prompt);
    return done;
}

/* Ids that the kept sequence holds already; one is left to run, for its logits. */
static int64_t shared_past(const struct answer *a) {
    const struct talk *talk = a->talk;
    int64_t length = talk->kept ? sy_length(talk->engine, talk->kept) : 0, same = 0;
    const int64_t *held = length > 0 ? sy_ids(talk->engine, talk->kept) : NULL;
    if (!held) return 0;
    while (same < length && same < a->count - 1 && held[same] == a->ids[same]) same++;
    return same;
}

static void take_routing(void *argument, const struct sy_routed_row *row) {
    struct answer *a = argument;
    if (row->count > 0) chat_routes_choice(&a->talk->routes, row->index, row->layer, row->experts[0]);
}

static bool submit(struct answer *a, struct sy_error *err) {
    struct talk *talk = a->talk;
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(talk->engine, &facts);
    int64_t room = facts.context - a->count + 1; /* the last token generated is not run */
    int64_t tokens = talk->new_count > 0 ? min_i64(talk->new_count, room) : room;
    if (!chat_routes_begin(&talk->routes, facts.layers, a->count, tokens, err)) return false;
    struct sy_request request = {
        .struct_bytes = sizeof request,
        .flags = SY_KEEP | (facts.moe_layers > 0 ? SY_WANT_ROUTING : 0u),
        .new_count = tokens,
        .sampling = talk->sampling,
        .stops = talk->stops,
        .stop_count = talk->stop_count,
        .argument = a,
        .on_routing = facts.moe_layers > 0 ? take_routing : NULL,
    };
    a->past = shared_past(a);
    for (;;) {
        request.ids = a->ids + a->past;
        request.count = a->count - a->past;
        request.past = a->past > 0 ? talk->kept : 0;
        request.past_length = a->past;
        if (sy_submit(talk->engine, &request, &a->sequence, err)) return forget(talk), true;
        if (a->past == 0) return false;
        a->past = 0; /* a window has forgotten what this goes back to: run it all again */
    }
}

static bool take_event(struct answer *a, const struct sy_event *event, struct sy_error *err) {
    struct talk_counts *last = &a->talk->last;
    if (event->text_size > 0) {
        text_add_bytes(&a->text, event->text, event->text_size);
        a->sink->text(a->sink->argument, event->text, event->text_size);
    }
    if (event->kind == SY_EVENT_TOKEN) chat_routes_token(&a->talk->routes, event->text, event->text_size);
    if (event->kind == SY_EVENT_FINISHED)
        *last = (struct talk_counts){
            .answers = 1,
            .prompt_ids = a->count,
            .shared_ids = a->past,
            .tokens = event->token_count,
            .steps = event->step_count,
            .prompt_seconds = event->prompt_seconds,
            .step_seconds = event->step_seconds,
        };
    return !a->text.failed || no_memory(err);
}

static bool run(struct answer *a, enum sy_finish *finish, struct sy_error *err) {
    struct sy_engine *engine = a->talk->engine;
    if (a->sink->read) a->sink->read(a->sink->argument, 0, a->count - a->past);
    for (;;) {
        struct sy_event event = { .struct_bytes = sizeof event };
        int64_t active;
        if (a->sink->stop && a->sink->stop(a->sink->argument)) sy_cancel(engine, a->sequence);
        if (!sy_step(engine, &active, err)) return false;
        if (a->sink->read && a->text.size == 0) {
            int64_t length = sy_length(engine, a->sequence);
            if (length <= a->count) a->sink->read(a->sink->argument, length - a->past, a->count - a->past);
        }
        do {
            if (!sy_poll(engine, a->sequence, &event, err) || !take_event(a, &event, err)) return false;
        } while (event.kind == SY_EVENT_TOKEN);
        if (event.kind != SY_EVENT_FINISHED) continue;
        *finish = event.finish;
        return true;
    }
}

static void add_counts(struct talk_counts *sum, const struct talk_counts *one) {
    sum->answers += one->answers;
    sum->prompt_ids += one->prompt_ids;
    sum->shared_ids += one->shared_ids;
    sum->tokens += one->tokens;
    sum->steps += one->steps;
    sum->prompt_seconds += one->prompt_seconds;
    sum->step_seconds += one->step_seconds;
}

bool talk_answer(struct talk *talk, const struct talk_sink *sink, enum sy_finish *finish,
                 struct sy_error *err) {
    struct answer a = { .talk = talk, .sink = sink };
    bool done = make_prompt(&a, err) && submit(&a, err);
    if (done) {
        done = run(&a, finish, err) && talk_add(talk, "assistant", a.text.data ? a.text.data : "", err);
        if (done) add_counts(&talk->all, &talk->last);
        if (done)
            talk->kept = a.sequence;
        else
            sy_release(talk->engine, a.sequence);
    }
    text_free(&a.text);
    sy_free(a.ids);
    return done;
}
