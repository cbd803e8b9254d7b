/*
 * Byte-level BPE in GGUF's keys: the name of its pattern, and its merges. A tokenizer.json lists merges, and
 * they are written as they stand. Rank files do not: there a piece's merge is the last step by which its own
 * text becomes it (bpe_build.c), and the order is that of the ranks.
 */
#include "text/pretokenize/names.h"
#include "text/vocab_keys/parts.h"

#include "base/checked.h"
#include <stdlib.h>

struct merge {
    struct gguf_text left, right;
    uint32_t rank;
};

/* "left right" for all of them. */
static bool put_merges(struct vocab_making *m, const struct merge *merges, int64_t count,
                       struct sy_error *err) {
    int64_t size = 0;
    for (int64_t i = 0; i < count; i++) size += merges[i].left.size + 1 + merges[i].right.size;
    struct gguf_value *items = arena_new(m->arena, struct gguf_value, count, err);
    char *room = items ? arena_new(m->arena, char, size, err) : NULL;
    if (!room) return false;
    for (int64_t i = 0; i < count; i++) {
        const struct merge *merge = &merges[i];
        items[i].type = GGUF_STRING;
        items[i].text = (struct gguf_text){ room, merge->left.size + 1 + merge->right.size };
        memcpy(room, merge->left.data, (size_t)merge->left.size);
        room[merge->left.size] = ' ';
        memcpy(room + merge->left.size + 1, merge->right.data, (size_t)merge->right.size);
        room += items[i].text.size;
    }
    vocab_key_array(m, VOCAB_KEY "merges", GGUF_STRING, items, count);
    return true;
}

/* ---- listed ---- */

/* The loader has seen that each is a pair, or has a space between. */
static struct merge listed(const json_t *item) {
    const json_t *left = json_array_get(item, 0), *right = json_array_get(item, 1);
    const char *text = json_string_value(item);
    int64_t size = (int64_t)json_string_length(item);
    const char *space = size > 1 ? memchr(text + 1, ' ', (size_t)size - 1) : NULL;
    if (space)
        return (struct merge){ .left = { text, space - text },
                               .right = { space + 1, text + size - space - 1 } };
    return (struct merge){ .left = { json_string_value(left), (int64_t)json_string_length(left) },
                           .right = { json_string_value(right), (int64_t)json_string_length(right) } };
}

static int64_t take_listed(const json_t *list, struct merge *merges) {
    const json_t *item;
    size_t index;
    json_array_foreach(list, index, item) merges[index] = listed(item);
    return (int64_t)json_array_size(list);
}

/* ---- derived ---- */

static int by_rank(const void *a, const void *b) {
    uint32_t left = ((const struct merge *)a)->rank, right = ((const struct merge *)b)->rank;
    return (left > right) - (left < right);
}

static int64_t take_derived(const struct vocab_making *m, struct merge *merges) {
    const struct pair_table *table = &m->t->bpe.merges;
    int64_t count = 0;
    for (uint64_t at = 0; at <= table->mask; at++) {
        const struct pair_slot *slot = &table->slots[at];
        if (slot->made < 0) continue;
        merges[count++] =
            (struct merge){ m->tokens[slot->left].text, m->tokens[slot->right].text, slot->rank };
    }
    qsort(merges, (size_t)count, sizeof *merges, by_rank);
    return count;
}

bool vocab_keys_gpt2(struct vocab_making *m, struct sy_error *err) {
    const struct tokenizer *t = m->t;
    const json_t *list = json_object_get(json_object_get(m->json, "model"), "merges");
    int64_t most = m->json ? (int64_t)json_array_size(list) : t->bpe.merges.count;
    struct merge *merges = calloc((size_t)max_i64(most, 1), sizeof *merges);
    if (!merges) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld merges", (long long)most);
    int64_t count = m->json ? take_listed(list, merges) : take_derived(m, merges);
    bool done = put_merges(m, merges, count, err);
    free(merges);
    m->pre = pre_name_of(&t->pre, normalizer_is_nfc(t->normalizer), t->bpe.rules.whole_first);
    if (!done || !m->pre) return done;
    const char *names = m->pre->names;
    struct gguf_value name = { .type = GGUF_STRING, .text = { names, (int64_t)strcspn(names, " ") } };
    vocab_key(m, VOCAB_KEY "pre", name);
    return true;
}
