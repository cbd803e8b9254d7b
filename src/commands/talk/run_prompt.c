/*
 * The prompt of `run`: ids as they are, or text that the model's tokenizer turns into ids.
 */
#include "base/checked.h"
#include "base/os.h"
#include "commands/talk/run.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX ((int64_t)256 << 20)

static bool read_text(const char *file, struct run_prompt *prompt, struct sy_error *err) {
    int64_t size;
    bool done = strcmp(file, "-") == 0 ? os_read_stdin(TEXT_BYTES_MAX, &prompt->text, &size, err)
                                       : os_read_file(file, TEXT_BYTES_MAX, &prompt->text, &size, err);
    if (done) prompt->size = (size_t)size;
    return done;
}

/* Nothing was given: whatever standard input brings, as -f - would. */
static bool read_input(struct run_prompt *prompt, struct sy_error *err) {
    bool there = os_stdin_state(0) != OS_STDIN_NONE;
    if (there && !read_text("-", prompt, err)) return false;
    if (prompt->size > 0) return true;
    run_prompt_free(prompt);
    sy_fail(err, SY_ERR_USAGE, there ? "no prompt given, and standard input is empty" : "no prompt given");
    return sy_error_remedy(err, "give one of --ids 1,2,3, -p TEXT and -f FILE");
}

/* Behind -p: what a pipe or a file brings. A pipe may stay open without a word for ever, so it is not waited
 * for without end; that it was left out is told. */
static bool append_input(struct run_prompt *prompt, struct text *text, struct sy_error *err) {
    struct run_prompt more = { 0 };
    enum os_stdin state = os_stdin_state(RUN_INPUT_SECONDS);
    if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
    prompt->input_left = state == OS_STDIN_SILENT;
    if (state != OS_STDIN_READY) return true;
    if (!read_text("-", &more, err)) return false;
    if (more.size > 0 && text->size > 0) text_add(text, "\n");
    text_add_bytes(text, more.text, more.size);
    run_prompt_free(&more);
    return true;
}

static bool read_words(const char *words, struct run_prompt *prompt, struct sy_error *err) {
    struct text text = { 0 };
    text_add_bytes(&text, words, strlen(words));
    bool done = append_input(prompt, &text, err);
    prompt->size = text.size;
    prompt->text = text.size > 0 ? text.data : calloc(1, 1);
    if (done && (text.failed || !prompt->text))
        done = sy_fail(err, SY_ERR_MEMORY, "no memory for the prompt");
    return done;
}

bool run_prompt_read(const struct run_args *args, struct run_prompt *prompt, struct sy_error *err) {
    *prompt = (struct run_prompt){ 0 };
    if (args->ids)
        return parse_ids(args->ids, &prompt->ids, &prompt->count, err) || sy_error_in(err, "--ids");
    if (args->file) return read_text(args->file, prompt, err);
    return args->prompt ? read_words(args->prompt, prompt, err) : read_input(prompt, err);
}

static void add_message(struct text *out, const char *role, const char *content) {
    text_add(out, "%s{\"role\":\"%s\",\"content\":", out->size > 1 ? "," : "", role);
    text_add_json_string(out, content);
    text_add(out, "}");
}

static bool encode(struct sy_engine *engine, uint32_t flags, struct run_prompt *prompt,
                   struct sy_error *err) {
    if (!sy_encode(engine, prompt->text, prompt->size, flags, &prompt->ids, &prompt->count, err))
        return false;
    if (prompt->count > 0) return true;
    sy_fail(err, SY_ERR_INPUT, "the prompt is empty, and the model's tokenizer adds nothing to it");
    return sy_error_remedy(err, "give some text");
}

bool run_prompt_chat(struct sy_engine *engine, const char *messages, struct run_prompt *prompt,
                     struct sy_error *err) {
    char *rendered;
    size_t size;
    if (!sy_chat(engine, messages, NULL, &rendered, &size, err)) return false;
    sy_free(prompt->text);
    prompt->text = rendered;
    prompt->size = size;
    return encode(engine, SY_NO_SPECIAL | SY_PARSE_SPECIAL, prompt, err);
}

bool run_prompt_encode(const struct run_args *args, struct sy_engine *engine, struct run_prompt *prompt,
                       struct sy_error *err) {
    struct text messages = { 0 };
    if (!prompt->text) return true;
    if (!args->chat) return encode(engine, 0, prompt, err);
    if (strlen(prompt->text) != prompt->size)
        return sy_fail(err, SY_ERR_INPUT, "the prompt holds a zero byte, which no conversation can");
    text_add(&messages, "[");
    if (args->system) add_message(&messages, "system", args->system);
    add_message(&messages, "user", prompt->text);
    text_add(&messages, "]");
    bool done = !messages.failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the prompt");
    done = done && run_prompt_chat(engine, messages.data, prompt, err);
    text_free(&messages);
    return done;
}

int64_t run_prompt_bound(const struct run_args *args, const struct run_prompt *prompt) {
    int64_t system = args->system ? (int64_t)strlen(args->system) : 0;
    if (!prompt->text) return prompt->count;
    return (int64_t)prompt->size + system + (args->chat ? RUN_FRAME_IDS : RUN_ADDED_IDS);
}

void run_prompt_free(struct run_prompt *prompt) {
    sy_free(prompt->text); /* what came from elsewhere is of the same heap */
    sy_free(prompt->ids);
    *prompt = (struct run_prompt){ 0 };
}
