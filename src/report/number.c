#include "report/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* value >= 0 in three significant digits, "1.23", "12.3", "123"; never "1000" where it may be carried on. */
static int digits_of(double value) {
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

/* Below a tenth: two significant digits, "0.023", "0.0023". */
static int small_digits(double value) {
    return value < 0.00095 ? 5 : value < 0.0095 ? 4 : 3;
}

/* Divide by `base` until fewer than a thousand are left, as it would be printed; *step says how often. */
static double scaled(double value, double base, int steps, int *step) {
    *step = 0;
    while (value >= 999.5 && *step < steps) {
        value /= base;
        ++*step;
    }
    return value;
}

char *number_count(int64_t count, char text[NUMBER_TEXT]) {
    static const char *const units[] = { "", " K", " M", " B", " T" };
    int step;
    double value = scaled((double)count, 1000, 4, &step);
    snprintf(text, NUMBER_TEXT, "%.*f%s", step ? digits_of(value) : 0, value, units[step]);
    return text;
}

char *number_exact(int64_t count, char text[NUMBER_TEXT]) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu",
                     count < 0 ? 0ull - (unsigned long long)count : (unsigned long long)count);
    int at = 0;
    if (count < 0) text[at++] = '-';
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = 0;
    return text;
}

char *number_bytes(int64_t bytes, char text[NUMBER_TEXT]) {
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB" };
    int step;
    double value = scaled((double)bytes, 1024, 5, &step);
    snprintf(text, NUMBER_TEXT, "%.*f %s", step ? digits_of(value) : 0, value, units[step]);
    return text;
}

char *number_rate(double rate, const char *unit, char text[NUMBER_TEXT]) {
    static const char *const prefixes[] = { "", "K", "M", "G", "T", "P", "E", "Z", "Y" };
    int step, steps = unit[0] >= 'A' && unit[0] <= 'Z' ? 8 : 0;
    double value = scaled(rate > 0 ? rate : 0, 1000, steps, &step);
    char grouped[NUMBER_TEXT];
    if (value >= 9999.5 && value < 1e15)
        snprintf(text, NUMBER_TEXT, "%s %s", number_exact(llround(value), grouped), unit);
    else
        snprintf(text, NUMBER_TEXT, "%.*f %s%s",
                 value > 0 && value < 0.0995 ? small_digits(value) : digits_of(value), value, prefixes[step],
                 unit);
    return text;
}

char *number_seconds(double seconds, char text[NUMBER_TEXT]) {
    if (!(seconds > 0)) seconds = 0;
    long long whole = seconds < 1e15 ? llround(seconds) : 0;
    if (seconds > 0 && seconds < 0.0000995)
        snprintf(text, NUMBER_TEXT, "%.*f us", digits_of(seconds * 1e6), seconds * 1e6);
    else if (seconds < 0.9995)
        snprintf(text, NUMBER_TEXT, "%.*f ms", digits_of(seconds * 1e3), seconds * 1e3);
    else if (seconds < 59.95)
        snprintf(text, NUMBER_TEXT, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(text, NUMBER_TEXT, "%lld min %02lld s", whole / 60, whole % 60);
    else
        snprintf(text, NUMBER_TEXT, "%lld h %02lld min", whole / 3600, whole % 3600 / 60);
    return text;
}

char *number_share(double part, double whole, char text[NUMBER_TEXT]) {
    if (whole > 0)
        snprintf(text, NUMBER_TEXT, "%.1f %%", 100 * part / whole);
    else
        snprintf(text, NUMBER_TEXT, "-");
    return text;
}
