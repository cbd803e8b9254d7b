#include "report/signature.h"

#include <string.h>

#define COMMENT    "<!-- Software: switchyard -->\n"
#define SOFTWARE   "Software\0switchyard" /* a keyword of the format's, NUL, any text */
#define PNG_BEHIND 33 /* 8 bytes of signature, and IHDR: 4 length, 4 name, 13 data, 4 sum */
enum { SOFTWARE_BYTES = sizeof SOFTWARE - 1, CHUNK_BYTES = 12 + SOFTWARE_BYTES };

/* The sum of the format: CRC-32 as in ISO 3309, bit by bit. */
static uint32_t sum_of(const unsigned char *bytes, size_t size) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}

static void put_u32(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> 8 * (3 - i));
}

static void make_chunk(unsigned char chunk[CHUNK_BYTES]) {
    put_u32(chunk, SOFTWARE_BYTES);
    memcpy(chunk + 4, "tEXt", 4);
    memcpy(chunk + 8, SOFTWARE, SOFTWARE_BYTES);
    put_u32(chunk + 8 + SOFTWARE_BYTES, sum_of(chunk + 4, 4 + SOFTWARE_BYTES));
}

static void insert(struct text *picture, size_t at, const void *bytes, size_t size) {
    struct text made = { 0 };
    if (picture->failed || at > picture->size) return;
    text_add_bytes(&made, picture->data, at);
    text_add_bytes(&made, bytes, size);
    text_add_bytes(&made, picture->data + at, picture->size - at);
    text_free(picture);
    *picture = made;
}

void signature_add(enum chart_format format, struct text *picture) {
    unsigned char chunk[CHUNK_BYTES];
    if (format == CHART_PNG) {
        make_chunk(chunk);
        insert(picture, PNG_BEHIND, chunk, sizeof chunk);
        return;
    }
    const char *line = picture->size > 0 ? memchr(picture->data, '\n', picture->size) : NULL;
    if (line) insert(picture, (size_t)(line + 1 - picture->data), COMMENT, strlen(COMMENT));
}

bool signature_is_svg(const unsigned char *head, int64_t size) {
    const unsigned char *line = size > 0 ? memchr(head, '\n', (size_t)size) : NULL;
    int64_t left = line ? size - (line + 1 - head) : 0, length = (int64_t)strlen(COMMENT);
    return left >= length && memcmp(line + 1, COMMENT, (size_t)length) == 0;
}

bool signature_is_png(const unsigned char *head, int64_t size) {
    unsigned char chunk[CHUNK_BYTES];
    make_chunk(chunk);
    return size >= PNG_BEHIND + CHUNK_BYTES && memcmp(head, "\x89PNG", 4) == 0 &&
           memcmp(head + PNG_BEHIND, chunk, sizeof chunk) == 0;
}
