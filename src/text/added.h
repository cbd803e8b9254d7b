/*
 * Added tokens: texts that are one id wherever they stand, cut out before anything else happens to a text.
 *
 * Two sets, as in Hugging Face's tokenizers: most are searched for in the text as it came, those marked
 * `normalized` in what the normaliser made of it. In each, the leftmost match counts, of these the longest.
 * The flags: lstrip and rstrip take the white space before and behind along, single_word wants no word
 * character on either side, special ones are plain text unless the caller parses specials.
 */
#ifndef TEXT_ADDED_H
#define TEXT_ADDED_H

#include "text/pair_table.h"

struct added_token {
    int32_t id;
    bool special, lstrip, rstrip, single_word;
};

struct added { /* a trie: an edge is (node, byte) -> node; a node's `rank` unused */
    struct pair_table edges;
    int32_t *ends; /* [node_count] of tokens; -1: none ends here */
    int64_t node_count, node_room;
    struct added_token *tokens;
    int64_t count, room;
    bool first[256]; /* a token begins with this byte */
};

/* An empty text is left out, as it matches nothing. Of doubles the first counts. */
SY_MUST_CHECK bool added_put(struct added *added, const char *text, int64_t size, struct added_token token,
                             struct sy_error *err);
int64_t added_bytes(const struct added *added);
void added_close(struct added *added);

struct added_match {
    int64_t begin, end;
    int32_t id;
};
/*
 * The next token in text[0..size) at or after `from`; white space that is taken along never reaches back
 * before `from`. False: none.
 */
bool added_next(const struct added *added, const char *text, int64_t size, int64_t from, bool parse_special,
                struct added_match *match);

#endif
