/*
 * Fuzzing rank files: a .tiktoken (one "base64 rank" a line) or a tekken.json. Of the former the last byte
 * chooses the name that says pattern and special tokens. What must hold: tokenizer_outcome.h.
 */
#include "mutate.h"
#include "tokenizer_outcome.h"

static const char *const words[] = { "YQ==",      "YWI=",      "/w==", "w6k=",        "YQ",
                                     "",          "====",      "<s>",  "<unk>",       "config",
                                     "pattern",   "vocab",     "rank", "token_bytes", "special_tokens",
                                     "token_str", "\\\\p{L}+", "[^",   "(a|b)*c",     "v3" };

static const char tekken[] =
    "{\"config\":{\"pattern\":\"\\\\p{L}+|\\\\s\",\"num_vocab_tokens\":6,\"default_vocab_size\":8,"
    "\"default_num_special_tokens\":3,\"version\":\"v3\"},\"special_tokens\":[{\"rank\":0,\"token_str\":\"<"
    "unk>\","
    "\"is_control\":true},{\"rank\":1,\"token_str\":\"<s>\"},{\"rank\":2,\"token_str\":\"</"
    "s>\"}],\"vocab\":[{\"rank\":0,"
    "\"token_bytes\":\"YQ==\"},{\"rank\":1,\"token_bytes\":\"Yg==\"},{\"rank\":2,\"token_bytes\":\"YWI=\"},{"
    "\"rank\":3,"
    "\"token_bytes\":\"w6k=\"},{\"rank\":4,\"token_bytes\":\"IA==\"}]}";

static const char tiktoken[] = "YQ== 0\nYg== 1\nYWI= 2\nw6k= 3\nIA== 4\nYWJh 5\nww== 6\nqQ== 7\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const names[] = { "gpt-2",  "starcoder",    "deepseek-v3",  "glm4",
                                         "falcon", "deepseek-llm", "no such name", NULL };
    outcome_of(bytes, size, names[size > 0 ? bytes[size - 1] % 8 : 0]);
    return 0;
}

/* A line that `random` chooses, with its newline. */
static void pick_line(struct mutation *m, size_t *from, size_t *count) {
    size_t at = mutate_below(m, m->size);
    while (at > 0 && m->at[at - 1] != '\n') at--;
    *from = at;
    while (at < m->size && m->at[at++] != '\n') continue;
    *count = at - *from;
}

static void add_piece(struct mutation *m, size_t at) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char line[400];
    size_t used = 0, quads = mutate_below(m, 32) ? mutate_below(m, 3) + 1 : mutate_below(m, 80) + 1;
    for (size_t i = 0; i < quads * 4; i++) line[used++] = digits[mutate_below(m, 64)];
    for (size_t pads = mutate_below(m, 3); pads > 0; pads--) line[quads * 4 - pads] = '=';
    used += (size_t)snprintf(line + used, sizeof line - used, " %zu\n", mutate_below(m, 1000));
    mutate_splice(m, at, 0, line, used);
}

static void mutate_lines(struct mutation *m) {
    size_t from, count;
    pick_line(m, &from, &count);
    switch (mutate_below(m, 8)) {
    case 0: mutate_splice(m, from, count, NULL, 0); break;
    case 1: mutate_copy(m, from, count, m->size); break;
    case 2:
    case 3:
    case 4: add_piece(m, from); break;
    case 5: mutate_number(m); break;
    case 6: m->at[from + mutate_below(m, count)] = (uint8_t)random_u64(&m->random); break;
    default:
        if (LLVMFuzzerMutate) m->size = LLVMFuzzerMutate(m->at, m->size, m->room);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = mutation_of(bytes, size, room, seed, words, sizeof words / sizeof words[0]);
    if (size < 2 || mutate_below(&m, 64) == 0) { /* begin anew */
        const char *made = mutate_below(&m, 2) ? tekken : tiktoken;
        m.size = strlen(made) < room ? strlen(made) : room;
        memcpy(bytes, made, m.size);
    }
    for (size_t changes = mutate_below(&m, 3) + 1; changes > 0 && m.size > 0; changes--) {
        if (bytes[0] == '{')
            mutate_json(&m);
        else
            mutate_lines(&m);
    }
    return m.size;
}
