#include "commands/talk/chat_view.h"

#include <stdbool.h>
#include <string.h>

/* As the models' own chat templates spell them. Between gpt-oss's two lies a whole message of its "analysis".
 */
static const struct {
    const char *open, *close;
} markers[] = {
    { "<think>", "</think>" },           { "<|channel|>analysis<|message|>", "<|channel|>final<|message|>" },
    { "[THINK]", "[/THINK]" },           { "\u25c1think\u25b7", "\u25c1/think\u25b7" },
    { "<seed:think>", "</seed:think>" }, { "<|START_THINKING|>", "<|END_THINKING|>" },
};
enum { MARKER_COUNT = sizeof markers / sizeof markers[0] };

static bool ends_with(const char *text, size_t size, const char *end) {
    size_t length = strlen(end);
    return size >= length && memcmp(text + size - length, end, length) == 0;
}

struct chat_view chat_view_begin(const char *prompt, size_t size) {
    struct chat_view view = { .voice = VOICE_SAID };
    while (size > 0 && (prompt[size - 1] == '\n' || prompt[size - 1] == ' ')) size--;
    for (int m = 0; m < MARKER_COUNT; m++) {
        if (!ends_with(prompt, size, markers[m].open)) continue;
        view.voice = VOICE_THINKING;
        view.marker = m;
    }
    return view;
}

/* Is text[0, size) a marker that may come now (+1), the beginning of one (0), or neither (-1)? */
static int match(const struct chat_view *view, const char *text, size_t size, int *marker) {
    int best = -1;
    for (int m = 0; m < MARKER_COUNT; m++) {
        if (view->voice == VOICE_THINKING && m != view->marker) continue;
        const char *wanted = view->voice == VOICE_THINKING ? markers[m].close : markers[m].open;
        size_t length = strlen(wanted);
        if (size > length || memcmp(text, wanted, size) != 0) continue;
        if (size == length) return *marker = m, 1;
        best = 0;
    }
    return best;
}

static void show(const struct chat_view *view, const char *text, size_t size,
                 const struct chat_view_sink *sink) {
    if (size > 0) sink->show(sink->argument, view->voice, text, size);
}

/* The held bytes are a whole marker: it belongs to the thinking, at both ends. */
static void turn(struct chat_view *view, int marker, const struct chat_view_sink *sink) {
    bool closing = view->voice == VOICE_THINKING;
    view->voice = VOICE_THINKING;
    view->marker = marker;
    show(view, view->held, view->held_size, sink);
    view->held_size = 0;
    if (closing) view->voice = VOICE_SAID;
}

/* Let go of held bytes from the front until the rest could be a marker again. */
static void settle(struct chat_view *view, const struct chat_view_sink *sink) {
    int marker = 0, found = -1;
    size_t gone = 0;
    while (gone < view->held_size && found < 0) {
        found = match(view, view->held + gone, view->held_size - gone, &marker);
        gone += found < 0;
    }
    show(view, view->held, gone, sink);
    memmove(view->held, view->held + gone, view->held_size - gone);
    view->held_size -= gone;
    if (found > 0) turn(view, marker, sink);
}

void chat_view_add(struct chat_view *view, const char *text, size_t size, const struct chat_view_sink *sink) {
    for (size_t at = 0; at < size;) {
        if (view->held_size == 0) { /* all that cannot begin a marker, in one piece */
            int marker;
            size_t plain = at;
            while (plain < size && match(view, text + plain, 1, &marker) < 0) plain++;
            show(view, text + at, plain - at, sink);
            at = plain;
            if (at == size) return;
        }
        view->held[view->held_size++] = text[at++];
        settle(view, sink);
    }
}

void chat_view_end(struct chat_view *view, const struct chat_view_sink *sink) {
    show(view, view->held, view->held_size, sink);
    view->held_size = 0;
}
