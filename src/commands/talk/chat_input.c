#include "commands/talk/chat_input.h"

#include "base/os.h"

#include <histedit.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <wchar.h>

#define HISTORY_LINES 1000

struct chat_input {
    EditLine *edit; /* NULL: a pipe */
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
    mbstate_t state = { 0 };
    unsigned char byte;
    (void)edit;
    for (;;) {
        int got = os_type_stdin(&byte);
        if (got <= 0) return got;
        size_t length = mbrtowc(character, (const char *)&byte, 1, &state);
        if (length == (size_t)-1) state = (mbstate_t){ 0 }; /* no such character: passed over */
        if (length <= 1) return 1;
    }
}

static bool open_editor(struct chat_input *input, struct sy_error *err) {
    HistEvent event;
    if (!setlocale(LC_CTYPE, "")) setlocale(LC_CTYPE, "C.UTF-8"); /* letters of more than one byte */
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
    return true;
}

bool chat_input_open(bool terminal, struct chat_input **out, struct sy_error *err) {
    struct chat_input *input = calloc(1, sizeof *input);
    if (!input) return sy_fail(err, SY_ERR_MEMORY, "no memory for line editing");
    if (terminal && !open_editor(input, err)) {
        chat_input_close(input);
        return false;
    }
    *out = input;
    return true;
}

void chat_input_close(struct chat_input *input) {
    if (!input) return;
    if (input->edit) el_end(input->edit);
    if (input->history) history_end(input->history);
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
        ssize_t size = getline(&input->line, &input->line_room, stdin);
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

enum input chat_input_read(struct chat_input *input, struct text *message) {
    input->lines = (struct message_lines){ 0 };
    for (input->inside = false;; input->inside = true) {
        const char *line = next_line(input);
        if (!line) {
            if (os_interrupted()) return text_free(message), INPUT_INTERRUPTED;
            return message->size > 0 ? INPUT_MESSAGE : INPUT_END;
        }
        remember(input);
        if (message_lines_add(&input->lines, line, message)) return INPUT_MESSAGE;
    }
}
