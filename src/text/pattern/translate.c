/*
 * From the spelling of a tokenizer's pattern to PCRE2's.
 *
 *     pattern = branch ('|' branch)*
 *     branch  = (atom repeat?)*
 *     atom    = character | class | escape | '.' | '^' | '$' | '(' ... ')'
 *     repeat  = ('*' | '+' | '?' | '{n,m}') ('?' | '+')?
 *
 * Everything is written anew from what was understood, so nothing passes that is not known here. Letters of
 * case-insensitive groups become classes, groups do not capture, ^ and $ are spelt out (to Oniguruma they
 * stand at every line).
 *
 * Two things are added, which change no match:
 *
 *     (?C1)            behind each repeat that may be tried again, and each choice: PCRE2 calls us there, and
 *                      we count steps (pattern.c). So a pattern may be as wicked as it likes, within a bound.
 *     (?>\G|(?<!X))    before a branch that begins with X+ or X*. A match that began inside a run of X could
 *                      have begun one character earlier; so it need not be looked for, except at the search's
 *                      own front. Without that, \s+$ takes the square of a run of spaces.
 *
 * Sources: Oniguruma's doc/RE, the documentation of Rust's regex and fancy-regex, Python's regex;
 * pcre2pattern.
 */
#include "text/pattern/translate.h"
#include "text/pattern/class.h"
#include <stdio.h>
#include <string.h>

enum { SOURCE_BYTES_MAX = 16384, REPEATS_MAX = 1000, FREE_OPTIONS = 2 };

/* ---- repeats ---- */

struct repeat {
    int64_t least, most; /* -1: without end */
    char kind;           /* 0: greedy, '?' lazy, '+' possessive */
    bool given;
};

static bool read_count(struct pattern_reader *reader, int64_t *count) {
    int64_t from = reader->at;
    *count = 0;
    for (; reader_byte(reader, 0) >= '0' && reader_byte(reader, 0) <= '9'; reader->at++) {
        if (*count < 1000000) *count = *count * 10 + (reader_byte(reader, 0) - '0');
    }
    return reader->at > from;
}

/* {n}, {n,}, {n,m}, {,m}; *given = false, nothing read, where the brace is a character. */
static bool read_braces(struct pattern_reader *reader, struct repeat *repeat) {
    int64_t from = reader->at;
    reader->at++;
    bool low = read_count(reader, &repeat->least), comma = reader_accept(reader, ","), high = false;
    repeat->most = repeat->least;
    if (comma) {
        high = read_count(reader, &repeat->most);
        if (!high) repeat->most = -1;
    }
    repeat->given = (low || (high && reader->dialect != PATTERN_RUST)) && reader_accept(reader, "}");
    if (!repeat->given) {
        reader->item = from;
        reader->at = from + 1;
        if (reader->dialect == PATTERN_RUST) return reader_refuse(reader, "is no repeat");
        reader->at = from;
        return true;
    }
    if (repeat->least > REPEATS_MAX || repeat->most > REPEATS_MAX)
        return reader_refuse(reader, "repeats more than 1000 times");
    if (repeat->most >= 0 && repeat->most < repeat->least)
        return reader_refuse(reader, "repeats n to m, but n > m");
    return true;
}

static bool refuse_second_repeat(struct pattern_reader *reader) {
    struct repeat second = { .given = false };
    char byte = reader_byte(reader, 0);
    int64_t item = reader->item;
    if (byte == '{') {
        if (!read_braces(reader, &second)) return false;
    } else if (byte == '*' || byte == '+' || byte == '?') {
        second.given = true;
        reader->at++;
    }
    reader->item = item;
    return !second.given || reader_refuse(reader, "is a repeat of a repeat");
}

static bool read_repeat(struct pattern_reader *reader, struct repeat *repeat) {
    char byte = reader_byte(reader, 0);
    bool braces = byte == '{', plain_braces = braces && reader->dialect == PATTERN_ONIGURUMA;
    *repeat = (struct repeat){ 1, 1, 0, false };
    reader->item = reader->at;
    if (braces && !read_braces(reader, repeat)) return false;
    if (byte == '*' || byte == '+' || byte == '?') {
        *repeat = (struct repeat){ byte == '+', byte == '?' ? 1 : -1, 0, true };
        reader->at++;
    }
    if (!repeat->given) return true;
    if (reader_accept(reader, "?")) {
        repeat->kind = '?';
        if (plain_braces && repeat->least == repeat->most)
            return reader_refuse(reader, "has another meaning in Ruby than elsewhere");
    } else if (!plain_braces && reader_accept(reader, "+")) { /* to Oniguruma {n,m}+ repeats a repeat */
        repeat->kind = '+';
    }
    return refuse_second_repeat(reader);
}

