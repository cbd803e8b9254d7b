/*
 * chat: a conversation in a terminal, or through a pipe.
 */
#include "base/checked.h"
#include "base/os.h"
#include "base/os_terminal.h"
#include "commands/command.h"
#include "commands/console.h"
#include "commands/talk/chat_commands.h"
#include "commands/talk/chat_input.h"
#include "commands/talk/chat_view.h"
#include "commands/talk/chat_wrap.h"
#include "commands/talk/engine_options.h"
#include "commands/talk/reading.h"
#include "commands/talk/sampling_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct args {
    struct speaking speaking;
    const char *system, *set;
    int64_t count, experts;
    bool think, no_think, keep_all, commands;
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
    { "keep-all", 0, OPTION_FLAG, NULL,
      "refuse what outgrows the context, instead of leaving out the oldest turns",
      offsetof(struct args, keep_all) },
    { "commands", 0, OPTION_FLAG, NULL, "from a pipe, too, a line such as /save F is a command, not text",
      offsetof(struct args, commands) },
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
    struct chat_wrap wrap;  /* on a terminal */
    struct reading reading; /* of a prompt */
    struct style dim;       /* of stdout */
    bool terminal, commands;
    bool told; /* that the oldest turns are left out */
};

/* ---- an answer on the screen ---- */

static void show_voice(void *argument, enum voice voice, const char *text, size_t size) {
    struct room *room = argument;
    struct text wrapped = { 0 };
    enum tint tint = voice == VOICE_THINKING ? TINT_DIM : TINT_NONE;
    if (room->terminal) chat_wrap_add(&room->wrap, text, size, &wrapped);
    fputs(style_begin(&room->dim, tint), stdout);
    if (room->terminal)
        fwrite(wrapped.data ? wrapped.data : "", 1, wrapped.size, stdout);
    else
        fwrite(text, 1, size, stdout);
    fputs(style_end(&room->dim, tint), stdout);
    text_free(&wrapped);
}

static void begin_answer(void *argument, const char *prompt, size_t size) {
    struct room *room = argument;
    struct style style = console_style(stderr);
    room->view = chat_view_begin(prompt, size);
    room->wrap = chat_wrap_begin(console_moves() ? os_terminal_columns() : 0);
    room->reading = reading_begin(room->terminal ? console_progress() : NULL, &style, os_seconds());
}

static void take_read(void *argument, int64_t done, int64_t count) {
    struct room *room = argument;
    reading_show(&room->reading, done, count, os_seconds());
}

static void take_text(void *argument, const char *text, size_t size) {
    struct room *room = argument;
    struct chat_view_sink sink = { room, show_voice };
    reading_end(&room->reading);
    chat_view_add(&room->view, text, size, &sink);
    fflush(stdout);
}

static bool stopped(void *argument) {
    (void)argument;
    return os_interrupted();
}

/* After an answer: what somebody should know of it. */
static void tell(struct room *room, enum sy_finish finish, bool interrupted) {
    if (room->terminal && interrupted) console_note("(stopped)");
    if (room->terminal && finish == SY_FINISH_LENGTH)
        console_note("(cut off: no room for more; see -n and --ctx)");
    if (room->chat.talk.left_out == 0 || room->told) return;
    room->told = true;
    if (room->terminal)
        console_note("(the context is full: from here on the oldest turns are left out of it)");
    else
        console_warn("the context is full: the oldest turns are left out of it; --keep-all refuses instead");
}

static bool answer(struct room *room, struct sy_error *err) {
    struct talk_sink sink = {
        .argument = room, .prompt = begin_answer, .read = take_read, .text = take_text, .stop = stopped
    };
    struct chat_view_sink view = { room, show_voice };
    enum sy_finish finish = SY_FINISH_NONE;
    os_install_interrupt();                  /* a Ctrl-C from here on stops this answer */
    if (room->terminal) os_terminal_quiet(); /* once more: a Ctrl-C may have ended it */
    bool done = talk_answer(&room->chat.talk, &sink, &finish, err);
    bool interrupted = os_interrupted();
    os_install_interrupt();
    reading_end(&room->reading);
    chat_view_end(&room->view, &view);
    if (!done) {
        talk_drop(&room->chat.talk, "user"); /* as if it had not been asked */
        return false;
    }
    fputs("\n", stdout);
    fflush(stdout);
    tell(room, finish, interrupted);
    if (room->terminal) fputs("\n", stdout);
    return interrupted && (!room->terminal || os_must_end()) ? sy_fail(err, SY_ERR_STOPPED, "interrupted")
                                                             : true;
}

/* ---- the conversation ---- */

