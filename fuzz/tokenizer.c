/*
 * Fuzzing tokenizer.json (and tekken.json): text -> tokenizer. One that was accepted must find its pieces,
 * and encode and decode any text; a refusal must be one line with a remedy.
 */
#include "mutate.h"
#include "tokenizer_seeds.h"

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
    "default_vocab_size",
    "vocab",
    "merges",
    "model",
    "decoder",
    "normalizer",
    "pre_tokenizer",
    "added_tokens",
    "YWI=",
    "token_bytes",
    "unk_token",
    "\\ud83d",
    "\\u0001",
    "\xf0\x9f\x99\x82",
};

static const char tekken[] =
    "{\"config\":{\"pattern\":\"\\\\p{L}+|\\\\s\",\"num_vocab_tokens\":6,\"default_vocab_size\":8,"
    "\"default_num_special_tokens\":3,\"version\":\"v3\"},\"special_tokens\":[{\"rank\":0,\"token_str\":\"<"
    "unk>\","
    "\"is_control\":true},{\"rank\":1,\"token_str\":\"<s>\"},{\"rank\":2,\"token_str\":\"</"
    "s>\"}],\"vocab\":[{\"rank\":0,"
    "\"token_bytes\":\"YQ==\"},{\"rank\":1,\"token_bytes\":\"Yg==\"},{\"rank\":2,\"token_bytes\":\"YWI=\"},{"
    "\"rank\":3,"
    "\"token_bytes\":\"w6k=\"},{\"rank\":4,\"token_bytes\":\"IA==\"}]}";

static const struct tokenizer_limits limits = { 1 << 16, 2048, 256, 2048, 1 << 20 };
static long long inputs, deep, good;

static void print_counts(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld accepted\n", deep, inputs, good);
}

static void refusal_must_hold(struct sy_error *err) {
    char line[1200];
    TOKENIZER_MUST(err->code != SY_OK && err->code != SY_ERR_INTERNAL && err->code != SY_ERR_MEMORY);
    TOKENIZER_MUST(err->message[0] && err->remedy[0]);
    sy_error_line(err, line, sizeof line);
    for (const unsigned char *c = (const unsigned char *)line; *c; c++)
        TOKENIZER_MUST(*c >= 0x20 && *c != 0x7f);
}

static void accepted_must_hold(const struct tokenizer *t, const uint8_t *bytes, size_t size) {
    static const char *const texts[] = {
        "", "ab abc <s> word <mask> b\xc3\xa9", "  aab\n\nb 123 it's", "\xff\xc3 a\xe2\x96",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
    };
    struct tokenizer_facts facts = tokenizer_facts(t);
    TOKENIZER_MUST(facts.count > 0 && facts.kind && facts.bytes > 0);
    for (int64_t id = -1; id <= facts.count; id++) {
        int64_t piece_size;
        const char *piece = tokenizer_piece(t, id, &piece_size);
        TOKENIZER_MUST((piece == NULL) == (tokenizer_kind(t, id) == TOKEN_NONE));
        if (piece && piece_size > 0) {
            int64_t found = tokenizer_find(t, piece, piece_size), found_size;
            const char *other = tokenizer_piece(t, found, &found_size);
            TOKENIZER_MUST(other && found_size == piece_size &&
                           memcmp(other, piece, (size_t)piece_size) == 0);
        }
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        text_must_hold(t, texts[i], (int64_t)strlen(texts[i]), false);
    text_must_hold(t, (const char *)bytes, size > 400 ? 400 : (int64_t)size, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

/* A pattern or a Replace may go beyond its bounds on some text: that is a refusal too, so only sound models.
 */
static bool may_refuse_text(const struct tokenizer *t) {
    struct id_buffer ids = { 0 };
    struct sy_error err;
    bool done = tokenizer_encode(t, "ab \xe2\x96\x81 1", 8, (struct encode_options){ 0 }, &ids, &err);
    id_buffer_free(&ids);
    return !done && (err.code == SY_ERR_LIMIT || err.code == SY_ERR_INPUT || err.code == SY_ERR_FORMAT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct sy_error err = { .code = SY_OK };
    if (inputs++ == 0) atexit(print_counts);
    struct tokenizer *t = tokenizer_blank("fuzz.json", &limits, &err);
    bool accepted = load_bytes(t, (const char *)bytes, (int64_t)size, "cl100k", &err);
    if (!accepted) refusal_must_hold(&err);
    deep += accepted || strncmp(err.place, "line ", 5) != 0;
    good += accepted;
    if (accepted && !may_refuse_text(t)) accepted_must_hold(t, bytes, size);
    tokenizer_close(t);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { .at = bytes,
                          .size = size,
                          .room = room,
                          .random = random_seed(seed),
                          .words = words,
                          .word_count = sizeof words / sizeof words[0] };
    if (size < 2 || mutate_below(&m, 64) == 0) { /* begin anew */
        struct text made = { 0 };
        int which = (int)mutate_below(&m, TOKENIZER_SEEDS + 1);
        if (which < TOKENIZER_SEEDS)
            seed_tokenizer(which, &made);
        else
            text_add(&made, "%s", tekken);
        m.size = made.size < room ? made.size : room;
        memcpy(bytes, made.data, m.size);
        text_free(&made);
    }
    for (size_t changes = mutate_below(&m, 3) + 1; changes > 0; changes--) mutate_json(&m);
    return m.size;
}
