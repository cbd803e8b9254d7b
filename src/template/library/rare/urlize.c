/*
 * Links for the addresses in a text. Each word between white space is bracket, address, punctuation; brackets
 * that the address itself opened are given back to it. What is an address, by two patterns:
 *
 *     (https?://|www\.) ([\w%-]+\.)* ([a-z]{2,63} | xn--[\w%]{2,59})        and behind it  (:\d{1,5})?
 *     ([\w%-]{2,63}\.)+ (com|net|int|edu|gov|org|info|mil)                                 ([/?#].*)?
 *     https?:// (\d{1,3}(\.\d{1,3}){3} | \[([\da-f]{0,4}:){2}([\da-f]{0,4}:?){1,6}\])
 *
 *     .+@\w[\w.-]*\.\w+
 *
 * None needs going back: no class holds the character that ends its run, so that runs are read to their ends.
 *
 * Source: jinja2 3.1.6, utils.py (urlize, _http_re without regard to case, _email_re).
 */
#include "template/library/rare/urlize.h"
#include "template/values/compare.h"
#include "template/values/slices.h"
#include "template/values/unicode.h"

#include <string.h>

/* ---- characters ---- */

/* As Python's re takes letters that are equal but for case: four beyond ASCII have a small form within it. */
static uint32_t folded(uint32_t point) {
    switch (point) {
    case 0x130:
    case 0x131: return 'i';
    case 0x17f: return 's';
    case 0x212a: return 'k';
    default: return point >= 'A' && point <= 'Z' ? point + ('a' - 'A') : point;
    }
}

static bool is_letter(uint32_t point) {
    return folded(point) >= 'a' && folded(point) <= 'z';
}

static bool is_hex(uint32_t point) {
    return point_is_decimal(point) || (folded(point) >= 'a' && folded(point) <= 'f');
}

static bool is_idna(uint32_t point) {
    return point == '%' || point_is_word(point);
}

static bool is_label(uint32_t point) {
    return point == '-' || is_idna(point);
}

static bool is_mail_host(uint32_t point) {
    return point == '.' || point == '-' || point_is_word(point);
}

static bool is_scheme(uint32_t point) {
    return point == '+' || is_mail_host(point);
}

static const char *run_end(const char *at, const char *end, bool (*is)(uint32_t), int64_t *count) {
    int64_t bytes;
    for (*count = 0; at < end && is(point_at(at, &bytes)); at += bytes) ++*count;
    return at;
}

/* Behind `text` where the address begins with it, in letters of any case; else NULL. */
static const char *behind(const char *at, const char *end, const char *text) {
    int64_t bytes;
    for (; *text; text++, at += bytes)
        if (at >= end || folded(point_at(at, &bytes)) != (unsigned char)*text) return NULL;
    return at;
}

static bool begins(const char *at, const char *end, const char *text, int64_t size) {
    return end - at >= size && memcmp(at, text, (size_t)size) == 0;
}

/* ---- addresses ---- */

/* Port and path, if any, to the end. */
static bool is_rest(const char *at, const char *end) {
    int64_t count;
    if (at < end && *at == ':') {
        at = run_end(at + 1, end, point_is_decimal, &count);
        if (count < 1 || count > 5) return false;
    }
    return at == end || *at == '/' || *at == '?' || *at == '#';
}

static bool is_named(const char *at, const char *end) {
    for (int64_t count;;) {
        const char *run = run_end(at, end, is_letter, &count);
        if (count >= 2 && count <= 63 && is_rest(run, end)) return true;
        if ((run = behind(at, end, "xn--")) && (run = run_end(run, end, is_idna, &count), count >= 2) &&
            count <= 59 && is_rest(run, end))
            return true;
        run = run_end(at, end, is_label, &count);
        if (count == 0 || run == end || *run != '.') return false;
        at = run + 1;
    }
}

static bool is_domain(const char *at, const char *end) {
    static const char *const tops[] = { "com", "net", "int", "edu", "gov", "org", "info", "mil" };
    for (int64_t count;;) {
        const char *run = run_end(at, end, is_label, &count), *top;
        if (count < 2 || count > 63 || run == end || *run != '.') return false;
        at = run + 1;
        for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
            if ((top = behind(at, end, tops[i])) && is_rest(top, end)) return true;
    }
}

