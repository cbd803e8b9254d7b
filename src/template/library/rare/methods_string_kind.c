/*
 * Methods of str that ask what kind of characters it holds: isalpha and its kin.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/run.h"
#include "template/library/rare/rare_tables.h"
#include "template/values/unicode.h"

#define METHOD(name)                                                                                         \
    static bool name(struct run *run, struct value self, const struct arguments *arguments, struct value *out)

/* Do all characters hold? `empty` is the answer for none. */
static bool all_points(struct run *run, struct value self, const struct arguments *arguments,
                       bool (*holds)(uint32_t point), bool empty, struct value *out) {
    const struct string *text = self.string;
    int64_t bytes;
    bool all = text->size > 0 || empty;
    if (!arguments_bind(run, arguments, "is", NULL) || !heap_work(&run->heap, text->size / 4)) return false;
    for (int64_t at = 0; at < text->size && all; at += bytes) all = holds(point_at(text->data + at, &bytes));
    *out = value_bool(all);
    return true;
}

static bool is_alnum(uint32_t point) {
    return point_is_alpha(point) || point_is_numeric(point);
}

static bool is_ascii(uint32_t point) {
    return point < 0x80;
}

METHOD(string_isalpha) {
    return all_points(run, self, arguments, point_is_alpha, false, out);
}

METHOD(string_isalnum) {
    return all_points(run, self, arguments, is_alnum, false, out);
}

METHOD(string_isdecimal) {
    return all_points(run, self, arguments, point_is_decimal, false, out);
}

METHOD(string_isdigit) {
    return all_points(run, self, arguments, point_is_digit, false, out);
}

METHOD(string_isnumeric) {
    return all_points(run, self, arguments, point_is_numeric, false, out);
}

METHOD(string_isspace) {
    return all_points(run, self, arguments, point_is_space, false, out);
}

METHOD(string_isascii) {
    return all_points(run, self, arguments, is_ascii, true, out);
}

METHOD(string_isprintable) {
    return all_points(run, self, arguments, point_is_printable, true, out);
}

METHOD(string_isidentifier) {
    const struct string *text = self.string;
    int64_t bytes;
    if (!all_points(run, self, arguments, point_is_name, false, out)) return false;
    out->boolean = out->boolean && point_is_name_start(point_at(text->data, &bytes));
    return true;
}

/* Some letter of one case, and none of the other. */
static bool in_case(struct run *run, struct value self, const struct arguments *arguments, bool upper,
                    struct value *out) {
    const struct string *text = self.string;
    bool some = false, other = false;
    int64_t bytes;
    if (!arguments_bind(run, arguments, "is", NULL) || !heap_work(&run->heap, text->size / 4)) return false;
    for (int64_t at = 0; at < text->size; at += bytes) {
        uint32_t point = point_at(text->data + at, &bytes);
        some |= upper ? point_is_upper(point) : point_is_lower(point);
        other |= point_is_title(point) || (upper ? point_is_lower(point) : point_is_upper(point));
    }
    *out = value_bool(some && !other);
    return true;
}

METHOD(string_isupper) {
    return in_case(run, self, arguments, true, out);
}

METHOD(string_islower) {
    return in_case(run, self, arguments, false, out);
}

METHOD(string_istitle) {
    const struct string *text = self.string;
    bool before = false, some = false, wrong = false;
    int64_t bytes;
    if (!arguments_bind(run, arguments, "istitle", NULL) || !heap_work(&run->heap, text->size / 4))
        return false;
    for (int64_t at = 0; at < text->size; at += bytes) {
        uint32_t point = point_at(text->data + at, &bytes);
        bool large = point_is_upper(point) || point_is_title(point), small = point_is_lower(point);
        wrong |= (large && before) || (small && !before);
        some |= large || small;
        before = large || small;
    }
    *out = value_bool(some && !wrong);
    return true;
}

const struct method methods_string_kind[] = {
    { "isalpha", string_isalpha },
    { "isalnum", string_isalnum },
    { "isdecimal", string_isdecimal },
    { "isdigit", string_isdigit },
    { "isnumeric", string_isnumeric },
    { "isspace", string_isspace },
    { "isascii", string_isascii },
    { "isprintable", string_isprintable },
    { "isidentifier", string_isidentifier },
    { "isupper", string_isupper },
    { "islower", string_islower },
    { "istitle", string_istitle },
    { NULL, NULL },
};
