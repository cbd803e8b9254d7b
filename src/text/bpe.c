/*
 * Encoding a word. Most words of a text are pieces themselves, and merging would end at just that piece
 * (bpe_build.c finds out which once): they are looked up and never merged. The others:
 *
 *   short   the symbols in an array with the merge of each pair beside them; the lowest is searched, applied,
 *           and the array closed up: quadratic in a handful
 *   long    a list and a heap of pairs: n log n, for a megabyte without a space
 *
 * Where units are characters there is often no pre-tokeniser, and a text is one word. It may be cut between
 * two characters that never stand side by side within a piece, for no merge can join them.
 */
#include "text/bpe.h"

#include "base/checked.h"
#include "base/utf8.h"
#include <stdlib.h>

#define SHORT_MAX 48

void bpe_scratch_free(struct bpe_scratch *scratch) {
    free(scratch->symbols);
    free(scratch->memory);
    *scratch = (struct bpe_scratch){ .symbols = NULL };
}

/* ---- ids out ---- */

static bool emit(struct bpe_scratch *s, int32_t id, struct id_buffer *ids, struct sy_error *err) {
    s->unknown_open = false;
    if (ids->count < ids->room) {
        ids->data[ids->count++] = id;
        return true;
    }
    return id_buffer_add(ids, id, err);
}

static bool emit_unknown(const struct bpe *bpe, struct bpe_scratch *s, struct id_buffer *ids,
                         struct sy_error *err) {
    if (bpe->rules.unknown < 0 || (s->unknown_open && bpe->rules.fuse_unknown)) return true;
    s->unknown_open = true;
    return id_buffer_add(ids, bpe->rules.unknown, err);
}

static bool emit_bytes(const struct bpe *bpe, struct bpe_scratch *s, const char *text, int64_t size,
                       struct id_buffer *ids, struct sy_error *err) {
    for (int64_t i = 0; i < size; i++)
        if (!emit(s, bpe->rules.bytes[(unsigned char)text[i]], ids, err)) return false;
    return true;
}

static bool all_spelled(const struct bpe *bpe, const char *text, int64_t size) {
    if (!bpe->rules.spell_unknown) return false;
    for (int64_t i = 0; i < size; i++)
        if (bpe->rules.bytes[(unsigned char)text[i]] < 0) return false;
    return true;
}

/* A letter that stayed alone: it is no piece. */
static bool emit_letter(const struct bpe *bpe, struct bpe_scratch *s, int32_t symbol, struct id_buffer *ids,
                        struct sy_error *err) {
    char text[4];
    int64_t size = (int64_t)utf8_encode(bpe->letters[symbol - bpe->vocab->count], text);
    if (all_spelled(bpe, text, size)) return emit_bytes(bpe, s, text, size, ids, err);
    return emit_unknown(bpe, s, ids, err);
}

static bool emit_symbols(const struct bpe *bpe, struct bpe_scratch *s, int64_t count, struct id_buffer *ids,
                         struct sy_error *err) {
    for (int64_t i = 0; i < count; i++) {
        int32_t symbol = s->symbols[i];
        bool done = symbol < 0                    ? emit_unknown(bpe, s, ids, err)
                    : symbol >= bpe->vocab->count ? emit_letter(bpe, s, symbol, ids, err)
                                                  : emit(s, symbol, ids, err);
        if (!done) return false;
    }
    return true;
}

/* ---- merging ---- */

struct pairs { /* of neighbours in a short word */
    uint32_t rank[SHORT_MAX];
    int32_t made[SHORT_MAX];
};

static void pair_look(const struct bpe *bpe, const int32_t *symbols, struct pairs *pairs, int64_t at) {
    const struct pair_slot *slot =
        pair_table_find(&bpe->merges, (uint32_t)symbols[at], (uint32_t)symbols[at + 1]);
    pairs->rank[at] = slot ? slot->rank : BPE_NO_RANK;
    pairs->made[at] = slot ? slot->made : -1;
}

static int64_t merge_short(const struct bpe *bpe, struct bpe_scratch *s, int64_t count) {
    int32_t *symbols = s->symbols;
    struct pairs pairs;
    for (int64_t i = 0; i + 1 < count; i++) pair_look(bpe, symbols, &pairs, i);
    while (count > 1) {
        int64_t best = 0;
        for (int64_t i = 1; i + 1 < count; i++)
            if (pairs.rank[i] < pairs.rank[best]) best = i;
        if (pairs.made[best] < 0) break;
        s->last_left = (uint32_t)symbols[best];
        s->last_right = (uint32_t)symbols[best + 1];
        symbols[best] = pairs.made[best];
        count--;
        for (int64_t i = best + 1; i < count; i++) symbols[i] = symbols[i + 1];
        for (int64_t i = best; i + 1 < count; i++) {
            pairs.rank[i] = pairs.rank[i + 1];
            pairs.made[i] = pairs.made[i + 1];
        }
        if (best > 0) pair_look(bpe, symbols, &pairs, best - 1);
        if (best + 1 < count) pair_look(bpe, symbols, &pairs, best);
    }
    return count;
}

