/*
 * Fuzzing the patterns of tokenizers: translate, compile, match a small text. Of matches must hold that they
 * lie in the text, at characters' fronts, in order, and that matching ends within its steps.
 */
#include "text/pattern/pattern.h"
#include "mutate.h"
#include "refusal.h"

static const char text[] = "I'll s\xc5\xbf"
                           "ee  12345 caf\xc3\xa9s\n\n \t(x_y) e\xcc\x81\xe4\xb8\xad\xe6\x96\x87"
                           "AAAAAAAAAAAAaaaaaaaaaaaaaa!!!\r\n\xe2\x80\x8d\xf0\x9f\x99\x82   \xc2\x85"
                           "B]^-&&[";

static const char *const seeds[] = {
    "'s|'t| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|\\s++$|\\s*[\\r\\n]|\\s",
    "[\\p{Han}]+|[^\\r\\n]?[\\p{Lu}\\p{M}&&[^\\p{Han}]]*[\\p{Ll}\\p{M}&&[^\\p{Han}]]+(?i:'s|'d)?",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[\\p{L}\\p{M}]+",
    "\\w+|[^\\w\\s]+|\\b.|^x|y$",
    "(?:a|b)*c|(?<=x)y|(?<!x)z|(?>q+)|(?=(?:\\d{3})+(?!\\d))",
};

static const char *const words[] = {
    "[",
    "]",
    "[^",
    "&&",
    "&&[^",
    "(?:",
    "(?=",
    "(?!",
    "(?<=",
    "(?<!",
    "(?>",
    "(?i:",
    "(?i)",
    ")",
    "|",
    "*",
    "+",
    "?",
    "{1,3}",
    "{2}",
    "{,4}",
    "{5,}",
    "*?",
    "++",
    "\\s",
    "\\S",
    "\\w",
    "\\W",
    "\\d",
    "\\b",
    "\\B",
    "\\A",
    "\\z",
    "\\p{L}",
    "\\P{Lu}",
    "\\p{Han}",
    "\\p{sc=Greek}",
    "\\pN",
    "\\x{4e2d}",
    "\\x41",
    "\\u0041",
    "a",
    "A",
    "[a-z]",
    "[^a]",
    "-",
    ".",
    "^",
    "$",
    "\xe4\xb8\xad",
    "\\1",
    "\\R",
    "\\G",
    "(?#",
    "(?<n>",
    "[[:alpha:]]",
    "--",
    "(?x:",
    "{",
    "}",
    "\\",
    "\xff",
    "\\h",
    "(a|aa)+",
    "(?:a?){30}",
    "(a*)*",
    "[\\s\\S]",
    "{1000}",
    "'",
    " ",
};

static long long inputs, deep, good;

static void print_counts(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld matched to the end\n", deep, inputs,
            good);
}

static bool check_match(void *argument, int64_t begin, int64_t end, struct sy_error *err) {
    int64_t *last = argument, size = (int64_t)sizeof text - 1;
    (void)err;
    MUST(begin >= *last && end > begin && end <= size);
    MUST(((unsigned char)text[begin] & 0xc0) != 0x80);
    MUST(end == size || ((unsigned char)text[end] & 0xc0) != 0x80);
    *last = end;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct pattern *pattern;
    struct pattern_scratch *scratch;
    struct sy_error err = { .code = SY_OK };
    int64_t last = 0;
    if (inputs++ == 0) atexit(print_counts);
    if (size == 0) return 0;
    enum pattern_dialect dialect = (enum pattern_dialect)(bytes[0] % 3);
    if (!pattern_open((const char *)bytes + 1, (int64_t)size - 1, dialect, &pattern, &err)) {
        refusal_check(&err);
        MUST(!pattern && err.place[0]);
        return 0;
    }
    deep++;
    MUST(pattern_scratch_open(&scratch, &err));
    if (pattern_walk(pattern, scratch, text, (int64_t)sizeof text - 1, check_match, &last, &err))
        good++;
    else
        refusal_check(&err);
    pattern_scratch_close(scratch);
    pattern_close(pattern);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = { bytes, size, room, random_seed(seed), words, sizeof words / sizeof *words };
    if (size < 2 || size > 400 || mutate_below(&m, 3) == 0) {
        const char *from = seeds[mutate_below(&m, sizeof seeds / sizeof *seeds)];
        if (strlen(from) + 1 > room) return size;
        bytes[0] = (uint8_t)mutate_below(&m, 3);
        memcpy(bytes + 1, from, strlen(from));
        m.size = strlen(from) + 1;
    }
    for (size_t i = mutate_below(&m, 2) + 1; i > 0; i--) {
        size_t at = 1 + mutate_below(&m, m.size), removed = 0;
        const char *word = m.words[mutate_below(&m, (size_t)m.word_count)];
        while (mutate_below(&m, 3) > 0 && at > 1 && m.at[at - 1] != '|' && m.at[at - 1] != ']') at--;
        if (mutate_below(&m, 4) == 0) removed = mutate_below(&m, m.size - at < 6 ? m.size - at + 1 : 6);
        if (mutate_below(&m, 8) == 0) word = "";
        mutate_splice(&m, at, removed, word, strlen(word));
    }
    return m.size;
}
