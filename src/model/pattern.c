/*
 * Patterns of tensor names, matched and written without allocation: binding tries some dozens on each of up
 * to 100 000 names, and most fail within a few characters.
 */
#include "model/pattern.h"
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 9 /* more are no layer and no expert */

/* A plain decimal at *text, moved behind it; -1 when there is none. */
static int64_t take_number(const char **text) {
    const char *at = *text;
    int64_t number = 0;
    while (*at >= '0' && *at <= '9' && at - *text <= DIGITS_MAX) number = number * 10 + (*at++ - '0');
    if (at == *text || at - *text > DIGITS_MAX || (**text == '0' && at - *text > 1)) return -1;
    *text = at;
    return number;
}

/* No pattern has two stars close enough to matter, but any number is right: on a mismatch the last star takes
 * one character more. */
bool pattern_match(const char *pattern, const char *name, int64_t *layer, int64_t *expert) {
    const char *star = NULL, *from = NULL;
    *layer = *expert = -1;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            from = name;
        } else if (*pattern == '{') {
            int64_t number = take_number(&name);
            *(pattern[1] == 'L' ? layer : expert) = number;
            if (number < 0) {
                if (!star || !*from) return false;
                pattern = star, name = ++from;
            } else {
                pattern += 3;
            }
        } else if (*pattern == *name) {
            if (!*name) return true;
            pattern++, name++;
        } else {
            if (!star || !*from) return false;
            pattern = star, name = ++from;
        }
    }
}

bool pattern_write(const char *pattern, int64_t layer, int64_t expert, const char *rest, char *name,
                   size_t size) {
    size_t used = 0;
    for (; *pattern; pattern++) {
        const char *part = pattern;
        int length = 1;
        char number[24];
        if (*pattern == '{') {
            length = snprintf(number, sizeof number, "%lld", (long long)(pattern[1] == 'L' ? layer : expert));
            part = number;
            pattern += 2;
        } else if (*pattern == '*') {
            part = rest;
            length = (int)strlen(rest);
        }
        if (used + (size_t)length >= size) return false;
        memcpy(name + used, part, (size_t)length);
        used += (size_t)length;
    }
    name[used] = 0;
    return true;
}

void pattern_of(const char *name, char *pattern, size_t size, int64_t *layer, int64_t *expert) {
    size_t used = 0;
    *layer = *expert = -1;
    while (*name && used + 4 < size) {
        int64_t number = used > 0 && pattern[used - 1] == '.' && *expert < 0 ? take_number(&name) : -1;
        if (number < 0) {
            pattern[used++] = *name++;
            continue;
        }
        memcpy(pattern + used, *layer < 0 ? "{L}" : "{E}", 3);
        *(*layer < 0 ? layer : expert) = number;
        used += 3;
    }
    pattern[used] = 0;
}
