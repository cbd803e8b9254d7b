/*
 * Mutations that know GGUF: a number becomes a boundary, a text another word, a record goes or comes again,
 * and what counts or measures them is mostly put right. They start from valid files made here.
 */
#ifndef FUZZ_GGUF_MUTATE_H
#define FUZZ_GGUF_MUTATE_H

#include "gguf_inputs.h"
#include "mutate.h"

/* ---- valid files ---- */

struct seed {
    uint8_t *at;
    size_t size, room;
    struct random *random;
};

static inline uint64_t seed_below(struct seed *seed, uint64_t bound) {
    return random_below(seed->random, bound);
}

static inline void seed_number(struct seed *seed, uint64_t number, int bytes) {
    for (int i = 0; i < bytes && seed->size < seed->room; i++)
        seed->at[seed->size++] = (uint8_t)(number >> 8 * i);
}

static inline void seed_text(struct seed *seed, const char *text) {
    seed_number(seed, strlen(text), 8);
    for (const char *c = text; *c; c++) seed_number(seed, (uint64_t)*c, 1);
}

static inline void seed_align(struct seed *seed, size_t from, size_t alignment) {
    while ((seed->size - from) % alignment != 0 && seed->size < seed->room) seed_number(seed, 0, 1);
}

static inline void seed_value(struct seed *seed, uint64_t type, int depth) {
    static const char *const texts[] = { "", "a", "llama", "\xe2\x96\x81the", "two words" };
    if (type == GGUF_STRING) {
        seed_text(seed, texts[seed_below(seed, 5)]);
    } else if (type == GGUF_ARRAY) {
        uint64_t item = seed_below(seed, GGUF_TYPE_COUNT), count = seed_below(seed, 5);
        if (item == GGUF_ARRAY && depth > 2) item = GGUF_STRING;
        seed_number(seed, item, 4);
        seed_number(seed, count, 8);
        while (count-- > 0) seed_value(seed, item, depth + 1);
    } else {
        seed_number(seed, seed_below(seed, 2), (int)gguf_scalar_bytes((enum gguf_type)type));
    }
}

static inline void seed_number_key(struct seed *seed, const char *name, uint64_t type, uint64_t number) {
    seed_text(seed, name);
    seed_number(seed, type, 4);
    seed_number(seed, number, (int)gguf_scalar_bytes((enum gguf_type)type));
}

/* Keys k0, k1, ..., the alignment, and where `files` > 1 those of a split. */
static inline void seed_keys(struct seed *seed, uint64_t plain, size_t alignment, int no, int files,
                             uint64_t tensors) {
    static const uint64_t unsigned_types[] = { GGUF_U32, GGUF_U32, GGUF_U64, GGUF_U16 };
    char name[8];
    for (uint64_t i = 0; i < plain; i++) {
        uint64_t type = seed_below(seed, GGUF_TYPE_COUNT);
        snprintf(name, sizeof name, "k%d", (int)i);
        seed_text(seed, name);
        seed_number(seed, type, 4);
        seed_value(seed, type, 1);
    }
    seed_number_key(seed, GGUF_ALIGNMENT_KEY, unsigned_types[seed_below(seed, 4)], alignment);
    if (files == 1) return;
    seed_number_key(seed, "split.no", GGUF_U16, (uint64_t)no);
    seed_number_key(seed, "split.count", GGUF_U16, (uint64_t)files);
    seed_number_key(seed, "split.tensors.count", GGUF_I32, tensors);
}

static inline void seed_tensors(struct seed *seed, size_t from, uint64_t count, size_t alignment, int no) {
    uint64_t offset = 0;
    for (uint64_t i = 0; i < count; i++) {
        char name[8];
        uint32_t type = (uint32_t)seed_below(seed, 42), rank = (uint32_t)seed_below(seed, 4) + 1;
        int64_t block = 1, bytes = 0, elements = 1;
        gguf_type_unit(type, &block, &bytes);
        snprintf(name, sizeof name, "%c%d", 't' + no, (int)i);
        seed_text(seed, name);
        seed_number(seed, rank, 4);
        for (uint32_t k = 0; k < rank; k++) {
            int64_t side = ((int64_t)seed_below(seed, 2) + 1) * (k == 0 ? block : 1);
            elements *= side;
            seed_number(seed, (uint64_t)side, 8);
        }
        seed_number(seed, type, 4);
        seed_number(seed, offset, 8);
        offset += (uint64_t)round_up(max_i64(elements / block * bytes, 1), (int64_t)alignment);
    }
    seed_align(seed, from, alignment);
    for (uint64_t i = 0; i < offset && seed->size < seed->room; i++) seed_number(seed, i & 0x7f, 1);
}

