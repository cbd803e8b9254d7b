#include "api/prompt.h"

#include <string.h>

static const char *source_of(const struct model_text *text, const char *name) {
    for (int i = 0; i < text->template_count; i++)
        if (strcmp(text->templates[i].name, name) == 0) return text->templates[i].source;
    return NULL;
}

static bool no_template(const struct model_text *text, const char *name, struct sy_error *err) {
    char names[120] = "";
    for (int i = 0; i < text->template_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", text->templates[i].name);
    }
    if (text->template_count == 0) {
        sy_fail(err, SY_ERR_INPUT, "the model brings no chat template");
        return sy_error_remedy(err, "give plain text, or sy_options.chat_template");
    }
    sy_fail(err, SY_ERR_INPUT, "the model brings no chat template '%s'", name);
    return sy_error_remedy(err, "give one that it has: %s", names);
}

static bool has_tools(const json_t *context) {
    const json_t *tools = json_object_get(context, "tools");
    return tools && !json_is_null(tools) && json_array_size(tools) > 0;
}

static const char *choose(const struct model_text *text, const struct prompt_request *r,
                          const json_t *context, struct sy_error *err) {
    const char *name = r->template_name ? r->template_name : "default";
    if (!r->template_name && has_tools(context) && source_of(text, "tool_use")) name = "tool_use";
    const char *source = source_of(text, name);
    if (!source && !r->template_name && text->template_count == 1) source = text->templates[0].source;
    if (!source) no_template(text, name, err);
    return source;
}

/* Whether the answer is to be opened: as the request says, unless the context says it itself. */
static bool opens_answer(const struct prompt_request *r, const json_t *context) {
    const json_t *said = json_object_get(context, "add_generation_prompt");
    return said ? json_is_true(said) : !r->no_generation_prompt;
}

static bool fill(const struct model_text *text, const struct prompt_request *r, const json_t *further,
                 struct template_context *context, struct sy_error *err) {
    if (text->special && !template_context_json(context, NULL, text->special, err)) return false;
    if (!template_context_text(context, "messages", r->messages, r->messages_size, err))
        return sy_error_in(err, "messages");
    if (r->context && !template_context_text(context, NULL, r->context, r->context_size, err)) return false;
    return template_context_chat(context, opens_answer(r, further), err);
}

static bool render(const struct model_text *text, const struct prompt_request *r, const json_t *further,
                   struct text *out, struct sy_error *err) {
    struct chat_template *template = NULL;
    struct template_context *context = NULL;
    const char *source = r->source ? r->source : choose(text, r, further, err);
    bool done = source && template_parse(source, (int64_t)strlen(source), NULL, &template, err) &&
                template_context_open(&context, err) && fill(text, r, further, context, err) &&
                template_render(template, context, r->clock, out, NULL, err);
    template_context_close(context);
    template_free(template);
    return done;
}

bool prompt_render(const struct model_text *text, const struct prompt_request *r, struct text *out,
                   struct sy_error *err) {
    json_t *further = NULL;
    if (r->context) {
        struct json_limits limits = { .bytes = r->context_size, .depth = 64 };
        further = json_parse(r->context, r->context_size, limits, err);
        if (!further) return sy_error_in(err, "the template's context");
        if (!json_is_object(further)) {
            json_decref(further);
            return sy_fail(err, SY_ERR_INPUT, "the template's context is no JSON object");
        }
    }
    bool done = render(text, r, further, out, err);
    json_decref(further);
    return done;
}
