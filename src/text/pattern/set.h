/*
 * Sets of characters, as the classes of patterns speak of them: general categories, ranges, scripts and
 * binary properties, joined, and perhaps complemented. What such a set is written as in PCRE2.
 */
#ifndef TEXT_PATTERN_SET_H
#define TEXT_PATTERN_SET_H

#include "base/error.h"
#include "base/json.h"
#include <stdint.h>

enum { SET_RANGES = 256, SET_PROPERTIES = 8, SET_NAME = 40, POINT_MAX = 0x10ffff };

struct set_property { /* PCRE2's own spelling of it: "sc:Han", "Alphabetic" */
    char name[SET_NAME];
    bool negated;
};

struct pattern_set {
    bool negated;        /* the complement of all that follows, joined */
    uint32_t categories; /* bit utf8proc_category_t */
    struct set_range {
        uint32_t low, high;
    } ranges[SET_RANGES];
    int range_count;
    struct set_property properties[SET_PROPERTIES];
    int property_count;
};

SY_MUST_CHECK bool set_add_range(struct pattern_set *set, uint32_t low, uint32_t high, struct sy_error *err);
SY_MUST_CHECK bool set_add_property(struct pattern_set *set, const char *name, bool negated,
                                    struct sy_error *err);

/* Adds the members of `other` to `set`, which is not negated. *done = false, and nothing is changed, where
 * the result is no such set (a union with a complement, often). */
SY_MUST_CHECK bool set_join(struct pattern_set *set, const struct pattern_set *other, bool *done,
                            struct sy_error *err);
/* The common members of both; *done as above. */
SY_MUST_CHECK bool set_meet(const struct pattern_set *a, const struct pattern_set *b, struct pattern_set *out,
                            bool *done, struct sy_error *err);
/* Adds what differs from members of `set` only by case. For want of one meaning for all, letters beyond ASCII
 * and categories of letters are refused. `dotted`: i is also U+0130, I is U+0131: so Python's regex. */
SY_MUST_CHECK bool set_ignore_case(struct pattern_set *set, bool dotted, struct sy_error *err);

/* Letters, white space, digits and so on, by the name that a pattern gives: \p{NAME}. False for a name that
 * is not known. */
bool set_named(const char *name, struct pattern_set *out);
struct pattern_set set_of_space(void); /* Unicode's White_Space */
struct pattern_set set_of_digits(void);

/* One character's pattern, as PCRE2 has it. */
void set_write(const struct pattern_set *set, struct text *out);
void point_write(uint32_t point, struct text *out); /* that character itself */

#endif