static void repeat_write(const struct repeat *repeat, struct text *out) {
    if (repeat->most < 0 && repeat->least <= 1)
        text_add(out, repeat->least ? "+" : "*");
    else if (repeat->least == 0 && repeat->most == 1)
        text_add(out, "?");
    else if (repeat->most < 0)
        text_add(out, "{%lld,}", (long long)repeat->least);
    else
        text_add(out, "{%lld,%lld}", (long long)repeat->least, (long long)repeat->most);
    if (repeat->kind) text_add(out, "%c", repeat->kind);
}

/* ---- atoms ---- */

enum atom_kind { ATOM_CHARACTER, ATOM_ASSERTION, ATOM_GROUP, ATOM_NOTHING };

struct atom {
    enum atom_kind kind;
    bool choice; /* a group of more than one branch */
    char letter; /* of a lone ASCII letter in a case-insensitive group, small; else 0 */
    struct text text;
};

static bool read_branches(struct pattern_reader *reader, struct text *out, bool *choice);

static void word_boundary(const struct pattern_reader *reader, bool negated, struct text *out) {
    struct pattern_set word = reader_word_set(reader, false);
    struct text w = { 0 };
    set_write(&word, &w);
    if (w.data && negated)
        text_add(out, "(?:(?<=%s)(?=%s)|(?<!%s)(?!%s))", w.data, w.data, w.data, w.data);
    else if (w.data)
        text_add(out, "(?:(?<=%s)(?!%s)|(?<!%s)(?=%s))", w.data, w.data, w.data, w.data);
    out->failed |= w.failed;
    text_free(&w);
}

/* An escape that stands for a place, not for a character. */
static bool read_assertion(struct pattern_reader *reader, struct atom *atom) {
    char letter = reader_byte(reader, 1);
    reader->at += 2;
    atom->kind = ATOM_ASSERTION;
    if (letter == 'A' || letter == 'z')
        text_add(&atom->text, "\\%c", letter);
    else if (letter == 'Z' && reader->dialect != PATTERN_RUST)
        text_add(&atom->text, reader->dialect == PATTERN_PYTHON ? "\\z" : "(?=\\n?\\z)");
    else if (letter == 'b' || letter == 'B')
        word_boundary(reader, letter == 'B', &atom->text);
    else if (letter >= '1' && letter <= '9')
        return reader_refuse(reader, "is a back reference, which is not known here");
    else
        return reader_refuse(reader, "is an escape that is not known here");
    return true;
}

static void line_anchor(const struct pattern_reader *reader, char anchor, struct atom *atom) {
    static const char *const begins[] = { "(?:\\A|(?<=\\n)(?!\\z))", "\\A", "\\A" };
    static const char *const ends[] = { "(?=\\n|\\z)", "\\z", "(?=\\n?\\z)" };
    atom->kind = ATOM_ASSERTION;
    text_add(&atom->text, "%s", (anchor == '^' ? begins : ends)[reader->dialect]);
}

/* ---- groups ---- */

/* "<name>" of a group that captures: behind '<'. Nothing refers to it. */
static bool skip_name(struct pattern_reader *reader) {
    while (!reader_done(reader) && reader_byte(reader, 0) != '>') reader_take(reader);
    return reader_accept(reader, ">") || reader_refuse(reader, "has no end");
}

/* Options: behind "(?". *inner = false: they hold to the end of the group around. */
static bool read_options(struct pattern_reader *reader, bool *ignore_case, bool *inner) {
    bool on = !reader_accept(reader, "-");
    while (reader_accept(reader, "i")) *ignore_case = on;
    *inner = reader_accept(reader, ":");
    if (*inner || (on && reader_accept(reader, ")"))) return true;
    if (!reader_done(reader)) reader_take(reader);
    return reader_refuse(reader, "is a group that is not known here");
}

