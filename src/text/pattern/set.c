/*
 * Sets of characters (set.h).
 *
 * A union of categories can be complemented exactly, as can one of ranges; so most intersections that files
 * hold become one PCRE2 class, by De Morgan: [\p{Lu}\p{M}&&[^\p{Han}]] = [^\p{Ll}..\p{Z}\p{sc:Han}].
 *
 * In what is written, ASCII members of categories stand beside them as ranges: PCRE2 keeps a bitmap of those,
 * and looks up no property of a character that is in it. \p{Han} alone means script extensions to PCRE2, but
 * the script to all others: hence sc:.
 */
#include "text/pattern/set.h"
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define CATEGORIES_ALL  (((uint32_t)1 << (UTF8PROC_CATEGORY_CO + 1)) - 1)
#define CATEGORIES_CASE (7u << UTF8PROC_CATEGORY_LU)

/* ---- building ---- */

bool set_add_range(struct pattern_set *set, uint32_t low, uint32_t high, struct sy_error *err) {
    if (set->range_count == SET_RANGES)
        return sy_fail(err, SY_ERR_LIMIT, "a class of more than %d ranges", SET_RANGES);
    set->ranges[set->range_count++] = (struct set_range){ low, high };
    return true;
}

bool set_add_property(struct pattern_set *set, const char *name, bool negated, struct sy_error *err) {
    if (set->property_count == SET_PROPERTIES)
        return sy_fail(err, SY_ERR_LIMIT, "a class of more than %d properties", SET_PROPERTIES);
    struct set_property *property = &set->properties[set->property_count++];
    if (strlen(name) >= sizeof property->name)
        return sy_fail(err, SY_ERR_LIMIT, "a property of a name longer than %zu", sizeof property->name - 1);
    memcpy(property->name, name, strlen(name) + 1);
    property->negated = negated;
    return true;
}

/* Ranges in order, none touching another. */
static void sort_ranges(struct pattern_set *set) {
    int kept = 0;
    for (int i = 1; i < set->range_count; i++) {
        struct set_range range = set->ranges[i];
        int at = i;
        for (; at > 0 && set->ranges[at - 1].low > range.low; at--) set->ranges[at] = set->ranges[at - 1];
        set->ranges[at] = range;
    }
    for (int i = 0; i < set->range_count; i++) {
        struct set_range range = set->ranges[i];
        if (kept == 0 || range.low > set->ranges[kept - 1].high + 1)
            set->ranges[kept++] = range;
        else if (range.high > set->ranges[kept - 1].high)
            set->ranges[kept - 1].high = range.high;
    }
    set->range_count = kept;
}

/* The same characters without `negated`, where such a set exists. */
static bool set_positive(const struct pattern_set *set, struct pattern_set *out) {
    *out = *set;
    out->negated = false;
    if (!set->negated) return true;
    int kinds = (set->categories != 0) + (set->range_count > 0) + (set->property_count > 0);
    if (kinds == 0) {
        out->categories = CATEGORIES_ALL;
        return true;
    }
    if (kinds > 1 || set->property_count > 1) return false;
    if (set->property_count == 1) {
        out->properties[0].negated = !set->properties[0].negated;
        return true;
    }
    if (set->categories) {
        out->categories = CATEGORIES_ALL & ~set->categories;
        return true;
    }
    struct pattern_set sorted = *set;
    uint32_t from = 0;
    sort_ranges(&sorted);
    out->range_count = 0;
    if (sorted.range_count == SET_RANGES) return false; /* one more might be needed */
    for (int i = 0; i < sorted.range_count; i++) {
        const struct set_range *range = &sorted.ranges[i];
        if (range->low > from) out->ranges[out->range_count++] = (struct set_range){ from, range->low - 1 };
        from = range->high + 1;
    }
    if (from <= POINT_MAX) out->ranges[out->range_count++] = (struct set_range){ from, POINT_MAX };
    return true;
}

