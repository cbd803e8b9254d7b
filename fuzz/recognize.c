/*
 * Fuzzing what recognises a given file by its first bytes, and a word by its form: any bytes have a kind, and
 * each kind that is refused has words of one line. The first byte of an input chooses the file's name.
 */
#include "formats/recognize_parts.h"
#include "must.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

static const char *const names[] = { "model.gguf",           "model.safetensors", "pytorch_model.bin",
                                     "config.json",          "model.onnx",        "a.msgpack",
                                     "x.incomplete",         "tokenizer.model",   "model.keras",
                                     "a-00002-of-00003.gguf" };
enum { NAMES = sizeof names / sizeof names[0] };

static void check_file(const uint8_t *bytes, size_t size, const char *name) {
    struct given given = { .kind = GIVEN_OTHER };
    struct sy_error err = { .code = SY_OK };
    memset(given.detail, 'x', sizeof given.detail);
    given.kind = recognize_bytes(bytes, (int64_t)size, name, given.detail);
    MUST(given.kind < GIVEN_NO_FILES);
    MUST(memchr(given.detail, 0, sizeof given.detail));
    MUST(given.kind == recognize_bytes(bytes, (int64_t)size, name, given.detail)); /* asked again */
    must_deep += given.kind != GIVEN_OTHER;
    if (given.kind == GIVEN_GGUF || given.kind == GIVEN_CHECKPOINT) must_good++;
    snprintf(given.path, sizeof given.path, "%s", name);
    MUST(!recognize_refuse(&given, &err));
    must_refuse(&err);
    err = (struct sy_error){ .code = SY_OK };
    if (!recognize_content(bytes, (int64_t)size, name, &err)) must_refuse(&err);
}

static void check_word(const uint8_t *bytes, size_t size) {
    char word[512];
    struct given given = { .kind = GIVEN_OTHER };
    struct sy_error err = { .code = SY_OK };
    int64_t no, count;
    size_t length = size < sizeof word - 1 ? size : sizeof word - 1;
    memcpy(word, bytes, length);
    word[length] = 0;
    recognize_word(word, &given);
    MUST(given.kind >= GIVEN_NOTHING && given.kind < GIVEN_KINDS);
    snprintf(given.path, sizeof given.path, "%s", word);
    MUST(!recognize_refuse(&given, &err));
    must_refuse(&err);
    if (recognize_split(word, ".gguf", &no, &count)) MUST(no >= 1 && no <= count && count <= 99999);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    must_begin();
    if (size == 0) return 0;
    check_file(bytes + 1, size - 1, names[bytes[0] % NAMES]);
    check_word(bytes + 1, size - 1);
    return 0;
}

/* ---- inputs ---- */

#define SEED(text)                                                                                           \
    { text, sizeof text - 1 }
static const struct {
    const char *bytes;
    size_t size;
} seeds[] = {
    SEED("GGUF\3\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\14\0\0\0\0\0\0\0general."
         "type\10\0\0\0\7\0\0\0\0\0\0\0adapter"),
    SEED("\20\0\0\0\0\0\0\0{\"__metadata__\":{}}"),
    SEED("PK\3\4\0\0\10\10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0\0archive/data.pkl"),
    SEED("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4920739232\n"),
    SEED("  <!DOCTYPE html><html>"),
    SEED("{\"model_type\": \"mixtral\", \"a\": [\"model\", {\"error\": \"\\\"\"}]}"),
    SEED("{\"version\":\"1.0\",\"added_tokens\":[]}"),
    SEED("\2\0\0\0\26\0\0\0blk.0.attn_output.weig\1\0\0\0"),
    SEED("\n\16\n\5<unk>\25\0\0\0\0\30\2"),
    SEED("\10\7\22\7pytorch\32\5"),
    SEED("YQ== 0\nYg== 1\n"),
    SEED("Entry not found"),
    SEED("https://huggingface.co/a/b/resolve/main/x/c.gguf?download=true"),
    SEED("mistralai/Mixtral-8x7B-v0.1:Q4_K_M"),
    SEED("dir/model-00002-of-00003.gguf"),
    SEED("qwen3:30b"),
};

static const char *const words[] = { "model_type", "weight_map", "error",  "peft_type", "config",
                                     "vocab",      "GGUF",       "hf.co/", "://",       "clip" };

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed) {
    struct mutation m = mutation_of(bytes, size, room, seed, words, sizeof words / sizeof words[0]);
    if (size < 2) {
        size_t which = mutate_below(&m, sizeof seeds / sizeof seeds[0]);
        if (room < seeds[which].size + 1) return size;
        bytes[0] = (uint8_t)mutate_below(&m, NAMES);
        memcpy(bytes + 1, seeds[which].bytes, seeds[which].size);
        return seeds[which].size + 1;
    }
    size_t at = mutate_below(&m, m.size), rest = m.size - at;
    const char *word = words[mutate_below(&m, sizeof words / sizeof words[0])];
    static const uint8_t bounds[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '{', '\\' };
    switch (mutate_below(&m, 5)) {
    case 0: m.at[at] = bounds[mutate_below(&m, sizeof bounds)]; break;
    case 1: mutate_splice(&m, at, mutate_below(&m, rest + 1), "", 0); break; /* cut out */
    case 2: m.size = at > 0 ? at : 1; break;                                 /* cut short */
    case 3: mutate_splice(&m, at, 0, word, strlen(word)); break;
    default: m.at[at] = (uint8_t)mutate_below(&m, 256); break;
    }
    return m.size;
}
