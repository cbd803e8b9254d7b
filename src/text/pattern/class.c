/*
 * Escapes and classes, read into a set (class.h).
 *
 *     class   = '[' '^'? operand ('&&' operand)* ']'
 *     operand = (character | character '-' character | escape | class | '[:name:]')*
 *
 * Nested classes and && belong to Oniguruma and Rust; to Python's regex '[' is a character there. What is no
 * set (a union with a complement) is written as lookaheads before one character: A and B is (?=A)B.
 *
 * \w: Rust's regex: Alphabetic, M, Nd, Pc, Join_Control (UTS 18, annex C). Oniguruma: without Join_Control,
 * but with the digits and fractions of Latin-1 where \w stands alone: its table of the first 256 characters
 * counts them as words, that of classes does not. Python's regex: Alphabetic, M, Nd, Pc, Join_Control.
 */
#include "text/pattern/class.h"
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum { NAME_MAX_BYTES = 64 };

struct pattern_set reader_word_set(const struct pattern_reader *reader, bool in_class) {
    struct pattern_set word = {
        .categories = 1u << UTF8PROC_CATEGORY_MN | 1u << UTF8PROC_CATEGORY_MC | 1u << UTF8PROC_CATEGORY_ME |
                      1u << UTF8PROC_CATEGORY_ND | 1u << UTF8PROC_CATEGORY_PC,
        .properties = { { "Alphabetic", false } },
        .property_count = 1,
        /* ASCII letters are no category here, and are found sooner as ranges */
        .ranges = { { 'A', 'Z' }, { 'a', 'z' }, { 0x200c, 0x200d } },
        .range_count = 3,
    };
    if (reader->dialect != PATTERN_ONIGURUMA) return word;
    word.range_count = 2;
    if (in_class) return word;
    word.ranges[2] = (struct set_range){ 0xb2, 0xb3 };
    word.ranges[3] = (struct set_range){ 0xb9, 0xb9 };
    word.ranges[4] = (struct set_range){ 0xbc, 0xbe };
    word.range_count = 5;
    return word;
}

void unit_write(const struct pattern_unit *unit, struct text *out) {
    if (unit->wide)
        text_add_bytes(out, unit->text.data, unit->text.size);
    else
        set_write(&unit->set, out);
}

static void unit_set_point(struct pattern_unit *unit, uint32_t point) {
    unit->set.ranges[0] = (struct set_range){ point, point };
    unit->set.range_count = 1;
}

/* ---- escapes ---- */