static bool group_body(struct pattern_reader *reader, struct atom *atom, bool ignore_case) {
    bool outer = reader->ignore_case;
    int64_t item = reader->item;
    reader->ignore_case = ignore_case;
    if (++reader->depth > PATTERN_DEPTH_MAX) return reader_refuse(reader, "groups nest too deep");
    if (!read_branches(reader, &atom->text, &atom->choice)) return false;
    reader->depth--;
    reader->ignore_case = outer;
    reader->item = item;
    text_add(&atom->text, ")");
    return reader_accept(reader, ")") || reader_refuse(reader, "a group has no end");
}

static bool read_group(struct pattern_reader *reader, struct atom *atom, bool at_front) {
    static const char *const around[] = { "(?=", "(?!", "(?<=", "(?<!" };
    bool ignore_case = reader->ignore_case, inner = true;
    for (int i = 0; i < 4; i++) {
        if (!reader_accept(reader, around[i])) continue;
        atom->kind = ATOM_ASSERTION;
        text_add(&atom->text, "%s", around[i]);
        return group_body(reader, atom, ignore_case);
    }
    atom->kind = ATOM_GROUP;
    if (reader_accept(reader, "(?#")) {
        while (!reader_done(reader) && reader_byte(reader, 0) != ')') reader_take(reader);
        atom->kind = ATOM_NOTHING;
        return reader_accept(reader, ")") || reader_refuse(reader, "a comment has no end");
    }
    if (reader_accept(reader, "(?>")) {
        text_add(&atom->text, "(?>");
        return group_body(reader, atom, ignore_case);
    }
    if (reader_accept(reader, "(?<") || reader_accept(reader, "(?P<")) {
        if (!skip_name(reader)) return false;
    } else if (reader_accept(reader, "(?")) {
        if (!read_options(reader, &ignore_case, &inner)) return false;
    } else {
        reader->at++;
    }
    if (!inner) {
        atom->kind = ATOM_NOTHING;
        reader->ignore_case = ignore_case;
        return at_front || reader_refuse(reader, "stands behind other things, where its reach differs");
    }
    if (reader_byte(reader, 0) == '*') return reader_refuse(reader, "is a verb, which is not known here");
    text_add(&atom->text, "(?:");
    return group_body(reader, atom, ignore_case);
}

/* ---- branches ---- */

