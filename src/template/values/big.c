/*
 * Arithmetic on integers of any size: schoolbook, for they are small. Division is Knuth's algorithm D (The
 * Art of Computer Programming, volume 2, 4.3.1).
 */
#include "template/values/big.h"

#include <math.h>
#include <string.h>

struct magnitude { /* a number without its sign; `small` holds one that came from int64 */
    int64_t count;
    const uint32_t *limbs;
    bool negative;
    uint32_t small[2];
};

static void open_magnitude(struct value value, struct magnitude *out) {
    if (value.type == VALUE_BIG) {
        *out = (struct magnitude){ value.big->count, value.big->limbs, value.big->negative, { 0, 0 } };
        return;
    }
    int64_t integer = value.type == VALUE_BOOL ? value.boolean : value.integer;
    uint64_t size = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    *out = (struct magnitude){ .negative = integer < 0, .small = { (uint32_t)size, (uint32_t)(size >> 32) } };
    out->limbs = out->small;
    out->count = out->small[1] ? 2 : out->small[0] ? 1 : 0;
}

/* The value of limbs that the heap owns. */
static bool close_magnitude(struct heap *heap, uint32_t *limbs, int64_t count, bool negative,
                            struct value *out) {
    while (count > 0 && limbs[count - 1] == 0) count--;
    if (count <= 2) {
        uint64_t size = (count > 0 ? limbs[0] : 0) | (uint64_t)(count > 1 ? limbs[1] : 0) << 32;
        if (size <= (uint64_t)INT64_MAX + negative) {
            *out = value_int((int64_t)(negative ? 0 - size : size));
            return true;
        }
    }
    if (count > BIG_LIMBS_MAX)
        return heap_limit(heap, "an integer of more than %d bits, the limit", 32 * BIG_LIMBS_MAX);
    struct big *big = heap_take(heap, sizeof *big);
    if (!big) return false;
    *big = (struct big){ negative, count, limbs };
    *out = (struct value){ .type = VALUE_BIG, .big = big };
    return true;
}

