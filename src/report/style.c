#include "report/style.h"

#include <string.h>
#include <strings.h>

#define COLUMNS 80

static bool speaks_utf8(const char *locale) {
    for (const char *at = locale ? locale : ""; *at; at++)
        if (strncasecmp(at, "utf-8", 5) == 0 || strncasecmp(at, "utf8", 4) == 0) return true;
    return false;
}

struct style style_decide(bool terminal, const char *no_color, const char *term, const char *locale) {
    bool dumb = !term || !term[0] || strcmp(term, "dumb") == 0;
    bool refused = no_color && no_color[0]; /* no-color.org: set and not empty */
    return (struct style){
        .colour = terminal && !dumb && !refused,
        .unicode = speaks_utf8(locale),
        .columns = COLUMNS,
    };
}

const char *style_begin(const struct style *style, enum tint tint) {
    static const char *const codes[TINT_COUNT] = { "", "\033[1m", "\033[2m", "\033[33m" };
    return style->colour ? codes[tint] : "";
}

const char *style_end(const struct style *style, enum tint tint) {
    return style->colour && tint != TINT_NONE ? "\033[0m" : "";
}

int style_width(const char *text) {
    int width = 0;
    for (const char *at = text; *at; at++) {
        if (at[0] == '\033' && at[1] == '[') {
            at += strcspn(at, "m");
            if (!*at) break;
        } else if (((unsigned char)*at & 0xc0) != 0x80) { /* not a continuation byte */
            width++;
        }
    }
    return width;
}
