/*
 * Small SentencePiece models, written byte by byte, for tests and fuzzing.
 */
#ifndef TEXT_SPM_SAMPLE_H
#define TEXT_SPM_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct spm_sample { /* bytes of protobuf as they come; what does not fit is dropped */
    uint8_t *at;
    size_t size, room;
};

static inline void sample_byte(struct spm_sample *sample, unsigned byte) {
    if (sample->size < sample->room) sample->at[sample->size++] = (uint8_t)byte;
}

static inline void sample_varint(struct spm_sample *sample, uint64_t number) {
    for (; number >= 0x80; number >>= 7) sample_byte(sample, (unsigned)(number & 0x7f) | 0x80);
    sample_byte(sample, (unsigned)number);
}

static inline void sample_number(struct spm_sample *sample, unsigned field, uint64_t number) {
    sample_varint(sample, (uint64_t)field << 3);
    sample_varint(sample, number);
}

static inline void sample_bytes(struct spm_sample *sample, unsigned field, const void *bytes, size_t size) {
    sample_varint(sample, (uint64_t)field << 3 | 2);
    sample_varint(sample, size);
    for (size_t i = 0; i < size; i++) sample_byte(sample, ((const uint8_t *)bytes)[i]);
}

static inline void sample_piece(struct spm_sample *sample, const void *text, size_t size, float score,
                                unsigned type) {
    uint8_t room[512];
    struct spm_sample piece = { room, 0, sizeof room };
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    sample_bytes(&piece, 1, text, size);
    sample_varint(&piece, 2 << 3 | 5);
    for (int i = 0; i < 4; i++) sample_byte(&piece, bits >> 8 * i & 0xff);
    if (type != 1) sample_number(&piece, 3, type);
    sample_bytes(sample, 1, room, piece.size);
}

/* <unk>, <s>, </s>, the 256 bytes if asked for, then these pieces with scores -1, -2, ... */
static inline void sample_pieces(struct spm_sample *sample, bool bytes, const char *const *pieces,
                                 int count) {
    static const char digits[] = "0123456789ABCDEF";
    sample_piece(sample, "<unk>", 5, 0, 2);
    sample_piece(sample, "<s>", 3, 0, 3);
    sample_piece(sample, "</s>", 4, 0, 3);
    for (int byte = 0; byte < 256 && bytes; byte++) {
        char name[] = { '<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>' };
        sample_piece(sample, name, sizeof name, 0, 6);
    }
    for (int i = 0; i < count; i++) sample_piece(sample, pieces[i], strlen(pieces[i]), (float)(-1 - i), 1);
}

static inline void sample_trainer(struct spm_sample *sample, unsigned kind, bool bytes, bool suffix) {
    uint8_t room[64];
    struct spm_sample trainer = { room, 0, sizeof room };
    sample_number(&trainer, 3, kind);
    sample_number(&trainer, 24, suffix);
    sample_number(&trainer, 35, bytes);
    sample_number(&trainer, 40, 0); /* unk_id: a field that is not read */
    sample_bytes(sample, 2, room, trainer.size);
}

static inline void sample_rules(struct spm_sample *sample, const void *charsmap, size_t size,
                                const bool rules[3]) {
    uint8_t room[512];
    struct spm_sample normalizer = { room, 0, sizeof room };
    if (size > 0) sample_bytes(&normalizer, 2, charsmap, size);
    for (unsigned i = 0; i < 3; i++) sample_number(&normalizer, 3 + i, rules[i]);
    sample_bytes(sample, 3, room, normalizer.size);
}

#endif