struct waiting {    /* a pair that could be merged: lowest rank first, then leftmost */
    uint64_t order; /* rank << 32 | position */
    uint32_t left, right;
    int32_t made;
};

struct chain { /* a long word; -1 ends it */
    int32_t *symbols, *next, *previous;
    struct waiting *heap;
    int64_t heap_count;
};

static void heap_up(struct chain *chain, struct waiting item) {
    int64_t at = chain->heap_count++;
    for (; at > 0 && chain->heap[(at - 1) / 2].order > item.order; at = (at - 1) / 2)
        chain->heap[at] = chain->heap[(at - 1) / 2];
    chain->heap[at] = item;
}

static struct waiting heap_take(struct chain *chain) {
    struct waiting *heap = chain->heap, top = heap[0], item = heap[--chain->heap_count];
    int64_t at = 0, count = chain->heap_count;
    for (int64_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1].order < heap[child].order) child++;
        if (item.order <= heap[child].order) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = item;
    return top;
}

static void chain_look(const struct bpe *bpe, struct chain *chain, int32_t at) {
    if (at < 0 || chain->next[at] < 0) return;
    uint32_t left = (uint32_t)chain->symbols[at], right = (uint32_t)chain->symbols[chain->next[at]];
    const struct pair_slot *slot = pair_table_find(&bpe->merges, left, right);
    if (!slot) return;
    heap_up(chain, (struct waiting){ (uint64_t)slot->rank << 32 | (uint32_t)at, left, right, slot->made });
}

/* Each merge takes one pair out of the heap and puts at most two in: it never holds more than 2 * count. */
static void chain_merge(const struct bpe *bpe, struct bpe_scratch *s, struct chain *chain) {
    while (chain->heap_count > 0) {
        struct waiting top = heap_take(chain);
        int32_t at = (int32_t)(uint32_t)top.order, right = chain->next[at];
        if (chain->symbols[at] != (int32_t)top.left || right < 0) continue; /* out of date */
        if (chain->symbols[right] != (int32_t)top.right) continue;
        s->last_left = top.left;
        s->last_right = top.right;
        chain->symbols[at] = top.made;
        chain->symbols[right] = -2; /* gone: no pair names it */
        chain->next[at] = chain->next[right];
        if (chain->next[at] >= 0) chain->previous[chain->next[at]] = at;
        chain_look(bpe, chain, chain->previous[at]);
        chain_look(bpe, chain, at);
    }
}

static int64_t merge_long(const struct bpe *bpe, struct bpe_scratch *s, int64_t count, struct sy_error *err) {
    int64_t bytes = count * (int64_t)(2 * sizeof(int32_t) + 2 * sizeof(struct waiting));
    if (bytes > s->memory_room) {
        free(s->memory);
        s->memory = malloc((size_t)bytes);
        s->memory_room = s->memory ? bytes : 0;
    }
    if (!s->memory)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a word of %lld units", (long long)count), -1;
    struct chain chain = { .symbols = s->symbols, .heap = s->memory };
    chain.next = (int32_t *)(chain.heap + 2 * count);
    chain.previous = chain.next + count;
    for (int32_t i = 0; i < count; i++) {
        chain.next[i] = i + 1 < count ? i + 1 : -1;
        chain.previous[i] = i - 1;
    }
    for (int32_t i = 0; i + 1 < count; i++) chain_look(bpe, &chain, i);
    chain_merge(bpe, s, &chain);
    int64_t left = 0;
    for (int32_t i = 0; i >= 0; i = chain.next[i]) s->symbols[left++] = s->symbols[i];
    return left;
}

/* ---- a word into symbols ---- */

static bool symbols_room(struct bpe_scratch *s, int64_t count, struct sy_error *err) {
    if (count > INT32_MAX / 2) {
        sy_fail(err, SY_ERR_LIMIT, "a word of %lld bytes", (long long)count);
        return sy_error_remedy(err, "cut the text into parts");
    }
    if (count <= s->symbol_room) return true;
    free(s->symbols);
    int64_t room = max_i64(count, 1024);
    s->symbols = malloc((size_t)room * sizeof *s->symbols);
    s->symbol_room = s->symbols ? room : 0;
    return s->symbols || sy_fail(err, SY_ERR_MEMORY, "no memory for a word of %lld bytes", (long long)count);
}

