/*
 * A file by its first bytes. Magic numbers come first, from each format's own description; then what is text,
 * by how it begins; the name has a say only where the bytes leave it open.
 */
#include "formats/recognize_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct magic {
    int at, count;
    const char *bytes;
    enum given_kind kind;
    const char *detail;
};

static const struct magic magics[] = {
    { 0, 4, "GGUF", GIVEN_GGUF, "" },
    { 0, 2, "\x1f\x8b", GIVEN_PACKED, "gzip" },
    { 0, 6,
      "\xfd"
      "7zXZ\0",
      GIVEN_PACKED, "xz" },
    { 0, 4, "\x28\xb5\x2f\xfd", GIVEN_PACKED, "zstd" },
    { 0, 3, "BZh", GIVEN_PACKED, "bzip2" },
    { 0, 6, "7z\xbc\xaf\x27\x1c", GIVEN_PACKED, "7z" },
    { 0, 4, "Rar!", GIVEN_PACKED, "rar" },
    { 257, 5, "ustar", GIVEN_PACKED, "tar" },
    { 0, 8, "\x89HDF\r\n\x1a\n", GIVEN_KERAS, "" },
    { 4, 4, "TFL3", GIVEN_TFLITE, "" },
    { 0, 6, "\x93NUMPY", GIVEN_NUMPY, "" },
    { 0, 4, "lmgg", GIVEN_GGML, "" }, /* numbers, stored with the last byte first */
    { 0, 4, "fmgg", GIVEN_GGML, "" },
    { 0, 4, "tjgg", GIVEN_GGML, "" },
    { 0, 4, "algg", GIVEN_ADAPTER, "" },
    { 0, 4, "\x89PNG", GIVEN_MEDIA, "a picture" },
    { 0, 3, "\xff\xd8\xff", GIVEN_MEDIA, "a picture" },
    { 0, 4, "GIF8", GIVEN_MEDIA, "a picture" },
    { 0, 5, "%PDF-", GIVEN_MEDIA, "a PDF" },
    { 0, 4,
      "\x7f"
      "ELF",
      GIVEN_MEDIA, "a program" },
    { 0, 7, "SQLite ", GIVEN_MEDIA, "a database" },
};

bool recognize_ends(const char *text, const char *ending) {
    size_t length = strlen(text), size = strlen(ending);
    return length >= size && strcasecmp(text + length - size, ending) == 0;
}

static uint64_t number_at(const unsigned char *bytes, int count) {
    uint64_t number = 0;
    for (int i = count - 1; i >= 0; i--) number = number << 8 | bytes[i];
    return number;
}

static bool begins(const unsigned char *bytes, int64_t size, const char *text) {
    int64_t count = (int64_t)strlen(text);
    return size >= count && strncasecmp((const char *)bytes, text, (size_t)count) == 0;
}

static bool holds(const unsigned char *bytes, int64_t size, const char *text) {
    return memmem(bytes, (size_t)size, text, strlen(text)) != NULL;
}

/* ---- archives and pickles ---- */

static enum given_kind zip_kind(const unsigned char *bytes, int64_t size, const char *name) {
    int64_t length = size >= 30 ? (int64_t)number_at(bytes + 26, 2) : 0;
    if (length > size - 30) length = size > 30 ? size - 30 : 0;
    const unsigned char *first = bytes + 30; /* the name of the first member */
    if (length > 0 && (holds(first, length, "data.pkl") || holds(first, length, ".format_version")))
        return GIVEN_PYTORCH;
    if (length > 4 && memcmp(first + length - 4, ".npy", 4) == 0) return GIVEN_NUMPY;
    if (recognize_ends(name, ".keras")) return GIVEN_KERAS;
    bool torch = recognize_ends(name, ".bin") || recognize_ends(name, ".pt") ||
                 recognize_ends(name, ".pth") || recognize_ends(name, ".ckpt");
    return torch ? GIVEN_PYTORCH : GIVEN_ZIP;
}

/* Python's pickles of protocol 2 to 5, as PyTorch wrote before it took to zip: PROTO, then an opcode. */
static bool is_pickle(const unsigned char *bytes, int64_t size) {
    return size >= 4 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5 &&
           memchr("\x8a}]c(\x95X\x8c", bytes[2], 8);
}

/* ---- formats without a magic number ---- */