bool set_join(struct pattern_set *set, const struct pattern_set *other, bool *done, struct sy_error *err) {
    struct pattern_set positive;
    *done = set_positive(other, &positive);
    if (!*done) return true;
    set->categories |= positive.categories;
    for (int i = 0; i < positive.range_count; i++) {
        if (!set_add_range(set, positive.ranges[i].low, positive.ranges[i].high, err)) return false;
    }
    for (int i = 0; i < positive.property_count; i++) {
        const struct set_property *property = &positive.properties[i];
        if (!set_add_property(set, property->name, property->negated, err)) return false;
    }
    return true;
}

bool set_meet(const struct pattern_set *a, const struct pattern_set *b, struct pattern_set *out, bool *done,
              struct sy_error *err) {
    struct pattern_set without_a = *a, without_b = *b, joined = { 0 };
    without_a.negated = !a->negated;
    without_b.negated = !b->negated;
    if (!set_join(&joined, &without_a, done, err)) return false;
    if (*done && !set_join(&joined, &without_b, done, err)) return false;
    joined.negated = true;
    if (*done) *out = joined;
    return true;
}

/* ---- case ---- */

static bool has_case(uint32_t point) {
    return utf8proc_tolower((utf8proc_int32_t)point) != (utf8proc_int32_t)point ||
           utf8proc_toupper((utf8proc_int32_t)point) != (utf8proc_int32_t)point ||
           utf8proc_totitle((utf8proc_int32_t)point) != (utf8proc_int32_t)point;
}

/* Simple case folding: K and S each have a third form. */
static bool add_cases(struct pattern_set *set, uint32_t point, bool dotted, struct sy_error *err) {
    uint32_t lower = point | 0x20;
    if (lower < 'a' || lower > 'z') return true;
    if (!set_add_range(set, point ^ 0x20, point ^ 0x20, err)) return false;
    if (lower == 'i' && dotted) {
        uint32_t other = point == 'i' ? 0x130 : 0x131;
        return set_add_range(set, other, other, err);
    }
    if (lower == 'k') return set_add_range(set, 0x212a, 0x212a, err);
    return lower != 's' || set_add_range(set, 0x17f, 0x17f, err);
}

bool set_ignore_case(struct pattern_set *set, bool dotted, struct sy_error *err) {
    sort_ranges(set);
    if ((set->categories & CATEGORIES_CASE) || set->property_count > 0)
        return sy_fail(err, SY_ERR_FORMAT, "a property of letters in a case-insensitive group");
    int count = set->range_count;
    for (int i = 0; i < count; i++) {
        struct set_range range = set->ranges[i];
        for (uint32_t point = range.low; point <= range.high; point++) {
            if (point >= 0x80 && has_case(point))
                return sy_fail(err, SY_ERR_FORMAT, "U+%04X in a case-insensitive group (only ASCII is known)",
                               (unsigned)point);
            if (point < 0x80 && !add_cases(set, point, dotted, err)) return false;
        }
    }
    sort_ranges(set);
    return true;
}

/* ---- names ---- */

static const char *const category_names[] = { "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd",
                                              "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
                                              "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co" };
enum { CATEGORY_COUNT = sizeof category_names / sizeof *category_names };
_Static_assert(CATEGORY_COUNT == UTF8PROC_CATEGORY_CO + 1, "one name a category, in utf8proc's order");

