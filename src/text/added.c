/*
 * Searching walks a trie from every byte that begins a token. That is quadratic only in the length of the
 * longest token, which the limits bound.
 */
#include "text/added.h"

#include "base/checked.h"
#include "base/utf8.h"
#include "text/char_class.h"
#include <stdlib.h>

/* ---- building ---- */

static bool node_add(struct added *added, struct sy_error *err) {
    if (added->node_count == added->node_room) {
        int64_t room = added->node_room * 2 + 256;
        int32_t *ends = realloc(added->ends, (size_t)room * sizeof *ends);
        if (!ends) return sy_fail(err, SY_ERR_MEMORY, "no memory for the added tokens");
        added->ends = ends;
        added->node_room = room;
    }
    added->ends[added->node_count++] = -1;
    return true;
}

static bool token_add(struct added *added, struct added_token token, struct sy_error *err) {
    if (added->count == added->room) {
        int64_t room = added->room * 2 + 64;
        struct added_token *tokens = realloc(added->tokens, (size_t)room * sizeof *tokens);
        if (!tokens) return sy_fail(err, SY_ERR_MEMORY, "no memory for the added tokens");
        added->tokens = tokens;
        added->room = room;
    }
    added->tokens[added->count++] = token;
    return true;
}

bool added_put(struct added *added, const char *text, int64_t size, struct added_token token,
               struct sy_error *err) {
    int32_t node = 0;
    if (size == 0) return true;
    if (added->node_count == 0 && (!node_add(added, err) || !pair_table_open(&added->edges, 64, err)))
        return false;
    for (int64_t i = 0; i < size; i++) {
        uint32_t byte = (unsigned char)text[i];
        const struct pair_slot *slot = pair_table_find(&added->edges, (uint32_t)node, byte);
        int32_t next = slot ? slot->made : (int32_t)added->node_count;
        if (added->node_count >= INT32_MAX) return sy_fail(err, SY_ERR_LIMIT, "added tokens too long");
        if (!slot &&
            (!node_add(added, err) || !pair_table_add(&added->edges, (uint32_t)node, byte, 0, next, err)))
            return false;
        node = next;
    }
    added->first[(unsigned char)text[0]] = true;
    if (added->ends[node] >= 0) return true;
    if (!token_add(added, token, err)) return false;
    added->ends[node] = (int32_t)(added->count - 1);
    return true;
}

int64_t added_bytes(const struct added *added) {
    return pair_table_bytes(&added->edges) + added->node_room * 4 +
           added->room * (int64_t)sizeof(struct added_token);
}

void added_close(struct added *added) {
    if (added->node_count > 0) pair_table_close(&added->edges);
    free(added->ends);
    free(added->tokens);
    *added = (struct added){ .count = 0 };
}

/* ---- matching ---- */

/* The longest token at `at`: its end, or -1. */
static int64_t longest(const struct added *added, const char *text, int64_t size, int64_t at,
                       int32_t *token) {
    int64_t end = -1;
    int32_t node = 0;
    while (at < size) {
        const struct pair_slot *slot =
            pair_table_find(&added->edges, (uint32_t)node, (unsigned char)text[at]);
        if (!slot) break;
        node = slot->made;
        at++;
        if (added->ends[node] < 0) continue;
        *token = added->ends[node];
        end = at;
    }
    return end;
}

/* The character that ends at `at`: its first byte; -1 where there is none. */
static int64_t before(const char *text, int64_t at, uint32_t *point) {
    for (int64_t from = at - 1; from >= 0 && from >= at - 4; from--)
        if (((unsigned char)text[from] & 0xc0) != 0x80)
            return (int64_t)utf8_decode(text + from, (size_t)(at - from), point) == at - from ? from : -1;
    return -1;
}

static bool is_alone(const char *text, int64_t size, int64_t begin, int64_t end) {
    uint32_t point = 0;
    if (before(text, begin, &point) >= 0 && char_is_word(point, NULL)) return false;
    return end >= size || utf8_decode(text + end, (size_t)(size - end), &point) == 0 ||
           !char_is_word(point, NULL);
}

static int64_t strip_left(const char *text, int64_t begin, int64_t from) {
    uint32_t point = 0;
    for (int64_t at; begin > from; begin = at) {
        at = before(text, begin, &point);
        if (at < from || !char_is_space(point, NULL)) break;
    }
    return begin;
}

static int64_t strip_right(const char *text, int64_t size, int64_t end) {
    uint32_t point = 0;
    while (end < size) {
        int64_t length = (int64_t)utf8_decode(text + end, (size_t)(size - end), &point);
        if (length == 0 || !char_is_space(point, NULL)) break;
        end += length;
    }
    return end;
}

bool added_next(const struct added *added, const char *text, int64_t size, int64_t from, bool parse_special,
                struct added_match *match) {
    int32_t index = 0;
    if (added->count == 0) return false;
    for (int64_t at = from; at < size; at++) {
        if (!added->first[(unsigned char)text[at]]) continue;
        int64_t end = longest(added, text, size, at, &index);
        if (end < 0) continue;
        const struct added_token *token = &added->tokens[index];
        if ((token->special && !parse_special) || (token->single_word && !is_alone(text, size, at, end))) {
            at = end - 1; /* matched, and then not wanted: nothing within it is looked for */
            continue;
        }
        match->begin = token->lstrip ? strip_left(text, at, from) : at;
        match->end = token->rstrip ? strip_right(text, size, end) : end;
        match->id = token->id;
        return true;
    }
    return false;
}