static bool is_four_numbers(const char *at, const char *end) {
    int64_t count;
    for (int i = 0; i < 4; i++) {
        if (i > 0 && (at == end || *at++ != '.')) return false;
        at = run_end(at, end, point_is_decimal, &count);
        if (count < 1 || count > 3) return false;
    }
    return is_rest(at, end);
}

static bool is_bracketed(const char *at, const char *end) {
    int64_t count, groups = 0;
    if (at == end || *at++ != '[') return false;
    for (int i = 0; i < 2; i++) {
        at = run_end(at, end, is_hex, &count);
        if (count > 4 || at == end || *at++ != ':') return false;
    }
    while (at < end && *at != ']') { /* digits without a colon between them may be several groups */
        at = run_end(at, end, is_hex, &count);
        bool colon = at < end && *at == ':';
        if (count == 0 && !colon) return false;
        groups += count > 4 ? (count + 3) / 4 : 1;
        at += colon;
    }
    return groups <= 6 && at < end && is_rest(at + 1, end);
}

static bool is_web(const char *at, const char *end) {
    const char *scheme = behind(at, end, "http://");
    if (!scheme) scheme = behind(at, end, "https://");
    const char *host = scheme ? scheme : behind(at, end, "www.");
    return (host && is_named(host, end)) || is_domain(at, end) ||
           (scheme && (is_four_numbers(scheme, end) || is_bracketed(scheme, end)));
}

static bool is_mail(const char *at, const char *end) {
    int64_t count;
    const char *sign = memrchr(at, '@', (size_t)(end - at));
    if (!sign || sign == at) return false;
    const char *host = sign + 1, *dot = memrchr(host, '.', (size_t)(end - host));
    return dot && run_end(host, dot, is_mail_host, &count) == dot && count > 0 && *host != '.' &&
           *host != '-' && run_end(dot + 1, end, point_is_word, &count) == end && count > 0;
}

bool urlize_is_scheme(const struct string *text) {
    int64_t count;
    const char *end = text->data + text->size, *at = run_end(text->data, end, is_scheme, &count);
    if (count < 2 || at == end || *at++ != ':') return false;
    for (int i = 0; i < 2 && at < end && *at == '/'; i++) at++;
    return at == end;
}

/* ---- words ---- */

/* Behind brackets that open the word, and before what ends it. */
static void cut_word(const char **begin, const char **end) {
    for (;;) {
        int64_t size = *begin < *end && (**begin == '(' || **begin == '<') ? 1
                       : begins(*begin, *end, "&lt;", 4)                   ? 4
                                                                           : 0;
        if (size == 0) break;
        *begin += size;
    }
    while (*end > *begin) {
        int64_t size = memchr(")>.,", (*end)[-1], 4)                             ? 1
                       : *end - *begin >= 4 && begins(*end - 4, *end, "&gt;", 4) ? 4
                                                                                 : 0;
        if (size == 0) break;
        *end -= size;
    }
}

static int64_t count_of(const char *begin, const char *end, const char *text) {
    int64_t count = 0, at = 0, size = (int64_t)strlen(text);
    for (; (at = bytes_find(begin, end - begin, at, text, size)) >= 0; at += size) count++;
    return count;
}

/* Closing brackets that the address opened are part of it, and what stands before them. */
static const char *balance(const char *begin, const char *end, const char *word_end) {
    static const char *const pairs[][2] = { { "(", ")" }, { "<", ">" }, { "&lt;", "&gt;" } };
    for (int i = 0; i < 3; i++) {
        const char *close = pairs[i][1];
        int64_t open = count_of(begin, end, pairs[i][0]);
        if (open <= count_of(begin, end, close)) continue;
        for (; open > 0; open--) {
            int64_t found = bytes_find(end, word_end - end, 0, close, (int64_t)strlen(close));
            if (found < 0) break;
            end += found + (int64_t)strlen(close);
        }
    }
    return end;
}

