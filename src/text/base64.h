/* Base64 with padding (RFC 4648, section 4), as rank files and tekken.json spell bytes. */
#ifndef TEXT_BASE64_H
#define TEXT_BASE64_H

#include <stdint.h>

/* Decodes into out[0 .. size / 4 * 3): the number of bytes; -1 when it is no base64. */
int64_t base64_decode(const char *text, int64_t size, char *out);

#endif
