/*
 * The lexer, after jinja2's own rules (jinja2/lexer.py, 3.1):
 *
 *     {{ }} prints, {% %} is a statement, {# #} a comment, {% raw %} {% endraw %} text
 *     a - on a tag's side cuts all white space there; a + keeps what would be cut
 *     trim_blocks:   one newline behind %} and #} goes
 *     lstrip_blocks: blanks before {% and {# go where nothing else stands on the line
 *     an end of a tag counts only outside of brackets: {{ {'a': {}} }}
 *
 * Newlines of all kinds become \n first, and one at the very end goes.
 */
#include "template/syntax/lexer.h"
#include "template/syntax/lexer_words.h"
#include "template/values/unicode.h"

#include <string.h>

static bool add(struct lexer *lexer, enum token_kind kind, struct value value) {
    struct tokens *tokens = lexer->tokens;
    if (tokens->count == tokens->room) {
        int64_t room = tokens->room ? tokens->room * 2 : 64;
        struct template_token *larger = heap_array(lexer->heap, room, sizeof *larger);
        if (!larger) return false;
        if (tokens->count > 0) memcpy(larger, tokens->items, (size_t)tokens->count * sizeof *larger);
        tokens->items = larger;
        tokens->room = room;
    }
    tokens->items[tokens->count++] = (struct template_token){ kind, lexer->line, lexer->column, value };
    return heap_work(lexer->heap, 1);
}

/* Moves on to `at`, counting lines and columns. */
static void move_to(struct lexer *lexer, int64_t at) {
    for (; lexer->at < at; lexer->at++) {
        unsigned char byte = (unsigned char)lexer->text[lexer->at];
        if (byte == '\n') {
            lexer->line++;
            lexer->column = 1;
        } else {
            lexer->column += (byte & 0xc0) != 0x80;
        }
    }
}

static bool stands(const struct lexer *lexer, int64_t at, const char *word) {
    int64_t size = (int64_t)strlen(word);
    return lexer->size - at >= size && memcmp(lexer->text + at, word, (size_t)size) == 0;
}

static int64_t skip_space(const struct lexer *lexer, int64_t at) {
    int64_t bytes;
    while (at < lexer->size && point_is_space(point_at(lexer->text + at, &bytes))) at += bytes;
    return at;
}

/* ---- text between tags ---- */

/* Where text [from, to) ends once a tag with this sign behind it has cut it. */
static int64_t cut_before(const struct lexer *lexer, int64_t from, int64_t to, char sign, bool prints) {
    int64_t bytes;
    if (sign == '-') {
        while (to > from) {
            int64_t before = to - point_bytes_before(lexer->text + to);
            if (!point_is_space(point_at(lexer->text + before, &bytes))) break;
            to = before;
        }
        return to;
    }
    if (sign == '+' || prints) return to;
    int64_t line = to;
    while (line > from && lexer->text[line - 1] != '\n') line--;
    if (line == from && !lexer->line_starting) return to;
    return skip_space(lexer, line) >= to ? line : to;
}

static bool add_data(struct lexer *lexer, int64_t from, int64_t to) {
    struct value data;
    if (to <= from) return true;
    return value_string_of(lexer->heap, lexer->text + from, to - from, -1, &data) &&
           add(lexer, TOKEN_DATA, data);
}

static char sign_at(const struct lexer *lexer, int64_t at) {
    return at < lexer->size && (lexer->text[at] == '-' || lexer->text[at] == '+') ? lexer->text[at] : 0;
}

/* Behind `end` ("%}", "#}") with whatever sign, or -1 where it does not stand at `at`. */
static int64_t tag_end(const struct lexer *lexer, int64_t at, const char *end, bool plus, bool trims) {
    if (stands(lexer, at, end)) {
        at += 2;
        return trims && at < lexer->size && lexer->text[at] == '\n' ? at + 1 : at;
    }
    char sign = sign_at(lexer, at);
    if (!sign || !stands(lexer, at + 1, end) || (sign == '+' && !plus)) return -1;
    return sign == '-' ? skip_space(lexer, at + 3) : at + 3;
}

/* Where a tag closes that holds one word alone, and its opening sign; -1: something else. */
static int64_t word_tag(const struct lexer *lexer, int64_t at, const char *word, bool opens, char *sign) {
    if (!stands(lexer, at, "{%")) return -1;
    *sign = sign_at(lexer, at + 2);
    at = skip_space(lexer, at + 2 + (*sign != 0));
    if (!stands(lexer, at, word)) return -1;
    at = skip_space(lexer, at + (int64_t)strlen(word));
    return tag_end(lexer, at, "%}", !opens, !opens);
}

static bool raw_text(struct lexer *lexer, int64_t begin) {
    for (int64_t at = begin; at < lexer->size; at++) {
        char sign;
        if (lexer->text[at] != '{') continue;
        int64_t end = word_tag(lexer, at, "endraw", false, &sign);
        if (!heap_work(lexer->heap, 1)) return false;
        if (end < 0) continue;
        move_to(lexer, begin);
        if (!add_data(lexer, begin, cut_before(lexer, begin, at, sign, false))) return false;
        move_to(lexer, end);
        return true;
    }
    move_to(lexer, begin);
    return begin == lexer->size ||
           lexer_fail(lexer, "Missing end of raw directive"); /* jinja2 asks only of text */
}

static bool comment(struct lexer *lexer) {
    int64_t at = lexer->at + 2 + (sign_at(lexer, lexer->at + 2) != 0);
    if (at == lexer->size) move_to(lexer, at);
    if (at == lexer->size) return true; /* jinja2 asks for the end of a comment only where there is one */
    for (; at < lexer->size; at++) {
        int64_t end = tag_end(lexer, at, "#}", true, true);
        if (end < 0) continue;
        move_to(lexer, end);
        return true;
    }
    return lexer_fail(lexer, "Missing end of comment tag");
}