/* What is shown of an address: the first characters by Python's rule for the end of a slice. */
static bool add_trimmed(struct heap *heap, const struct urlize *how, const struct string *address,
                        struct buffer *out) {
    int64_t count = address->points, to = count;
    bool longer = false;
    if (how->trim_limit.type != VALUE_MISSING && how->trim_limit.type != VALUE_NONE) {
        if (!value_compare(heap, COMPARE_GREATER, value_int(count), how->trim_limit, &longer) ||
            (longer && !slice_end(heap, how->trim_limit, count, count, 0, count, &to)))
            return false;
    }
    return buffer_add(heap, out, address->data, string_offset(address, to)) &&
           (!longer || buffer_text(heap, out, "..."));
}

static bool add_link(struct heap *heap, const struct urlize *how, const char *prefix, const char *begin,
                     const char *end, bool trimmed, struct buffer *out) {
    struct string address = { .data = begin, .size = end - begin };
    address.points = points_count(begin, address.size);
    return buffer_text(heap, out, "<a href=\"") && buffer_text(heap, out, prefix) &&
           buffer_add(heap, out, begin, address.size) && buffer_text(heap, out, "\"") &&
           buffer_add(heap, out, how->attributes->data, how->attributes->size) &&
           buffer_text(heap, out, ">") &&
           (trimmed ? add_trimmed(heap, how, &address, out) : buffer_add(heap, out, begin, address.size)) &&
           buffer_text(heap, out, "</a>");
}

static bool add_mail(struct heap *heap, const char *begin, const char *end, struct buffer *out) {
    return buffer_text(heap, out, "<a href=\"mailto:") && buffer_add(heap, out, begin, end - begin) &&
           buffer_text(heap, out, "\">") && buffer_add(heap, out, begin, end - begin) &&
           buffer_text(heap, out, "</a>");
}

static bool add_address(struct heap *heap, const struct urlize *how, const char *begin, const char *end,
                        struct buffer *out) {
    int64_t size = end - begin;
    if (is_web(begin, end)) {
        bool schemed = begins(begin, end, "http://", 7) || begins(begin, end, "https://", 8);
        return add_link(heap, how, schemed ? "" : "https://", begin, end, true, out);
    }
    if (begins(begin, end, "mailto:", 7) && is_mail(begin + 7, end))
        return add_mail(heap, begin + 7, end, out);
    if (!begins(begin, end, "www.", 4) && !begins(begin, end, "@", 1) && !memchr(begin, ':', (size_t)size) &&
        is_mail(begin, end))
        return add_mail(heap, begin, end, out);
    if (!heap_work(heap, how->schemes->count)) return false;
    for (int64_t i = 0; i < how->schemes->count; i++) {
        const struct string *scheme = how->schemes->items[i].string;
        if (size > scheme->size && begins(begin, end, scheme->data, scheme->size))
            return add_link(heap, how, "", begin, end, false, out);
    }
    return buffer_add(heap, out, begin, size);
}

static bool add_word(struct heap *heap, const struct urlize *how, const char *begin, const char *end,
                     struct buffer *out) {
    const char *from = begin, *to = end;
    cut_word(&from, &to);
    to = balance(from, to, end);
    return heap_work(heap, 1) && buffer_add(heap, out, begin, from - begin) &&
           add_address(heap, how, from, to, out) && buffer_add(heap, out, to, end - to);
}

static bool is_no_space(uint32_t point) {
    return !point_is_space(point);
}

bool urlize_text(struct heap *heap, const struct string *text, const struct urlize *how, struct buffer *out) {
    const char *at = text->data, *end = at + text->size;
    int64_t count;
    if (!heap_work(heap, text->size)) return false;
    while (at < end) {
        const char *word = run_end(at, end, point_is_space, &count);
        const char *behind_word = run_end(word, end, is_no_space, &count);
        if (!buffer_add(heap, out, at, word - at) ||
            (count > 0 && !add_word(heap, how, word, behind_word, out)))
            return false;
        at = behind_word;
    }
    return true;
}
