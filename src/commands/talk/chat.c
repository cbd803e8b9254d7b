/*
 * chat: a conversation in a terminal, or through a pipe.
 */
#include "base/checked.h"
#include "base/os.h"
#include "commands/command.h"
#include "commands/console.h"
#include "commands/talk/chat_commands.h"
#include "commands/talk/chat_input.h"
#include "commands/talk/chat_view.h"
#include "commands/talk/engine_options.h"
#include "commands/talk/sampling_options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct args {
    struct speaking speaking;
    const char *system, *set;
    int64_t count, experts;
    bool think, no_think;
};

static const struct args defaults = { .speaking = SPEAKING_DEFAULTS };

static const struct option options[] = {
    { "system", 's', OPTION_STRING, "TEXT", "the system message", offsetof(struct args, system) },
    { "count", 'n', OPTION_COUNT, "N", "tokens of an answer at most (default: what there is room for)",
      offsetof(struct args, count) },
    { "think", 0, OPTION_FLAG, NULL, "ask the template to let the model think",
      offsetof(struct args, think) },
    { "no-think", 0, OPTION_FLAG, NULL, "ask the template not to", offsetof(struct args, no_think) },
    { "template-context", 0, OPTION_STRING, "JSON", "an object of further names for the chat template",
      offsetof(struct args, set) },
    { "experts-per-token", 0, OPTION_COUNT, "N", "experts a token instead of the model's own number",
      offsetof(struct args, experts) },
    OPTION_NOT_WITH("think", "no-think|template-context"),
    OPTION_NOT_WITH("no-think", "template-context"),
    OPTION_BETWEEN("count", "1 to 1000000000"),
    OPTION_BETWEEN("experts-per-token", "1 to 1000000"),
    OPTION_END,
};
static const struct option_table table = { options, &speaking_table };

struct room { /* of one conversation */
    struct chat chat;
    struct chat_input *input;
    struct chat_view view;
    struct style dim; /* of stdout */
    bool terminal;
};

/* ---- an answer on the screen ---- */

static void show_voice(void *argument, enum voice voice, const char *text, size_t size) {
    const struct room *room = argument;
    enum tint tint = voice == VOICE_THINKING ? TINT_DIM : TINT_NONE;
    fputs(style_begin(&room->dim, tint), stdout);
    fwrite(text, 1, size, stdout);
    fputs(style_end(&room->dim, tint), stdout);
}

static void begin_answer(void *argument, const char *prompt, size_t size) {
    struct room *room = argument;
    room->view = chat_view_begin(prompt, size);
}

static void take_text(void *argument, const char *text, size_t size) {
    struct room *room = argument;
    struct chat_view_sink sink = { room, show_voice };
    chat_view_add(&room->view, text, size, &sink);
    fflush(stdout);
}

static bool stopped(void *argument) {
    (void)argument;
    return os_interrupted();
}

static bool answer(struct room *room, struct sy_error *err) {
    struct talk_sink sink = { room, begin_answer, take_text, stopped };
    struct chat_view_sink view = { room, show_voice };
    enum sy_finish finish = SY_FINISH_NONE;
    os_install_interrupt(); /* a Ctrl-C from here on stops this answer */
    bool done = talk_answer(&room->chat.talk, &sink, &finish, err);
    bool interrupted = os_interrupted();
    os_install_interrupt();
    chat_view_end(&room->view, &view);
    if (!done) {
        talk_drop(&room->chat.talk, "user"); /* as if it had not been asked */
        return false;
    }
    fputs("\n", stdout);
    fflush(stdout);
    if (room->terminal && interrupted) console_note("(stopped)");
    if (room->terminal && finish == SY_FINISH_LENGTH)
        console_note("(cut off: no room for more; see -n and --ctx)");
    if (room->terminal) fputs("\n", stdout);
    return interrupted && !room->terminal ? sy_fail(err, SY_ERR_STOPPED, "interrupted") : true;
}

/* ---- the conversation ---- */

static bool take_command(struct room *room, const char *line, bool *leave, struct sy_error *err) {
    struct text out = { 0 };
    enum chat_next next = CHAT_GO_ON;
    if (!chat_command(&room->chat, line, &out, &next, err)) return text_free(&out), false;
    if (out.data && !console_print(&out, err)) return false;
    fflush(stdout);
    *leave = next == CHAT_LEAVE;
    return next != CHAT_ANSWER || answer(room, err);
}

static bool take_message(struct room *room, const char *message, bool *leave, struct sy_error *err) {
    if (message[strspn(message, " \t\n")] == 0) return true;
    if (message[0] == '/') return take_command(room, message, leave, err);
    return talk_add(&room->chat.talk, "user", message, err) && answer(room, err);
}