/* 8 bytes of length, then the header's brace. A length beyond the file is a file cut short. */
static bool is_safetensors(const unsigned char *bytes, int64_t size) {
    if (size < 9 || bytes[8] != '{') return false;
    uint64_t length = number_at(bytes, 8);
    return length >= 2 && length <= (uint64_t)SAFETENSORS_HEADER_MAX;
}

/* llama.cpp's importance matrices before they became GGUF: i32 how many, i32 length, a tensor's name. */
static bool is_imatrix(const unsigned char *bytes, int64_t size) {
    if (size < 12) return false;
    uint64_t count = number_at(bytes, 4), length = number_at(bytes + 4, 4);
    if (count < 1 || count > 1000000 || length < 4 || length > 128 || (int64_t)length > size - 8)
        return false;
    return begins(bytes + 8, (int64_t)length, "blk.") || holds(bytes + 8, (int64_t)length, ".weight");
}

/* A SentencePiece model's first field is a piece: { text, score, .. }. */
static bool is_sentencepiece(const unsigned char *bytes, int64_t size) {
    if (size < 8 || bytes[0] != 0x0a || bytes[1] >= 0x80 || bytes[2] != 0x0a || bytes[3] >= bytes[1])
        return false;
    int64_t behind = 4 + (int64_t)bytes[3];
    return behind < size && bytes[behind] == 0x15;
}

/* A model proto: the version of its form, then a producer's name. */
static bool is_onnx(const unsigned char *bytes, int64_t size, const char *name) {
    return size >= 4 && bytes[0] == 0x08 && bytes[1] < 32 &&
           (recognize_ends(name, ".onnx") || (bytes[2] == 0x12 && begins(bytes + 4, size - 4, "pytorch")));
}

static bool is_zeros(const unsigned char *bytes, int64_t size) {
    int64_t count = size < 512 ? size : 512;
    for (int64_t i = 0; i < count; i++)
        if (bytes[i] != 0) return false;
    return size >= 16;
}

/* ---- texts ---- */

static bool is_text(const unsigned char *bytes, int64_t size) {
    int64_t count = size < 512 ? size : 512;
    for (int64_t i = 0; i < count; i++)
        if (bytes[i] == 0x7f || (bytes[i] < ' ' && (bytes[i] < '\t' || bytes[i] > '\r') && bytes[i] != 0x1b))
            return false;
    return true;
}

/* The byte behind the string that opens at `at`. */
static int64_t string_end(const unsigned char *bytes, int64_t size, int64_t at) {
    for (at++; at < size && bytes[at] != '"'; at++)
        if (bytes[at] == '\\') at++;
    return at < size ? at + 1 : size;
}

