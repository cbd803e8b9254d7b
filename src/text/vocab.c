/*
 * Vocabularies are filled piece by piece, in any order of ids, by whichever loader reads the file; holes are
 * allowed, doubles of an id are not. The block of bytes only grows, so a piece is an offset into it.
 */
#include "text/vocab.h"

#include "base/checked.h"
#include <stdlib.h>

/* ---- from bytes to ids ---- */

bool piece_index_open(struct piece_index *index, int64_t count, struct sy_error *err) {
    uint64_t slots = 16;
    while (slots < (uint64_t)count * 2 + 1) slots *= 2;
    index->slots = malloc(slots * sizeof *index->slots);
    if (!index->slots) return sy_fail(err, SY_ERR_MEMORY, "no memory to index %lld pieces", (long long)count);
    memset(index->slots, 0xff, slots * sizeof *index->slots);
    index->mask = slots - 1;
    return true;
}

void piece_index_close(struct piece_index *index) {
    free(index->slots);
    *index = (struct piece_index){ .slots = NULL };
}

int64_t piece_index_bytes(const struct piece_index *index) {
    return index->slots ? (int64_t)((index->mask + 1) * sizeof *index->slots) : 0;
}

void piece_index_add(struct piece_index *index, const char *bytes, const struct piece *pieces, int32_t id) {
    const char *text = bytes + pieces[id].at;
    int64_t size = pieces[id].size;
    if (piece_index_find(index, bytes, pieces, text, size) >= 0) return;
    uint64_t hash = piece_hash(text, size), at = hash & index->mask;
    while (index->slots[at].id >= 0) at = (at + 1) & index->mask;
    index->slots[at] = (struct piece_slot){ .tag = (uint32_t)(hash >> 32), .id = id };
}

/* ---- filling ---- */

static bool ids_grow(struct vocab *vocab, int64_t count, struct sy_error *err) {
    int64_t room = vocab->id_room < 1024 ? 1024 : vocab->id_room;
    while (room < count) room *= 2;
    struct piece *spelled = realloc(vocab->spelled, (size_t)room * sizeof *spelled);
    if (spelled) vocab->spelled = spelled;
    struct piece *decoded = realloc(vocab->decoded, (size_t)room * sizeof *decoded);
    if (decoded) vocab->decoded = decoded;
    unsigned char *kinds = realloc(vocab->kinds, (size_t)room);
    if (kinds) vocab->kinds = kinds;
    if (!spelled || !decoded || !kinds)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld pieces", (long long)room);
    vocab->id_room = room;
    return true;
}

static bool id_take(struct vocab *vocab, int64_t id, struct sy_error *err) {
    if (id < 0) {
        sy_fail(err, SY_ERR_FORMAT, "a piece has the id %lld", (long long)id);
        return sy_error_remedy(err, "fetch the tokenizer's files again");
    }
    if (id >= vocab->limits.pieces) {
        sy_fail(err, SY_ERR_LIMIT, "a piece has the id %lld, the limit is %lld", (long long)id,
                (long long)vocab->limits.pieces);
        return sy_error_remedy(err, "fetch the tokenizer's files again");
    }
    if (vocab_has(vocab, id)) {
        sy_fail(err, SY_ERR_FORMAT, "two pieces have the id %lld", (long long)id);
        return sy_error_remedy(err, "get the file anew");
    }
    if (id >= vocab->id_room && !ids_grow(vocab, id + 1, err)) return false;
    for (; vocab->count <= id; vocab->count++) {
        vocab->spelled[vocab->count] = vocab->decoded[vocab->count] = (struct piece){ 0 };
        vocab->kinds[vocab->count] = TOKEN_NONE;
    }
    return true;
}

static bool bytes_add(struct vocab *vocab, const char *text, int64_t size, struct piece *piece,
                      struct sy_error *err) {
    int64_t most = min_i64(vocab->limits.memory_bytes, INT32_MAX);
    if (size > vocab->limits.piece_bytes) {
        sy_fail(err, SY_ERR_LIMIT, "a piece of %lld bytes, the limit is %lld", (long long)size,
                (long long)vocab->limits.piece_bytes);
        return sy_error_remedy(err, "fetch the tokenizer's files again");
    }
    if (size > most - vocab->size) {
        sy_fail(err, SY_ERR_LIMIT, "pieces of more than %lld bytes in all", (long long)most);
        return sy_error_remedy(err, "fetch the tokenizer's files again");
    }
    if (vocab->size + size > vocab->room) {
        int64_t room = max_i64(vocab->room * 2, vocab->size + size + 65536);
        char *bytes = realloc(vocab->bytes, (size_t)room);
        if (!bytes) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld bytes", (long long)room);
        vocab->bytes = bytes;
        vocab->room = room;
    }
    if (size > 0) memcpy(vocab->bytes + vocab->size, text, (size_t)size);
    *piece = (struct piece){ .at = (uint32_t)vocab->size, .size = (uint32_t)size };
    vocab->size += size;
    return true;
}

bool vocab_put(struct vocab *vocab, int64_t id, const char *text, int64_t size, enum token_kind kind,
               struct sy_error *err) {
    struct piece piece;
    if (!id_take(vocab, id, err) || !bytes_add(vocab, text, size, &piece, err)) return false;
    vocab->spelled[id] = vocab->decoded[id] = piece;
    vocab->kinds[id] = (unsigned char)kind;
    if (!vocab->by_spelling.slots || size == 0) return true;
    if (2 * vocab->indexed > (int64_t)vocab->by_spelling.mask) {
        piece_index_close(&vocab->by_spelling);
        return vocab_index(vocab, vocab->indexed, err);
    }
    piece_index_add(&vocab->by_spelling, vocab->bytes, vocab->spelled, (int32_t)id);
    vocab->indexed++;
    return true;
}

bool vocab_decodes(struct vocab *vocab, int64_t id, const char *bytes, int64_t size, struct sy_error *err) {
    struct piece spelled = vocab->spelled[id];
    bool same =
        spelled.size == size && (size == 0 || memcmp(vocab->bytes + spelled.at, bytes, (size_t)size) == 0);
    if (!same) return bytes_add(vocab, bytes, size, &vocab->decoded[id], err);
    vocab->decoded[id] = spelled;
    return true;
}

bool vocab_index(struct vocab *vocab, int64_t more, struct sy_error *err) {
    if (!piece_index_open(&vocab->by_spelling, vocab->count + more, err)) return false;
    vocab->indexed = 0;
    for (int64_t id = 0; id < vocab->count; id++) {
        if (vocab->spelled[id].size == 0) continue;
        piece_index_add(&vocab->by_spelling, vocab->bytes, vocab->spelled, (int32_t)id);
        vocab->indexed++;
    }
    return true;
}

int64_t vocab_find(const struct vocab *vocab, const char *text, int64_t size) {
    if (size <= 0 || !vocab->by_spelling.slots) return -1;
    return piece_index_find(&vocab->by_spelling, vocab->bytes, vocab->spelled, text, size);
}

int64_t vocab_bytes(const struct vocab *vocab) {
    return vocab->room + vocab->id_room * (int64_t)(2 * sizeof(struct piece) + 1) +
           piece_index_bytes(&vocab->by_spelling);
}

void vocab_close(struct vocab *vocab) {
    free(vocab->bytes);
    free(vocab->spelled);
    free(vocab->decoded);
    free(vocab->kinds);
    piece_index_close(&vocab->by_spelling);
    *vocab = (struct vocab){ .bytes = NULL };
}
