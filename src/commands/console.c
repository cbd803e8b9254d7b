#include "commands/console.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *locale_of_environment(void) {
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) return value;
    }
    return NULL;
}

struct style console_style(FILE *stream) {
    return style_decide(isatty(fileno(stream)), getenv("NO_COLOR"), getenv("TERM"), locale_of_environment());
}

bool console_moves(void) {
    const char *term = getenv("TERM");
    return term && term[0] && strcmp(term, "dumb") != 0;
}

FILE *console_progress(void) {
    return isatty(STDERR_FILENO) ? stderr : NULL;
}

static bool not_written(struct sy_error *err) {
    sy_fail_errno(err, SY_ERR_IO, "cannot be written");
    return sy_error_in(err, "standard output");
}

bool console_print(struct text *text, struct sy_error *err) {
    bool failed = text->failed;
    bool written = failed || !text->data || fwrite(text->data, 1, text->size, stdout) == text->size;
    if (!written) not_written(err);
    text_free(text);
    return written && (!failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the output"));
}

bool console_stream(const char *text, size_t size, struct sy_error *err) {
    return (fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0) || not_written(err);
}

void console_tell(const struct text *text) {
    if (text->data) fwrite(text->data, 1, text->size, stderr);
}

static void say(const char *prefix, const char *format, va_list args) {
    fputs(prefix, stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void console_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void console_warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("switchyard: warning: ", format, args);
    va_end(args);
}

bool console_finish(struct sy_error *err) {
    return fflush(stdout) == 0 || not_written(err);
}

/* ---- errors ---- */

/* What the library calls something, and the option of the commands that says it. */
static const char *const own_words[][2] = {
    { "sy_options.context", "--ctx" },
    { "sy_options.memory_bytes", "--memory" },
    { "sy_options.threads", "--threads" },
    { "sy_options.experts_per_token", "--experts-per-token" },
    { "SY_PRECISION_EXACT", "--exact" },
    { "SY_PRECISION_FAST", "--fast" },
    { "SY_REGIME_BF16", "--regime bf16" },
    { "SY_LAYOUT_FILE", "--layout file" },
    { "SY_LAYOUT_KERNEL", "--layout kernel" },
    { "SY_IGNORE_UNKNOWN", "--ignore-unknown" },
    { "sy_options.chat_template", "--template" },
};

char *console_error_line(const struct sy_error *err, char *line, size_t size) {
    sy_error_line(err, line, size);
    for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++) {
        size_t theirs = strlen(own_words[i][0]), ours = strlen(own_words[i][1]); /* no longer than theirs */
        for (char *at = line; (at = strstr(at, own_words[i][0])) != NULL; at += ours) {
            memcpy(at, own_words[i][1], ours);
            memmove(at + ours, at + theirs, strlen(at + theirs) + 1);
        }
    }
    return line;
}