static int compare_magnitudes(const struct magnitude *a, const struct magnitude *b) {
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (int64_t i = a->count - 1; i >= 0; i--)
        if (a->limbs[i] != b->limbs[i]) return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

static bool add_magnitudes(struct heap *heap, const struct magnitude *a, const struct magnitude *b,
                           bool negative, struct value *out) {
    int64_t count = (a->count > b->count ? a->count : b->count) + 1;
    uint32_t *sum = heap_array(heap, count, sizeof *sum);
    if (!sum || !heap_work(heap, count / 4)) return false;
    uint64_t carry = 0;
    for (int64_t i = 0; i < count; i++) {
        carry += (i < a->count ? a->limbs[i] : 0) + (uint64_t)(i < b->count ? b->limbs[i] : 0);
        sum[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return close_magnitude(heap, sum, count, negative, out);
}

/* a - b, where a >= b. */
static bool subtract_magnitudes(struct heap *heap, const struct magnitude *a, const struct magnitude *b,
                                bool negative, struct value *out) {
    uint32_t *difference = heap_array(heap, a->count, sizeof *difference);
    if (!difference || !heap_work(heap, a->count / 4)) return false;
    int64_t borrow = 0;
    for (int64_t i = 0; i < a->count; i++) {
        borrow += (int64_t)a->limbs[i] - (i < b->count ? b->limbs[i] : 0);
        difference[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    return close_magnitude(heap, difference, a->count, negative, out);
}

static bool add_signed(struct heap *heap, struct value a, struct value b, bool flip, struct value *out) {
    struct magnitude x, y;
    open_magnitude(a, &x);
    open_magnitude(b, &y);
    y.negative ^= flip;
    if (x.negative == y.negative) return add_magnitudes(heap, &x, &y, x.negative, out);
    if (compare_magnitudes(&x, &y) >= 0) return subtract_magnitudes(heap, &x, &y, x.negative, out);
    return subtract_magnitudes(heap, &y, &x, y.negative, out);
}

bool integer_add(struct heap *heap, struct value a, struct value b, struct value *out) {
    int64_t sum;
    if (a.type == VALUE_INT && b.type == VALUE_INT && !__builtin_add_overflow(a.integer, b.integer, &sum)) {
        *out = value_int(sum);
        return true;
    }
    return add_signed(heap, a, b, false, out);
}

bool integer_subtract(struct heap *heap, struct value a, struct value b, struct value *out) {
    return add_signed(heap, a, b, true, out);
}

bool integer_negate(struct heap *heap, struct value a, struct value *out) {
    return add_signed(heap, value_int(0), a, true, out);
}

bool integer_multiply(struct heap *heap, struct value a, struct value b, struct value *out) {
    struct magnitude x, y;
    int64_t small;
    if (a.type == VALUE_INT && b.type == VALUE_INT && !__builtin_mul_overflow(a.integer, b.integer, &small)) {
        *out = value_int(small);
        return true;
    }
    open_magnitude(a, &x);
    open_magnitude(b, &y);
    uint32_t *product = heap_array(heap, x.count + y.count, sizeof *product);
    if (!product || !heap_work(heap, x.count * y.count / 8)) return false;
    for (int64_t i = 0; i < x.count; i++) {
        uint64_t carry = 0;
        for (int64_t j = 0; j < y.count; j++) {
            carry += product[i + j] + (uint64_t)x.limbs[i] * y.limbs[j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + y.count] = (uint32_t)carry;
    }
    return close_magnitude(heap, product, x.count + y.count, x.negative != y.negative, out);
}

/* ---- division ---- */

/* limbs /= divisor in place; the remainder. */
static uint32_t divide_short(uint32_t *limbs, int64_t count, uint32_t divisor) {
    uint64_t rest = 0;
    for (int64_t i = count - 1; i >= 0; i--) {
        rest = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

static void shift_left(uint32_t *to, const uint32_t *from, int64_t count, int bits) {
    uint32_t carry = 0;
    for (int64_t i = 0; i < count; i++) {
        to[i] = from[i] << bits | carry;
        carry = bits ? from[i] >> (32 - bits) : 0;
    }
    to[count] = carry;
}

/* rest[0..n] -= digit * v[0..n); false when that was too much, and put right. */
static bool subtract_times(uint32_t *rest, const uint32_t *v, int64_t n, uint64_t digit) {
    int64_t borrow = 0;
    uint64_t carry = 0;
    for (int64_t i = 0; i < n; i++) {
        carry += digit * v[i];
        borrow += (int64_t)rest[i] - (uint32_t)carry;
        rest[i] = (uint32_t)borrow;
        borrow >>= 32;
        carry >>= 32;
    }
    borrow += (int64_t)rest[n] - (int64_t)carry;
    rest[n] = (uint32_t)borrow;
    if (borrow >= 0) return true;
    carry = 0;
    for (int64_t i = 0; i < n; i++) {
        carry += (uint64_t)rest[i] + v[i];
        rest[i] = (uint32_t)carry;
        carry >>= 32;
    }
    rest[n] += (uint32_t)carry;
    return false;
}

/* u / v, both normalised so that v's highest bit is set; u has m + n + 1 limbs and becomes the remainder. */
static void divide_long(uint32_t *u, const uint32_t *v, int64_t m, int64_t n, uint32_t *quotient) {
    for (int64_t j = m; j >= 0; j--) {
        uint64_t top = (uint64_t)u[j + n] << 32 | u[j + n - 1];
        uint64_t digit = top / v[n - 1], rest = top % v[n - 1];
        while (digit >> 32 || digit * v[n - 2] > (rest << 32 | u[j + n - 2])) {
            digit--;
            rest += v[n - 1];
            if (rest >> 32) break;
        }
        if (!subtract_times(u + j, v, n, digit)) digit--;
        quotient[j] = (uint32_t)digit;
    }
}

/* Magnitudes only, rounded towards zero. */
static bool divide_magnitudes(struct heap *heap, const struct magnitude *a, const struct magnitude *b,
                              struct value *quotient, struct value *remainder) {
    int64_t n = b->count, m = a->count - n;
    uint32_t *rest = heap_array(heap, a->count + 2, sizeof *rest);
    uint32_t *divisor = heap_array(heap, n + 1, sizeof *divisor);
    uint32_t *result = heap_array(heap, a->count + 1, sizeof *result);
    if (!rest || !divisor || !result || !heap_work(heap, (a->count + 1) * n / 8)) return false;
    if (m < 0) {
        memcpy(rest, a->limbs, (size_t)a->count * sizeof *rest);
        return close_magnitude(heap, result, 0, false, quotient) &&
               close_magnitude(heap, rest, a->count, false, remainder);
    }
    if (n == 1) {
        memcpy(result, a->limbs, (size_t)a->count * sizeof *result);
        rest[0] = divide_short(result, a->count, b->limbs[0]);
        return close_magnitude(heap, result, a->count, false, quotient) &&
               close_magnitude(heap, rest, 1, false, remainder);
    }
    int shift = __builtin_clz(b->limbs[n - 1]);
    shift_left(divisor, b->limbs, n, shift);
    shift_left(rest, a->limbs, a->count, shift);
    divide_long(rest, divisor, m, n, result);
    for (int64_t i = 0; i < n; i++)
        rest[i] = rest[i] >> shift | (shift ? (uint32_t)((uint64_t)rest[i + 1] << (32 - shift)) : 0);
    return close_magnitude(heap, result, m + 1, false, quotient) &&
           close_magnitude(heap, rest, n, false, remainder);
}

bool integer_divide(struct heap *heap, struct value a, struct value b, struct value *quotient,
                    struct value *remainder) {
    struct magnitude x, y;
    struct value q, r;
    open_magnitude(a, &x);
    open_magnitude(b, &y);
    if (!divide_magnitudes(heap, &x, &y, &q, &r)) return false;
    bool inexact = integer_sign(r) != 0;
    if (x.negative != y.negative) { /* towards zero became downwards: one less, and the rest of the divisor */
        if (!integer_negate(heap, q, &q)) return false;
        struct value size = b;
        if (y.negative && !integer_negate(heap, b, &size)) return false;
        if (inexact && !(integer_subtract(heap, q, value_int(1), &q) && integer_subtract(heap, size, r, &r)))
            return false;
    }
    if (y.negative && !integer_negate(heap, r, &r)) return false;
    if (quotient) *quotient = q;
    if (remainder) *remainder = r;
    return true;
}

bool integer_power(struct heap *heap, struct value base, uint64_t exponent, struct value *out) {
    int64_t bits = integer_bits(base);
    if (bits > 1 && exponent > (uint64_t)(32 * BIG_LIMBS_MAX) / (uint64_t)(bits - 1))
        return heap_limit(heap, "an integer of more than %d bits, the limit", 32 * BIG_LIMBS_MAX);
    if (bits <= 1 && exponent > 2) exponent = 2 - exponent % 2; /* of -1, 0 and 1 */
    struct value result = value_int(1);
    for (uint64_t rest = exponent; rest > 0; rest >>= 1) {
        if (rest & 1 && !integer_multiply(heap, result, base, &result)) return false;
        if (rest > 1 && !integer_multiply(heap, base, base, &base)) return false;
    }
    *out = result;
    return true;
}

/* ---- asking ---- */

int integer_sign(struct value a) {
    if (a.type == VALUE_BIG) return a.big->negative ? -1 : 1;
    if (a.type == VALUE_BOOL) return a.boolean;
    return (a.integer > 0) - (a.integer < 0);
}

int integer_compare(struct value a, struct value b) {
    struct magnitude x, y;
    open_magnitude(a, &x);
    open_magnitude(b, &y);
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    int order = compare_magnitudes(&x, &y);
    return x.negative ? -order : order;
}

bool integer_is_odd(struct value a) {
    struct magnitude x;
    open_magnitude(a, &x);
    return x.count > 0 && x.limbs[0] & 1;
}

int64_t integer_bits(struct value a) {
    struct magnitude x;
    open_magnitude(a, &x);
    return x.count == 0 ? 0 : 32 * x.count - __builtin_clz(x.limbs[x.count - 1]);
}

int64_t integer_clamped(struct value a) {
    if (a.type == VALUE_BIG) return a.big->negative ? INT64_MIN : INT64_MAX;
    return a.type == VALUE_BOOL ? a.boolean : a.integer;
}

double big_to_double(const struct big *big) {
    int64_t count = big->count;
    uint64_t top = (uint64_t)big->limbs[count - 1] << 32 | (count > 1 ? big->limbs[count - 2] : 0);
    int shift = __builtin_clzll(top);
    bool sticky = false;
    if (shift > 0) {
        uint64_t next = count > 2 ? big->limbs[count - 3] : 0;
        top = top << shift | next >> (32 - shift); /* shift < 32: the highest limb is not 0 */
        sticky = (uint32_t)(next << shift) != 0;
    } else {
        sticky = count > 2 && big->limbs[count - 3] != 0;
    }
    for (int64_t i = 0; i < count - 3 && !sticky; i++) sticky = big->limbs[i] != 0;
    double size =
        ldexp((double)(top | sticky), (int)(32 * (count - 2) - shift)); /* 64 bits and a sticky one */
    return big->negative ? -size : size;
}

bool integer_to_double(struct heap *heap, struct value a, double *out) {
    *out = a.type == VALUE_BIG ? big_to_double(a.big) : (double)integer_clamped(a);
    return isfinite(*out) || heap_fail(heap, "int too large to convert to float");
}

bool integer_from_double(struct heap *heap, double real, struct value *out) {
    if (isnan(real)) return heap_fail(heap, "cannot convert float NaN to integer");
    if (isinf(real)) return heap_fail(heap, "cannot convert float infinity to integer");
    if (real >= -0x1p63 && real < 0x1p63) {
        *out = value_int((int64_t)real);
        return true;
    }
    int exponent;
    double fraction = frexp(fabs(real), &exponent); /* the number is an integer of 53 bits, shifted */
    uint64_t digits = (uint64_t)ldexp(fraction, 53);
    struct value high;
    if (!integer_power(heap, value_int(2), (uint64_t)(exponent - 53), &high)) return false;
    return integer_multiply(heap, value_int(real < 0 ? -(int64_t)digits : (int64_t)digits), high, out);
}

bool integer_compare_double(struct heap *heap, struct value a, double b, int *order) {
    if (a.type == VALUE_BIG && isfinite(b)) {
        struct value whole; /* b itself, or too small to matter */
        if (!integer_from_double(heap, b, &whole)) return false;
        *order = integer_compare(a, whole);
        return true;
    }
    int64_t integer = integer_clamped(a);
    *order = b > 0 ? -1 : 1;
    if (b >= 0x1p63 || b < -0x1p63) return true;
    int64_t whole = (int64_t)b;
    double fraction = b - (double)whole;
    *order = integer != whole ? (integer < whole ? -1 : 1) : (fraction < 0) - (fraction > 0);
    return true;
}

/* ---- digits ---- */

static bool power_of_two_digits(struct heap *heap, const struct magnitude *x, int base, struct buffer *out) {
    int bits = base == 16 ? 4 : base == 8 ? 3 : 1;
    int64_t all = 32 * x->count - __builtin_clz(x->limbs[x->count - 1]);
    for (int64_t i = (all - 1) / bits; i >= 0; i--) {
        uint64_t window = x->limbs[i * bits / 32];
        if (i * bits / 32 + 1 < x->count) window |= (uint64_t)x->limbs[i * bits / 32 + 1] << 32;
        char digit = "0123456789abcdef"[window >> (i * bits % 32) & (uint64_t)(base - 1)];
        if (!buffer_add(heap, out, &digit, 1)) return false;
    }
    return true;
}

bool integer_digits(struct heap *heap, struct value a, int base, struct buffer *out) {
    struct magnitude x;
    open_magnitude(a, &x);
    if (x.count == 0) return buffer_add(heap, out, "0", 1);
    if (base != 10) return power_of_two_digits(heap, &x, base, out);
    char digits[(BIG_DIGITS_MAX / 9 + 1) * 10], *at = digits + sizeof digits;
    if (x.count > BIG_DIGITS_MAX / 9)
        return heap_fail(heap, "Exceeds the limit (%d digits) for integer string conversion", BIG_DIGITS_MAX);
    uint32_t limbs[BIG_DIGITS_MAX / 9 + 1];
    memcpy(limbs, x.limbs, (size_t)x.count * sizeof *limbs);
    int64_t count = x.count;
    if (!heap_work(heap, count * count / 4)) return false;
    while (count > 0) {
        uint32_t nine = divide_short(limbs, count, 1000000000);
        while (count > 0 && limbs[count - 1] == 0) count--;
        for (int i = 0; i < 9 && (count > 0 || nine > 0); i++, nine /= 10) *--at = (char)('0' + nine % 10);
    }
    int64_t size = digits + sizeof digits - at;
    if (size > BIG_DIGITS_MAX)
        return heap_fail(heap, "Exceeds the limit (%d digits) for integer string conversion", BIG_DIGITS_MAX);
    return buffer_add(heap, out, at, size);
}

bool integer_print(struct heap *heap, struct value a, struct buffer *out) {
    return (integer_sign(a) >= 0 || buffer_add(heap, out, "-", 1)) && integer_digits(heap, a, 10, out);
}

bool integer_from_digits(struct heap *heap, const char *digits, int64_t count, int base, bool negative,
                         struct value *out) {
    if (count > BIG_DIGITS_MAX && (base & (base - 1)) != 0)
        return heap_fail(heap,
                         "Exceeds the limit (%d digits) for integer string conversion: value has %lld digits",
                         BIG_DIGITS_MAX, (long long)count);
    if (count > 32 * BIG_LIMBS_MAX) return heap_limit(heap, "an integer of %lld digits", (long long)count);
    int64_t room = count * 6 / 32 + 2, used = 0; /* a digit is below 2^6 */
    uint32_t *limbs = heap_array(heap, room, sizeof *limbs);
    if (!limbs) return false;
    for (int64_t i = 0; i < count; i++) {
        uint64_t carry = (uint64_t)(digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10);
        for (int64_t j = 0; j < used; j++) {
            carry += (uint64_t)limbs[j] * (uint32_t)base;
            limbs[j] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry) limbs[used++] = (uint32_t)carry;
        if (!heap_work(heap, used / 8)) return false;
    }
    return close_magnitude(heap, limbs, used, negative, out);
}
