/*
 * The text side of a model, whatever its files: tokenizer, chat templates, and the generation settings that
 * its authors recommend. From a folder: tokenizer.json (else tokenizer.model, tekken.json, *.tiktoken),
 * tokenizer_config.json, chat_template.jinja or .json, generation_config.json. From GGUF: the tokenizer.* and
 * general.sampling.* keys.
 */
#ifndef TEXT_MODEL_TEXT_H
#define TEXT_MODEL_TEXT_H

#include "text/generation.h"
#include "text/tokenizer.h"

struct chat_template_source { /* one named template; a model may have several ("default", "tool_use") */
    char *name, *source;
};

struct model_text {
    struct tokenizer *tokenizer; /* NULL: the model brings none; `missing` says why */
    struct sy_error missing;
    struct chat_template_source *templates; /* [template_count], "default" first */
    int template_count;
    json_t *special; /* object: bos_token, eos_token, ... as strings, for a template's context */
    struct generation_defaults generation;
    bool in_gguf;            /* then these ends are said by its keys */
    struct key_ends ends;    /* (all ends, of all files: ends.h) */
    struct text_notes notes; /* what the files say and is not obeyed, or say differently */
};

/* A model without a tokenizer opens too (it runs from ids); one that is there and broken is an error. */
SY_MUST_CHECK bool model_text_open(const char *path, struct model_text *out, struct sy_error *err);
/* The same, where reading the tokenizer may take at most so many bytes (0: any): else SY_ERR_MEMORY. */
SY_MUST_CHECK bool model_text_open_within(const char *path, int64_t reading_bytes, struct model_text *out,
                                          struct sy_error *err);
void model_text_close(struct model_text *text);

#endif
