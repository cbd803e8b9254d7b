/*
 * template: the prompt that a chat template makes of a conversation.
 */
#include "template/template.h"
#include "base/os.h"
#include "commands/command.h"
#include "commands/common_session.h"
#include "commands/console.h"
#include "text/model_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEMPLATE_BYTES_MAX ((int64_t)4 << 20)
#define JSON_BYTES_MAX     ((int64_t)256 << 20)

struct args {
    const char *file, *name, *messages, *tools, *documents, *context, *now;
    struct option_list sets;
    bool no_generation_prompt;
};

static const struct option options[] = {
    { "file", 0, OPTION_STRING, "T.jinja", "the template", offsetof(struct args, file) },
    { "template", 0, OPTION_STRING, "NAME", "of MODEL's templates the one of this name",
      offsetof(struct args, name) },
    { "messages", 'm', OPTION_STRING, "F.json", "the conversation: a list of {role, content}",
      offsetof(struct args, messages) },
    { "tools", 0, OPTION_STRING, "F.json", "with --messages: tools that the model may call",
      offsetof(struct args, tools) },
    { "documents", 0, OPTION_STRING, "F.json", "with --messages: documents to answer from",
      offsetof(struct args, documents) },
    { "no-generation-prompt", 0, OPTION_FLAG, NULL, "with --messages: do not open the answer",
      offsetof(struct args, no_generation_prompt) },
    { "context", 'c', OPTION_STRING, "C.json", "all that the template sees, instead of --messages",
      offsetof(struct args, context) },
    { "set", 's', OPTION_LIST, "K=V", "a name more; V is JSON, or else text", offsetof(struct args, sets) },
    { "now", 0, OPTION_STRING, "TIME", "what strftime_now sees: 2025-07-10T12:00:00Z",
      offsetof(struct args, now) },
    OPTION_NOT_WITH("template", "file"),
    OPTION_ONLY_WITH("template", "MODEL"),
    OPTION_NOT_WITH("messages", "context"),
    OPTION_ONLY_WITH("tools", "messages"),
    OPTION_ONLY_WITH("documents", "messages"),
    OPTION_ONLY_WITH("no-generation-prompt", "messages"),
    OPTION_END,
};
static const struct option_table table = { options, NULL };

/* ---- the context ---- */

/* "-" is standard input. */
static bool read_file(const char *path, int64_t most, char **text, int64_t *size, struct sy_error *err) {
    bool standard = strcmp(path, "-") == 0;
    bool done = standard ? os_read_stdin(most, text, size, err) : os_read_file(path, most, text, size, err);
    return done || sy_error_in(err, standard ? "standard input" : path);
}

static bool set_file(struct template_context *context, const char *name, const char *path,
                     struct sy_error *err) {
    char *text;
    int64_t size;
    if (!path) return true;
    if (!read_file(path, JSON_BYTES_MAX, &text, &size, err)) return false;
    bool done = template_context_text(context, name, text, size, err) || sy_error_in(err, path);
    free(text);
    return done;
}

static bool set_words(struct template_context *context, const struct option_list *sets,
                      struct sy_error *err) {
    for (int i = 0; i < sets->count; i++) {
        const char *word = sets->words[i], *equals = strchr(word, '=');
        if (!equals || equals == word) {
            sy_fail(err, SY_ERR_USAGE, "--set %s is no name and value", word);
            return sy_error_remedy(err, "write --set name=value");
        }
        char *name = strndup(word, (size_t)(equals - word));
        if (!name) return sy_fail(err, SY_ERR_MEMORY, "no memory for a name");
        int64_t size = (int64_t)strlen(equals + 1);
        bool done = template_context_text(context, name, equals + 1, size, NULL) ||
                    template_context_string(context, name, equals + 1, size, err);
        free(name);
        if (!done) return false;
    }
    return true;
}

static bool fill_context(const struct args *args, struct template_context *context, struct sy_error *err) {
    if (!set_file(context, NULL, args->context, err) || !set_file(context, "messages", args->messages, err) ||
        !set_file(context, "tools", args->tools, err) ||
        !set_file(context, "documents", args->documents, err))
        return false;
    if (args->messages && !template_context_chat(context, !args->no_generation_prompt, err))
        return sy_error_in(err, args->messages);
    return set_words(context, &args->sets, err);
}

/* ---- the clock ---- */

static bool read_clock(const char *text, struct template_clock *clock, struct sy_error *err) {
    struct tm when = { 0 };
    clock->seconds = os_local_seconds(); /* the time that templates print */
    if (!text) return true;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &when);
    if (!end || (strcmp(end, "Z") != 0 && *end)) {
        sy_fail(err, SY_ERR_USAGE, "--now %s is no time", text);
        return sy_error_remedy(err, "write it as 2025-07-10T12:00:00Z");
    }
    clock->seconds = (int64_t)timegm(&when);
    return true;
}

/* ---- the template ---- */