static bool read_character(struct pattern_reader *reader, struct atom *atom) {
    struct pattern_unit unit = { 0 };
    char byte = reader_byte(reader, 0);
    bool is_unit = true, literal = byte != '[' && byte != '.', ok = true;
    if (byte == '[') {
        ok = reader_class(reader, &unit);
    } else if (byte == '\\') {
        ok = reader_escape(reader, false, &unit, &is_unit);
    } else {
        uint32_t point = reader_take(reader);
        unit.set.ranges[0] =
            byte == '.' ? (struct set_range){ '\n', '\n' } : (struct set_range){ point, point };
        unit.set.range_count = 1;
        unit.set.negated = byte == '.';
    }
    atom->kind = ATOM_CHARACTER;
    literal &= unit.set.range_count == 1 && unit.set.ranges[0].low == unit.set.ranges[0].high;
    if (ok && is_unit && reader->ignore_case && byte != '[') { /* classes have seen to it themselves */
        uint32_t point = literal ? unit.set.ranges[0].low : 0;
        bool letter = (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
        atom->letter = letter ? (char)(point | 0x20) : 0;
        if (point >= 0x80 && reader->dialect == PATTERN_ONIGURUMA)
            ok = reader_refuse(reader, "in a case-insensitive group is not known here");
        else if (!set_ignore_case(&unit.set, reader->dialect == PATTERN_PYTHON, reader->err))
            ok = reader_place(reader);
    }
    if (ok && is_unit) unit_write(&unit, &atom->text);
    atom->text.failed |= unit.text.failed;
    text_free(&unit.text);
    return ok && (is_unit || read_assertion(reader, atom));
}

static bool read_atom(struct pattern_reader *reader, bool at_front, struct atom *atom) {
    char byte = reader_byte(reader, 0);
    reader->item = reader->at;
    switch (byte) {
    case '(': return read_group(reader, atom, at_front);
    case '^':
    case '$':
        reader->at++;
        line_anchor(reader, byte, atom);
        return true;
    case '*':
    case '+':
    case '?': reader->at++; return reader_refuse(reader, "repeats nothing");
    default:
        if (byte == '{' && reader->dialect == PATTERN_RUST) {
            reader->at++;
            return reader_refuse(reader, "repeats nothing");
        }
        return read_character(reader, atom);
    }
}

/* Oniguruma folds some pairs of letters into one: (?i:ss) finds U+00DF. */
static bool check_pair(struct pattern_reader *reader, char first, char second) {
    static const char *const pairs[] = { "ss", "st", "ff", "fi", "fl" };
    if (reader->dialect != PATTERN_ONIGURUMA) return true;
    for (int i = 0; i < 5; i++) {
        if (pairs[i][0] != first || pairs[i][1] != second) continue;
        return reader_refuse(reader, "behind such a letter, in a case-insensitive group, is not known here");
    }
    return true;
}

/* Does nothing follow that could fail? Then PCRE2 never comes back to try the repeat again. */
static bool at_end_of_all(const struct pattern_reader *reader) {
    return reader->depth == 0 && (reader_done(reader) || reader_byte(reader, 0) == '|');
}

static void atom_write(const struct pattern_reader *reader, const struct atom *atom,
                       const struct repeat *repeat, bool first, int *options, struct text *out) {
    const char *text = atom->text.data ? atom->text.data : "";
    bool last = at_end_of_all(reader), varies = repeat->least != repeat->most;
    bool run = first && repeat->most < 0 && atom->kind == ATOM_CHARACTER && reader->depth == 0;
    bool counted = !last && (varies || (atom->choice && atom->kind == ATOM_GROUP));
    if (atom->kind == ATOM_CHARACTER && repeat->most == 1 && varies && *options < FREE_OPTIONS) {
        ++*options; /* a few of these at most double the work each, and need not be counted */
        counted = false;
    }
    if (run && !last) text_add(out, "(?>\\G|(?<!%s))", text);
    if (atom->kind == ATOM_GROUP && repeat->given && !last) {
        text_add(out, "(?:%s(?C1))", text);
    } else {
        text_add(out, "%s", text);
    }
    if (repeat->given) repeat_write(repeat, out);
    if (counted) text_add(out, "(?C1)");
    out->failed |= atom->text.failed;
}

static bool read_branch(struct pattern_reader *reader, struct text *out) {
    bool first = true, ok = true;
    int options = 0;
    char letter = 0;
    while (ok && !reader_done(reader) && reader_byte(reader, 0) != '|' && reader_byte(reader, 0) != ')') {
        struct atom atom = { .letter = 0 };
        struct repeat repeat = { 1, 1, 0, false };
        ok = read_atom(reader, first, &atom);
        if (ok && letter && atom.letter) ok = check_pair(reader, letter, atom.letter);
        if (ok) ok = read_repeat(reader, &repeat);
        if (ok && repeat.given && (atom.kind == ATOM_ASSERTION || atom.kind == ATOM_NOTHING))
            ok = reader_refuse(reader, "repeats what takes no character");
        if (ok) atom_write(reader, &atom, &repeat, first, &options, out);
        letter = atom.letter;
        first = false;
        text_free(&atom.text);
    }
    return ok;
}

static bool read_branches(struct pattern_reader *reader, struct text *out, bool *choice) {
    *choice = false;
    for (;;) {
        if (!read_branch(reader, out)) return false;
        if (!reader_accept(reader, "|")) return true;
        *choice = true;
        text_add(out, "|");
    }
}

bool pattern_translate(const char *source, int64_t size, enum pattern_dialect dialect, struct text *out,
                       struct sy_error *err) {
    struct pattern_reader reader = { .source = source, .size = size, .dialect = dialect, .err = err };
    bool choice;
    if (size > SOURCE_BYTES_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "a pattern of %lld bytes, at most %d are read", (long long)size,
                SOURCE_BYTES_MAX);
        return sy_error_remedy(err, "use a tokenizer with a shorter pattern");
    }
    for (uint32_t point; reader.at < size;) {
        size_t length = utf8_decode(source + reader.at, (size_t)(size - reader.at), &point);
        reader.item = reader.at;
        if (length == 0) return reader_refuse(&reader, "the pattern is not UTF-8");
        reader.at += (int64_t)length;
    }
    reader.at = reader.item = 0;
    if (!read_branches(&reader, out, &choice)) return false;
    reader.item = reader.at++;
    if (reader.item < size) return reader_refuse(&reader, "closes no group");
    if (out->failed) return sy_fail(err, SY_ERR_MEMORY, "no memory for a pattern");
    return true;
}