static bool take_command(struct room *room, const char *line, bool *leave, struct sy_error *err) {
    struct text out = { 0 };
    enum chat_next next = CHAT_GO_ON;
    if (!chat_command(&room->chat, line, &out, &next, err)) return text_free(&out), false;
    if (out.data && !console_print(&out, err)) return false;
    fflush(stdout);
    if (room->chat.edit.data) chat_input_offer(room->input, room->chat.edit.data);
    text_free(&room->chat.edit);
    *leave = next == CHAT_LEAVE;
    return next != CHAT_ANSWER || answer(room, err);
}

/* One line that begins with a slash is a command, where somebody types or says so: what is piped or pasted
 * may be anybody's text. Two slashes are a message that begins with one. */
static bool take_message(struct room *room, const char *message, bool *leave, struct sy_error *err) {
    bool slash = message[0] == '/' && room->commands && !strchr(message, '\n');
    if (message[strspn(message, " \t\n")] == 0) return true;
    if (slash && message[1] != '/') return take_command(room, message, leave, err);
    return talk_add(&room->chat.talk, "user", message + slash, err) && answer(room, err);
}

/* In a terminal an error is told, and the conversation goes on. */
static bool forgive(const struct room *room, const char *message, const struct sy_error *err) {
    char line[1024];
    if (!room->terminal || err->code == SY_ERR_INTERNAL || os_must_end()) return false;
    console_note("%s", console_error_line(err, line, sizeof line));
    if (message[0] != '/') console_note("(it was not sent; the arrow key up brings it back)");
    return true;
}

static bool converse(struct room *room, struct sy_error *err) {
    for (bool leave = false; !leave;) {
        struct text message = { 0 };
        enum input got = chat_input_read(room->input, &message);
        if (got == INPUT_END) break;
        if (got == INPUT_INTERRUPTED) {
            if (!room->terminal || os_must_end()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
            console_note("\n(Ctrl-D or /quit leaves)");
            os_install_interrupt();
            continue;
        }
        bool done = !message.failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the message");
        done = done && take_message(room, message.data ? message.data : "", &leave, err);
        done = done || forgive(room, message.data ? message.data : "", err);
        text_free(&message);
        if (!done) return false;
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

/* Who cannot talk is told at the start, and how to use the model all the same. */
static bool can_talk(const struct sy_engine *engine, struct sy_error *err) {
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(engine, &facts);
    if (facts.tokenizer && facts.chat_templates > 0) return true;
    if (!facts.tokenizer) {
        sy_fail(err, SY_ERR_INPUT, "the model brings no tokenizer, so nobody can talk to it");
        sy_error_in(err, facts.path);
        return sy_error_remedy(err, "`switchyard run` takes ids in place of text: --ids 1,2,3");
    }
    sy_fail(err, SY_ERR_INPUT, "the model brings no chat template, as models that only continue a text do");
    sy_error_in(err, facts.path);
    return sy_error_remedy(err,
                           "continue a text with `switchyard run MODEL -p TEXT`, or give --template FILE");
}

static bool talk_over(const struct args *args, struct sy_engine *engine, struct sy_error *err) {
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct room room = { .terminal = terminal,
                         .commands = terminal || args->commands,
                         .dim = console_style(stdout) };
    struct talk *talk = &room.chat.talk;
    char context[96];
    if (!can_talk(engine, err)) return false;
    room.chat.style = room.dim;
    room.chat.editor = terminal;
    *talk = (struct talk){ .engine = engine, .new_count = args->count, .keep_all = args->keep_all };
    template_context(args, context, sizeof context, &talk->context);
    if (!chat_set_open(&room.chat.set, &args->speaking, engine, err)) return false;
    chat_use_settings(&room.chat);
    if (terminal) os_terminal_quiet(); /* who types ahead does not type into an answer */
    bool done = talk_begin(talk, args->system, err) && chat_input_open(room.terminal, &room.input, err);
    if (done) {
        greet(&room, args, engine);
        done = converse(&room, err);
        if (done && !room.terminal) engine_warn(&args->speaking.common, engine, 0);
    }
    chat_input_close(room.input);
    os_terminal_restore();
    chat_set_close(&room.chat.set);
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
    char *source;
    if (!engine_template(args->speaking.template_file, &source, err)) return false;
    wanted.chat_template = source;
    bool done = engine_open(&args->speaking.common, call->words[0], &wanted, &engine, err);
    free(source);
    if (!done) return false;
    done = talk_over(args, engine, err);
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
            "its thinking dimmed. Ctrl-C stops an answer, Ctrl-D leaves, /help lists the commands. Several\n"
            "lines that are pasted are one message; a line that ends in a backslash goes on in the next;\n"
            "\"\"\" opens and closes a message of many lines. A message may begin with // for a slash.\n"
            "\n"
            "From a pipe each line is a message, whatever it begins with (--commands takes /save and the\n"
            "like from there, too), and only answers are printed.\n"
            "\n"
            "Once a conversation outgrows the context, its oldest turns are left out of what the model\n"
            "reads; that is said once, and --keep-all refuses instead.\n"
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