/* In a terminal an error is told, and the conversation goes on. */
static bool forgive(const struct room *room, const struct sy_error *err) {
    char line[1024];
    if (!room->terminal || err->code == SY_ERR_INTERNAL) return false;
    console_note("%s", sy_error_line(err, line, sizeof line));
    return true;
}

static bool converse(struct room *room, struct sy_error *err) {
    for (bool leave = false; !leave;) {
        struct text message = { 0 };
        enum input got = chat_input_read(room->input, &message);
        if (got == INPUT_END) break;
        if (got == INPUT_INTERRUPTED) {
            if (!room->terminal) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
            console_note("\n(Ctrl-D or /quit leaves)");
            os_install_interrupt();
            continue;
        }
        bool done = !message.failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the message");
        done = done && take_message(room, message.data ? message.data : "", &leave, err);
        text_free(&message);
        if (!done && !forgive(room, err)) return false;
    }
    if (room->terminal) fputs("\n", stdout);
    return true;
}

static void greet(const struct room *room, const struct args *args, const struct sy_engine *engine) {
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    if (!room->terminal) return;
    sy_engine_facts(engine, &facts);
    fprintf(stdout, "%s (%s), %s\n/help lists what may be typed besides messages\n\n", facts.path,
            facts.family, facts.runs_as);
    fflush(stdout);
    engine_warn(&args->speaking.common, engine, 0);
}

/* ---- opening ---- */

static void template_context(const struct args *args, char *text, size_t size, const char **context) {
    *context = args->set;
    if (!args->think && !args->no_think) return;
    snprintf(text, size, "{\"enable_thinking\":%s,\"thinking\":%s}", args->think ? "true" : "false",
             args->think ? "true" : "false");
    *context = text;
}

static bool talk_over(const struct args *args, struct sy_engine *engine, struct sy_error *err) {
    struct room room = { .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
                         .dim = console_style(stdout) };
    struct talk *talk = &room.chat.talk;
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    struct sy_sampling recommended = { 0 };
    struct sampling_given given;
    char context[96];
    sy_engine_facts(engine, &facts);
    if (!facts.tokenizer) {
        sy_fail(err, SY_ERR_INPUT, "the model brings no tokenizer, so nobody can talk to it");
        sy_error_in(err, facts.path);
        return sy_error_remedy(err, "put its tokenizer.json beside it, or use run --ids");
    }
    sy_recommended(engine, &recommended);
    room.chat.style = room.dim;
    *talk = (struct talk){ .engine = engine, .new_count = args->count };
    template_context(args, context, sizeof context, &talk->context);
    if (!sampling_given(&args->speaking.sampling, &recommended, &given, err)) return false;
    talk->sampling = given.sampling;
    talk->stops = args->speaking.sampling.stops.words;
    talk->stop_count = args->speaking.sampling.stops.count;
    bool done = talk_begin(talk, args->system, err) && chat_input_open(room.terminal, &room.input, err);
    if (done) {
        greet(&room, args, engine);
        done = converse(&room, err);
        if (done && !room.terminal) engine_warn(&args->speaking.common, engine, 0);
    }
    chat_input_close(room.input);
    talk_end(talk);
    return done;
}

/* The routing of the longest answer. */
static int64_t routes_bytes(void *argument, const struct sy_facts *facts) {
    const struct args *args = argument;
    int64_t tokens = args->count > 0 ? min_i64(args->count, facts->context) : facts->context, bytes;
    return chat_routes_bytes(facts->layers, tokens, &bytes) ? bytes : -1;
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    struct engine_words words;
    struct sy_options wanted;
    struct sy_engine *engine;
    engine_options(&args->speaking.common, &words, &wanted);
    wanted.experts_per_token = args->experts;
    wanted.beside = routes_bytes;
    wanted.argument = (void *)(uintptr_t)args;
    if (!engine_open(&args->speaking.common, call->words[0], &wanted, &engine, err)) return false;
    bool done = talk_over(args, engine, err);
    sy_engine_close(engine);
    return done;
}

const struct command command_chat = {
    .text = {
        .name = "chat",
        .summary = "talk with a model",
        .usage = "MODEL [--system TEXT] [--temp T ...]",
        .details =
            "Messages go through the model's own chat template; what it says streams as it is generated,\n"
            "its thinking dimmed. Ctrl-C stops an answer, Ctrl-D leaves, /help lists the commands. A line\n"
            "that ends in a backslash goes on in the next; \"\"\" opens and closes a message of many lines.\n"
            "\n"
            "From a pipe each line is a message, and only answers are printed.\n"
            "\n"
            "Nothing is written to disk unless /save asks for it.",
        .examples = "switchyard chat models/olmoe\n"
                    "switchyard chat models/qwen3 --system 'Answer in one sentence.' --temp 0.7\n"
                    "echo 'What is an expert?' | switchyard chat models/olmoe --temp 0",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .defaults = &defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
