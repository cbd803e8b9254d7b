#include "commands/talk/chat_input.h"

#include "base/os.h"
#include "commands/console.h"
#include "commands/talk/chat_keys.h"

#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <wchar.h>

#define HISTORY_LINES 1000

struct chat_input {
    EditLine *edit; /* NULL: a pipe */
    struct chat_keys keys;
    FILE *piped; /* or the pipe */
    History *history;
    struct message_lines lines;
    char *line; /* getline's */
    size_t line_room;
    bool inside; /* of a message that goes on */
};

static char prompt_first[] = "> ", prompt_next[] = ". ";

static char *prompt(EditLine *edit) {
    struct chat_input *input = NULL;
    el_get(edit, EL_CLIENTDATA, (void **)&input);
    return input && input->inside ? prompt_next : prompt_first;
}

/* One character for libedit. Its own reader would sleep through a Ctrl-C. */
static int type_character(EditLine *edit, wchar_t *character) {
    struct chat_input *input = NULL;
    el_get(edit, EL_CLIENTDATA, (void **)&input);
    return input ? chat_keys_next(&input->keys, character) : 0;
}

static int type_byte(void *argument, unsigned char *byte) {
    (void)argument;
    return os_type_stdin(byte);
}

/* Letters of more than one byte are UTF-8 here, whatever the environment says. */
static void choose_letters(void) {
    bool chosen = setlocale(LC_CTYPE, "");
    if (!chosen || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

static bool open_editor(struct chat_input *input, struct sy_error *err) {
    HistEvent event;
    choose_letters();
    input->keys = chat_keys_begin(type_byte, NULL);
    input->edit = el_init("switchyard", stdin, stdout, stderr);
    input->history = history_init();
    if (!input->edit || !input->history) return sy_fail(err, SY_ERR_MEMORY, "no memory for line editing");
    history(input->history, &event, H_SETSIZE, HISTORY_LINES);
    history(input->history, &event, H_SETUNIQUE, 1);
    el_set(input->edit, EL_CLIENTDATA, input);
    el_set(input->edit, EL_PROMPT, prompt);
    el_set(input->edit, EL_GETCFN, type_character);
    el_set(input->edit, EL_EDITOR, "emacs");
    el_set(input->edit, EL_HIST, history, input->history);
    el_set(input->edit, EL_SETTY, "-x", "-echo", "-icanon", NULL); /* stays quiet between two lines, too */
    if (console_moves()) fputs(CHAT_KEYS_ON, stdout);
    return true;
}

bool chat_input_open(bool terminal, struct chat_input **out, struct sy_error *err) {
    struct chat_input *input = calloc(1, sizeof *input);
    if (!input) return sy_fail(err, SY_ERR_MEMORY, "no memory for line editing");
    bool opened = terminal ? open_editor(input, err) : os_open_stdin(&input->piped, err);
    if (!opened) {
        chat_input_close(input);
        return false;
    }
    *out = input;
    return true;
}

void chat_input_close(struct chat_input *input) {
    if (!input) return;
    if (input->edit) {
        if (console_moves()) fputs(CHAT_KEYS_OFF, stdout);
        fflush(stdout);
        el_end(input->edit);
    }
    chat_keys_end(&input->keys);
    if (input->history) history_end(input->history);
    if (input->piped) fclose(input->piped);
    free(input->line);
    free(input);
}

bool message_lines_add(struct message_lines *lines, const char *line, struct text *message) {
    size_t size = strlen(line);
    bool quotes = strcmp(line, "\"\"\"") == 0;
    if (quotes) {
        lines->block = !lines->block;
        return !lines->block;
    }
    if (message->size > 0) text_add(message, "\n");
    bool goes_on = !lines->block && size > 0 && line[size - 1] == '\\';
    text_add(message, "%.*s", (int)(goes_on ? size - 1 : size), line);
    return !lines->block && !goes_on;
}

/* One line into input->line, its end cut off. NULL: the end, or an interruption. */
static const char *next_line(struct chat_input *input) {
    if (!input->edit) {
        ssize_t size = getline(&input->line, &input->line_room, input->piped);
        if (size < 0) return NULL;
        if (size > 0 && input->line[size - 1] == '\n') input->line[size - 1] = 0;
        return input->line;
    }
    int size = 0;
    const char *line = el_gets(input->edit, &size);
    if (!line || size <= 0) return NULL;
    free(input->line);
    input->line = strndup(line, (size_t)(size - (line[size - 1] == '\n')));
    return input->line;
}

static void remember(struct chat_input *input) {
    HistEvent event;
    if (input->edit && input->line[0]) history(input->history, &event, H_ENTER, input->line);
}

void chat_input_offer(struct chat_input *input, const char *text) {
    if (input->edit) chat_keys_offer(&input->keys, text);
}

/* What is shown as a sign becomes the line end that it stands for. */
static void put_line_ends(struct text *message) {
    const size_t size = strlen(CHAT_KEYS_LINE_END);
    char *to = message->data;
    if (!to) return;
    for (const char *from = to; *from;) {
        bool end = strncmp(from, CHAT_KEYS_LINE_END, size) == 0;
        *to++ = end ? '\n' : *from;
        from += end ? size : 1;
    }
    *to = 0;
    message->size = (size_t)(to - message->data);
}

static enum input complete(const struct chat_input *input, struct text *message) {
    if (input->edit) put_line_ends(message);
    return INPUT_MESSAGE;
}

enum input chat_input_read(struct chat_input *input, struct text *message) {
    input->lines = (struct message_lines){ 0 };
    for (input->inside = false;; input->inside = true) {
        const char *line = next_line(input);
        if (!line) {
            if (os_interrupted()) return text_free(message), INPUT_INTERRUPTED;
            return message->size > 0 ? complete(input, message) : INPUT_END;
        }
        remember(input);
        if (message_lines_add(&input->lines, line, message)) return complete(input, message);
    }
}
