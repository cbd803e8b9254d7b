#include "commands/talk/chat_wrap.h"

#include "base/utf8.h"

#include <string.h>
#include <wchar.h>

#define TAB_COLUMNS 8

struct chat_wrap chat_wrap_begin(int columns) {
    return (struct chat_wrap){ .columns = columns > 1 ? columns : 0 };
}

static void end_word(struct chat_wrap *w) {
    w->word_size = 0;
    w->word_columns = 0;
}

static void new_line(struct chat_wrap *w, struct text *out) {
    text_add(out, "\n");
    w->column = 0;
}

/* The line is full. A word that began in it goes to the next; what fills it alone is broken here. */
static void break_line(struct chat_wrap *w, struct text *out) {
    bool whole = w->word_columns > 0 && w->word_columns < w->column;
    if (whole) text_add(out, "\033[%dD\033[K", w->word_columns);
    new_line(w, out);
    if (!whole) {
        end_word(w);
        return;
    }
    text_add_bytes(out, w->word, w->word_size);
    w->column = w->word_columns;
}

static void add_space(struct chat_wrap *w, char space, struct text *out) {
    int width = space == '\t' ? TAB_COLUMNS - w->column % TAB_COLUMNS : 1;
    if (w->soft) return;
    end_word(w);
    if (w->columns && w->column + width >= w->columns) {
        new_line(w, out);
        w->soft = true;
        return;
    }
    text_add_bytes(out, &space, 1);
    w->column += width;
}

static void add_letter(struct chat_wrap *w, const char *letter, size_t size, int width, struct text *out) {
    w->soft = false;
    if (w->columns && w->column + width >= w->columns) break_line(w, out);
    text_add_bytes(out, letter, size);
    w->column += width;
    if (w->word_size + size > sizeof w->word) {
        end_word(w);
        return;
    }
    memcpy(w->word + w->word_size, letter, size);
    w->word_size += size;
    w->word_columns += width;
}

void chat_wrap_add(struct chat_wrap *w, const char *text, size_t size, struct text *out) {
    for (size_t at = 0; at < size;) {
        uint32_t point = 0;
        size_t length = utf8_decode(text + at, size - at, &point);
        int width = length > 1 ? wcwidth((wchar_t)point) : 1;
        if (text[at] == '\n') {
            end_word(w);
            if (!w->soft) new_line(w, out);
            w->soft = false;
        } else if (text[at] == ' ' || text[at] == '\t') {
            add_space(w, text[at], out);
        } else if (length == 0) {
            add_letter(w, "\xef\xbf\xbd", 3, 1, out); /* no UTF-8 */
        } else if (point >= 0x20 && point != 0x7f && !(point >= 0x80 && point < 0xa0)) {
            add_letter(w, text + at, length, width < 0 ? 1 : width, out);
        }
        at += length ? length : 1;
    }
}