static int32_t letter_symbol(const struct bpe *bpe, uint32_t point) {
    int64_t low = 0, high = bpe->letter_count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (bpe->letters[middle] < point)
            low = middle + 1;
        else
            high = middle;
    }
    bool there = low < bpe->letter_count && bpe->letters[low] == point;
    return there ? (int32_t)(bpe->vocab->count + low) : -1;
}

int32_t bpe_unit_symbol(const struct bpe *bpe, const char *text, int64_t size) {
    uint32_t point = 0;
    if (bpe->rules.unit == BPE_BYTES) return bpe->rules.bytes[(unsigned char)text[0]];
    int32_t id = piece_index_find(&bpe->words, bpe->vocab->bytes, bpe->texts, text, size);
    if (id >= 0 || bpe->letter_count == 0 || utf8_decode(text, (size_t)size, &point) == 0) return id;
    return letter_symbol(bpe, point);
}

static int64_t cut_characters(const struct bpe *bpe, struct bpe_scratch *s, const char *text, int64_t size) {
    int64_t count = 0;
    for (int64_t at = 0, length; at < size; at += length) {
        length = utf8_size(text[at]);
        int32_t symbol = bpe_unit_symbol(bpe, text + at, length);
        if (symbol >= 0 || !all_spelled(bpe, text + at, length)) {
            s->symbols[count++] = symbol;
            continue;
        }
        for (int64_t i = 0; i < length; i++)
            s->symbols[count++] = bpe->rules.bytes[(unsigned char)text[at + i]];
    }
    return count;
}

int64_t bpe_symbols(const struct bpe *bpe, struct bpe_scratch *s, const char *text, int64_t size,
                    struct sy_error *err) {
    int64_t count = size;
    if (!symbols_room(s, size, err)) return -1;
    if (bpe->rules.unit == BPE_CHARACTERS)
        count = cut_characters(bpe, s, text, size);
    else
        for (int64_t i = 0; i < size; i++) s->symbols[i] = bpe->rules.bytes[(unsigned char)text[i]];
    return count <= SHORT_MAX ? merge_short(bpe, s, count) : merge_long(bpe, s, count, err);
}

static bool encode_word(const struct bpe *bpe, struct bpe_scratch *s, const char *text, int64_t size,
                        bool whole_first, struct id_buffer *ids, struct sy_error *err) {
    if (size <= bpe->word_bytes_max) {
        int32_t id = piece_index_find(&bpe->words, bpe->vocab->bytes, bpe->texts, text, size);
        if (id >= 0 && (whole_first || bpe_is_whole(bpe, id))) return emit(s, id, ids, err);
    }
    int64_t count = bpe_symbols(bpe, s, text, size, err);
    return count >= 0 && emit_symbols(bpe, s, count, ids, err);
}

/* A word that no pre-tokeniser cut, cut where no piece has a joint. */
static bool encode_runs(const struct bpe *bpe, struct bpe_scratch *s, const char *text, int64_t size,
                        struct id_buffer *ids, struct sy_error *err) {
    uint32_t before = 0, point = 0;
    int64_t begin = 0;
    for (int64_t at = 0; at < size;) {
        size_t length = utf8_decode(text + at, (size_t)(size - at), &point);
        if (at > begin && !bpe_joins(bpe, before, point)) {
            if (!encode_word(bpe, s, text + begin, at - begin, false, ids, err)) return false;
            begin = at;
        }
        before = point;
        at += (int64_t)length;
    }
    return encode_word(bpe, s, text + begin, size - begin, false, ids, err);
}

bool bpe_encode(const struct bpe *bpe, struct bpe_scratch *s, const char *text, int64_t size,
                struct id_buffer *ids, struct sy_error *err) {
    if (size == 0) return true;
    if (!bpe->rules.unknown_spans_words) s->unknown_open = false;
    bool runs = bpe->rules.unit == BPE_CHARACTERS && !bpe->uncut;
    if (!runs) return encode_word(bpe, s, text, size, bpe->rules.whole_first, ids, err);
    if (bpe->rules.whole_first && size <= bpe->word_bytes_max) {
        int32_t id = piece_index_find(&bpe->words, bpe->vocab->bytes, bpe->texts, text, size);
        if (id >= 0) return emit(s, id, ids, err);
    }
    return encode_runs(bpe, s, text, size, ids, err);
}
