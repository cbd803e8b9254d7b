/*
 * Fuzzing tokenizer.json: text -> tokenizer. What must hold of it: tokenizer_outcome.h.
 */
#include "mutate.h"
#include "tokenizer_outcome.h"

static const char *const words[] = {
    "a",
    "ab",
    "b",
    "\xe2\x96\x81",
    "<0x41>",
    "<s>",
    "",
    "BPE",
    "Unigram",
    "WordPiece",
    "ByteLevel",
    "Metaspace",
    "Split",
    "Digits",
    "Sequence",
    "Punctuation",
    "Whitespace",
    "Removed",
    "Isolated",
    "Contiguous",
    "MergedWithNext",
    "NFC",
    "NFKC",
    "Replace",
    "Strip",
    "Fuse",
    "ByteFallback",
    "Prepend",
    "Lowercase",
    "String",
    "Regex",
    "\\\\s+",
    "(a|b)*c",
    "[^",
    "\\\\p{L}+",
    "first",
    "never",
    "always",
    "content",
    "pattern",
    "config",
    "vocab",
    "merges",
    "model",
    "decoder",
    "normalizer",
    "pre_tokenizer",
    "added_tokens",
    "unk_token",
    "\\ud83d",
    "\\u0001",
    "\xf0\x9f\x99\x82",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    outcome_of(bytes, size, "cl100k");
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = mutation_of(bytes, size, room, seed, words, sizeof words / sizeof words[0]);
    if (size < 2 || mutate_below(&m, 64) == 0) { /* begin anew */
        struct text made = { 0 };
        seed_tokenizer((int)mutate_below(&m, TOKENIZER_SEEDS), &made);
        m.size = made.size < room ? made.size : room;
        memcpy(bytes, made.data, m.size);
        text_free(&made);
    }
    for (size_t changes = mutate_below(&m, 3) + 1; changes > 0; changes--) mutate_json(&m);
    return m.size;
}
