/*
 * Integers as Python has them: int64 while they fit, beyond it a sign and 32-bit limbs, lowest first. Bounded
 * to BIG_LIMBS_MAX limbs, about 39,000 decimal digits; Python prints no more than 4,300 of them.
 */
#ifndef TEMPLATE_VALUES_BIG_H
#define TEMPLATE_VALUES_BIG_H

#include "template/values/value.h"

#define BIG_LIMBS_MAX  4096
#define BIG_DIGITS_MAX 4300 /* sys.int_info.default_max_str_digits */

struct big {
    bool negative;
    int64_t count; /* the highest limb is not 0, and the number is beyond int64 */
    const uint32_t *limbs;
};

double big_to_double(const struct big *big); /* nearest, ties to even; infinite where too large */

/* All take VALUE_BOOL, VALUE_INT or VALUE_BIG, and give VALUE_INT where it fits. */
SY_MUST_CHECK bool integer_add(struct heap *heap, struct value a, struct value b, struct value *out);
SY_MUST_CHECK bool integer_subtract(struct heap *heap, struct value a, struct value b, struct value *out);
SY_MUST_CHECK bool integer_multiply(struct heap *heap, struct value a, struct value b, struct value *out);
/* Rounded down; b is not 0. Either result may be NULL. */
SY_MUST_CHECK bool integer_divide(struct heap *heap, struct value a, struct value b, struct value *quotient,
                                  struct value *remainder);
SY_MUST_CHECK bool integer_power(struct heap *heap, struct value base, uint64_t exponent, struct value *out);
SY_MUST_CHECK bool integer_negate(struct heap *heap, struct value a, struct value *out);
int integer_compare(struct value a, struct value b); /* -1, 0, 1 */
int integer_sign(struct value a);
bool integer_is_odd(struct value a);
int64_t integer_bits(struct value a); /* of the magnitude: int.bit_length */
/* int64 where it fits, else the nearest end of int64. */
int64_t integer_clamped(struct value a);

SY_MUST_CHECK bool integer_to_double(struct heap *heap, struct value a, double *out);      /* OverflowError */
SY_MUST_CHECK bool integer_from_double(struct heap *heap, double real, struct value *out); /* towards zero */
/* Exactly; b is no NaN. *order: -1, 0, 1. */
SY_MUST_CHECK bool integer_compare_double(struct heap *heap, struct value a, double b, int *order);

/* Digits of the magnitude in base 2, 8, 10 or 16; beyond BIG_DIGITS_MAX decimal ones an error. */
SY_MUST_CHECK bool integer_digits(struct heap *heap, struct value a, int base, struct buffer *out);
SY_MUST_CHECK bool integer_print(struct heap *heap, struct value a, struct buffer *out);
/* From digits alone, all below `base` (2 to 36). */
SY_MUST_CHECK bool integer_from_digits(struct heap *heap, const char *digits, int64_t count, int base,
                                       bool negative, struct value *out);

#endif
