#include "text/base64.h"
#include <stdbool.h>

static int sextet(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int64_t base64_decode(const char *text, int64_t size, char *out) {
    int64_t count = 0;
    if (size % 4 != 0) return -1;
    for (int64_t at = 0; at < size; at += 4) {
        bool last = at + 4 == size;
        int pads = last ? (text[at + 3] == '=') + (text[at + 2] == '=' && text[at + 3] == '=') : 0;
        uint32_t word = 0;
        for (int i = 0; i < 4; i++) {
            int value = i >= 4 - pads ? 0 : sextet(text[at + i]);
            if (value < 0) return -1;
            word = word << 6 | (uint32_t)value;
        }
        for (int i = 0; i < 3 - pads; i++) out[count++] = (char)(word >> (16 - 8 * i));
    }
    return count;
}
