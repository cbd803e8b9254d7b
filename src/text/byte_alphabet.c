#include "text/byte_alphabet.h"

#include "base/utf8.h"
#include <stdbool.h>

static bool stands_for_itself(uint32_t point) {
    return (point >= 0x21 && point <= 0x7e) || (point >= 0xa1 && point <= 0xff && point != 0xad);
}

/* The others: 0x00-0x20, 0x7f-0xa0, 0xad. */
uint32_t byte_to_point(unsigned char byte) {
    if (stands_for_itself(byte)) return byte;
    return 0x100 + (byte <= 0x20 ? byte : byte <= 0xa0 ? byte - 0x7fu + 0x21u : 0x43u);
}

int point_to_byte(uint32_t point) {
    if (point < 0x100) return stands_for_itself(point) ? (int)point : -1;
    if (point >= BYTE_ALPHABET_END) return -1;
    uint32_t index = point - 0x100;
    return (int)(index <= 0x20 ? index : index < 0x43 ? index - 0x21 + 0x7f : 0xad);
}

int64_t byte_alphabet_decode(const char *text, int64_t size, char *out) {
    int64_t count = 0;
    for (int64_t at = 0; at < size;) {
        uint32_t point = 0;
        size_t length = utf8_decode(text + at, (size_t)(size - at), &point);
        int byte = length > 0 ? point_to_byte(point) : -1;
        if (byte < 0) return -1;
        out[count++] = (char)byte;
        at += (int64_t)length;
    }
    return count;
}