static const struct {
    const char *name, *same; /* `same`: short names, or PCRE2's spelling of a binary property after '=' */
} long_names[] = {
    { "letter", "L" },
    { "casedletter", "LuLlLt" },
    { "lc", "LuLlLt" },
    { "l&", "LuLlLt" },
    { "uppercaseletter", "Lu" },
    { "lowercaseletter", "Ll" },
    { "titlecaseletter", "Lt" },
    { "modifierletter", "Lm" },
    { "otherletter", "Lo" },
    { "mark", "M" },
    { "combiningmark", "M" },
    { "nonspacingmark", "Mn" },
    { "spacingmark", "Mc" },
    { "enclosingmark", "Me" },
    { "number", "N" },
    { "decimalnumber", "Nd" },
    { "letternumber", "Nl" },
    { "othernumber", "No" },
    { "punctuation", "P" },
    { "punct", "P" },
    { "connectorpunctuation", "Pc" },
    { "dashpunctuation", "Pd" },
    { "openpunctuation", "Ps" },
    { "closepunctuation", "Pe" },
    { "initialpunctuation", "Pi" },
    { "finalpunctuation", "Pf" },
    { "otherpunctuation", "Po" },
    { "symbol", "S" },
    { "mathsymbol", "Sm" },
    { "currencysymbol", "Sc" },
    { "modifiersymbol", "Sk" },
    { "othersymbol", "So" },
    { "separator", "Z" },
    { "spaceseparator", "Zs" },
    { "lineseparator", "Zl" },
    { "paragraphseparator", "Zp" },
    { "other", "C" },
    { "control", "Cc" },
    { "format", "Cf" },
    { "surrogate", "Cs" },
    { "privateuse", "Co" },
    { "unassigned", "Cn" },
    { "alphabetic", "=Alphabetic" },
    { "alpha", "=Alphabetic" },
    { "uppercase", "=Uppercase" },
    { "lowercase", "=Lowercase" },
    { "ideographic", "=Ideographic" },
    { "emoji", "=Emoji" },
    { "extendedpictographic", "=Extended_Pictographic" },
};

/* Lower case, without '_', '-' and spaces: Unicode's loose matching. */
static void loose_name(const char *name, char out[SET_NAME]) {
    size_t used = 0;
    for (; *name && used < SET_NAME - 1; name++) {
        if (*name == '_' || *name == '-' || *name == ' ') continue;
        out[used++] = (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name);
    }
    out[used] = 0;
}

/* "L", "Lu", "LuLlLt": the categories whose names begin so. 0: none. */
static uint32_t categories_of(const char *names) {
    uint32_t found = 0;
    while (*names) {
        size_t length = names[1] >= 'a' && names[1] <= 'z' ? 2 : 1;
        uint32_t these = 0;
        for (int i = 0; i < CATEGORY_COUNT; i++) {
            if (strncmp(category_names[i], names, length) == 0) these |= 1u << i;
        }
        if (these == 0) return 0;
        found |= these;
        names += length;
    }
    return found;
}

/* Does PCRE2 know such a script? */
static bool script_known(const char *name) {
    char pattern[SET_NAME + 16];
    int code;
    PCRE2_SIZE place;
    for (const char *c = name; *c; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
        if (!letter) return false;
    }
    int length = snprintf(pattern, sizeof pattern, "\\p{sc:%s}", name);
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)pattern, (PCRE2_SIZE)length, PCRE2_UTF | PCRE2_UCP, &code, &place, NULL);
    pcre2_code_free(compiled);
    return compiled != NULL;
}

/* The part behind "gc=", "sc=" and their long forms; *script: it must be a script. */
static const char *unprefixed(const char *name, bool *script, bool *category) {
    static const char *const prefixes[] = { "gc", "generalcategory", "sc", "script" };
    size_t length = strcspn(name, "=:");
    char given[SET_NAME], loose[SET_NAME];
    *script = *category = false;
    if (!name[length] || length >= sizeof given) return name;
    memcpy(given, name, length);
    given[length] = 0;
    loose_name(given, loose);
    for (int i = 0; i < 4; i++) {
        if (strcmp(prefixes[i], loose) != 0) continue;
        *category = i < 2;
        *script = i >= 2;
        return name + length + 1;
    }
    return name;
}