static int hex_value(char c) {
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* \xHH, \x{H..}, \uHHHH, \u{H..} (Rust), \UHHHHHHHH: behind the letter. */
static bool escape_number(struct pattern_reader *reader, char letter, uint32_t *point) {
    int digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8, seen = 0;
    bool braced = reader_byte(reader, 0) == '{' && (letter == 'x' || reader->dialect == PATTERN_RUST);
    uint32_t value = 0;
    if (braced) {
        reader->at++;
        digits = 8;
    }
    for (; seen < digits && hex_value(reader_byte(reader, 0)) >= 0; seen++, reader->at++) {
        if (value > POINT_MAX) return reader_refuse(reader, "is no character");
        value = value * 16 + (uint32_t)hex_value(reader_byte(reader, 0));
    }
    bool enough = braced ? seen > 0 && reader_accept(reader, "}") : seen == digits;
    if (!enough) return reader_refuse(reader, "lacks hexadecimal digits");
    if (value > POINT_MAX || (value >= 0xd800 && value < 0xe000))
        return reader_refuse(reader, "is no character");
    *point = value;
    return true;
}

/* \p{Name}, \P{Name}, \p{^Name}, and \pL where it is known: behind the letter. */
static bool escape_property(struct pattern_reader *reader, bool negated, struct pattern_unit *unit) {
    char name[NAME_MAX_BYTES];
    size_t used = 0;
    if (reader_accept(reader, "{")) {
        if (reader->dialect == PATTERN_ONIGURUMA && reader_accept(reader, "^")) negated = !negated;
        while (!reader_done(reader) && reader_byte(reader, 0) != '}' && used < sizeof name - 1)
            name[used++] = reader->source[reader->at++];
        if (!reader_accept(reader, "}")) return reader_refuse(reader, "has no end");
    } else if (reader->dialect == PATTERN_RUST && !reader_done(reader)) {
        name[used++] = reader->source[reader->at++];
    } else {
        return reader_refuse(reader, "without {} is not known here");
    }
    name[used] = 0;
    if (!set_named(name, &unit->set)) return reader_refuse(reader, "is a property that is not known here");
    if (negated) unit->set.negated = !unit->set.negated;
    return true;
}

static bool escape_class(const struct pattern_reader *reader, char letter, bool in_class,
                         struct pattern_set *set) {
    switch (letter | 0x20) {
    case 's': *set = set_of_space(); break;
    case 'd': *set = set_of_digits(); break;
    case 'w': *set = reader_word_set(reader, in_class); break;
    case 'h': /* hexadecimal digits; to Python's regex, horizontal white space */
        if (reader->dialect == PATTERN_PYTHON) return false;
        *set =
            (struct pattern_set){ .ranges = { { '0', '9' }, { 'A', 'F' }, { 'a', 'f' } }, .range_count = 3 };
        break;
    default: return false;
    }
    set->negated = (letter & 0x20) == 0;
    return true;
}

bool reader_escape(struct pattern_reader *reader, bool in_class, struct pattern_unit *unit, bool *is_unit) {
    static const char controls[] = "nrtfvae", values[] = "\n\r\t\f\v\a\033";
    char letter = reader_byte(reader, 1);
    const char *control = letter ? strchr(controls, letter) : NULL;
    bool alphanumeric =
        (letter >= '0' && letter <= '9') || ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z');
    uint32_t point = 0;
    *is_unit = true;
    reader->at++;
    if (reader_done(reader)) return reader_refuse(reader, "stands at the end");
    if (!alphanumeric) { /* punctuation, or anything beyond ASCII: itself */
        unit_set_point(unit, reader_take(reader));
        return true;
    }
    reader->at++;
    if (control && !(letter == 'e' && reader->dialect != PATTERN_ONIGURUMA)) {
        unit_set_point(unit, (unsigned char)values[control - controls]);
        return true;
    }
    if (letter == 'x' || letter == 'u' || (letter == 'U' && reader->dialect != PATTERN_ONIGURUMA)) {
        if (!escape_number(reader, letter, &point)) return false;
        unit_set_point(unit, point);
        return true;
    }
    if (letter == 'p' || letter == 'P') return escape_property(reader, letter == 'P', unit);
    if (escape_class(reader, letter, in_class, &unit->set)) return true;
    if (in_class) return reader_refuse(reader, "is an escape that is not known here");
    reader->at -= 2;
    *is_unit = false;
    return true;
}

/* ---- classes ---- */

/* What an operand of a class is made of: a set, and members that no set can hold, joined by '|'. */
struct operand {
    struct pattern_set set;
    struct text others;
};

static bool operand_add(struct pattern_reader *reader, struct operand *operand,
                        const struct pattern_unit *unit) {
    bool done = false;
    if (!unit->wide && !set_join(&operand->set, &unit->set, &done, reader->err)) return reader_place(reader);
    if (done) return true;
    text_add(&operand->others, operand->others.size ? "|" : "");
    unit_write(unit, &operand->others);
    return true;
}

/* [:name:]; only Oniguruma's meaning is known here, which is the property of that name. */
static bool posix_class(struct pattern_reader *reader, struct pattern_unit *unit) {
    static const char *const names[] = { "alpha", "digit", "space", "punct", "upper", "lower" };
    static const char *const properties[] = {
        "Alphabetic", "Nd", "White_Space", "P", "Uppercase", "Lowercase"
    };
    reader->item = reader->at;
    reader->at += 2;
    bool negated = reader_accept(reader, "^"), known = false;
    for (int i = 0; i < 6 && !known; i++) {
        known = reader_accept(reader, names[i]);
        if (known) known = set_named(properties[i], &unit->set);
    }
    if (!known || !reader_accept(reader, ":]") || reader->dialect != PATTERN_ONIGURUMA)
        return reader_refuse(reader, "is a class by name that is not known here");
    if (negated) unit->set.negated = !unit->set.negated;
    return true;
}

/* One member: a character, an escape, a nested class; *single: a lone character, which may begin a range. */
static bool class_member(struct pattern_reader *reader, struct pattern_unit *unit, bool *single) {
    bool is_unit, nests = reader->dialect != PATTERN_PYTHON;
    char byte = reader_byte(reader, 0);
    reader->item = reader->at;
    *single = false;
    if (byte == '[' && reader_byte(reader, 1) == ':') return posix_class(reader, unit);
    if (byte == '[' && nests) return reader_class(reader, unit);
    if (byte == '\\') {
        if (!reader_escape(reader, true, unit, &is_unit)) return false;
    } else {
        unit_set_point(unit, reader_take(reader));
    }
    *single = !unit->set.negated && unit->set.range_count == 1 && unit->set.categories == 0 &&
              unit->set.property_count == 0 && unit->set.ranges[0].low == unit->set.ranges[0].high;
    return true;
}

/* Behind a lone character: does a range begin? "-]" ends a class, and "--" is an operator to Rust. */
static bool class_range(struct pattern_reader *reader, struct pattern_unit *unit) {
    struct pattern_unit last = { 0 };
    bool single;
    int64_t item = reader->item;
    if (reader_byte(reader, 0) != '-' || reader_byte(reader, 1) == ']' || reader_byte(reader, 1) == 0)
        return true;
    if (reader_byte(reader, 1) == '-' && reader->dialect != PATTERN_ONIGURUMA) return true;
    reader->at++;
    bool ok = class_member(reader, &last, &single);
    reader->item = item;
    if (ok && !single) ok = reader_refuse(reader, "is a range that does not end in a character");
    if (ok && last.set.ranges[0].low < unit->set.ranges[0].low)
        ok = reader_refuse(reader, "is a range backwards");
    if (ok) unit->set.ranges[0].high = last.set.ranges[0].low;
    text_free(&last.text);
    return ok;
}

static bool is_operator(const struct pattern_reader *reader) {
    char byte = reader_byte(reader, 0);
    if (reader_byte(reader, 1) != byte) return false;
    if (byte == '&') return reader->dialect != PATTERN_PYTHON;
    return (byte == '-' || byte == '~') && reader->dialect == PATTERN_RUST;
}

/* Up to ']' or '&&', neither of which is taken. `first`: a ']' here is a character. */
static bool class_operand(struct pattern_reader *reader, bool first, struct operand *operand) {
    for (;; first = false) {
        struct pattern_unit unit = { 0 };
        bool single;
        reader->item = reader->at;
        if (reader_done(reader)) return reader_refuse(reader, "a class has no end");
        if (reader_byte(reader, 0) == ']' && !first) return true;
        if (is_operator(reader)) {
            if (reader_byte(reader, 0) == '&') return true;
            reader->at += 2;
            return reader_refuse(reader, "is an operator that is not known here");
        }
        bool ok = class_member(reader, &unit, &single) && (!single || class_range(reader, &unit)) &&
                  operand_add(reader, operand, &unit);
        text_free(&unit.text);
        if (!ok) return false;
    }
}

/* An operand as a unit: its set where that is all, else alternatives. Takes the operand's text. */
static bool operand_finish(struct pattern_reader *reader, struct operand *operand,
                           struct pattern_unit *unit) {
    const struct pattern_set *set = &operand->set;
    *unit = (struct pattern_unit){ .set = *set };
    if (reader->ignore_case && !set_ignore_case(&unit->set, reader->dialect == PATTERN_PYTHON, reader->err))
        return reader_place(reader);
    if (operand->others.size == 0) return true;
    unit->wide = true;
    text_add(&unit->text, "(?:%s|", operand->others.data);
    set_write(&unit->set, &unit->text);
    text_add(&unit->text, ")");
    return true;
}

/* a becomes a && b. */
static bool unit_meet(struct pattern_reader *reader, struct pattern_unit *a, const struct pattern_unit *b) {
    bool done = false;
    if (!a->wide && !b->wide && !set_meet(&a->set, &b->set, &a->set, &done, reader->err))
        return reader_place(reader);
    if (done) return true;
    struct text text = { 0 };
    text_add(&text, "(?:(?=");
    unit_write(a, &text);
    text_add(&text, ")");
    unit_write(b, &text);
    text_add(&text, ")");
    text_free(&a->text);
    a->text = text;
    a->wide = true;
    return true;
}

static void unit_negate(struct pattern_unit *unit) {
    if (!unit->wide) {
        unit->set.negated = !unit->set.negated;
        return;
    }
    struct text text = { 0 };
    text_add(&text, "(?:(?!%s)\\p{Any})", unit->text.data ? unit->text.data : "");
    text_free(&unit->text);
    unit->text = text;
}

bool reader_class(struct pattern_reader *reader, struct pattern_unit *unit) {
    int64_t begin = reader->at;
    bool more = true;
    if (++reader->depth > PATTERN_DEPTH_MAX) return reader_refuse(reader, "classes nest too deep");
    reader->at++;
    bool negated = reader_accept(reader, "^");
    for (int operands = 0; more; operands++) {
        struct operand operand = { 0 };
        struct pattern_unit next = { 0 };
        bool ok = class_operand(reader, operands == 0, &operand);
        reader->item = begin;
        ok = ok && operand_finish(reader, &operand, &next);
        text_free(&operand.others);
        if (ok && operands > 0) {
            ok = unit_meet(reader, unit, &next);
            text_free(&next.text);
        } else if (ok) {
            *unit = next;
        } else {
            text_free(&next.text);
        }
        if (!ok) return false;
        more = reader_accept(reader, "&&");
    }
    reader->at++; /* the ']' at which class_operand stopped */
    reader->depth--;
    if (negated) unit_negate(unit);
    return true;
}