static inline size_t seed_make(uint8_t *bytes, size_t room, struct random *random) {
    struct seed seed = { bytes, 0, room, random };
    int files = random_below(random, 4) == 0 ? 2 : 1;
    uint64_t counts[2] = { random_below(random, 5), random_below(random, 5) };
    for (int no = 0; no < files; no++) {
        size_t from = seed.size, alignment = (size_t)8 << random_below(random, 4);
        uint64_t plain = random_below(random, 8);
        seed_number(&seed, 0x46554747, 4);
        seed_number(&seed, 2 + random_below(random, 2), 4);
        seed_number(&seed, counts[no], 8);
        seed_number(&seed, plain + 1 + (files > 1 ? 3 : 0), 8);
        seed_keys(&seed, plain, alignment, no, files, counts[0] + counts[1]);
        seed_tensors(&seed, from, counts[no], alignment, no);
    }
    return seed.size;
}

/* ---- the fields of a file, valid or not ---- */

enum { FIELDS_MAX = 256, RECORDS_MAX = 64 };

struct span {
    size_t at, size;
};

struct walk { /* numbers, texts (their length stands in front), keys, tensors; as far as sense can be made */
    const uint8_t *bytes;
    size_t size, at;
    struct span numbers[FIELDS_MAX], texts[FIELDS_MAX], keys[RECORDS_MAX], tensors[RECORDS_MAX];
    size_t number_count, text_count, key_count, tensor_count;
};

static inline bool walk_number(struct walk *walk, size_t bytes, uint64_t *out) {
    *out = 0;
    if (walk->size - walk->at < bytes) return false;
    for (size_t i = bytes; i-- > 0;) *out = *out << 8 | walk->bytes[walk->at + i];
    if (walk->number_count < FIELDS_MAX)
        walk->numbers[walk->number_count++] = (struct span){ walk->at, bytes };
    walk->at += bytes;
    return true;
}

static inline bool walk_text(struct walk *walk) {
    uint64_t length;
    if (!walk_number(walk, 8, &length) || length > walk->size - walk->at) return false;
    if (walk->text_count < FIELDS_MAX)
        walk->texts[walk->text_count++] = (struct span){ walk->at, (size_t)length };
    walk->at += (size_t)length;
    return true;
}

static inline bool walk_value(struct walk *walk, uint64_t type, int depth) {
    uint64_t item, count, number;
    size_t bytes = (size_t)(type < GGUF_TYPE_COUNT ? gguf_scalar_bytes((enum gguf_type)type) : 0);
    if (bytes > 0) return walk_number(walk, bytes, &number);
    if (type == GGUF_STRING) return walk_text(walk);
    if (type != GGUF_ARRAY || depth > 12) return false;
    if (!walk_number(walk, 4, &item) || !walk_number(walk, 8, &count)) return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!walk_value(walk, item, depth + 1)) return false;
    }
    return true;
}

static inline bool walk_key(struct walk *walk) {
    uint64_t type;
    size_t from = walk->at;
    if (!walk_text(walk) || !walk_number(walk, 4, &type) || !walk_value(walk, type, 0)) return false;
    if (walk->key_count < RECORDS_MAX) walk->keys[walk->key_count++] = (struct span){ from, walk->at - from };
    return true;
}

static inline bool walk_tensor(struct walk *walk) {
    uint64_t rank, number;
    size_t from = walk->at;
    if (!walk_text(walk) || !walk_number(walk, 4, &rank)) return false;
    for (uint64_t i = 0; i < rank; i++) {
        if (!walk_number(walk, 8, &number)) return false;
    }
    if (!walk_number(walk, 4, &number) || !walk_number(walk, 8, &number)) return false;
    if (walk->tensor_count < RECORDS_MAX)
        walk->tensors[walk->tensor_count++] = (struct span){ from, walk->at - from };
    return true;
}

static inline void walk_file(struct walk *walk, const uint8_t *bytes, size_t from, size_t size) {
    uint64_t version, tensors, keys;
    *walk = (struct walk){ .bytes = bytes, .size = size, .at = from + 4 };
    if (size < from + HEAD_BYTES || !walk_number(walk, 4, &version) || !walk_number(walk, 8, &tensors) ||
        !walk_number(walk, 8, &keys))
        return;
    for (uint64_t i = 0; i < keys; i++) {
        if (!walk_key(walk)) return;
    }
    for (uint64_t i = 0; i < tensors; i++) {
        if (!walk_tensor(walk)) return;
    }
}

/* ---- changes ---- */

static inline void number_put(uint8_t *at, uint64_t number, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) at[i] = (uint8_t)(number >> 8 * i);
}

static inline uint64_t number_get(const uint8_t *at, size_t bytes) {
    uint64_t number = 0;
    for (size_t i = bytes; i-- > 0;) number = number << 8 | at[i];
    return number;
}