bool set_named(const char *given, struct pattern_set *out) {
    char loose[SET_NAME], property[SET_NAME + 4];
    bool script, category;
    const char *name = unprefixed(given, &script, &category), *same = NULL;
    *out = (struct pattern_set){ 0 };
    if (strlen(name) >= SET_NAME - 4 || !*name) return false;
    loose_name(name, loose);
    for (size_t i = 0; i < sizeof long_names / sizeof *long_names && !script; i++) {
        if (strcmp(long_names[i].name, loose) == 0) same = long_names[i].same;
    }
    if (same && *same == '=' && !category) return set_add_property(out, same + 1, false, NULL);
    if (!script && strlen(name) <= 2) same = name;
    if (same && *same != '=') out->categories = categories_of(same);
    if (out->categories) return true;
    if (!script && !category && (strcmp(loose, "whitespace") == 0 || strcmp(loose, "space") == 0)) {
        *out = set_of_space();
        return true;
    }
    if (!script && !category && strcmp(loose, "any") == 0) {
        out->negated = true;
        return true;
    }
    if (category || !script_known(name)) return false;
    snprintf(property, sizeof property, "sc:%s", name);
    return set_add_property(out, property, false, NULL);
}

struct pattern_set set_of_space(void) {
    return (struct pattern_set){
        .ranges = { { 9, 13 },
                    { 0x20, 0x20 },
                    { 0x85, 0x85 },
                    { 0xa0, 0xa0 },
                    { 0x1680, 0x1680 },
                    { 0x2000, 0x200a },
                    { 0x2028, 0x2029 },
                    { 0x202f, 0x202f },
                    { 0x205f, 0x205f },
                    { 0x3000, 0x3000 } },
        .range_count = 10,
    };
}

struct pattern_set set_of_digits(void) {
    return (struct pattern_set){ .categories = 1u << UTF8PROC_CATEGORY_ND };
}

/* ---- writing ---- */

void point_write(uint32_t point, struct text *out) {
    bool alphanumeric = (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z');
    if (point < 0x80 && alphanumeric)
        text_add(out, "%c", (int)point);
    else if (point > 0x20 && point < 0x7f)
        text_add(out, "\\%c", (int)point);
    else
        text_add(out, "\\x{%x}", (unsigned)point);
}

static void range_write(struct set_range range, struct text *out) {
    point_write(range.low, out);
    if (range.high == range.low) return;
    text_add(out, range.high == range.low + 1 ? "" : "-");
    point_write(range.high, out);
}

static void categories_write(uint32_t categories, struct text *out) {
    for (const char *group = "LMNPSZC"; *group; group++) {
        const char name[] = { *group, 0 };
        uint32_t all = categories_of(name);
        if ((categories & all) != all) continue;
        text_add(out, "\\p{%c}", *group);
        categories &= ~all;
    }
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        if (categories >> i & 1) text_add(out, "\\p{%s}", category_names[i]);
    }
}

void set_write(const struct pattern_set *set, struct text *out) {
    struct pattern_set whole = *set;
    for (uint32_t point = 0; point < 0x80; point++) {
        bool member = set->categories >> utf8proc_category((utf8proc_int32_t)point) & 1;
        if (!member || whole.range_count == SET_RANGES) continue;
        whole.ranges[whole.range_count++] = (struct set_range){ point, point };
    }
    sort_ranges(&whole);
    bool empty = whole.range_count == 0 && !set->categories && set->property_count == 0;
    if (empty) {
        text_add(out, set->negated ? "\\p{Any}" : "(?!)");
        return;
    }
    bool lone = !set->negated && whole.range_count == 1 && !set->categories && set->property_count == 0;
    if (lone && whole.ranges[0].low == whole.ranges[0].high) {
        point_write(whole.ranges[0].low, out);
        return;
    }
    text_add(out, set->negated ? "[^" : "[");
    for (int i = 0; i < whole.range_count; i++) range_write(whole.ranges[i], out);
    categories_write(set->categories, out);
    for (int i = 0; i < set->property_count; i++)
        text_add(out, set->properties[i].negated ? "\\P{%s}" : "\\p{%s}", set->properties[i].name);
    text_add(out, "]");
}
