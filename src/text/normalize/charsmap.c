/*
 * SentencePiece's precompiled character map (charsmap.h).
 *
 * Bytes: u32 little-endian, the size of the trie; the trie; then the replacements, each ended by a NUL. The
 * trie is a double array as darts-clone writes it (github.com/s-yata/darts-clone, include/darts.h): units of
 * 32 bits, u(i) of node i, with
 *
 *     label     u & 0x800000ff                    the byte that leads to this node; with bit 31, a value
 *     has value u >> 8 & 1                        then node i ^ offset holds it, in its lower 31 bits
 *     offset    (u >> 10) << ((u & 0x200) >> 6)   child of i by byte c: i ^ offset ^ c, if its label is c
 *
 * Format: sentencepiece's src/normalizer.cc, DecodePrecompiledCharsMap. A hostile trie can lead anywhere, so
 * each index is checked when it is used; a walk ends with the text or with KEY_MAX bytes.
 */
#include "text/normalize/charsmap.h"
#include "base/checked.h"
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 256 }; /* the longest key of published maps has 18 bytes */

struct charsmap {
    uint32_t *units;
    int64_t unit_count;
    char *replacements; /* ends in a NUL */
    int64_t size;
};

static uint32_t read_u32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool broken(struct sy_error *err, const char *why) {
    sy_fail(err, SY_ERR_FORMAT, "%s", why);
    sy_error_at(err, "character map");
    return sy_error_remedy(err, "fetch the tokenizer's files again");
}

bool charsmap_open(const unsigned char *bytes, int64_t size, struct charsmap **out, struct sy_error *err) {
    *out = NULL;
    if (size < 8) return broken(err, "it is cut short");
    int64_t trie_bytes = read_u32(bytes);
    if (trie_bytes == 0 || trie_bytes % 4 != 0 || trie_bytes > size - 5)
        return broken(err, "its trie does not fit into it");
    if (bytes[size - 1] != 0) return broken(err, "its last replacement has no end");
    struct charsmap *map = *out = calloc(1, sizeof *map);
    if (map) {
        map->unit_count = trie_bytes / 4;
        map->size = size - 4 - trie_bytes;
        map->units = malloc((size_t)trie_bytes);
        map->replacements = malloc((size_t)map->size);
    }
    if (!map || !map->units || !map->replacements) {
        charsmap_close(map);
        *out = NULL;
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a character map of %lld bytes", (long long)size);
    }
    for (int64_t i = 0; i < map->unit_count; i++) map->units[i] = read_u32(bytes + 4 + 4 * i);
    memcpy(map->replacements, bytes + 4 + trie_bytes, (size_t)map->size);
    return true;
}

void charsmap_close(struct charsmap *map) {
    if (!map) return;
    free(map->units);
    free(map->replacements);
    free(map);
}

/* The distance from a node to its children. */
static int64_t unit_offset(uint32_t unit) {
    return (int64_t)(uint32_t)(unit >> 10 << ((unit & 0x200) >> 6));
}

int64_t charsmap_find(const struct charsmap *map, const char *text, int64_t size, bool shortest,
                      const char **out, int64_t *out_size) {
    int64_t node = unit_offset(map->units[0]), found = 0, value = 0;
    for (int64_t at = 0; at < size && at < KEY_MAX; at++) {
        unsigned char byte = (unsigned char)text[at];
        node ^= byte;
        if (node >= map->unit_count || (map->units[node] & 0x800000ff) != byte) break;
        uint32_t unit = map->units[node];
        node ^= unit_offset(unit);
        if ((unit >> 8 & 1) == 0) continue;
        if (node >= map->unit_count) break;
        found = at + 1;
        value = map->units[node] & 0x7fffffff;
        if (shortest) break;
    }
    if (found == 0 || value >= map->size) return 0;
    *out = map->replacements + value;
    *out_size = (int64_t)strlen(*out); /* the last byte of all is a NUL */
    return found;
}
