/*
 * The prompt of a conversation: the model's own chat template over its messages, as transformers'
 * apply_chat_template makes it.
 *
 *     messages, tools, ... -> context (+ special tokens) -> template -> text
 */
#ifndef API_PROMPT_H
#define API_PROMPT_H

#include "template/template.h"
#include "text/model_text.h"

struct prompt_request {
    const char *messages; /* JSON: a list of {"role", "content", ...} */
    int64_t messages_size;
    const char *context; /* JSON: an object of further names ("tools", "enable_thinking"), or NULL */
    int64_t context_size;
    /* NULL: "tool_use" where there are tools and such a template, else "default" */
    const char *template_name;
    const char *source;        /* a template instead of the model's own, or NULL */
    bool no_generation_prompt; /* do not open the answer */
    struct template_clock clock;
};

/* Appends to `out`. SY_ERR_INPUT where the model brings no such template, naming those that it brings. */
SY_MUST_CHECK bool prompt_render(const struct model_text *text, const struct prompt_request *request,
                                 struct text *out, struct sy_error *err);

#endif