static inline void change_number(struct mutation *m, const struct walk *walk) {
    static const uint64_t boundaries[] = {
        0,
        1,
        2,
        4,
        8,
        9,
        16,
        32,
        64,
        255,
        256,
        1u << 16,
        (1u << 24),
        (1u << 24) + 1,
        0x7fffffff,
        0x80000000u,
        0xffffffffu,
        1ull << 32,
        (1ull << 32) + 1,
        1ull << 42,
        (1ull << 42) + 1,
        1ull << 58,
        1ull << 59,
        1ull << 60,
        1ull << 61,
        1ull << 62,
        INT64_MAX,
        1ull << 63,
        UINT64_MAX - 31,
        UINT64_MAX - 7,
        UINT64_MAX - 1,
        UINT64_MAX,
    };
    if (walk->number_count == 0) return;
    struct span field = walk->numbers[mutate_below(m, walk->number_count)];
    uint64_t number = number_get(m->at + field.at, field.size);
    switch (mutate_below(m, 4)) {
    case 0: number += mutate_below(m, 9) - 4; break;
    case 1: number = mutate_below(m, 48); break;
    default: number = boundaries[mutate_below(m, sizeof boundaries / sizeof *boundaries)];
    }
    number_put(m->at + field.at, number, field.size);
}

/* Another text, mostly with the right length in front. */
static inline void change_text(struct mutation *m, const struct walk *walk) {
    static const char *const words[] = {
        "",
        "k0",
        "k1",
        "t0",
        "t1",
        "u0",
        "general.alignment",
        "split.no",
        "split.count",
        "split.tensors.count",
        "general.architecture",
        "\xc3\xa9",
        "\xff",
        "\n",
        "a/b",
        "../x",
        "\xc2\x85",
    };
    char text[100];
    if (walk->text_count == 0) return;
    struct span field = walk->texts[mutate_below(m, walk->text_count)];
    const char *word = words[mutate_below(m, sizeof words / sizeof *words)];
    size_t length = strlen(word);
    memcpy(text, word, length);
    if (mutate_below(m, 6) == 0) {
        length = 60 + mutate_below(m, 10);
        memset(text, 'x', length);
        if (mutate_below(m, 4) == 0) text[mutate_below(m, length)] = 0;
    }
    if (m->size - field.size + length > m->room) return;
    if (mutate_below(m, 16) > 0) number_put(m->at + field.at - 8, length, 8);
    mutate_splice(m, field.at, field.size, text, length);
}

/* A key or a tensor goes, or comes again; the count mostly follows. */
static inline void change_record(struct mutation *m, const struct walk *walk, size_t from) {
    bool key = walk->tensor_count == 0 || mutate_below(m, 2) == 0;
    size_t count = key ? walk->key_count : walk->tensor_count, count_at = from + (key ? 16 : 8);
    if (count == 0) return;
    struct span record = key ? walk->keys[mutate_below(m, count)] : walk->tensors[mutate_below(m, count)];
    uint64_t number = number_get(m->at + count_at, 8);
    bool again = mutate_below(m, 2) == 0;
    if (again && (m->size + record.size > m->room || record.size > 2048)) return;
    if (mutate_below(m, 16) > 0) number_put(m->at + count_at, number + (again ? 1 : (uint64_t)-1), 8);
    if (again)
        mutate_copy(m, record.at, record.size, record.at);
    else
        mutate_splice(m, record.at, record.size, NULL, 0);
}

static inline size_t gguf_mutate(uint8_t *bytes, size_t size, size_t room, unsigned number) {
    static struct walk walk; /* large; one thread */
    struct random random = random_seed(number);
    if (room < 256) return LLVMFuzzerMutate ? LLVMFuzzerMutate(bytes, size, room) : size;
    if (size < HEAD_BYTES || memcmp(bytes, GGUF_MAGIC, 4) != 0 || random_below(&random, 24) == 0)
        size = seed_make(bytes, room < 8192 ? room : 8192, &random);
    struct mutation m = { .at = bytes, .size = size, .room = room, .random = random };
    for (size_t i = mutate_below(&m, 3) + 1; i > 0 && m.size >= HEAD_BYTES; i--) {
        size_t cut = second_begin(bytes, m.size), from = cut < m.size && mutate_below(&m, 2) ? cut : 0;
        walk_file(&walk, bytes, from, from > 0 ? m.size : cut);
        size_t choice = mutate_below(&m, 40);
        if (choice < 22)
            change_number(&m, &walk);
        else if (choice < 28)
            change_text(&m, &walk);
        else if (choice < 34)
            change_record(&m, &walk, from);
        else if (choice < 36)
            for (size_t n = mutate_below(&m, 65); n > 0 && m.size < room; n--) bytes[m.size++] = (uint8_t)n;
        else if (choice < 37)
            m.size = mutate_below(&m, m.size + 1);
        else if (choice < 38)
            bytes[mutate_below(&m, m.size)] = (uint8_t)random_u64(&m.random);
        else if (LLVMFuzzerMutate)
            m.size = LLVMFuzzerMutate(bytes, m.size, room);
    }
    return m.size;
}

#endif
