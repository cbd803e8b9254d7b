/*
 * Small values that people type (declared in options.h): sizes, rates, lists of ids, and words that are
 * nearly right.
 */
#include "base/checked.h"
#include "base/options.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 64

/* ---- sizes ---- */

/* "", "B", "K", "KB", "KiB", ...: what one of it is worth. */
static bool unit_bytes(const char *unit, int64_t *bytes) {
    static const char prefixes[] = "KMGTP";
    *bytes = 1;
    if (!*unit || strcasecmp(unit, "B") == 0) return true;
    const char *prefix = strchr(prefixes, toupper((unsigned char)*unit));
    if (!prefix) return false;
    bool binary = !unit[1] || strcasecmp(unit + 1, "iB") == 0;
    if (!binary && strcasecmp(unit + 1, "B") != 0) return false;
    for (const char *p = prefixes; p <= prefix; ++p) *bytes *= binary ? 1024 : 1000;
    return true;
}

bool parse_bytes(const char *text, int64_t *bytes) {
    int64_t whole = 0, unit, result;
    double fraction = 0;
    const char *at = text;
    if (!isdigit((unsigned char)*at)) return false;
    for (; isdigit((unsigned char)*at); ++at)
        if (!size_mul_add(whole, 10, *at - '0', &whole)) return false;
    if (*at == '.') {
        if (!isdigit((unsigned char)at[1])) return false;
        fraction = strtod(at++, NULL);
        while (isdigit((unsigned char)*at)) ++at;
    }
    /* Rounded to the nearest byte: a unit is at most 2^50, so a double is exact enough. */
    if (!unit_bytes(at, &unit)) return false;
    if (!size_mul_add(whole, unit, (int64_t)(fraction * (double)unit + 0.5), &result)) return false;
    *bytes = result;
    return true;
}

bool parse_rate(const char *text, double *rate) {
    static const char prefixes[] = "KMGTP";
    char *end;
    if (!isdigit((unsigned char)*text) || toupper((unsigned char)text[1]) == 'X') return false;
    double value = strtod(text, &end);
    const char *prefix = *end ? strchr(prefixes, toupper((unsigned char)*end)) : NULL;
    for (const char *p = prefixes; prefix && p <= prefix; ++p) value *= 1000;
    end += prefix != NULL;
    if (strcasecmp(end, "bit") == 0)
        value /= 8;
    else if (*end && strcasecmp(end, "B") != 0)
        return false;
    if (!(value > 0 && value < 1e30)) return false;
    *rate = value;
    return true;
}

/* ---- ids ---- */

static const char *skip_space(const char *text) {
    while (isspace((unsigned char)*text)) ++text;
    return text;
}

/* One id at *text, which moves behind it. */
static bool parse_id(const char **text, int64_t *id, struct sy_error *err) {
    const char *at = *text;
    bool negative = *at == '-';
    int64_t value = 0;
    at += negative;
    if (!isdigit((unsigned char)*at)) {
        if (!**text) return sy_fail(err, SY_ERR_USAGE, "a token id is missing");
        return sy_fail(err, SY_ERR_USAGE, "'%.20s' is no token id", *text);
    }
    for (; isdigit((unsigned char)*at); ++at)
        if (!size_mul_add(value, 10, *at - '0', &value))
            return sy_fail(err, SY_ERR_INPUT, "'%.20s...' is beyond any token id", *text);
    *text = at;
    *id = negative ? -value : value;
    return true;
}

bool parse_ids(const char *text, int64_t **ids, int64_t *count, struct sy_error *err) {
    int64_t *list = NULL, used = 0, room = 0;
    const char *at = skip_space(text);
    if (!*at) return sy_fail(err, SY_ERR_USAGE, "the list of token ids is empty");
    for (;; ++at) {
        if (used == room) {
            room = room * 2 + 64;
            int64_t *larger = realloc(list, (size_t)room * sizeof *list);
            if (!larger) {
                sy_fail(err, SY_ERR_MEMORY, "the system has no memory for %lld token ids", (long long)room);
                break;
            }
            list = larger;
        }
        at = skip_space(at);
        if (!parse_id(&at, &list[used], err)) break;
        ++used;
        at = skip_space(at);
        if (!*at) {
            *ids = list;
            *count = used;
            return true;
        }
        if (*at != ',') {
            sy_fail(err, SY_ERR_USAGE, "'%.20s' stands where a comma or the end belongs", at);
            break;
        }
    }
    free(list);
    return sy_error_at(err, "token id %lld", (long long)used + 1);
}

/* ---- words ---- */

static int least(int a, int b, int c) {
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

/* Edits (insert, remove, replace, swap two neighbours) that make `a` of `b`; both shorter than WORD_MAX. */
static int edit_distance(const char *a, const char *b) {
    int rows[3][WORD_MAX + 1], length = (int)strlen(b);
    for (int j = 0; j <= length; ++j) rows[0][j] = j;
    int i = 0;
    for (; a[i]; ++i) {
        int *before = rows[(i + 2) % 3], *above = rows[i % 3], *row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (int j = 0; j < length; ++j) {
            row[j + 1] = least(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] != b[j]));
            if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] && before[j - 1] + 1 < row[j + 1])
                row[j + 1] = before[j - 1] + 1;
        }
    }
    return rows[i % 3][length];
}

const char *nearest_word(const char *word, const char *const *words, int count) {
    size_t length = strlen(word);
    const char *nearest = NULL, *begun = NULL;
    int best = (int)(length < WORD_MAX ? length : 0) / 3 + 1, begun_count = 0;
    if (length == 0 || length >= WORD_MAX) return NULL;
    for (int i = 0; i < count; ++i) {
        if (strlen(words[i]) >= WORD_MAX) continue;
        int distance = edit_distance(word, words[i]);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
        if (strncmp(words[i], word, length) == 0) {
            begun = words[i];
            ++begun_count;
        }
    }
    return nearest ? nearest : begun_count == 1 ? begun : NULL;
}
