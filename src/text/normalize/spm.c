/*
 * SentencePiece's own normalisation: the character map, white space squeezed and made visible, and a space
 * put before the text. Source: sentencepiece 0.2.3, src/normalizer.cc, Normalize and NormalizePrefix.
 *
 * At each place the longest piece that the user defined is taken as it is, else the longest key of the map is
 * replaced, else one character is copied, or U+FFFD put for a byte that is part of none. With `squeeze`,
 * spaces at both ends go, and of several one is left. U+2581 stands for a space where `escape` is set.
 * `first`: the dummy prefix goes before this piece of text.
 */
#include "base/checked.h"
#include "text/normalize/step.h"
#include <string.h>

#define SPACE "\xe2\x96\x81"

/* One unit of text: how many bytes of it, and what they become. */
struct unit {
    const char *become;
    int64_t become_size, size;
};

static struct unit unit_at(const struct step *step, const char *text, int64_t size) {
    struct byte_trie_cursor cursor = byte_trie_begin(&step->whole, text, size);
    int64_t longest = 0;
    while (byte_trie_next(&cursor) >= 0) longest = cursor.used;
    if (longest == 0 && step->map) {
        struct unit unit;
        unit.size = charsmap_find(step->map, text, size, false, &unit.become, &unit.become_size);
        if (unit.size > 0) return unit;
    }
    uint32_t point;
    if (longest == 0) longest = (int64_t)utf8_decode(text, (size_t)size, &point);
    if (longest == 0) return (struct unit){ "\xef\xbf\xbd", 3, 1 }; /* a byte of no character */
    return (struct unit){ text, longest, longest };
}

void step_find_plain(struct step *step) {
    for (int first = 0; first < 128; first++) {
        char text[2] = { (char)first, 0 };
        bool plain = first != ' ';
        for (int second = 0; second < 128 && plain; second++) {
            const char *become;
            int64_t become_size;
            struct byte_trie_cursor cursor = byte_trie_begin(&step->whole, text, 2);
            text[1] = (char)second;
            plain = !step->map || charsmap_find(step->map, text, 2, false, &become, &become_size) == 0;
            /* a longer piece of the user's might begin so, thus any that begins with this byte counts */
            if (step->whole.node_count > 0 && byte_trie_child(cursor.trie, 0, (unsigned char)first))
                plain = false;
        }
        step->plain[first] = plain;
    }
}

/* Bytes at the front of text that stand for themselves: the last may meet a mark behind it, so stays. */
static int64_t plain_run(const struct step *step, const char *text, int64_t size) {
    int64_t count = 0;
    while (count < size && (unsigned char)text[count] < 0x80 && step->plain[(unsigned char)text[count]])
        count++;
    bool next_is_ascii = count == size || (unsigned char)text[count] < 0x80;
    return next_is_ascii || count == 0 ? count : count - 1;
}

static void add_escaped(const struct step *step, const char *text, int64_t size, struct text *out) {
    for (int64_t at = 0; at < size;) {
        const char *space = memchr(text + at, ' ', (size_t)(size - at));
        int64_t end = space && step->escape ? space - text : size;
        text_add_bytes(out, text + at, (size_t)(end - at));
        if (end < size) text_add_bytes(out, SPACE, 3);
        at = end + (end < size);
    }
}

static int64_t skip_front(const struct step *step, const char *text, int64_t size) {
    int64_t at = 0;
    while (at < size) {
        struct unit unit = unit_at(step, text + at, size - at);
        if (unit.become_size != 1 || unit.become[0] != ' ') break;
        at += unit.size;
    }
    return at;
}

static void strip_back(const struct step *step, size_t from, struct text *out) {
    const char *space = step->escape ? SPACE : " ";
    size_t length = strlen(space);
    while (out->size >= from + length && memcmp(out->data + out->size - length, space, length) == 0)
        out->size -= length;
    if (out->data) out->data[out->size] = 0;
}

bool step_apply_spm(const struct step *step, const char *text, int64_t size, bool first, struct text *out,
                    struct sy_error *err) {
    bool dummy = step->dummy_prefix && first, after_space = step->squeeze;
    size_t from = out->size;
    int64_t at = step->squeeze ? skip_front(step, text, size) : 0;
    if (at == size) return true; /* nothing but spaces */
    if (dummy && !step->suffix) add_escaped(step, " ", 1, out);
    while (at < size) {
        int64_t run = plain_run(step, text + at, size - at);
        struct unit unit = { text + at, run, run };
        if (run == 0) unit = unit_at(step, text + at, size - at);
        at += unit.size;
        while (after_space && unit.become_size > 0 && unit.become[0] == ' ')
            unit.become++, unit.become_size--;
        if (unit.become_size == 0) continue;
        add_escaped(step, unit.become, unit.become_size, out);
        after_space = step->squeeze && unit.become[unit.become_size - 1] == ' ';
    }
    if (step->squeeze && !out->failed) strip_back(step, from, out);
    if (dummy && step->suffix) add_escaped(step, " ", 1, out);
    return !out->failed || sy_fail(err, SY_ERR_MEMORY, "no memory for %lld bytes of text", (long long)size);
}