/* Does the object that begins the text have this key itself? Looks no further than the head. */
static bool has_key(const unsigned char *bytes, int64_t size, const char *key) {
    int64_t length = (int64_t)strlen(key), depth = 0;
    for (int64_t at = 0; at < size;) {
        if (bytes[at] != '"') {
            depth += (bytes[at] == '{' || bytes[at] == '[') - (bytes[at] == '}' || bytes[at] == ']');
            at++;
            continue;
        }
        int64_t from = at + 1, end = string_end(bytes, size, at);
        at = end;
        while (at < size && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t'))
            at++;
        if (depth == 1 && end - from - 1 == length && memcmp(bytes + from, key, (size_t)length) == 0 &&
            at < size && bytes[at] == ':')
            return true;
    }
    return false;
}

static enum given_kind json_kind(const unsigned char *bytes, int64_t size) {
    static const struct {
        const char *key, *with; /* with: NULL, or another key that must be there as well */
        enum given_kind kind;
    } keys[] = {
        { "weight_map", NULL, GIVEN_CHECKPOINT },  { "peft_type", NULL, GIVEN_ADAPTER },
        { "model_type", NULL, GIVEN_CONFIG },      { "architectures", NULL, GIVEN_CONFIG },
        { "added_tokens", NULL, GIVEN_TOKENIZER }, { "pre_tokenizer", NULL, GIVEN_TOKENIZER },
        { "config", "vocab", GIVEN_TOKENIZER },    { "error", NULL, GIVEN_ANSWER },
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (has_key(bytes, size, keys[i].key) && (!keys[i].with || has_key(bytes, size, keys[i].with)))
            return keys[i].kind;
    return GIVEN_JSON;
}

/* What servers answer with in a few words, and what is then kept under the file's name. */
static bool is_answer(const unsigned char *bytes, int64_t size) {
    static const char *const words[] = { "entry not found",
                                         "repository not found",
                                         "invalid username",
                                         "access to model",
                                         "access denied",
                                         "not found",
                                         "unauthorized",
                                         "forbidden",
                                         "404",
                                         "403",
                                         "401",
                                         "invalid credentials" };
    for (size_t i = 0; i < sizeof words / sizeof words[0] && size < 4096; i++)
        if (begins(bytes, size, words[i])) return true;
    return false;
}

/* Lines of base64 and a rank. */
static bool is_ranks(const unsigned char *bytes, int64_t size) {
    int64_t at = 0;
    while (at < size && at < 256 && bytes[at] > ' ') at++;
    return at >= 4 && at % 4 == 0 && at + 1 < size && bytes[at] == ' ' && bytes[at + 1] >= '0' &&
           bytes[at + 1] <= '9';
}

static void first_line(const unsigned char *bytes, int64_t size, char detail[160]) {
    int64_t count = 0;
    while (count < size && count < 80 && bytes[count] && bytes[count] != '\n' && bytes[count] != '\r')
        count++;
    snprintf(detail, 160, "%.*s", (int)count, (const char *)bytes);
}

static enum given_kind text_kind(const unsigned char *bytes, int64_t size, char detail[160]) {
    if (begins(bytes, size, "\xef\xbb\xbf")) bytes += 3, size -= 3;
    while (size > 0 && (*bytes == ' ' || (*bytes >= '\t' && *bytes <= '\r'))) bytes++, size--;
    if (begins(bytes, size, "version https://git-lfs")) {
        const unsigned char *count = memmem(bytes, (size_t)size, "\nsize ", 6);
        const char *digits = count ? (const char *)count + 6 : "";
        int64_t room = count ? size - (count + 6 - bytes) : 0, length = 0;
        while (length < room && length < 19 && digits[length] >= '0' && digits[length] <= '9') length++;
        snprintf(detail, 160, "%.*s", (int)length, digits);
        return GIVEN_LFS;
    }
    if (begins(bytes, size, "<!doctype html") || begins(bytes, size, "<html") || begins(bytes, size, "<head"))
        return GIVEN_WEB_PAGE;
    first_line(bytes, size, detail);
    if (begins(bytes, size, "<?xml") || is_answer(bytes, size)) return GIVEN_ANSWER;
    if (size > 0 && (*bytes == '{' || *bytes == '[')) return json_kind(bytes, size);
    return is_ranks(bytes, size) ? GIVEN_TOKENIZER : GIVEN_TEXT;
}

/* ---- all of it ---- */

static bool is_unfinished(const char *name) {
    static const char *const endings[] = { ".incomplete", ".part",  ".partial",    ".crdownload",
                                           ".download",   ".aria2", ".opdownload", ".!ut" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (recognize_ends(name, endings[i])) return true;
    return false;
}

static enum given_kind by_name(const char *name) {
    if (recognize_ends(name, ".safetensors")) return GIVEN_CHECKPOINT;
    if (recognize_ends(name, ".gguf")) return GIVEN_GGUF;
    if (recognize_ends(name, ".msgpack")) return GIVEN_FLAX;
    return GIVEN_OTHER;
}

enum given_kind recognize_bytes(const unsigned char *bytes, int64_t size, const char *name,
                                char detail[160]) {
    int64_t head = size < RECOGNIZE_HEAD ? size : RECOGNIZE_HEAD;
    detail[0] = 0;
    if (is_unfinished(name)) return GIVEN_UNFINISHED;
    if (size == 0) return GIVEN_EMPTY;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        const struct magic *m = &magics[i];
        if (head < m->at + m->count || memcmp(bytes + m->at, m->bytes, (size_t)m->count) != 0) continue;
        snprintf(detail, 160, "%s", m->detail);
        return m->kind == GIVEN_GGUF ? recognize_gguf_head(bytes, size) : m->kind;
    }
    if (head >= 4 && memcmp(bytes, "PK\3\4", 4) == 0) return zip_kind(bytes, head, name);
    if (is_pickle(bytes, head)) return GIVEN_PYTORCH;
    if (is_zeros(bytes, head)) return GIVEN_ZEROS;
    if (is_safetensors(bytes, head)) return GIVEN_CHECKPOINT;
    if (is_imatrix(bytes, head)) return GIVEN_IMATRIX;
    if (is_sentencepiece(bytes, head)) return GIVEN_TOKENIZER;
    if (is_onnx(bytes, head, name)) return GIVEN_ONNX;
    return is_text(bytes, head) ? text_kind(bytes, head, detail) : by_name(name);
}
