/*
 * However an answer is cut into pieces, the same bytes are thinking, and none is lost.
 */
#include "commands/talk/chat_view.h"

#include "test.h"

#include <string.h>

struct seen {
    char said[256], thought[256];
};

static void take(void *argument, enum voice voice, const char *text, size_t size) {
    struct seen *seen = argument;
    strncat(voice == VOICE_SAID ? seen->said : seen->thought, text, size);
}

static void expect(const char *prompt, const char *answer, const char *said, const char *thought) {
    size_t size = strlen(answer);
    for (size_t piece = 1; piece <= size; piece++) {
        struct seen seen = { "", "" };
        struct chat_view_sink sink = { &seen, take };
        struct chat_view view = chat_view_begin(prompt, strlen(prompt));
        for (size_t at = 0; at < size; at += piece)
            chat_view_add(&view, answer + at, size - at < piece ? size - at : piece, &sink);
        chat_view_end(&view, &sink);
        assert_string_equal(seen.said, said);
        assert_string_equal(seen.thought, thought);
    }
}

TEST(thinking_is_told_from_what_is_said) {
    expect("", "Hello.", "Hello.", "");
    expect("", "<think>a < b</think>So.", "So.", "<think>a < b</think>");
    expect("", "one<think>2</think>three<think>4", "onethree", "<think>2</think><think>4");
    expect("<|assistant|><think>\n", "hm</think>Yes", "Yes", "hm</think>");
    expect("", "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>y", "y",
           "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>");
}

TEST(what_only_looks_like_a_marker_is_said) {
    expect("", "a <<think", "a <<think", "");
    expect("", "<thin<think>k</think>", "<thin", "<think>k</think>");
    expect("", "x</think>y", "x</think>y", "");
    expect("", "<think>[/THINK]</think>.", ".", "<think>[/THINK]</think>");
}