static const struct chat_template_source *find_source(const struct model_text *text, const char *name) {
    for (int i = 0; i < text->template_count; i++)
        if (strcmp(text->templates[i].name, name) == 0) return &text->templates[i];
    return NULL;
}

static bool name_templates(const struct model_text *text, struct sy_error *err) {
    char names[160] = "";
    for (int i = 0; i < text->template_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", text->templates[i].name);
    }
    return sy_error_remedy(err, "--template takes one of: %s", names);
}

/* As transformers chooses: by name, or where there are tools the one for their use, or the default. */
static const struct chat_template_source *choose(const struct model_text *text, const struct args *args,
                                                 struct sy_error *err) {
    const struct chat_template_source *source = args->name ? find_source(text, args->name) : NULL;
    if (!args->name && args->tools) source = find_source(text, "tool_use");
    if (!args->name && !source) source = find_source(text, "default");
    if (!args->name && !source && text->template_count == 1) source = &text->templates[0];
    if (source) return source;
    if (text->template_count == 0) {
        sy_fail(err, SY_ERR_INPUT, "the model brings no chat template");
        sy_error_remedy(err, "give --file T.jinja");
    } else {
        sy_fail(err, SY_ERR_INPUT,
                args->name ? "the model has no template '%s'" : "no template of the model is the default%s",
                args->name ? args->name : "");
        name_templates(text, err);
    }
    return NULL;
}

static bool parse_file(const char *path, struct chat_template **template, struct sy_error *err) {
    char *source;
    int64_t size;
    if (!read_file(path, TEMPLATE_BYTES_MAX, &source, &size, err)) return false;
    bool done = template_parse(source, size, NULL, template, err) || sy_error_in(err, path);
    free(source);
    return done;
}

/* A model gives its special tokens too. */
static bool parse_model(const struct args *args, const char *path, struct template_context *context,
                        struct chat_template **template, struct sy_error *err) {
    struct model_text text;
    if (!model_text_open(path, &text, err)) return sy_error_in(err, path);
    const struct chat_template_source *source = args->file ? NULL : choose(&text, args, err);
    bool done = args->file ? parse_file(args->file, template, err)
                           : source && template_parse(source->source, (int64_t)strlen(source->source), NULL,
                                                      template, err);
    for (int i = 0; i < text.notes.count; i++)
        console_warn("%s: %s: %s", text.notes.list[i].file, text.notes.list[i].what, text.notes.list[i].why);
    done = done && (!text.special || template_context_json(context, NULL, text.special, err));
    model_text_close(&text);
    return done || sy_error_in(err, path);
}

/* ---- the command ---- */

static bool check(const struct call *call, const struct args *args, struct sy_error *err) {
    if (call->word_count == 0 && !args->file) {
        sy_fail(err, SY_ERR_USAGE, "no template");
        return sy_error_remedy(err, "name a MODEL, or give --file T.jinja");
    }
    return true;
}

static bool open_template(const struct call *call, struct template_context *context,
                          struct chat_template **template, struct sy_error *err) {
    const struct args *args = call->args;
    struct given given;
    if (call->word_count == 0) return parse_file(args->file, template, err);
    return common_model(call->words[0], GIVEN_AS_TOKENIZER, &given, err) &&
           parse_model(args, given.path, context, template, err);
}

static bool run(const struct call *call, struct sy_error *err) {
    const struct args *args = call->args;
    const char *named = args->file ? args->file : call->words[0];
    struct template_context *context = NULL;
    struct chat_template *template = NULL;
    struct template_clock clock;
    struct text prompt = { 0 };
    bool done = check(call, args, err) && read_clock(args->now, &clock, err) &&
                template_context_open(&context, err) && open_template(call, context, &template, err) &&
                fill_context(args, context, err);
    if (done && !template_render(template, context, clock, &prompt, NULL, err))
        done = sy_error_in(err, named);
    template_context_close(context);
    template_free(template);
    if (done) return console_print(&prompt, err);
    text_free(&prompt);
    return false;
}

const struct command command_template = {
    .text = {
        .name = "template",
        .summary = "the prompt that a chat template makes of a conversation",
        .usage = "(MODEL | --file T.jinja) (--messages F.json | --context C.json)",
        .details =
            "Prints the prompt and nothing else. With --messages the template sees what transformers'\n"
            "apply_chat_template shows it; with --context the members of one JSON object. Templates are\n"
            "Jinja as transformers runs it, in a sandbox, within bounds of steps, memory and output.\n"
            "\n"
            "A MODEL brings its special tokens, and may bring several templates: with --tools the one\n"
            "called tool_use is taken where there is one, else default.",
        .examples = "switchyard template models/small --messages chat.json\n"
                    "switchyard template --file chat.jinja -m chat.json --set enable_thinking=false",
    },
    .table = &table,
    .args_size = sizeof(struct args),
    .words_max = 1,
    .run = run,
};
