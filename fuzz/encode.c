/*
 * Fuzzing texts: the first byte chooses a tokenizer, the rest is any text. Byte-level ids decode to the very
 * bytes; and a special token cuts a text in two that know nothing of each other.
 */
#include "base/random.h"
#include "tokenizer_seeds.h"

static struct tokenizer *tokenizers[TOKENIZER_SEEDS]; /* opened at the first input, for all that follow */
static long long inputs;

static void finish(void) {
    for (int i = 0; i < TOKENIZER_SEEDS; i++) tokenizer_close(tokenizers[i]);
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header\n", inputs, inputs);
}

static void open_all(void) {
    for (int i = 0; i < TOKENIZER_SEEDS; i++) {
        struct text json = { 0 };
        struct sy_error err;
        seed_tokenizer(i, &json);
        tokenizers[i] = tokenizer_blank("seed.json", NULL, &err);
        if (!load_bytes(tokenizers[i], json.data, (int64_t)json.size, NULL, &err)) {
            fprintf(stderr, "fuzz: seed %d: %s: %s\n", i, err.place, err.message);
            abort();
        }
        text_free(&json);
    }
    atexit(finish);
}

static void encode(const struct tokenizer *t, const char *text, int64_t size, struct id_buffer *ids) {
    struct encode_options how = { .no_special = true, .parse_special = true };
    MUST(tokenizer_encode(t, text, size, how, ids, NULL));
}

/* ids of "A<s>B" = ids of A, <s>, ids of B. */
static void cut_must_hold(const struct tokenizer *t, const char *text, int64_t size) {
    struct id_buffer whole = { 0 }, parts = { 0 };
    struct text joined = { 0 };
    int64_t half = size / 2;
    text_add_bytes(&joined, text, (size_t)half);
    text_add_bytes(&joined, "<s>", 3);
    text_add_bytes(&joined, text + half, (size_t)(size - half));
    encode(t, joined.data, (int64_t)joined.size, &whole);
    encode(t, text, half, &parts);
    MUST(id_buffer_add(&parts, (int32_t)tokenizer_find(t, "<s>", 3), NULL));
    encode(t, text + half, size - half, &parts);
    bool crossed =
        memmem(text, (size_t)size, "<", 1) || memmem(text, (size_t)size, ">", 1); /* "<s" and "<s>>" */
    if (!crossed)
        MUST(whole.count == parts.count && memcmp(whole.data, parts.data, (size_t)whole.count * 4) == 0);
    id_buffer_free(&whole);
    id_buffer_free(&parts);
    text_free(&joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (inputs++ == 0) open_all();
    if (size == 0) return 0;
    int which = bytes[0] % TOKENIZER_SEEDS;
    const char *text = (const char *)bytes + 1;
    int64_t length = (int64_t)size - 1;
    text_must_hold(tokenizers[which], text, length, which == 0);
    if (which < 2) cut_must_hold(tokenizers[which], text, length);
    return 0;
}

/* Words, scripts, halves of characters, runs. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    static const char *const parts[] = { "a",
                                         "ab",
                                         "abc",
                                         "cccc",
                                         "bcde",
                                         " ",
                                         "  ",
                                         "\n",
                                         "it's",
                                         "12345",
                                         "<s>",
                                         "<mask>",
                                         "word",
                                         "\xc3\xa9",
                                         "e\xcc\x81",
                                         "\xe2\x96\x81",
                                         "\xf0\x9f\x99\x82",
                                         "\xe4\xb8\x96",
                                         "\xff",
                                         "\xc3",
                                         "\xe2\x96",
                                         "\xf0\x9f",
                                         "\xed\xa0\x80",
                                         "<0x41>" };
    struct random random = random_seed(seed);
    if (size == 0 || random_below(&random, 4) == 0) {
        bytes[0] = (uint8_t)random_below(&random, 256);
        size = 1;
    }
    for (uint64_t more = random_below(&random, 12) + 1; more > 0; more--) {
        const char *part = parts[random_below(&random, sizeof parts / sizeof parts[0])];
        uint64_t times = random_below(&random, 16) ? 1 : random_below(&random, 80);
        for (; times > 0 && size + strlen(part) <= room; times--) {
            memcpy(bytes + size, part, strlen(part));
            size += strlen(part);
        }
    }
    return size;
}
