#include "commands/talk/chat_keys.h"

#include "test.h"

#include <string.h>

struct script {
    const char *bytes;
    size_t at;
};

static int type_next(void *argument, unsigned char *byte) {
    struct script *script = argument;
    *byte = (unsigned char)script->bytes[script->at];
    return *byte ? (int)!!++script->at : 0;
}

/* All characters of what is typed. */
static const wchar_t *typed(const char *bytes, const char *offered) {
    static wchar_t got[256];
    struct script script = { bytes, 0 };
    struct chat_keys keys = chat_keys_begin(type_next, &script);
    size_t count = 0;
    if (offered) chat_keys_offer(&keys, offered);
    while (count < 255 && chat_keys_next(&keys, &got[count]) == 1) count++;
    got[count] = 0;
    chat_keys_end(&keys);
    return got;
}

static void expect(const wchar_t *got, const wchar_t *want) {
    if (wcscmp(got, want) != 0) fail_msg("got %ls, want %ls", got, want);
}

TEST(what_is_pasted_is_one_line) {
    expect(typed("ab\r", NULL), L"ab\r"); /* what is typed stays as it is */
    expect(typed("\033[200~one\rtwo\033[201~\r", NULL), L"one\u23cetwo\r");
    expect(typed("\033[200~one\r\ntwo\n\nx\033[201~", NULL), L"one\u23cetwo\u23ce\u23cex");
    expect(typed("\033[200~a\tb\033[31m\ac\177\033[201~\r", NULL), L"a\x16\tb[31mc\r");
    expect(typed("\033[200~gr\xc3\xbcn \xf0\x9f\x9a\x82\033[201~", NULL), L"gr\u00fcn \U0001f682");
}

TEST(other_keys_pass_and_offered_text_comes_first) {
    expect(typed("\033[A\033[20~\033x\033\033[B", NULL), L"\033[A\033[20~\033x\033\033[B");
    expect(typed("!\r", "two\nlines"), L"two\u23celines!\r");
    expect(typed("\xff!", NULL), L"\ufffd!");
}