/* ---- within tags ---- */

static bool close_bracket(struct lexer *lexer, char close) {
    char open = close == ')' ? '(' : close == ']' ? '[' : '{', message[48];
    if (lexer->bracket_count == 0) {
        memcpy(message, "unexpected '?'", 15);
        message[12] = close;
        return lexer_fail(lexer, message);
    }
    char inner = lexer->brackets[--lexer->bracket_count];
    if (inner == open) return true;
    memcpy(message, "unexpected '?', expected '?'", 29);
    message[12] = close;
    message[26] = inner == '(' ? ')' : inner == '[' ? ']' : '}';
    return lexer_fail(lexer, message);
}

static bool operator_token(struct lexer *lexer) {
    enum token_kind kind;
    int64_t size = lexer_operator(lexer, &kind);
    char sign = lexer->text[lexer->at];
    if (size == 0) return lexer_fail(lexer, "unexpected character");
    if (sign == '(' || sign == '[' || sign == '{') {
        if (lexer->bracket_count == LEXER_BRACKETS_MAX)
            return heap_limit(lexer->heap, "brackets nested deeper than %d, the limit", LEXER_BRACKETS_MAX);
        lexer->brackets[lexer->bracket_count++] = sign;
    } else if ((sign == ')' || sign == ']' || sign == '}') && !close_bracket(lexer, sign)) {
        return false;
    }
    if (!add(lexer, kind, value_none)) return false;
    move_to(lexer, lexer->at + size);
    return true;
}

static bool word_token(struct lexer *lexer) {
    struct value value = value_none;
    enum token_kind kind;
    int64_t end;
    if (!lexer_number(lexer, &kind, &value, &end)) return false;
    if (end == 0 && !lexer_name(lexer, &kind, &value, &end)) return false;
    if (end == 0 && !lexer_string(lexer, &kind, &value, &end)) return false;
    if (end == 0) return operator_token(lexer);
    if (!add(lexer, kind, value)) return false;
    move_to(lexer, end);
    return true;
}

static bool tag(struct lexer *lexer, bool prints) {
    const char *close = prints ? "}}" : "%}";
    if (!add(lexer, prints ? TOKEN_PRINT_BEGIN : TOKEN_TAG_BEGIN, value_none)) return false;
    move_to(lexer, lexer->at + 2 + (sign_at(lexer, lexer->at + 2) != 0));
    lexer->bracket_count = 0;
    while (lexer->at < lexer->size) {
        int64_t end = lexer->bracket_count > 0 ? -1 : tag_end(lexer, lexer->at, close, !prints, !prints);
        if (end >= 0) {
            if (!add(lexer, prints ? TOKEN_PRINT_END : TOKEN_TAG_END, value_none)) return false;
            lexer->line_starting = lexer->text[end - 1] == '\n';
            move_to(lexer, end);
            return true;
        }
        int64_t behind = skip_space(lexer, lexer->at);
        if (behind > lexer->at)
            move_to(lexer, behind);
        else if (!word_token(lexer))
            return false;
    }
    return true; /* the parser says what is missing */
}

/* Text up to the next tag, and the tag. */
static bool next_piece(struct lexer *lexer) {
    int64_t from = lexer->at, at = from;
    while (at < lexer->size && !stands(lexer, at, "{{") && !stands(lexer, at, "{%") &&
           !stands(lexer, at, "{#"))
        at++;
    if (at >= lexer->size) {
        bool done = add_data(lexer, from, lexer->size);
        move_to(lexer, lexer->size);
        return done;
    }
    char sign = sign_at(lexer, at + 2), raw_sign, kind = lexer->text[at + 1];
    if (!add_data(lexer, from, cut_before(lexer, from, at, sign, kind == '{'))) return false;
    move_to(lexer, at);
    int64_t raw = word_tag(lexer, at, "raw", true, &raw_sign);
    bool done;
    if (raw >= 0) {
        lexer->line_starting = lexer->text[raw - 1] == '\n';
        done = raw_text(lexer, raw);
    } else if (kind == '#') {
        done = comment(lexer);
    } else {
        return tag(lexer, kind == '{');
    }
    if (done) lexer->line_starting = lexer->text[lexer->at - 1] == '\n';
    return done;
}

/* \r\n and \r become \n; a newline at the end goes. */
static bool normalize(struct heap *heap, const char *source, int64_t size, struct lexer *lexer) {
    char *text = heap_take(heap, size + 1);
    int64_t count = 0;
    if (!text || !heap_copy_work(heap, size)) return false;
    for (int64_t i = 0; i < size; i++) {
        if (source[i] == '\r' && i + 1 < size && source[i + 1] == '\n') continue;
        text[count++] = source[i] == '\r' ? '\n' : source[i];
    }
    lexer->text = text;
    lexer->size = count - (count > 0 && text[count - 1] == '\n');
    return true;
}

bool lexer_run(struct heap *heap, const char *source, int64_t size, struct tokens *out) {
    struct lexer lexer = { .heap = heap, .tokens = out, .line = 1, .column = 1, .line_starting = true };
    *out = (struct tokens){ .count = 0 };
    if (!normalize(heap, source, size, &lexer)) return false;
    while (lexer.at < lexer.size)
        if (!next_piece(&lexer))
            return sy_error_at(heap->err, "line %d, column %d", lexer.line, lexer.column);
    return add(&lexer, TOKEN_END, value_none);
}
